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
static struct {
	u64 from;
	u64 esr, x0;			/* the trap being served */
	u64 longest, longest_esr, longest_x0;
} masked[HYPSEC_MAX_CPUS];

void masked_begin(struct percpu *cpu)
{
	masked[cpu->id].from = read_sysreg(CNTPCT_EL0);
}

void masked_trap(struct percpu *cpu, u64 esr)
{
	masked[cpu->id].esr = esr;
	masked[cpu->id].x0 = cpu->host.x[0];
	masked_begin(cpu);
}

void masked_end(struct percpu *cpu)
{
	u64 time = read_sysreg(CNTPCT_EL0) - masked[cpu->id].from;

	if (time > masked[cpu->id].longest) {
		masked[cpu->id].longest_esr = masked[cpu->id].esr;
		masked[cpu->id].longest_x0 = masked[cpu->id].x0;
		WRITE_ONCE(masked[cpu->id].longest, time);
	}
}

void masked_longest(u64 *val, bool reset)
{
	u32 i;

	for (i = 0; i < nr_cpus; i++) {
		if (READ_ONCE(masked[i].longest) > val[0]) {
			val[0] = masked[i].longest;
			val[1] = masked[i].longest_esr;
			val[2] = masked[i].longest_x0;
		}
		if (reset)
			WRITE_ONCE(masked[i].longest, 0);
	}
}
#endif
