# SPDX-License-Identifier: GPL-2.0-only
SRC_test_adjust	:= el2-objs/kvm/adjust.c
SRC_test_kvm_calls = $(vm_sources) $(addprefix el2-objs/kvm/,hcalls.c lease.c) el2-objs/vcpu/cpu.c el2-objs/base/feat.c
SRC_test_kvm_lease = $(SRC_test_kvm_calls)
SRC_test_kvm_flush = $(SRC_test_kvm_calls)
$(foreach t,kvm_calls kvm_lease kvm_flush,\
	$(eval ARC_test_$t := $(out)/machine.a) \
	$(eval INC_test_$t := $(on_machine)))
