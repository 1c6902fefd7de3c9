// SPDX-License-Identifier: GPL-2.0-only
/* Instructions and system registers of the tests' machine: see hw.h, machine.h. */
#include "hw_parts.h"
#include "vcpu.h"

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

void fake_write_sysreg(const char *name, u64 v)
{
	if (!strcmp(name, "VTTBR_EL2")) {
		counts.vttbr++;
		if (v != *find_reg(name) && *find_reg(name) &&
		    ((*find_reg("TCR_EL1") & EPD) != EPD || !(*find_reg("SCTLR_EL1") & SCTLR_M)))
			BROKEN("VTTBR_EL2 switched while EL1's tables may be walked");
		if (v != *find_reg(name) && *find_reg(name) && !paused)
			BROKEN("VTTBR_EL2 switched while SPE or TRBE may write");
	}
	/* Walks start again only under their own VMID: checked by the value at the end. */
	*find_reg(name) = v;
}

void fake_barrier(const char *op)
{
	bool ish = strstr(op, " ish") || strstr(op, " sy");

	if (barrier_hook)
		barrier_hook(op);
	if (strncmp(op, "dsb", 3))
		return;
	if (ish)
		tlb_ordered();
	if (strstr(op, "st"))
		return;
	window_dsb();
	if (ish)
		tlb_dsb();
}

void fake_tlbi(const char *op, u64 arg)
{
	machine_event();
	tlb_invalidate(op, *find_reg("VTTBR_EL2") >> 48, arg);
	if (!strcmp(op, "vae2"))
		window_tlbi(arg);
	if (!strcmp(op, "vae2is"))
		window_tlbi_is(arg);
	if (!strcmp(op, "alle2is"))
		window_alle2is();
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
		page_dirtied(pa);
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
