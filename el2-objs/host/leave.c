// SPDX-License-Identifier: GPL-2.0-only
/* The core has found itself broken: this CPU goes back to the host, out of a guest if it has one. */
#include "host/host.h"
#include "base/check.h"
#include "base/core.h"
#include "base/esr.h"
#include "base/sysreg.h"
#include "pvm/pvm.h"
#include "vcpu/run.h"

void base_up_leave(struct percpu *cpu)
{
	struct vcpu *v;

	if (!cpu->online) {
		/* A CPU that was on its way in; after the seal it must not run. */
		if (core_phase != HYPSEC_PHASE_INSTALL)
			core_park();
		cpu->host.x[0] = HYPSEC_BROKEN;
		install_leave(cpu);
	}

	v = cpu->running;
	vcpu_panic_unload(cpu);
	/* It never leaves: vm_wipe_all() may have been here before. */
	if (v && vcpu_private(v))
		pvm_wipe_vcpu(v);
	cpu->running = NULL;
	el2_apply_host(cpu);
	write_sysreg(cpu->trap_elr, ELR_EL2);
	write_sysreg(cpu->trap_spsr, SPSR_EL2);

	switch (ESR_EC(cpu->trap_esr)) {
	case EC_HVC64:
		host_hvc_broken(cpu);
		break;
	case EC_SMC64:
		cpu->host.x[0] = HYPSEC_NOT_SUPPORTED;
		host_skip();
		break;
	case EC_IABT_LOW:
	case EC_DABT_LOW:
		host_inject_abort(ESR_EC(cpu->trap_esr) == EC_IABT_LOW,
				  !(cpu->trap_spsr & SPSR_MODE), cpu->trap_esr,
				  read_sysreg(FAR_EL2));
		break;
	default:
		host_inject_undef();
	}
	cpu->trap_elr = read_sysreg(ELR_EL2);
	cpu->trap_spsr = read_sysreg(SPSR_EL2);
	cpu->panicking = 0;
	host_return(cpu);
}
