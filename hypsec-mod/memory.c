// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages given to the core after the seal. Its pool is kept between two marks: below
 * the low one pages are donated, above the high one donated pages are taken back.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/page-flags.h>
#include <linux/workqueue.h>
#include "hypsec.h"

#define PERIOD	(HZ / 2)
#define BATCH	256		/* pages a round */

static LIST_HEAD(donated);	/* by page->lru; the worker's alone */
static unsigned long pool_low, pool_high;
module_param(pool_low, ulong, 0644);
MODULE_PARM_DESC(pool_low, "free pages below which the core is given more (default: a quarter of the first pool)");
module_param(pool_high, ulong, 0644);
MODULE_PARM_DESC(pool_high, "free pages above which given ones are taken back (default: half of the first pool)");

u64 hypsec_account(enum hypsec_account acc)
{
	struct arm_smccc_res res;

	return hypsec_call_account(acc, &res) == HYPSEC_OK ? res.a1 : 0;
}

/**
 * hypsec_page_hide() - take a page out of what the kernel reads on its own account
 * @page: allocated, ours
 *
 * PageOffline: hibernation, /proc/kcore, /proc/vmcore and makedumpfile skip it.
 */
void hypsec_page_hide(struct page *page)
{
	__SetPageOffline(page);
	SetPageReserved(page);
	adjust_managed_page_count(page, -1);
}

void hypsec_page_show(struct page *page)
{
	adjust_managed_page_count(page, 1);
	ClearPageReserved(page);
	__ClearPageOffline(page);
}

static bool donate_one(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	struct arm_smccc_res res;
	int status;

	if (!page)
		return false;
	hypsec_page_hide(page);
	status = hypsec_call_donate(page_to_phys(page), &res);
	if (status) {
		hypsec_page_show(page);
		__free_page(page);
		pr_warn_ratelimited("the core refused a page (%d)\n", status);
		return false;
	}
	list_add(&page->lru, &donated);
	return true;
}

/* Pages that the core has in use stay on the list. */
static void reclaim(u64 pages)
{
	struct page *page, *next;
	struct arm_smccc_res res;
	unsigned int tries = 0;

	list_for_each_entry_safe(page, next, &donated, lru) {
		if (!pages || ++tries > 2 * BATCH)
			break;
		if (hypsec_call_reclaim(page_to_phys(page), &res))
			continue;
		list_del(&page->lru);
		hypsec_page_show(page);
		__free_page(page);
		pages--;
	}
}

static void balance(struct work_struct *work);
static DECLARE_DELAYED_WORK(balance_timer, balance);

static void balance(struct work_struct *work)
{
	unsigned long low = READ_ONCE(pool_low), high = max(READ_ONCE(pool_high), low);
	struct arm_smccc_res res;
	unsigned int i = 0;
	u64 free;

	/* A broken core takes nothing and gives nothing back. */
	if (hypsec_call_account(HYPSEC_ACC_FREE, &res))
		return;
	free = res.a1;
	if (free < low) {
		for (i = 0; i < BATCH && donate_one(); i++)
			;
	} else if (free > high && !list_empty(&donated)) {
		reclaim(min_t(u64, free - high, BATCH));
	}
	/* At once if there was more to do than a round does, and it could be done. */
	schedule_delayed_work(&balance_timer, free < low && i == BATCH ? 1 : PERIOD);
}

void hypsec_memory_init(void)
{
	u64 free = hypsec_account(HYPSEC_ACC_FREE);

	/* What was given at install stays; only what came later is taken back. */
	if (!pool_low)
		pool_low = free / 4;
	if (!pool_high)
		pool_high = free / 2;
	schedule_delayed_work(&balance_timer, PERIOD);
}
