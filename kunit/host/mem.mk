# SPDX-License-Identifier: GPL-2.0-only
# mem/ and s2/ on the machine of fake/hw.h.
machine := $(addprefix el2-objs/mem/,cache.c epoch.c own.c pool.c ram.c slot.c) \
	$(addprefix el2-objs/s2/,host.c map.c tlb.c trash.c walk.c) \
	$(addprefix kunit/host/fake/,hw.c machine.c panic.c)

$(foreach t,own own_moves s2 s2_split pool slot host_s2,\
	$(eval SRC_test_$t := $(machine)) \
	$(eval INC_test_$t := -include $(here)/fake/hw.h))
