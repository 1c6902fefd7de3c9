// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page pool. Two kinds of pages are in it: the region of the install, one
 * contiguous range with a bitmap of what is free, and single pages donated later.
 * The host may ask for a donated page back, by address, so a free one must be found
 * quickly, and nothing that is written in a page in use may make it look free.
 *
 * Free donated pages form groups: a group page holds the addresses of up to
 * GROUP_MAX others and is free itself. A free page says at which index of its group
 * it is; that is a hint only, what the group page says counts.
 */
#include "mem.h"
#include "check.h"
#include "lock.h"
#include "percpu.h"
#include "s2.h"
#include "sysreg.h"

#define GROUP_MAX	510

struct group {
	struct group *next;
	u64 n;
	u64 page[GROUP_MAX];		/* physical addresses */
};
_Static_assert(sizeof(struct group) == PAGE_SIZE, "a group is a page");

static struct spinlock pool_lock = SPINLOCK(RANK_POOL);
static s64 account[HYPSEC_ACC_COUNT];
static struct group *groups;
static u32 wanted;			/* pages were asked for and not there */

static u64 region, region_pages;	/* PA of the first page, count */
static u64 *bitmap;			/* bit set: free */
static u64 bitmap_hint;			/* word where the search starts */

static bool test_free(u64 i)
{
	return bitmap[i / 64] & BIT(i % 64);
}

static void flip(u64 i)
{
	bitmap[i / 64] ^= BIT(i % 64);
}

void pool_init(pa_t start, pa_t end)
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

/*
 * For pool_lock's holder, before it touches a donated page. Another CPU may have
 * mapped it a moment ago: a translation made here before the lock was taken would be
 * a fault (without FEAT_ETS a DSB over there does not rule that out).
 */
static void see_donated(void)
{
	isb();
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

static void *take_donated(void)
{
	struct group *g = groups;
	u64 *page;

	if (!g)
		return NULL;
	see_donated();
	if (g->n) {
		page = core_va(PA(g->page[--g->n]));
		page[0] = 0;
		g->page[g->n] = 0;
		return page;
	}
	groups = g->next;
	g->next = NULL;
	return g;			/* all zero again */
}

static void put_donated(u64 *page)
{
	struct group *g = groups;

	see_donated();
	if (g && g->n < GROUP_MAX) {
		page[0] = g->n;
		g->page[g->n++] = core_pa(page).v;
		return;
	}
	g = (struct group *)page;
	g->next = groups;
	groups = g;
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
		page = take_donated();
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
		more = s2_trash_step(1);
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
			more = s2_trash_step(CONTIG_TRASH);
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
		put_donated(page);
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
		more = s2_trash_step(1);
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
	put_donated(core_va(pa));
	account[HYPSEC_ACC_FREE]++;
	WRITE_ONCE(wanted, 0);
	spin_unlock(&pool_lock);
}

/* @link is where the group's address is kept. */
static void withdraw_group(struct group **link)
{
	struct group *g = *link, *heir = NULL;

	if (g->n) {
		/* Its last member takes over the rest; their indices stay. */
		heir = core_va(PA(g->page[--g->n]));
		g->page[g->n] = 0;
		memcpy(heir, g, sizeof(*g));
		memset(g, 0, sizeof(*g));
		*link = heir;
	} else {
		*link = g->next;
		g->next = NULL;
	}
}

static bool withdraw_locked(u64 pa)
{
	struct group **link;
	u64 *page = core_va(PA(pa));

	see_donated();
	for (link = &groups; *link; link = &(*link)->next) {
		struct group *g = *link;
		u64 i = page[0];

		if (core_pa(g).v == pa) {
			withdraw_group(link);
			return true;
		}
		if (i < g->n && g->page[i] == pa) {
			u64 last = g->page[--g->n];

			*(u64 *)core_va(PA(last)) = i;
			g->page[i] = last;
			g->page[g->n] = 0;
			page[0] = 0;
			return true;
		}
	}
	return false;
}

bool pool_withdraw(pa_t pa)
{
	bool done;

	spin_lock(&pool_lock);
	/* Which pages are held is not said, only that there are so many. */
	done = account[HYPSEC_ACC_FREE] > 0 && withdraw_locked(pa.v);
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
