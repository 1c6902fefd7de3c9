// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long an interrupt of the host may have to wait for the core, in debug builds: the
 * longest time between two of trap, return to EL1, entry to a guest, exit from it (a
 * guest is left when an interrupt comes), and a look for one that found none
 * (host_irq_pending(): the caller goes on where it would have returned).
 */
#include "hcall.h"
#include "sysreg.h"

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

int hc_stats(struct percpu *cpu, const u64 *arg, u64 *val)
{
	u32 i;

	if (arg[0] > HYPSEC_STATS_RESET)
		return HYPSEC_RANGE;
	for (i = 0; i < nr_cpus; i++) {
		if (READ_ONCE(masked[i].longest) > val[0]) {
			val[0] = masked[i].longest;
			val[1] = masked[i].longest_esr;
			val[2] = masked[i].longest_x0;
		}
		if (arg[0] == HYPSEC_STATS_RESET)
			WRITE_ONCE(masked[i].longest, 0);
	}
	return HYPSEC_OK;
}
#else
int hc_stats(struct percpu *cpu, const u64 *arg, u64 *val)
{
	return HYPSEC_STATE;
}
#endif
