# SPDX-License-Identifier: GPL-2.0-only
SRC_test_dispatch := el2-objs/host/dispatch.c el2-objs/host/calls.c \
	el2-objs/host/inject.c el2-objs/base/irq.c el2-objs/base/core.c kunit/host/fake/panic.c
INC_test_dispatch := -Wno-unused-parameter -DHYPSEC_DEBUG -include $(here)/fake/sysreg_array.h
SRC_test_traps	:= $(SRC_test_dispatch)
INC_test_traps	:= $(INC_test_dispatch)
