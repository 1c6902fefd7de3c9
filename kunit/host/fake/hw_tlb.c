// SPDX-License-Identifier: GPL-2.0-only
/* What the TLBs of the tests' machine may hold of its stage-2 tables: see hw.h. */
#include "hw_parts.h"

enum {
	UNORDERED,		/* the entry is another, but a walk may still find the old one */
	LIVE, S2_ISSUED, S2_GONE, ALL_ISSUED,
	USED,			/* gone, but accesses through it may be under way (errata: pgt/tlb.c) */
	USED_ISSUED,
};

static struct stale {
	u64 ia, size, pte;
	u8 level;
	u16 vmid;
	int state;
} stale[4096];
static unsigned int nr_stale;

static struct s2 *watched[8];
static bool ordered = true;		/* a DSB has followed the last entry written */

static bool page_new;

void tlb_page_new(void)
{
	page_new = true;
}

bool ptes_ordered(void)
{
	return ordered;
}

void tlb_watch(struct s2 *s2)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(watched); i++) {
		if (!watched[i]) {
			watched[i] = s2;
			return;
		}
	}
	fail();
}

void tlb_unwatch(struct s2 *s2)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(watched); i++) {
		if (watched[i] == s2)
			watched[i] = NULL;
	}
}

static bool is_table(u64 pte, u8 level)
{
	return level < 3 && (pte & 3) == 3;
}

bool tlb_stale(u64 pa)
{
	unsigned int i;

	for (i = 0; i < nr_stale; i++) {
		u64 base = stale[i].pte & S2_ADDR;
		u64 size = is_table(stale[i].pte, stale[i].level) ? PAGE_SIZE : stale[i].size;

		if (pa == ~0UL || (pa >= base && pa - base < size))
			return true;
	}
	return false;
}

/* Finds which entry of which table @ptep is. */
static bool find(u64 *table, u64 n, u8 level, u64 base, const u64 *ptep, u64 *ia, u8 *at)
{
	u64 size = 1UL << (39 - 9 * level), i;

	if (ptep >= table && ptep < table + n) {
		*ia = base + (ptep - table) * size;
		*at = level;
		return true;
	}
	for (i = 0; i < n; i++) {
		if (is_table(table[i], level) &&
		    find(fake_core_va(table[i] & S2_ADDR), 512, level + 1, base + i * size,
			 ptep, ia, at))
			return true;
	}
	return false;
}

static struct s2 *find_any(const u64 *ptep, u64 *ia, u8 *level)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(watched); i++) {
		struct s2 *s2 = watched[i];

		if (s2 && s2->root &&
		    find(s2->root, 1UL << (s2->ipa_bits - (39 - 9 * s2->start_level)),
			 s2->start_level, 0, ptep, ia, level))
			return s2;
	}
	return NULL;
}

#define PERMISSIONS	(S2_R | S2_W | S2_XN | S2_SW | S2_SHARED | S2_AF)
#define SOFTWARE	(S2_SW | S2_SHARED | S2_AF)	/* AF is a hint */

static void add_stale(u16 vmid, u64 ia, u8 level, u64 pte)
{
	assert_true(nr_stale < ARRAY_SIZE(stale));
	stale[nr_stale++] = (struct stale){ ia, 1UL << (39 - 9 * level), pte, level, vmid, UNORDERED };
}

/* Every leaf under a table that goes: each may be in a TLB. */
static void add_tree(u16 vmid, u64 ia, u8 level, u64 pte)
{
	u64 size = 1UL << (39 - 9 * (level + 1)), i;
	u64 *table = fake_core_va(pte & S2_ADDR);

	add_stale(vmid, ia, level, pte);
	for (i = 0; i < 512; i++) {
		if (is_table(table[i], level + 1))
			add_tree(vmid, ia + i * size, level + 1, table[i]);
		else if ((table[i] & 1) && nr_stale < ARRAY_SIZE(stale) - 64)
			add_stale(vmid, ia + i * size, level + 1, table[i]);
	}
}

void s2_entry_write(u64 *ptep, u64 old, u64 new)
{
	struct s2 *s2;
	unsigned int i;
	u64 ia;
	u8 level;

	s2 = find_any(ptep, &ia, &level);
	if (!s2) {
		/* In no live table. Hardware may still walk it, by a walk cache. */
		for (i = 0; i < nr_stale; i++) {
			if (is_table(stale[i].pte, stale[i].level) && (new & 1) &&
			    (stale[i].pte & S2_ADDR) == (fake_core_pa(ptep) & PAGE_MASK))
				BROKEN("a valid descriptor %#lx in a dropped table", new);
		}
		return;
	}
	if (s2 == &host_s2 && (old == ANN_MOVING || new == ANN_MOVING))
		window_left(ia, 1UL << (39 - 9 * level));
	if (is_table(new, level) && page_new)
		BROKEN("a table at %#lx before what is in it", ia);
	if ((old & 1) && (new & 1) && ((old ^ new) & ~PERMISSIONS))
		BROKEN("no break-before-make at %#lx: %#lx to %#lx", ia, old, new);
	if ((old & 1) && (new & 1) && is_table(old, level) != is_table(new, level))
		BROKEN("table to block without a break at %#lx", ia);
	if (new & 1) {
		for (i = 0; i < nr_stale; i++) {
			struct stale *s = &stale[i];
			u64 size = 1UL << (39 - 9 * level);

			if (s->vmid == s2->vmid && ia < s->ia + s->size && s->ia < ia + size &&
			    !((old & 1) && !((s->pte ^ new) & ~PERMISSIONS)))
				BROKEN("make at %#lx while %#lx may be cached", ia, s->pte);
		}
	}
	if (!((old ^ new) & ~SOFTWARE))
		return;
	ordered = false;
	if (!(old & 1))
		return;
	if (is_table(old, level))
		add_tree(s2->vmid, ia, level, old);
	else
		add_stale(s2->vmid, ia, level, old);
}

void tlb_ordered(void)
{
	unsigned int i;

	ordered = true;
	page_new = false;
	for (i = 0; i < nr_stale; i++) {
		if (stale[i].state == UNORDERED)
			stale[i].state = LIVE;
	}
}

void tlb_dsb(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr_stale; i++) {
		if (stale[i].state == USED_ISSUED)
			continue;
		if (stale[i].state == S2_ISSUED)
			stale[i].state = S2_GONE;
		if (stale[i].state == ALL_ISSUED)
			stale[i].state = USED;
		stale[n++] = stale[i];
	}
	nr_stale = n;
}

void tlb_invalidate(const char *op, u16 vmid, u64 arg)
{
	unsigned int i;

	for (i = 0; i < nr_stale; i++) {
		struct stale *s = &stale[i];
		u64 ia = arg << PAGE_SHIFT;

		if (s->vmid != vmid || s->state == UNORDERED)
			continue;
		/* By address: a leaf, not what hangs below a table. */
		if (!strcmp(op, "ipas2e1is") && s->state == LIVE && ia >= s->ia &&
		    ia - s->ia < s->size && !is_table(s->pte, s->level))
			s->state = S2_ISSUED;
		/* By range: tables too, whose whole range is in it (D8.14.2: any level of the walk). */
		if (!strcmp(op, "ripas2e1is") && s->state == LIVE) {
			u64 base = (arg & GENMASK(36, 0)) << PAGE_SHIFT;
			u64 pages = (((arg >> 39) & 31) + 1) << (5 * ((arg >> 44) & 3) + 1);

			assert_int_equal((arg >> 46) & 3, 1);
			if (s->ia >= base && s->ia + s->size <= base + pages * PAGE_SIZE)
				s->state = S2_ISSUED;
		}
		if (s->state == USED && (!strcmp(op, "vmalle1is") || !strcmp(op, "vmalls12e1is")))
			s->state = USED_ISSUED;
		else if (s->state == S2_GONE && !strcmp(op, "vmalle1is"))
			s->state = ALL_ISSUED;
		else if (s->state < ALL_ISSUED && !strcmp(op, "vmalls12e1is"))
			s->state = ALL_ISSUED;
	}
}
