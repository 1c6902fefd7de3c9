// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading a stage 2, and TLB maintenance for any VMID from any context.
 *
 * A TLBI at EL2 means the VMID that VTTBR_EL2 holds, so for another VM's table
 * VTTBR_EL2 is switched for a moment while EL1's registers stay those of whoever
 * runs here. CPUs with a speculative-AT erratum (A57 1319537, A72 1319367, A76
 * 1165522, ...) could then fill the TLB with translations of the one regime under the
 * VMID of the other. EPD0|EPD1 with the stage 1 MMU on stops every walk; done
 * on all CPUs, since it is rare and a list of CPUs would go out of date.
 */
#include "pgt/pte.h"
#include "base/check.h"
#include "base/sysreg.h"
#include "base/percpu.h"

#define TCR_EPD0	BIT(7)
#define TCR_EPD1	BIT(23)
#define VTTBR_VMID_SHIFT 48

/*
 * On A55 (2441007), A76 (1286807), A510 (2441009) and others the DSB may end before
 * other CPUs' accesses through the old translation do: a host store could land in a
 * page after it was claimed. A second TLBI and DSB waits for them. Always done: a
 * list of CPUs would go out of date.
 */
#define FLUSH_DONE(op) do {	\
	dsb(ish);		\
	tlbi(op);		\
	dsb(ish);		\
	isb();			\
} while (0)

struct vmid_context {
	u64 vttbr, tcr, sctlr;
	bool switched;
	bool traced;			/* SPE and TRBE were stopped */
};

static u64 s2_vttbr(const struct s2 *s2)
{
	return core_pa(s2->root).v | (u64)s2->vmid << VTTBR_VMID_SHIFT;
}

/* False: there is nothing to invalidate. */
static bool vmid_enter(struct vmid_context *c, const struct s2 *s2)
{
	u64 vttbr = s2_vttbr(s2);

	/*
	 * A tree that no hardware walks (seal/) is in no TLB; and its entries are no descriptors,
	 * so not for a moment is it what VTTBR_EL2 points to.
	 */
	if (!s2->vtcr)
		return false;
	/* Table writes are visible to every walker, and walks begun here are done. */
	dsb(ish);

	c->vttbr = read_sysreg(VTTBR_EL2);
	c->switched = c->vttbr != vttbr;
	if (!c->switched)
		return true;

	c->traced = trace_pause();
	c->tcr = read_sysreg(TCR_EL1);
	c->sctlr = read_sysreg(SCTLR_EL1);
	write_sysreg(c->tcr | TCR_EPD0 | TCR_EPD1, TCR_EL1);
	isb();
	/* With the MMU off there is no stage 1 walk for EPD to stop. */
	write_sysreg(c->sctlr | SCTLR_M, SCTLR_EL1);
	isb();
	write_sysreg(vttbr, VTTBR_EL2);
	isb();
	return true;
}

static void vmid_exit(const struct vmid_context *c)
{
	if (!c->switched)
		return;
	write_sysreg(c->vttbr, VTTBR_EL2);
	isb();
	write_sysreg(c->sctlr, SCTLR_EL1);
	isb();
	write_sysreg(c->tcr, TCR_EL1);	/* no ISB: walks may stay stopped a while */
	if (c->traced)
		trace_unpause();
}

/* The end of a flush: the stage-2 entries have been invalidated. */
static void flush_combined(const struct vmid_context *c)
{
	/*
	 * The stage-2 entries must be gone before the combined ones are, or one of
	 * these could be made again from them (Arm ARM D8.17.5).
	 */
	dsb(ish);
	tlbi(vmalle1is);
	FLUSH_DONE(vmalle1is);
	vmid_exit(c);
}

void tlb_flush_ipas(const struct s2 *s2, const u64 *ia, unsigned int n)
{
	struct vmid_context c;
	unsigned int i;

	if (!vmid_enter(&c, s2))
		return;
	for (i = 0; i < n; i++)
		tlbi_arg(ipas2e1is, ia[i] >> PAGE_SHIFT);
	flush_combined(&c);
}

/* TLBI RIPAS2E1IS (C5.5): the operand */
#define TLBI_RANGE_SCALE_SHIFT	44
#define TLBI_RANGE_NUM_SHIFT	39
#define TLBI_RANGE_NUM		32		/* units at most */
#define TLBI_RANGE_TG_4K	(1UL << 46)
#define TLBI_RANGE_BASE		GENMASK(36, 0)
#define TLBI_RANGE_SCALES	4

/* Pages in a unit of @scale. */
static u64 range_unit(unsigned int scale)
{
	return 1UL << (5 * scale + 1);
}

/* A CPU without it could keep what the others lose. */
static bool all_have_range(void)
{
	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		if (!cpu_by_id(cpu)->tlbi_range)
			return false;
	return true;
}

void tlb_flush_range(const struct s2 *s2, u64 ia, u64 size)
{
	u64 pages = ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT, num;
	struct vmid_context c;
	unsigned int scale;

	for (scale = 0; scale < TLBI_RANGE_SCALES; scale++) {
		if (pages <= TLBI_RANGE_NUM * range_unit(scale))
			break;
	}
	if (!pages || scale == TLBI_RANGE_SCALES || !all_have_range()) {
		tlb_flush_vmid(s2);
		return;
	}
	/* In whole units: what lies behind the range is found again, as after any flush. */
	num = (pages + range_unit(scale) - 1) / range_unit(scale) - 1;
	if (!vmid_enter(&c, s2))
		return;
	tlbi_ripas2e1is(((ia >> PAGE_SHIFT) & TLBI_RANGE_BASE) | num << TLBI_RANGE_NUM_SHIFT |
			(u64)scale << TLBI_RANGE_SCALE_SHIFT | TLBI_RANGE_TG_4K);
	flush_combined(&c);
}

/*
 * No level is given as a hint (TTL): a wrong one, in code that this does not know, would leave
 * the entry in the TLB.
 */
void tlb_flush_ipa(const struct s2 *s2, u64 ia)
{
	tlb_flush_ipas(s2, &ia, 1);
}

void tlb_flush_vmid(const struct s2 *s2)
{
	struct vmid_context c;

	if (!vmid_enter(&c, s2))
		return;
	tlbi(vmalls12e1is);
	FLUSH_DONE(vmalls12e1is);
	vmid_exit(&c);
}

void tlb_flush_vmid_local(const struct s2 *s2)
{
	struct vmid_context c;

	if (!vmid_enter(&c, s2))
		return;
	tlbi(vmalls12e1);
	ic(iallu);
	/* No ISB: what translates and fetches here is EL1, after an ERET (SCTLR_EL2.EOS). */
	dsb(nsh);
	vmid_exit(&c);
}

/*
 * The caller switches EL1's registers: it has stopped walks (TCR_EL1.EPD*, as
 * above) before this, and lets them go after EL1's registers match the new table.
 */
void s2_load(const struct s2 *s2)
{
	CHECK(s2->vtcr);
	write_sysreg(s2->vtcr, VTCR_EL2);
	write_sysreg(s2_vttbr(s2), VTTBR_EL2);
	isb();
}
