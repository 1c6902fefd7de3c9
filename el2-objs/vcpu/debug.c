// SPDX-License-Identifier: GPL-2.0-only
/* Breakpoints, and event counters (PMU). */
#include "vcpu/run.h"

/* PMU: each side's event counters stand still while the other runs. */
void pmu_load(struct vcpu *v)
{
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

void pmu_unload(const struct vcpu *v)
{
	if (v->pmu_guest)
		write_sysreg(v->pmu_guest, PMCNTENCLR_EL0);
	if (v->pmu_host)
		write_sysreg(v->pmu_host, PMCNTENSET_EL0);
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
	debug_regs_save(&c->host.debug, c->feat);
	c->host.mdccint = read_sysreg(MDCCINT_EL1);
	debug_regs_load(v->debug, c->feat);
	write_sysreg(v->mdccint, MDCCINT_EL1);
}

void debug_unload(struct vcpu *v, struct cpu_run *c)
{
	debug_regs_save(v->debug, c->feat);
	v->mdccint = read_sysreg(MDCCINT_EL1);
	debug_regs_load(&c->host.debug, c->feat);
	write_sysreg(c->host.mdccint, MDCCINT_EL1);
}
