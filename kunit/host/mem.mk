# SPDX-License-Identifier: GPL-2.0-only
# mem/ and s2/ on the machine of fake/hw.h.
machine := $(addprefix el2-objs/mem/,cache.c own.c pool.c ram.c slot.c) \
	$(addprefix el2-objs/s2/,host.c map.c tlb.c trash.c walk.c) \
	$(addprefix kunit/host/fake/,hw.c machine.c panic.c)

SRC_test_own	:= $(machine)
SRC_test_s2	:= $(machine)
SRC_test_mem	:= $(machine)
INC_test_own	:= -include $(here)/fake/hw.h
INC_test_s2	:= $(INC_test_own)
INC_test_mem	:= $(INC_test_own)
