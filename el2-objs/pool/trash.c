// SPDX-License-Identifier: GPL-2.0-only
/*
 * Table pages of dropped trees. A tree may have hundreds of thousands of pages;
 * dropping it unlinks its top and frees the rest a few pages at a time, so that no
 * call is longer than a step. Nothing here is reachable by hardware any more.
 */
#include "pool/pool.h"
#include "base/check.h"
#include "base/desc.h"
#include "base/lock.h"

/*
 * The first entry of a page in the list is its link: the next page, with the page's
 * own level, account and VM around it. The table it may have led to is put on the
 * list in its own right. Until the TLBI a CPU may still walk the page through its
 * walk cache, so a link must be an invalid descriptor: bit 0 is clear.
 */
#define LINK_LEVEL	GENMASK(2, 1)
#define LINK_LEVEL_SHIFT 1
#define LINK_ACC	GENMASK(7, 4)
#define LINK_ACC_SHIFT	4
#define LINK_VMID	GENMASK(60, 48)
#define LINK_VMID_SHIFT	48
#define LINK_OWN	(LINK_LEVEL | LINK_ACC | LINK_VMID)
_Static_assert(HYPSEC_ACC_COUNT <= 16, "an account fits in a link");
_Static_assert(!(LINK_OWN & (PTE_VALID | PTE_ADDR)), "a link is invalid to hardware");
_Static_assert(POOL_OWNERS <= BIT(13), "a VM fits in a link");

static struct spinlock trash_lock = SPINLOCK(RANK_TRASH);
static u64 *trash_list;

static void set_next(u64 *page, const u64 *next)
{
	page[0] = (page[0] & LINK_OWN) | (next ? core_pa(next).v : 0);
}

static u64 *get_next(const u64 *page)
{
	return page[0] & PTE_ADDR ? core_va(PA(page[0] & PTE_ADDR)) : NULL;
}

/* @own: account and VM, as in a link */
static void add(struct trash *t, u64 *table, u8 level, u64 own)
{
	for (;;) {
		u64 first = table[0];

		pte_write(table, (u64)level << LINK_LEVEL_SHIFT | own |
				 (t->head ? core_pa(t->head).v : 0));
		if (!t->head)
			t->tail = table;
		t->head = table;
		if (!pte_table(first, level))
			return;
		table = pte_next(first);
		level++;
	}
}

void trash_add(struct trash *t, u64 *table, u8 level, enum hypsec_account acc, u16 vm)
{
	add(t, table, level, (u64)acc << LINK_ACC_SHIFT | (u64)vm << LINK_VMID_SHIFT);
}

void trash_commit(struct trash *t)
{
	if (!t->head)
		return;
	spin_lock(&trash_lock);
	set_next(t->tail, trash_list);
	trash_list = t->head;
	spin_unlock(&trash_lock);
	t->head = NULL;
	t->tail = NULL;
}

static u64 *trash_take(void)
{
	u64 *page;

	spin_lock(&trash_lock);
	page = trash_list;
	if (page)
		trash_list = get_next(page);
	spin_unlock(&trash_lock);
	return page;
}

bool trash_step(unsigned int pages)
{
	struct trash below = { NULL, NULL };
	unsigned int i;
	u64 *page;

	for (; pages; pages--) {
		u64 own;
		u8 level;

		page = trash_take();
		if (!page)
			return false;
		level = (page[0] & LINK_LEVEL) >> LINK_LEVEL_SHIFT;
		own = page[0] & (LINK_ACC | LINK_VMID);
		for (i = 1; level < LAST_LEVEL && i < PTRS; i++) {
			if (pte_table(page[i], level))
				add(&below, pte_next(page[i]), level + 1, own);
		}
		trash_commit(&below);
		pool_free(page, (own & LINK_ACC) >> LINK_ACC_SHIFT);
		share_charge((own & LINK_VMID) >> LINK_VMID_SHIFT, -1);
	}
	return READ_ONCE(trash_list) != NULL;
}
