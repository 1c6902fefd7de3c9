# SPDX-License-Identifier: GPL-2.0-only
# base/. Each test includes its source: test_string under other names than the C library's,
# test_lock with a CPU that does something while it waits.
SRC_test_log	:= el2-objs/base/log.c
INC_test_log	:= -DHYPSEC_DEBUG
SRC_test_lock	:= kunit/host/fake/panic.c
INC_test_lock	:= -include $(here)/fake/sysreg_array.h

SRC_test_feat	:= el2-objs/base/feat.c el2-objs/vcpu/cpu.c kunit/host/fake/panic.c
INC_test_feat	:= -Wno-unused-parameter -include $(here)/fake/sysreg_array.h
