// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hyp stub's calls (asm/virt.h), from a host that believes it owns EL2: when
 * KVM starts or stops on a CPU, at CPU hotplug, suspend, kexec. EL2 is never
 * given back.
 */
#include "kvm/layout.h"
#include "kvm/kvm.h"
#include "base/sysreg.h"

bool kvm_stub_call(struct percpu *cpu)
{
	u64 *x = cpu->host.x;

	switch (x[0]) {
	case KVM_STUB_SET_VECTORS:
	case KVM_STUB_RESET_VECTORS:
		x[0] = 0;
		return true;
	case KVM_STUB_SOFT_RESTART:
		/* A new kernel: at EL1 with the MMU off, as the CPU would power up. */
		write_sysreg(SCTLR_EL1_RESET, SCTLR_EL1);
		write_sysreg(x[1], ELR_EL2);
		write_sysreg(SPSR_EL1H | SPSR_DAIF, SPSR_EL2);
		x[0] = x[2];
		x[1] = x[3];
		x[2] = x[4];
		return true;
	case KVM_STUB_FINALISE_EL2:
		/* Nothing to finalise: the host is at EL1 for good. */
		return true;
#ifdef KVM_STUB_GET_ICH_VTR
	case KVM_STUB_GET_ICH_VTR:
		x[0] = 0;
		x[1] = read_sysreg(ICH_VTR_EL2);
		return true;
#endif
	}
	return false;
}
