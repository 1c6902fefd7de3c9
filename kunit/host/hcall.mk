# SPDX-License-Identifier: GPL-2.0-only
SRC_test_psci	:= el2-objs/hcall/psci.c el2-objs/hcall/smc.c
SRC_test_smc	:= $(SRC_test_psci)
SRC_test_scrub	:= el2-objs/hcall/scrub.c
SRC_test_dispatch := el2-objs/hcall/dispatch.c el2-objs/hcall/host.c \
	el2-objs/hcall/inject.c el2-objs/hcall/stats.c kunit/host/fake/panic.c
INC_test_dispatch := -Wno-unused-parameter -DHYPSEC_DEBUG -include $(here)/fake/sysreg_array.h
SRC_test_traps	:= $(SRC_test_dispatch)
INC_test_traps	:= $(INC_test_dispatch)
