// SPDX-License-Identifier: GPL-2.0-only
/*
 * The units that record what a CPU does: statistical profiling (SPE), trace (TRBE) and branch
 * records (BRBE). Buffers of SPE and TRBE are addressed through the EL1&0 regime, so they are
 * stopped and drained before it changes.
 */
#include "pgt/pgt.h"
#include "base/percpu.h"
#include "base/sysreg.h"

#define LIMITR_E	BIT(0)		/* PMBLIMITR_EL1, TRBLIMITR_EL1: enabled */

void trace_stop(struct percpu *cpu)
{
	struct trace_state *t = &cpu->trace;

	if (cpu->feat.spe) {
		t->pmblimitr = read_sysreg(PMBLIMITR_EL1);
		if (t->pmblimitr & LIMITR_E) {
			t->pmscr = read_sysreg(PMSCR_EL1);
			write_sysreg(0, PMSCR_EL1);
			isb();
			psb_csync();
			dsb(nsh);
			write_sysreg(t->pmblimitr & ~LIMITR_E, PMBLIMITR_EL1);
			isb();
		}
	}
	if (cpu->feat.brbe) {
		/* Where a guest branches is not the host's to look up afterwards. */
		t->brbcr = read_sysreg(BRBCR_EL1);
		if (t->brbcr)
			write_sysreg(0, BRBCR_EL1);
	}
	if (cpu->feat.trf) {
		t->trfcr = read_sysreg(TRFCR_EL1);
		if (t->trfcr)
			write_sysreg(0, TRFCR_EL1);
	}
	if (cpu->feat.trbe) {
		t->trblimitr = read_sysreg(TRBLIMITR_EL1);
		if (t->trblimitr & LIMITR_E) {
			isb();
			tsb_csync();
			dsb(nsh);
			write_sysreg(t->trblimitr & ~LIMITR_E, TRBLIMITR_EL1);
			isb();
		}
	}
}

/* The host's translation is in place; its registers take effect in this order. */
void trace_resume(struct percpu *cpu)
{
	struct trace_state *t = &cpu->trace;

	if (cpu->feat.spe && (t->pmblimitr & LIMITR_E)) {
		isb();
		write_sysreg(t->pmblimitr, PMBLIMITR_EL1);
		isb();
		write_sysreg(t->pmscr, PMSCR_EL1);
	}
	if (cpu->feat.trbe && (t->trblimitr & LIMITR_E)) {
		isb();
		write_sysreg(t->trblimitr, TRBLIMITR_EL1);
	}
	if (cpu->feat.brbe && t->brbcr)
		write_sysreg(t->brbcr, BRBCR_EL1);
	if (cpu->feat.trf && t->trfcr) {
		isb();
		write_sysreg(t->trfcr, TRFCR_EL1);
	}
}

bool trace_pause(void)
{
	if (this_cpu()->running)
		return false;
	trace_stop(this_cpu());
	return true;
}

void trace_unpause(void)
{
	trace_resume(this_cpu());
}
