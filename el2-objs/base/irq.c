// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's interrupts: is there one, and how long it may have to wait, in debug builds: the
 * longest time between two of trap, return to EL1, entry to a guest, exit from it (a
 * guest is left when an interrupt comes), and a look for one that found none
 * (host_irq_pending(): the caller goes on where it would have returned).
 */
#include "base/irq.h"
#include "base/sysreg.h"
#include "abi/hypsec_abi.h"

void hcall_restart(struct percpu *cpu)
{
	/* x0-x3 make a call for the rest of it (kvm/hcalls.c). */
	write_sysreg(read_sysreg(ELR_EL2) - 4, ELR_EL2);
}

bool host_irq_pending(void)
{
	if (read_sysreg(ISR_EL1))
		return true;
	/* One that comes from now on has waited for nothing before. */
	masked_end(this_cpu());
	masked_begin(this_cpu());
	return false;
}

#ifdef HYPSEC_DEBUG
void masked_begin(struct percpu *cpu)
{
	cpu->masked.from = read_sysreg(CNTPCT_EL0);
}

void masked_trap(struct percpu *cpu, u64 esr)
{
	cpu->masked.esr = esr;
	cpu->masked.x0 = cpu->host.x[0];
	masked_begin(cpu);
}

void masked_end(struct percpu *cpu)
{
	u64 time = read_sysreg(CNTPCT_EL0) - cpu->masked.from;

	if (time > cpu->masked.longest) {
		cpu->masked.longest_esr = cpu->masked.esr;
		cpu->masked.longest_x0 = cpu->masked.x0;
		WRITE_ONCE(cpu->masked.longest, time);
	}
}

void masked_longest(u64 *val, bool reset)
{
	u32 i;

	for (i = 0; i < nr_cpus; i++) {
		struct masked *m = &cpu_by_id(i)->masked;

		if (READ_ONCE(m->longest) > val[0]) {
			val[0] = m->longest;
			val[1] = m->longest_esr;
			val[2] = m->longest_x0;
		}
		if (reset)
			WRITE_ONCE(m->longest, 0);
	}
}
#endif
