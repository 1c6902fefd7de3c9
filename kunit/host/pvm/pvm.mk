# SPDX-License-Identifier: GPL-2.0-only
# pvm/ against a fake of everything around it: fake/pvm_world.h
pvm_world	:= $(addprefix kunit/host/fake/,pvm_world.c pvm_memory.c pvm_absent.c panic.c)
pvm		:= $(addprefix el2-objs/pvm/,exposure.c mmio.c)
pvm_cpus	:= cpus.c firmware.c idregs.c

SRC_test_pvm_exposure := $(pvm) $(pvm_world)
SRC_test_pvm_sysreg := $(pvm) $(addprefix el2-objs/pvm/,sysreg.c $(pvm_cpus)) $(pvm_world)
SRC_test_pvm_psci := $(pvm) $(addprefix el2-objs/pvm/,psci.c smccc.c $(pvm_cpus) fault.c exits.c debug.c identity.c relinquish.c) \
	$(pvm_world)
SRC_test_pvm_cpu_on := $(SRC_test_pvm_psci)
SRC_test_pvm_smccc := $(SRC_test_pvm_psci)
SRC_test_pvm_smp := $(SRC_test_pvm_psci)
SRC_test_pvm_fault := $(pvm) el2-objs/pvm/fault.c $(pvm_world)
SRC_test_pvm_protect := $(pvm) $(addprefix el2-objs/pvm/,pages.c protect.c $(pvm_cpus) fault.c psci.c identity.c) \
	$(pvm_world)
SRC_test_pvm_refused := $(SRC_test_pvm_protect)
SRC_test_pvm_identity := $(SRC_test_pvm_protect)
SRC_test_smccc := $(SRC_test_pvm_psci)
SRC_test_scrub	:= el2-objs/pvm/scrub.c
