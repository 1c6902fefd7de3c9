// SPDX-License-Identifier: GPL-2.0-only
/*
 * A broken invariant. The core stops serving: every call is answered
 * HYPSEC_BROKEN, no guest is entered, and the host goes on confined as it was,
 * as everything that must stay unreachable is unreachable by the tables that
 * are in force.
 */
#include "base/check.h"
#include "base/core.h"
#include "base/log.h"
#include "base/sysreg.h"

bool core_broken;

void core_park(void)
{
	for (;;)
		wfe();
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
		core_park();
	cpu->panicking = 1;

	if (first && log_usable()) {
		/* Only this CPU's bookkeeping: the locks themselves stay taken. */
		cpu->ranks_held = 0;
		hlog("BROKEN: CPU %u %s:%d: %s", cpu->id, file, line, what);
	}
	cpu->ranks_held = 0;
	base_up_leave(cpu);
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
