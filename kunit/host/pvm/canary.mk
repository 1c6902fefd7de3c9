# SPDX-License-Identifier: GPL-2.0-only
# A whole run of a protected vCPU: KVM's structure, the world switch, the exits.
SRC_test_canary := $(addprefix el2-objs/kvm/,run.c ordinary.c adjust.c hcalls.c) \
	$(addprefix el2-objs/vcpu/,switch.c controls.c debug.c exit.c fp.c gic.c timer.c) \
	el2-objs/vm/shared.c el2-objs/pgt/trace.c \
	$(addprefix el2-objs/pvm/,cpus.c debug.c exits.c exposure.c fault.c firmware.c identity.c idregs.c mmio.c psci.c relinquish.c shared.c smccc.c sysreg.c) \
	$(addprefix kunit/host/fake/,cpu.c cpu_order.c pvm_world.c pvm_memory.c pvm_absent.c panic.c)
INC_test_canary := -Wno-unused-parameter -Wno-sign-compare -Wno-implicit-fallthrough \
	-DFAKE_SREG_ONLY -DFAKE_CPU -include $(here)/fake/sysreg_array.h -iquote $(here)/fake/kvm612
SRC_test_canary_fp := $(SRC_test_canary)
INC_test_canary_fp := $(INC_test_canary)
SRC_test_inject := $(SRC_test_canary)
INC_test_inject := $(INC_test_canary)
SRC_test_sysregs := $(SRC_test_canary)
INC_test_sysregs := $(INC_test_canary)
SRC_test_debug := $(SRC_test_canary)
INC_test_debug := $(INC_test_canary)
SRC_test_abort_run := $(SRC_test_canary)
INC_test_abort_run := $(INC_test_canary)
SRC_test_gic := $(SRC_test_canary)
INC_test_gic := $(INC_test_canary)
SRC_test_leave := $(SRC_test_canary) el2-objs/pvm/pages.c el2-objs/host/leave.c
INC_test_leave := $(INC_test_canary)
SRC_test_reset := $(SRC_test_canary)
INC_test_reset := $(INC_test_canary)
SRC_test_last_vcpu := $(SRC_test_canary)
INC_test_last_vcpu := $(INC_test_canary)
SRC_test_controls := $(SRC_test_canary)
INC_test_controls := $(INC_test_canary)
SRC_test_ordinary := $(SRC_test_canary)
INC_test_ordinary := $(INC_test_canary)
SRC_test_absent := $(SRC_test_canary)
INC_test_absent := $(INC_test_canary)
SRC_test_ordinary_fp := $(SRC_test_canary)
INC_test_ordinary_fp := $(INC_test_canary)
