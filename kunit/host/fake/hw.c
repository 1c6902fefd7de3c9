// SPDX-License-Identifier: GPL-2.0-only
/* Instructions and system registers of the tests' machine: see hw.h, machine.h. */
#include "hw_parts.h"
#include "vcpu/vcpu.h"
#include "pvm/pvm.h"

struct counts counts;
void (*pte_hook)(u64 *ptep, u64 old, u64 new);
void (*dc_hook)(const char *op, u64 pa);
void (*barrier_hook)(const char *op);

static struct { const char *name; u64 v; } reg[64];

static u64 *find_reg(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reg); i++) {
		if (!reg[i].name)
			reg[i].name = name;
		if (!strcmp(reg[i].name, name))
			return &reg[i].v;
	}
	abort();
}

u64 fake_read_sysreg(const char *name)
{
	return *find_reg(name);
}

#define EPD	(BIT(7) | BIT(23))

static bool paused;		/* vcpu/debug.c: SPE and TRBE */

bool trace_pause(void)
{
	return !paused && (paused = true);
}

void trace_unpause(void)
{
	assert_true(paused);
	paused = false;
}

/* As they were at the last ISB; @now: as they will be at the next. */
static struct {
	u64 vttbr, tcr, sctlr;
} force;

static u64 now(const char *name)
{
	return *find_reg(name);
}

/* No walk of EL1's tables starts: for a walk the MMU is on, and both halves of it are stopped. */
static bool walks_stopped(void)
{
	return (force.tcr & now("TCR_EL1") & EPD) == EPD &&
	       (force.sctlr & now("SCTLR_EL1") & SCTLR_M);
}

void fake_write_sysreg(const char *name, u64 v)
{
	u64 old = now(name);

	if (!strcmp(name, "VTTBR_EL2")) {
		counts.vttbr++;
		if (v != old && old && !walks_stopped())
			BROKEN("VTTBR_EL2 switched while EL1's tables may be walked");
		if (v != old && old && !paused)
			BROKEN("VTTBR_EL2 switched while SPE or TRBE may write");
	}
	/* Walks start again only under their own VMID: checked by the value at the end. */
	if (!strcmp(name, "SCTLR_EL1") && ((v ^ old) & SCTLR_M)) {
		if ((v & SCTLR_M) && (force.tcr & EPD) != EPD)
			BROKEN("the MMU of EL1 goes on before walks are stopped");
		if (!(v & SCTLR_M) && force.vttbr != now("VTTBR_EL2"))
			BROKEN("the MMU of EL1 goes off before its stage 2 is back");
	}
	if (!strcmp(name, "TCR_EL1") && (v & EPD) != EPD && (old & EPD) == EPD &&
	    (force.vttbr != now("VTTBR_EL2") || force.sctlr != now("SCTLR_EL1")))
		BROKEN("EL1's walks start before the rest of its registers is in force");
	*find_reg(name) = v;
}

/* Invalidations that no DSB has completed: for this CPU, for all. */
static bool issued, issued_is;

bool flushes_done(void)
{
	return !issued && !issued_is;
}

static void flush_issued(const char *op)
{
	if (strstr(op, "is"))
		issued_is = true;
	else
		issued = true;
}

void fake_barrier(const char *op)
{
	bool ish = strstr(op, " ish") || strstr(op, " sy");

	if (barrier_hook)
		barrier_hook(op);
	if (!strcmp(op, "isb")) {
		core_synchronized(cpu_now());
		core_runs_on(cpu_now());
		window_isb();
		force.vttbr = now("VTTBR_EL2");
		force.tcr = now("TCR_EL1");
		force.sctlr = now("SCTLR_EL1");
	}
	if (strncmp(op, "dsb", 3))
		return;
	window_dsb(ish, strstr(op, "st"));
	if (ish)
		tlb_ordered();
	if (strstr(op, "st"))
		return;
	issued = false;
	if (!ish)
		return;
	issued_is = false;
	tlb_dsb();
}

void fake_tlbi(const char *op, u64 arg)
{
	machine_event();
	if (!strstr(op, "ae2") && !strstr(op, "alle2"))
		flush_issued(op);
	/* EL2's, and all VMIDs', do not ask for the VMID. */
	if (!strstr(op, "e2") && !strstr(op, "alle1") &&
	    force.vttbr != now("VTTBR_EL2"))
		BROKEN("tlbi %s for a VMID that is not in force", op);
	tlb_invalidate(op, *find_reg("VTTBR_EL2") >> 48, arg);
	if (!strcmp(op, "vae2") || !strcmp(op, "vae2is"))
		window_tlbi(arg, !strcmp(op, "vae2is"));
	if (!strcmp(op, "alle2is"))
		window_alle2is();
	if (!strcmp(op, "ipas2e1is"))
		counts.ipa = FIELD(arg, 39, 0) << PAGE_SHIFT;
#define COUNT(x) (counts.x += !strcmp(op, #x))
	COUNT(ipas2e1is);
	COUNT(ripas2e1is);
	COUNT(vmalle1is);
	COUNT(vmalls12e1is);
	COUNT(vmalls12e1);
	COUNT(alle1is);
	COUNT(alle2is);
	COUNT(vae2);
#undef COUNT
}

void fake_dc(const char *op, u64 va)
{
	u64 pa;

	machine_event();
	window_touch(va);
	pa = pa_of(va);
	if (!exists(pa))
		BROKEN("dc %s of no memory", op);
	if (dc_hook)
		dc_hook(op, pa);
	if (!strcmp(op, "zva")) {
		if (*find_reg("DCZID_EL0") & BIT(4))
			BROKEN("DC ZVA where it is undefined");
		if (tlb_stale(pa))
			BROKEN("page %#lx zeroed while a TLB may still translate to it", pa);
		memset((void *)va, 0, 64);
		line_dirtied(pa);
		counts.zva++;
	} else if (!strcmp(op, "civac")) {
		if (tlb_stale(pa))
			BROKEN("page %#lx cleaned while a TLB may still translate to it", pa);
		line_cleaned(pa);
		counts.civac++;
	}
}

void fake_ic(const char *op)
{
	flush_issued(op);
	if (!strcmp(op, "ialluis"))
		counts.ialluis++;
	if (!strcmp(op, "iallu"))
		counts.iallu++;
}

void counts_reset(void)
{
	memset(&counts, 0, sizeof(counts));
}

void machine_reset(u32 parange)
{
	memory_reset();
	fake_write_sysreg("ID_AA64MMFR0_EL1", parange);
	fake_write_sysreg("CTR_EL0", 4UL << 16);	/* 64-byte lines */
	fake_write_sysreg("DCZID_EL0", 4);
	fake_write_sysreg("SCTLR_EL1", 0);	/* a host with its MMU off */
}

void fake_pte_write(u64 *ptep, u64 pte)
{
	counts.pte++;
	machine_event();
	if (window_entry_write(ptep, pte))
		return;
	if (pte_hook)
		pte_hook(ptep, *ptep, pte);
	s2_entry_write(ptep, *ptep, pte);
	*ptep = pte;
}
