// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages given to the core after the seal. Its pool is kept between two marks: below
 * the low one pages are donated, above the high one donated pages are taken back.
 *
 * Where a VM has to wait for pages all the same, the core says so with the account of free
 * pages, and shows KVM a WFE of that vCPU, by a syndrome that no other WFE has. KVM yields then,
 * kvm_vcpu_on_spin(), and would run it again at once; here its thread sleeps until there are
 * pages. Without kprobes it spins, and lets others run, until the next look at the account.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/page-flags.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <asm/kvm_emulate.h>
#include "hypsec.h"

#define PERIOD	(HZ / 2)
#define PERIOD_LOW (HZ / 20)	/* with less than twice the low mark */
#define BATCH	256		/* pages a round */
/*
 * Orders. A page alone may cost the core more for tables than it is: one for the host's stage 2,
 * one for the core's own mapping. So that the pool grows with each, and never by the pages that
 * are kept for donations, there are always some next to each other.
 */
#define CHUNK	5
#define CHUNK_LEAST PAGE_ALLOC_COSTLY_ORDER	/* the most for which the kernel does what it can */
#define ELSEWHERE 256		/* chunks set aside: 8 MiB */
#define WAIT	(HZ / 10)	/* of a vCPU, at most: then it tries again */

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

/* @aside: gets a page that is refused. Return: enum hypsec_status. */
static int donate_one(struct page *page, struct list_head *aside)
{
	struct arm_smccc_res res;
	int status;

	hypsec_page_hide(page);
	status = hypsec_call_donate(page_to_phys(page), &res);
	if (status == HYPSEC_FAULT) {
		/* Kept out of use: the next who allocates it would find the error. */
		pr_warn_ratelimited("a memory error at %llx\n", (u64)page_to_phys(page));
	} else if (status) {
		hypsec_page_show(page);
		list_add(&page->lru, aside);
		if (status != HYPSEC_RANGE)
			pr_warn_ratelimited("the core refused a page (%d)\n", status);
	} else {
		list_add(&page->lru, &donated);
	}
	return status;
}

/*
 * @aside: gets what is refused; not empty: another place is looked for, where the smaller chunks
 * lead to before a large free one is cut up. Return: that of the last page; @given: pages given.
 */
static int donate_chunk(struct list_head *aside, unsigned int *given)
{
	gfp_t how_hard = list_empty(aside) ? __GFP_RETRY_MAYFAIL : __GFP_NORETRY;
	unsigned int order = CHUNK_LEAST, i;
	struct page *page = NULL;
	int status = HYPSEC_OK;

	if (list_empty(aside)) {
		order = CHUNK;
		page = alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, order);
	}
	if (!page) {
		order = CHUNK_LEAST;
		page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | how_hard, order);
	}
	if (!page)
		return HYPSEC_NO_MEMORY;
	split_page(page, order);
	/* If one is refused the rest would be too. */
	for (i = 0; i < 1U << order; i++) {
		if (status) {
			list_add(&page[i].lru, aside);
			continue;
		}
		status = donate_one(page + i, aside);
		*given += !status;
	}
	return status;
}

/*
 * RAM that was not there at the install is not for the core (HYPSEC_RANGE). What is found there is
 * kept until the end, so that it is not found again. Return: pages given.
 */
static unsigned int donate(void)
{
	unsigned int given = 0, elsewhere = 0;
	struct page *page, *next;
	LIST_HEAD(aside);
	int status;

	do {
		status = donate_chunk(&aside, &given);
	} while (given < BATCH && (!status || (status == HYPSEC_RANGE && elsewhere++ < ELSEWHERE)));
	if (!given && elsewhere)
		pr_warn_once("memory that was plugged in after the install is not for the core, and no other was found: VMs may wait (this once)\n");
	list_for_each_entry_safe(page, next, &aside, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
	return given;
}

/* Pages that the core has in use go to the list's end. Return: how many came back. */
static unsigned int reclaim(u64 pages)
{
	struct arm_smccc_res res;
	unsigned int tries, got = 0;
	struct page *page;

	for (tries = 0; tries < 2 * BATCH && got < pages && !list_empty(&donated); tries++) {
		page = list_first_entry(&donated, struct page, lru);
		if (hypsec_call_reclaim(page_to_phys(page), &res)) {
			list_move_tail(&page->lru, &donated);
			continue;
		}
		list_del(&page->lru);
		hypsec_page_show(page);
		__free_page(page);
		got++;
	}
	return got;
}

static void balance(struct work_struct *work);
static DECLARE_DELAYED_WORK(balance_timer, balance);

static DECLARE_WAIT_QUEUE_HEAD(pages_came);

static void balance(struct work_struct *work)
{
	unsigned long low = READ_ONCE(pool_low), high = max(READ_ONCE(pool_high), low);
	unsigned long delay = PERIOD;
	struct arm_smccc_res res;
	unsigned int moved = 0;
	u64 free;

	/* A broken core takes nothing and gives nothing back. */
	if (hypsec_call_account(HYPSEC_ACC_FREE, &res))
		return;
	free = res.a1;
	if (free < low || res.a2) {
		moved = donate();
		if (moved)
			wake_up_all(&pages_came);
	} else if (free > high) {
		moved = reclaim(min_t(u64, free - high, BATCH));
	}
	/* At once if there was more to do than a round does, and it could be done. */
	if (moved >= BATCH)
		delay = 1;
	else if (free < 2 * low || res.a2)
		delay = PERIOD_LOW;
	schedule_delayed_work(&balance_timer, delay);
}

#ifdef CONFIG_KPROBES
/* A VM waits for pages: since the last one that was donated. */
static bool pages_wanted(void)
{
	struct arm_smccc_res res;

	return !hypsec_call_account(HYPSEC_ACC_FREE, &res) && res.a2;
}

/* In the place of kvm_vcpu_on_spin(): its caller is the vCPU's thread, and may sleep. */
static void wait_for_pages(struct kvm_vcpu *vcpu, bool yield_to_kernel_mode)
{
	mod_delayed_work(system_wq, &balance_timer, 0);
	wait_event_interruptible_timeout(pages_came, !pages_wanted(), WAIT);
}

static int on_spin(struct kprobe *p, struct pt_regs *regs)
{
	const struct kvm_vcpu *vcpu = (const void *)regs_get_kernel_argument(regs, 0);

	if ((u32)kvm_vcpu_get_esr(vcpu) != HYPSEC_ESR_WAIT)
		return 0;
	instruction_pointer_set(regs, (unsigned long)wait_for_pages);
	return 1;
}

static struct kprobe spin_probe = {
	.symbol_name = "kvm_vcpu_on_spin",
	.pre_handler = on_spin,
};

static int watch_waits(void)
{
	return register_kprobe(&spin_probe);
}
#else
static int watch_waits(void)
{
	return -EOPNOTSUPP;
}
#endif

void hypsec_memory_init(void)
{
	u64 free = hypsec_account(HYPSEC_ACC_FREE);
	int ret = watch_waits();

	if (ret)
		pr_warn("a vCPU that waits for the core's memory is not seen (%d): it spins\n", ret);

	/* What was given at install stays; only what came later is taken back. */
	if (!pool_low)
		pool_low = free / 4;
	if (!pool_high)
		pool_high = free / 2;
	schedule_delayed_work(&balance_timer, PERIOD);
}
