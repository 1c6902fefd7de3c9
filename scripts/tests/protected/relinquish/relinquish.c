// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a protected guest with a stock kernel: gives memory of the kernel's back by
 * HYPSEC_GUEST_RELINQUISH, as a balloon would, and takes it into use again. Loading it succeeds
 * where all went as it must.
 */
#define pr_fmt(fmt) "relinquish: " fmt

#include <linux/arm-smccc.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "hypsec_abi.h"
#include "hypsec_guest.h"

#define ORDER	6
#define BLOCKS	128			/* 32 MiB in all */
#define WORDS	((PAGE_SIZE << ORDER) / sizeof(u64))

static int give_back(phys_addr_t pa, unsigned long pages)
{
	struct arm_smccc_res res;

	while (pages) {
		arm_smccc_1_1_hvc(HYPSEC_GUEST_RELINQUISH, pa, pages, &res);
		if ((long)res.a0 == HYPSEC_BUSY)
			continue;
		if (res.a0 || !res.a1 || res.a1 > pages)
			return -EIO;
		pages -= res.a1;
		pa += res.a1 * PAGE_SIZE;
	}
	return 0;
}

/* What was in it is gone, and it is memory like any other. */
static int use_again(volatile u64 *p)
{
	unsigned long i;

	for (i = 0; i < WORDS; i++)
		if (p[i])
			return -EBADMSG;
	for (i = 0; i < WORDS; i++)
		p[i] = i;
	for (i = 0; i < WORDS; i++)
		if (p[i] != i)
			return -EBADMSG;
	return 0;
}

static int __init relinquish_init(void)
{
	struct page *page, *next;
	LIST_HEAD(blocks);
	unsigned int n;
	int ret = 0;

	for (n = 0; n < BLOCKS; n++) {
		page = alloc_pages(GFP_KERNEL, ORDER);
		if (!page)
			ret = -ENOMEM;
		if (!page)
			break;
		memset(page_address(page), 0x5e, PAGE_SIZE << ORDER);
		list_add(&page->lru, &blocks);
	}
	list_for_each_entry(page, &blocks, lru)
		ret = ret ?: give_back(page_to_phys(page), 1 << ORDER);
	list_for_each_entry_safe(page, next, &blocks, lru) {
		ret = ret ?: use_again(page_address(page));
		list_del(&page->lru);
		__free_pages(page, ORDER);
	}
	return ret;
}

static void __exit relinquish_exit(void)
{
}

module_init(relinquish_init);
module_exit(relinquish_exit);
MODULE_DESCRIPTION("HypSec: test of a guest that gives memory back");
MODULE_LICENSE("GPL");
