// SPDX-License-Identifier: GPL-2.0-only
/*
 * A broken invariant. The core stops serving: every call is answered
 * HYPSEC_BROKEN, no guest is entered, and the host goes on confined as it was,
 * as everything that must stay unreachable is unreachable by the tables that
 * are in force.
 */
#include "boot_priv.h"
#include "check.h"
#include "hcall.h"
#include "log.h"
#include "sysreg.h"
#include "vcpu.h"

bool core_broken;

static void __noreturn park(void)
{
	for (;;)
		wfe();
}

static void __noreturn back_to_host(struct percpu *cpu)
{
	if (!cpu->online) {
		/* A CPU that was on its way in; after the seal it must not run. */
		if (core_phase != HYPSEC_PHASE_INSTALL)
			park();
		cpu->host.x[0] = HYPSEC_BROKEN;
		install_leave(cpu);
	}

	vcpu_panic_unload(cpu);
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

void core_panic(const char *file, int line, const char *what)
{
	struct percpu *cpu = this_cpu();
	/*
	 * Only the first tells why: what follows are the others that find it broken, and
	 * they would wash the cause out of the log, or wait there for its lock.
	 */
	bool first = !__atomic_exchange_n(&core_broken, true, __ATOMIC_ACQ_REL);

	/* A failure on this very path: nothing more can be trusted on this CPU. */
	if (cpu->panicking)
		park();
	cpu->panicking = 1;

	if (first && log_usable()) {
		/* Only this CPU's bookkeeping: the locks themselves stay taken. */
		cpu->ranks_held = 0;
		hlog("BROKEN: CPU %u %s:%d: %s", cpu->id, file, line, what);
	}
	cpu->ranks_held = 0;
	back_to_host(cpu);
}

void core_exception(u64 esr, u64 elr, u64 far)
{
	struct percpu *cpu = this_cpu();

	if (!READ_ONCE(core_broken) && !cpu->panicking && log_usable()) {
		cpu->ranks_held = 0;
		hlog("exception at EL2: ESR %lx ELR core+%lx FAR %lx", esr,
		     elr - core_install.region, far);
	}
	/* It may be shown to the host as its own: not an address of the core's. */
	write_sysreg(0, FAR_EL2);
	core_panic(__FILE__, __LINE__, "exception at EL2");
}
