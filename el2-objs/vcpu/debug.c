// SPDX-License-Identifier: GPL-2.0-only
/*
 * Breakpoints, and the units that record what a CPU does: counters (PMU), statistical
 * profiling (SPE), trace (TRBE) and branch records (BRBE). Buffers of SPE and TRBE are addressed
 * through the EL1&0 regime, so they are stopped and drained before it changes.
 */
#include "run.h"

#define LIMITR_E	BIT(0)		/* PMBLIMITR_EL1, TRBLIMITR_EL1: enabled */

/* PMU: each side's event counters stand still while the other runs. */
void pmu_load(struct vcpu *v, struct cpu_run *c)
{
	if (!c->feat.pmu)
		return;
	if (vcpu_private(v)) {
		/* A protected guest's events are not the host's to count. */
		v->pmu_host = read_sysreg(PMCNTENSET_EL0);
		v->pmu_guest = 0;
	}
	if (v->pmu_host)
		write_sysreg(v->pmu_host, PMCNTENCLR_EL0);
	if (v->pmu_guest)
		write_sysreg(v->pmu_guest, PMCNTENSET_EL0);
}

void pmu_unload(struct vcpu *v, struct cpu_run *c)
{
	if (!c->feat.pmu)
		return;
	if (v->pmu_guest)
		write_sysreg(v->pmu_guest, PMCNTENCLR_EL0);
	if (v->pmu_host)
		write_sysreg(v->pmu_host, PMCNTENSET_EL0);
}

void trace_stop(struct cpu_run *c)
{
	struct host_state *h = &c->host;

	if (c->feat.spe) {
		h->pmblimitr = read_sysreg(PMBLIMITR_EL1);
		if (h->pmblimitr & LIMITR_E) {
			h->pmscr = read_sysreg(PMSCR_EL1);
			write_sysreg(0, PMSCR_EL1);
			isb();
			psb_csync();
			dsb(nsh);
			write_sysreg(h->pmblimitr & ~LIMITR_E, PMBLIMITR_EL1);
			isb();
		}
	}
	if (c->feat.brbe) {
		/* Where a guest branches is not the host's to look up afterwards. */
		h->brbcr = read_sysreg(BRBCR_EL1);
		if (h->brbcr)
			write_sysreg(0, BRBCR_EL1);
	}
	if (c->feat.trf) {
		h->trfcr = read_sysreg(TRFCR_EL1);
		if (h->trfcr)
			write_sysreg(0, TRFCR_EL1);
	}
	if (c->feat.trbe) {
		h->trblimitr = read_sysreg(TRBLIMITR_EL1);
		if (h->trblimitr & LIMITR_E) {
			isb();
			tsb_csync();
			dsb(nsh);
			write_sysreg(h->trblimitr & ~LIMITR_E, TRBLIMITR_EL1);
			isb();
		}
	}
}

/* The host's translation is in place; its registers take effect in this order. */
void trace_resume(struct cpu_run *c)
{
	struct host_state *h = &c->host;

	if (c->feat.spe && (h->pmblimitr & LIMITR_E)) {
		isb();
		write_sysreg(h->pmblimitr, PMBLIMITR_EL1);
		isb();
		write_sysreg(h->pmscr, PMSCR_EL1);
	}
	if (c->feat.trbe && (h->trblimitr & LIMITR_E)) {
		isb();
		write_sysreg(h->trblimitr, TRBLIMITR_EL1);
	}
	if (c->feat.brbe && h->brbcr)
		write_sysreg(h->brbcr, BRBCR_EL1);
	if (c->feat.trf && h->trfcr) {
		isb();
		write_sysreg(h->trfcr, TRFCR_EL1);
	}
}

/*
 * A vCPU that is loaded has them stopped already, and what it will restore must
 * not be overwritten. Early in install nobody is hostile.
 */
bool trace_pause(void)
{
	if (this_cpu()->running || !cpu_run_made())
		return false;
	trace_stop(cpu_run());
	return true;
}

void trace_unpause(void)
{
	trace_resume(cpu_run());
}

#define EACH(X, d, r, field) \
	X(0, d, r, field) X(1, d, r, field) X(2, d, r, field) X(3, d, r, field) \
	X(4, d, r, field) X(5, d, r, field) X(6, d, r, field) X(7, d, r, field) \
	X(8, d, r, field) X(9, d, r, field) X(10, d, r, field) X(11, d, r, field) \
	X(12, d, r, field) X(13, d, r, field) X(14, d, r, field) X(15, d, r, field)
#define SAVE(n, d, r, field) if ((n) < max) (d)->field[n] = read_sysreg(r##n##_EL1);
#define LOAD(n, d, r, field) if ((n) < max) write_sysreg((d)->field[n], r##n##_EL1);

static void debug_regs_save(struct debug_regs *d, const struct cpu_feat *f)
{
	unsigned int max = f->breakpoints;

	EACH(SAVE, d, DBGBCR, bcr)
	EACH(SAVE, d, DBGBVR, bvr)
	max = f->watchpoints;
	EACH(SAVE, d, DBGWCR, wcr)
	EACH(SAVE, d, DBGWVR, wvr)
}

static void debug_regs_load(const struct debug_regs *d, const struct cpu_feat *f)
{
	unsigned int max = f->breakpoints;

	EACH(LOAD, d, DBGBCR, bcr)
	EACH(LOAD, d, DBGBVR, bvr)
	max = f->watchpoints;
	EACH(LOAD, d, DBGWCR, wcr)
	EACH(LOAD, d, DBGWVR, wvr)
}

/*
 * A guest that uses breakpoints, or a host that sets some in it, brings a set
 * of registers. They cannot stop EL2: PSTATE.D stays set here.
 */
void debug_load(struct vcpu *v, struct cpu_run *c)
{
	if (likely(!v->debug))
		return;
	debug_regs_save(&c->host.debug, &c->feat);
	c->host.mdccint = read_sysreg(MDCCINT_EL1);
	debug_regs_load(v->debug, &c->feat);
	write_sysreg(v->mdccint, MDCCINT_EL1);
}

void debug_unload(struct vcpu *v, struct cpu_run *c)
{
	if (likely(!v->debug))
		return;
	debug_regs_save(v->debug, &c->feat);
	v->mdccint = read_sysreg(MDCCINT_EL1);
	debug_regs_load(&c->host.debug, &c->feat);
	write_sysreg(c->host.mdccint, MDCCINT_EL1);
}
