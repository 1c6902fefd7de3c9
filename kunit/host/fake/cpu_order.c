// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order of accesses and barriers: the instruction that comes too early, or without its barrier,
 * fails the test. What errata ask for, on a CPU that has them (struct cpu_feat); on all, when what
 * was written to a register is in force. Nothing is taken as given that a host can write: the
 * MMU of EL1 may be off.
 */
#include "cpu.h"

#define EPD	(TCR_EPD0 | TCR_EPD1)

u64 cpu_forced[CPU_REGS];		/* each register as it was at the last ISB */

enum drain { RUNNING, SYNCED, DRAINED };	/* PSB or TSB, and a DSB after it */

static struct {
	bool dmb;			/* the last thing was a DMB SY */
	bool par;			/* the last thing was a read of PAR_EL1 */
	bool par_done;			/* a DMB SY after all accesses of it, the guest's too */
	bool walks;			/* of EL1's tables may be under way: no DSB since */
	enum drain spe, trbe;
	/* What a guest without system registers has of the GIC is seen here after DSB and ISB. */
	enum { SEEN, STORED, STORED_DSB } from_mmio;
	/* And it sees what is written here after ISB and DSB. */
	enum { CLEAN, WRITTEN, WRITTEN_ISB } to_mmio;
} o;

static bool is(const char *a, const char *b)
{
	return !strcmp(a, b);
}

u64 *cpu_in_force(const char *name)
{
	return &cpu_forced[container_of(fake_reg(name), struct reg_entry, v) - cpu_regs.r];
}

#define F(r)		(*cpu_in_force(__sr_str(r)))
#define SETTLED(r)	(F(r) == SREG(r))

static void in_force(void)
{
	for (unsigned int i = 0; i < cpu_regs.n; i++)
		cpu_forced[i] = cpu_regs.r[i].v;
}

void order_begin(void)
{
	memset(&o, 0, sizeof(o));
	in_force();
	o.walks = true;
}

void order_end(void)
{
	assert_false(o.par);
	if (this_feat.spec_at) {
		assert_int_equal(F(SCTLR_EL1), SREG(SCTLR_EL1));
		assert_int_equal(SREG(VTTBR_EL2), (u64)&host_s2);
	}
}

void order_enter(void)
{
	if (!(SREG(ICC_SRE_EL1) & 1) && o.to_mmio)
		fail_msg("the guest's GIC does not show what was written to it");
	if (this_feat.par_dmb && !o.par_done)
		fail_msg("a guest is entered with an access of PAR_EL1 under way");
	in_force();
}

void order_leave(void)
{
	in_force();
	o.walks = true;
	o.par_done = false;
	o.from_mmio = SREG(ICC_SRE_EL1) & 1 ? SEEN : STORED;
}

u64 order_vector_length(void)
{
	return F(ZCR_EL2);
}

void order_fp(bool sve)
{
	if (F(CPTR_EL2) & (CPTR_TFP | (sve ? CPTR_TZ : 0)))
		fail_msg("FP is used while EL2 traps it");
}

/* No walk of EL1's tables starts: for a walk the MMU is on, and both halves of it are stopped. */
static bool walks_stopped(void)
{
	return (F(TCR_EL1) & EPD) == EPD && (F(SCTLR_EL1) & SCTLR_M) &&
	       (SREG(TCR_EL1) & EPD) == EPD && (SREG(SCTLR_EL1) & SCTLR_M);
}

/* The translation that the CPU, and what records what it does, goes by is about to change. */
static void regime_changes(const char *name)
{
	if (o.walks)
		fail_msg("%s is written while walks may be under way", name);
	if ((F(PMBLIMITR_EL1) | F(TRBLIMITR_EL1)) & 1)
		fail_msg("%s is written while a buffer is addressed by it", name);
}

static bool regime_settled(void)
{
	return SETTLED(TTBR0_EL1) && SETTLED(TTBR1_EL1) && SETTLED(TCR_EL1) &&
	       SETTLED(SCTLR_EL1) && SETTLED(VTTBR_EL2) && SETTLED(HCR_EL2);
}

void order_s2_load(void)
{
	regime_changes("VTTBR_EL2");
	if (this_feat.spec_at && !walks_stopped())
		fail_msg("another stage 2 while EL1's addresses may be translated");
}

/* What the core executes, after the last thing. */
static void next(const char *name)
{
	if (o.par && this_feat.par_dmb)
		fail_msg("PAR_EL1 was read, and no DMB SY follows but %s", name);
	o.par = o.dmb = false;
}

/* Bit 0 of both buffers' registers enables them; bits 0 and 1 of the others what fills them. */
static void buffer(const char *name, u64 v, u64 now, enum drain drain)
{
	if (now & ~v & 1 && drain != DRAINED)
		fail_msg("%s: off before its buffer is written", name);
	if (v & 1 && !regime_settled())
		fail_msg("%s: on under the tables of another", name);
}

static void check_trace(const char *name, u64 v)
{
	if (is(name, __sr_str(PMBLIMITR_EL1)))
		buffer(name, v, F(PMBLIMITR_EL1), o.spe);
	if (is(name, __sr_str(TRBLIMITR_EL1)))
		buffer(name, v, F(TRBLIMITR_EL1), o.trbe);
	if (is(name, __sr_str(PMSCR_EL1)) && v & 3 && !SETTLED(PMBLIMITR_EL1))
		fail_msg("profiling starts before its buffer is there");
	if (is(name, __sr_str(TRFCR_EL1)) && v & 3 && !SETTLED(TRBLIMITR_EL1))
		fail_msg("tracing starts before its buffer is there");
}

/* ICH_*: AP0Rn, AP1Rn, HCR and its neighbours, list registers */
static bool is_ich(const char *name)
{
	static const char *const at[] = { "C8_", "C9_", "C11_", "C12_", "C13_" };

	if (strncmp(name, "S3_4_C12_", 9) || is(name, __sr_str(ICC_SRE_EL2)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		if (!strncmp(name + 9, at[i], strlen(at[i])))
			return true;
	return false;
}

u64 cpu_mrs(const char *name)
{
	bool dmb = o.dmb, par = is(name, "PAR_EL1");

	if (cpu_reg_hook)
		cpu_reg_hook(name);
	next(name);
	if (par && this_feat.par_dmb && !dmb)
		fail_msg("PAR_EL1 is read without a DMB SY before it");
	o.par = par;
	if (par)
		o.par_done = false;
	if (is_ich(name) && o.from_mmio)
		fail_msg("%s is read before the guest's stores to its GIC are seen", name);
	if (is(name, __sr_str(ICC_SRE_EL1)) && !SETTLED(ICC_SRE_EL1))
		fail_msg("ICC_SRE_EL1 is read before it says what it is");
	if (is(name, __sr_str(ZCR_EL1)) || is(name, __sr_str(ZCR_EL2)))
		order_fp(true);
	return *fake_reg(name);
}

static void check_gic(const char *name, u64 v)
{
	if (is(name, __sr_str(ICH_VMCR_EL2)) && !SETTLED(ICC_SRE_EL1))
		fail_msg("ICH_VMCR_EL2 is written under another ICC_SRE_EL1");
	if (is(name, __sr_str(ICC_SRE_EL1)) && !SETTLED(ICC_SRE_EL2))
		fail_msg("ICC_SRE_EL1 is written before ICC_SRE_EL2 allows it");
	if (is_ich(name))
		o.to_mmio = WRITTEN;
}

void cpu_msr(const char *name, u64 v)
{
	u64 *r = fake_reg(name);
	bool ttbr = !strncmp(name, "TTBR", 4);

	if (cpu_reg_hook)
		cpu_reg_hook(name);
	next(name);
	if (is(name, "PAR_EL1"))
		o.par_done = false;
	if (ttbr || is(name, "TCR_EL1") || is(name, "SCTLR_EL1"))
		regime_changes(name);
	check_trace(name, v);
	check_gic(name, v);
	if (is(name, __sr_str(ZCR_EL1)) || is(name, __sr_str(ZCR_EL2)))
		order_fp(true);
	if (this_feat.spec_at) {
		if (ttbr && !walks_stopped())
			fail_msg("%s is written while it may be walked", name);
		/* Of the new context: stage 2, then SCTLR_EL1, then the walks. */
		if (is(name, "SCTLR_EL1") && !(v & SCTLR_M) && !SETTLED(HCR_EL2))
			fail_msg("EL1's MMU goes off before stage 2 is set up");
		if (is(name, "TCR_EL1") && (v & EPD) != EPD && !SETTLED(SCTLR_EL1))
			fail_msg("walks start before SCTLR_EL1 is in force");
	}
	*r = v;
}

static void synced(enum drain *d, u64 filter, const char *what)
{
	if (filter & 3)
		fail_msg("%s: what is recorded goes on", what);
	*d = SYNCED;
}

void cpu_barrier(const char *op)
{
	if (is(op, "dmb sy")) {
		o.par = false;
		o.dmb = o.par_done = true;
		return;
	}
	next(op);
	if (is(op, "isb")) {
		in_force();
		o.from_mmio = o.from_mmio == STORED_DSB ? SEEN : o.from_mmio;
		o.to_mmio = o.to_mmio == WRITTEN ? WRITTEN_ISB : o.to_mmio;
	} else if (is(op, "psb csync")) {
		synced(&o.spe, F(PMSCR_EL1), op);
	} else if (is(op, "tsb csync")) {
		synced(&o.trbe, F(TRFCR_EL1), op);
	} else if (!strncmp(op, "dsb", 3)) {
		o.walks = false;
		o.spe = o.spe == SYNCED ? DRAINED : o.spe;
		o.trbe = o.trbe == SYNCED ? DRAINED : o.trbe;
		if (is(op, "dsb sy")) {
			o.from_mmio = o.from_mmio == STORED ? STORED_DSB : o.from_mmio;
			o.to_mmio = o.to_mmio == WRITTEN_ISB ? CLEAN : o.to_mmio;
		}
	}
}
