// SPDX-License-Identifier: GPL-2.0-only
/*
 * SOFT_RESTART is the one stub call that leaves this kernel: it enters the next one,
 * on bare hardware at EL2. Here it is done for real on one CPU, which then
 * turns its MMU on again and comes back to tell where it was.
 */
#include <linux/vmalloc.h>
#include <asm/pgtable-hwdef.h>
#include <asm/sysreg.h>
#include <asm/tlbflush.h>
#include "core.h"

struct restart {
	u64 pa, target, back, sctlr, currentel, sctlr_there, daif_there, args;
} __aligned(64);

void hypsec_soft_restart(struct restart *r);
void hk_restart_target(void);

static phys_addr_t text_pa(void *fn)
{
	if (is_vmalloc_addr(fn))
		return page_to_phys(vmalloc_to_page(fn)) + offset_in_page(fn);
	return __pa_symbol(fn);
}

#define GIB_BLOCK	(PMD_TYPE_SECT | PMD_SECT_AF | PMD_SECT_S | PMD_ATTRINDX(MT_NORMAL) | \
			 PMD_SECT_UXN)

/**
 * hk_soft_restart() - enter the target of SOFT_RESTART on this CPU, and come back
 * @test: skipped where the identity map can't be made
 * @at: what the target found
 *
 * If the core let the target run at EL2 this does not return.
 */
void hk_soft_restart(struct kunit *test, struct restarted *at)
{
	struct page *page = hk_host_pages(test, 2);
	phys_addr_t code = text_pa(hk_restart_target);
	struct restart *r = page_address(page);
	/* tables of levels -1 (52-bit addresses only), 0 and 1 */
	u64 *top = (void *)r + PAGE_SIZE, *l0 = (void *)r + 2 * PAGE_SIZE;
	u64 *l1 = (void *)r + 3 * PAGE_SIZE;
	u64 tcr = read_sysreg(tcr_el1), root = page_to_phys(page) + 2 * PAGE_SIZE, ttbr0, mask;
	unsigned long flags;
	unsigned int i;

	if ((tcr & TCR_TG0_MASK) != TCR_TG0_4K || code >> 48)
		kunit_skip(test, "no identity map of 4 KiB tables");

	/* The kernel's stack and text are in TTBR1, which stays. */
	l0[(code >> 39) & 0x1ff] = (page_to_phys(page) + 3 * PAGE_SIZE) | PMD_TYPE_TABLE;
	l1[(code >> 30) & 0x1ff] = (code & ~(BIT(30) - 1)) | GIB_BLOCK;
	switch (64 - ((tcr & TCR_T0SZ_MASK) >> TCR_T0SZ_OFFSET)) {
	case 48:
		break;
	case 52:
		top[0] = root | PMD_TYPE_TABLE;
		root = page_to_phys(page) + PAGE_SIZE;
		break;
	default:
		kunit_skip(test, "TTBR0 has neither 48 nor 52 bits");
	}
	/* With LPA2 these bits are address bits, and zero. */
	if (tcr & TCR_DS)
		l1[(code >> 30) & 0x1ff] &= ~PMD_SECT_S;
	r->pa = page_to_phys(page);
	r->target = code;
	/* Fetched with the MMU off, from memory. */
	for (i = 0; i < 256; i += 16)
		asm volatile("dc cvac, %0" : : "r" ((void *)hk_restart_target + i) : "memory");
	dsb(sy);

	local_irq_save(flags);
	mask = read_sysreg(daif);
	ttbr0 = read_sysreg(ttbr0_el1);
	write_sysreg(root, ttbr0_el1);
	isb();
	local_flush_tlb_all();
	hypsec_soft_restart(r);
	write_sysreg(ttbr0, ttbr0_el1);
	isb();
	local_flush_tlb_all();
	write_sysreg(mask, daif);	/* all was masked at the target */
	local_irq_restore(flags);
	/* Its stores passed the cache by. */
	asm volatile("dc civac, %0\n\tdsb sy" : : "r" (r) : "memory");

	at->currentel = r->currentel;
	at->sctlr = r->sctlr_there;
	at->daif = r->daif_there;
	at->args = r->args;
}
