// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page pool. Two kinds of pages are in it: the region of the install, one
 * contiguous range with a bitmap of what is free, and single pages donated later
 * (groups.c).
 */
#include "pool/pool.h"
#include "pool/groups.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/percpu.h"

static struct spinlock pool_lock = SPINLOCK(RANK_POOL);
static s64 account[HYPSEC_ACC_COUNT];
static u32 wanted;			/* pages were asked for and not there */

static u64 region __ro_after_seal, region_pages __ro_after_seal;	/* PA of the first page, count */
static u64 *bitmap __ro_after_seal;			/* bit set: free */
static u64 bitmap_hint;			/* word where the search starts */

static bool test_free(u64 i)
{
	return bitmap[i / 64] & BIT(i % 64);
}

static void flip(u64 i)
{
	bitmap[i / 64] ^= BIT(i % 64);
}

void __init pool_init(pa_t start, pa_t end)
{
	u64 pages = (end.v - start.v) >> PAGE_SHIFT;
	u64 map_pages, i;

	CHECK(start.v < end.v && IS_ALIGNED(start.v | end.v, PAGE_SIZE) && !region_pages);

	/* The bitmap covers itself too, as pages that are never free. */
	map_pages = ALIGN_UP(ALIGN_UP(pages, 64) / 8, PAGE_SIZE) >> PAGE_SHIFT;
	CHECK(map_pages < pages);
	for (i = 0; i < pages; i++)
		page_zero(core_va(PA(start.v + i * PAGE_SIZE)));

	spin_lock(&pool_lock);
	bitmap = core_va(start);
	region = start.v;
	region_pages = pages;
	for (i = map_pages; i < pages; i++)
		flip(i);
	account[HYPSEC_ACC_IMAGE] += map_pages;
	account[HYPSEC_ACC_FREE] += pages - map_pages;
	spin_unlock(&pool_lock);
}

static void *region_page(u64 i)
{
	return core_va(PA(region + i * PAGE_SIZE));
}

static void *take_region(void)
{
	u64 words = ALIGN_UP(region_pages, 64) / 64, n;

	for (n = 0; n < words; n++) {
		u64 w = (bitmap_hint + n) % words;

		if (bitmap[w]) {
			u64 i = w * 64 + __builtin_ctzl(bitmap[w]);

			flip(i);
			bitmap_hint = w;
			return region_page(i);
		}
	}
	return NULL;
}

/* The reserve is for donation: with none left, the host could not even give more. */
static bool may_take(u64 pages)
{
	u64 keep = this_cpu()->pool_reserve ? 0 : POOL_RESERVE;

	return (u64)account[HYPSEC_ACC_FREE] >= pages + keep;
}

void pool_reserve_open(void)
{
	this_cpu()->pool_reserve = true;
}

void pool_reserve_close(void)
{
	this_cpu()->pool_reserve = false;
}

static void move(enum hypsec_account from, enum hypsec_account to, s64 pages)
{
	account[from] -= pages;
	account[to] += pages;
	CHECK(account[from] >= 0);
}

/* A page that is free or held, which its caller has counted. */
static void *take(void)
{
	void *page = take_region();

	if (!page)
		page = group_take();
	CHECK(page);
	return page;
}

void *pool_alloc(enum hypsec_account acc)
{
	bool more = true;

	CHECK(acc < HYPSEC_ACC_COUNT && acc != HYPSEC_ACC_FREE);
	for (;;) {
		void *page = NULL;

		spin_lock(&pool_lock);
		if (may_take(1)) {
			page = take();
			move(HYPSEC_ACC_FREE, acc, 1);
		}
		spin_unlock(&pool_lock);
		if (page)
			return page;
		if (!more) {
			pool_want();
			return NULL;
		}
		/* Each step frees a page, so the next try succeeds, or the list is empty. */
		more = trash_step(1);
	}
}

static bool range_free(u64 i, u64 n)
{
	for (; n; i++, n--) {
		if (i >= region_pages || !test_free(i))
			return false;
	}
	return true;
}

static void *take_contig(u64 n)
{
	u64 i, k;

	/* The alignment is that of the address, not of the index. */
	i = (ALIGN_UP(region, n << PAGE_SHIFT) - region) >> PAGE_SHIFT;
	for (; i + n <= region_pages; i += n) {
		if (!range_free(i, n))
			continue;
		for (k = 0; k < n; k++)
			flip(i + k);
		return region_page(i);
	}
	return NULL;
}

#define CONTIG_TRIES	16
#define CONTIG_TRASH	8	/* pages freed between two */

void *pool_alloc_contig(unsigned int order, enum hypsec_account acc)
{
	u64 n = 1UL << order;
	unsigned int tries;
	void *p = NULL;
	bool more = true;

	CHECK(acc < HYPSEC_ACC_COUNT && acc != HYPSEC_ACC_FREE && order < 10);
	for (tries = 0; !p && more && tries < CONTIG_TRIES; tries++) {
		/* Dropped tables may be what is in the way. */
		if (tries)
			more = trash_step(CONTIG_TRASH);
		spin_lock(&pool_lock);
		if (may_take(n))
			p = take_contig(n);
		if (p)
			move(HYPSEC_ACC_FREE, acc, n);
		spin_unlock(&pool_lock);
	}
	if (!p)
		pool_want();
	return p;
}

static void put(void *page, enum hypsec_account acc, enum hypsec_account to)
{
	u64 pa = core_pa(page).v;

	CHECK(page && IS_ALIGNED(pa, PAGE_SIZE) && acc < HYPSEC_ACC_COUNT);
	page_zero(page);
	spin_lock(&pool_lock);
	if (pa - region < region_pages << PAGE_SHIFT) {
		u64 i = (pa - region) >> PAGE_SHIFT;

		CHECK(!test_free(i));
		flip(i);
	} else {
		group_put(page);
	}
	move(acc, to, 1);
	spin_unlock(&pool_lock);
}

void pool_free(void *page, enum hypsec_account acc)
{
	put(page, acc, HYPSEC_ACC_FREE);
}

void pool_free_held(void *page, enum hypsec_account acc)
{
	put(page, acc, HYPSEC_ACC_HELD);
}

bool pool_hold(unsigned int pages)
{
	bool done, more = true;

	/* As pool_alloc(): dropped tables first, and who waits says so. */
	for (;;) {
		spin_lock(&pool_lock);
		done = may_take(pages);
		if (done)
			move(HYPSEC_ACC_FREE, HYPSEC_ACC_HELD, pages);
		spin_unlock(&pool_lock);
		if (done || !more)
			break;
		more = trash_step(1);
	}
	if (!done)
		pool_want();
	return done;
}

void pool_unhold(unsigned int pages)
{
	spin_lock(&pool_lock);
	move(HYPSEC_ACC_HELD, HYPSEC_ACC_FREE, pages);
	spin_unlock(&pool_lock);
}

void *pool_alloc_held(enum hypsec_account acc)
{
	void *page;

	spin_lock(&pool_lock);
	move(HYPSEC_ACC_HELD, acc, 1);
	page = take();
	spin_unlock(&pool_lock);
	return page;
}

void pool_donate(pa_t pa)
{
	spin_lock(&pool_lock);
	group_put(core_va(pa));
	account[HYPSEC_ACC_FREE]++;
	WRITE_ONCE(wanted, 0);
	spin_unlock(&pool_lock);
}

bool pool_withdraw(pa_t pa)
{
	bool done;

	spin_lock(&pool_lock);
	/* Which pages are held is not said, only that there are so many. */
	done = account[HYPSEC_ACC_FREE] > 0 && group_withdraw(pa.v);
	if (done)
		account[HYPSEC_ACC_FREE]--;
	spin_unlock(&pool_lock);
	return done;
}

u64 pool_account(enum hypsec_account acc)
{
	u64 n;

	if (acc >= HYPSEC_ACC_COUNT)
		return 0;
	spin_lock(&pool_lock);
	n = account[acc];
	spin_unlock(&pool_lock);
	return n;
}

u64 pool_free_pages(void)
{
	return READ_ONCE(account[HYPSEC_ACC_FREE]);
}

void pool_want(void)
{
	WRITE_ONCE(wanted, 1);
}

bool pool_wanted(void)
{
	return READ_ONCE(wanted);
}

void account_add(enum hypsec_account acc, s64 pages)
{
	CHECK(acc < HYPSEC_ACC_COUNT && acc != HYPSEC_ACC_FREE);
	spin_lock(&pool_lock);
	account[acc] += pages;
	CHECK(account[acc] >= 0);
	spin_unlock(&pool_lock);
}
