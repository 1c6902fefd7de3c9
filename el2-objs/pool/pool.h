/* SPDX-License-Identifier: GPL-2.0-only */
/* The page pool, accounts, what each VM has of it, and table pages that wait to be freed. */
#ifndef HYPSEC_POOL_H
#define HYPSEC_POOL_H

#include "abi/hypsec_abi.h"
#include "base/types.h"

/* --- the pool (pool.c) --- */

/**
 * pool_alloc() - a zeroed page
 * @acc: account it is moved to
 * Return: page, or NULL if the pool is empty (caller returns HYPSEC_NO_MEMORY).
 * Locks: takes RANK_POOL.
 */
void *pool_alloc(enum hypsec_account acc);
/* 2^order contiguous, naturally aligned zeroed pages; install region only. */
void *pool_alloc_contig(unsigned int order, enum hypsec_account acc);
/* Zeroes and gives back one page; @acc is the account it was allocated to. */
void pool_free(void *page, enum hypsec_account acc);
/*
 * A block of private pages can have to be split when the pool is empty and the host, which waits
 * for a page of it, cannot give more. So it comes with a page held for each table that its split
 * takes: pool_hold() before it is made, false: no memory; pool_unhold() when it goes whole.
 * pool_alloc_held() takes one, of which there is one: never NULL; pool_free_held() frees and holds.
 */
bool __must_check pool_hold(unsigned int pages);
void pool_unhold(unsigned int pages);
void *pool_alloc_held(enum hypsec_account acc);
void pool_free_held(void *page, enum hypsec_account acc);
u64 pool_account(enum hypsec_account acc);
void account_add(enum hypsec_account acc, s64 pages);
/* Install: [start, end), page aligned, becomes free pool: zeroed; its first pages hold the bitmap. */
void pool_init(pa_t start, pa_t end);
/* For own/: a donated page (mapped, zeroed) enters the free pool; leaves it again. */
void pool_donate(pa_t pa);
bool pool_withdraw(pa_t pa);		/* false: not a free donated page */
u64 pool_free_pages(void);		/* as pool_account(), a moment ago, without the lock */
/* Somebody waits for pages: the host is told with its next look at the account. */
void pool_want(void);
bool pool_wanted(void);			/* since the last page was donated */
/* From here to pool_reserve_close() this CPU may use the last POOL_RESERVE pages. */
void pool_reserve_open(void);
void pool_reserve_close(void);
#define POOL_RESERVE	16
#define POOL_SHARED	64		/* before these: for VMs within their share */
#define POOL_TAKEN	8		/* more for each CPU: what one look at it gets, at most */
#define POOL_OWNERS	4096		/* VM ids, and 0 */

/* --- what VMs have of it (share.c) --- */

/* @vm was given @pages, or gave them back. No lock. */
void share_charge(u16 vm, s32 pages);
/**
 * share_ok() - may @vm take a few pages for its tables now?
 *
 * If not, the caller does as where pool_alloc() has none. Asked once before the work of a
 * fault, which takes a page for each level of two tables at most.
 * Locks: takes RANK_TRASH, RANK_POOL.
 */
bool share_ok(u16 vm);

/* --- table pages of dropped trees (trash.c) --- */

/*
 * A chain of unlinked trees, local to one call. Its pages may still be walked by
 * hardware until the TLBI that precedes trash_commit().
 */
struct trash {
	u64 *head, *tail;
};
/* @table, of @level, and all tables below it: pages of account @acc and of VM @vm, or 0. */
void trash_add(struct trash *t, u64 *table, u8 level, enum hypsec_account acc, u16 vm);
/* Locks: takes RANK_TRASH. */
void trash_commit(struct trash *t);
/*
 * Frees up to @pages table pages of dropped trees; true if more.
 * Locks: takes RANK_TRASH, RANK_POOL.
 */
bool trash_step(unsigned int pages);

#endif
