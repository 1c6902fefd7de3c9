// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order that errata ask for, on a CPU that has them (struct cpu_feat): the instruction that
 * comes too early, or without its barrier, fails the test. Nothing is taken as given that a
 * host can write: the MMU of EL1 may be off.
 */
#include "cpu.h"

#define EPD	(TCR_EPD0 | TCR_EPD1)

static struct {
	u64 tcr, sctlr, hcr;		/* in force: as they were at the last ISB */
	bool dmb;			/* the last thing was a DMB SY */
	bool par;			/* the last thing was a read of PAR_EL1 */
} o;

static void in_force(void)
{
	o.tcr = SREG(TCR_EL1);
	o.sctlr = SREG(SCTLR_EL1);
	o.hcr = SREG(HCR_EL2);
}

void order_begin(void)
{
	memset(&o, 0, sizeof(o));
	in_force();
}

void order_end(void)
{
	assert_false(o.par);
	if (cpu_state.feat.spec_at) {
		assert_int_equal(o.sctlr, SREG(SCTLR_EL1));
		assert_int_equal(SREG(VTTBR_EL2), (u64)&host_s2);
	}
}

/* No walk of EL1's tables starts: for a walk the MMU is on, and both halves of it are stopped. */
static bool walks_stopped(void)
{
	return (o.tcr & EPD) == EPD && (o.sctlr & SCTLR_M) &&
	       (SREG(TCR_EL1) & EPD) == EPD && (SREG(SCTLR_EL1) & SCTLR_M);
}

void order_s2_load(void)
{
	if (cpu_state.feat.spec_at && !walks_stopped())
		fail_msg("another stage 2 while EL1's addresses may be translated");
}

static void next(const char *name)
{
	if (o.par && cpu_state.feat.par_dmb)
		fail_msg("PAR_EL1 was read, and no DMB SY follows but %s", name);
	o.par = o.dmb = false;
}

u64 cpu_mrs(const char *name)
{
	bool dmb = o.dmb, par = !strcmp(name, "PAR_EL1");

	next(name);
	if (par && cpu_state.feat.par_dmb && !dmb)
		fail_msg("PAR_EL1 is read without a DMB SY before it");
	o.par = par;
	return *fake_reg(name);
}

void cpu_msr(const char *name, u64 v)
{
	u64 *r = fake_reg(name);

	next(name);
	if (cpu_state.feat.spec_at) {
		if (!strncmp(name, "TTBR", 4) && !walks_stopped())
			fail_msg("%s is written while it may be walked", name);
		/* Of the new context: stage 2, then SCTLR_EL1, then the walks. */
		if (!strcmp(name, "SCTLR_EL1") && !(v & SCTLR_M) && o.hcr != SREG(HCR_EL2))
			fail_msg("EL1's MMU goes off before stage 2 is set up");
		if (!strcmp(name, "TCR_EL1") && (v & EPD) != EPD && o.sctlr != SREG(SCTLR_EL1))
			fail_msg("walks start before SCTLR_EL1 is in force");
	}
	*r = v;
}

void cpu_barrier(const char *op)
{
	if (!strcmp(op, "dmb sy")) {
		o.par = false;
		o.dmb = true;
		return;
	}
	next(op);
	if (!strcmp(op, "isb"))
		in_force();
}
