# SPDX-License-Identifier: GPL-2.0-only
# mem/ and s2/ on the machine of fake/hw.h.
machine := $(addprefix el2-objs/mem/,cache.c epoch.c groups.c lost.c own.c pool.c ram.c \
	record.c share.c slot.c) \
	$(addprefix el2-objs/s2/,host.c map.c tlb.c trash.c walk.c) \
	$(addprefix kunit/host/fake/,hw.c hw_memory.c hw_tlb.c hw_window.c machine.c panic.c)

on_machine := -include $(here)/fake/hw.h

$(foreach t,own own_moves own_epochs own_random s2 s2_split pool slot host_s2 host_exec share lost later,\
	$(eval ARC_test_$t := $(out)/machine.a) \
	$(eval INC_test_$t := $(on_machine)))

# Compiled once: many tests are of these and little more. Its rule is the Makefile's.
OF_machine.a := $(machine)
FLAGS_machine.a := $(on_machine)
