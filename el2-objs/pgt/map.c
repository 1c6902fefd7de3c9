// SPDX-License-Identifier: GPL-2.0-only
/* Stage-2 tables: installing, replacing, merging and removing entries. */
#include "pgt/pte.h"
#include "base/check.h"
#include "base/sysreg.h"
#include "pool/pool.h"

int s2_map(struct s2 *s2, u64 ia, pa_t pa, u64 size, u64 attr)
{
	struct trash trash = { NULL, NULL };
	struct s2_pos pos;
	u64 old, new;
	u8 level;
	int ret;

	level = size == PAGE_SIZE ? 3 : size == SZ_2M ? 2 : size == SZ_1G ? 1 : 0;
	if (!level || !IS_ALIGNED(ia, size) || !IS_ALIGNED(pa.v, size) || (attr & ~S2_ATTR))
		return HYPSEC_INVALID;
	if (!range_ok(ia, size, 1UL << s2->ipa_bits) || !range_ok(pa.v, size, pa_limit))
		return HYPSEC_RANGE;

	/* An annotation is a record, not a hole: nothing is mapped over it. */
	pos = s2_walk(s2, ia, level);
	old = READ_ONCE(*pos.ptep);
	if (!pte_valid(old) && old)
		return HYPSEC_DENIED;

	if (pos.level < level) {
		ret = s2_split(s2, ia, level);
		if (ret)
			return ret;
		pos = s2_walk(s2, ia, level);
		old = READ_ONCE(*pos.ptep);
	}
	new = pte_mkleaf(pa.v, level, attr);
	if (old == new)
		return HYPSEC_OK;
	/* Nor over a table of the host's, which has annotations in it. */
	if (pte_table(old, level) && s2->record)
		return HYPSEC_DENIED;

	if (pte_valid(old)) {
		if (!pte_table(old, level) && !((old ^ new) & ~S2_LIVE)) {
			pte_write(pos.ptep, new);
			if ((old ^ new) & ~S2_SOFT)
				tlb_flush_ipa(s2, ia);
			return HYPSEC_OK;
		}
		pte_write(pos.ptep, 0);
		if (pte_table(old, level)) {
			trash_add(&trash, pte_next(old), level + 1, s2->acc, s2->vmid);
			tlb_flush_vmid(s2);
			trash_commit(&trash);
		} else {
			tlb_flush_ipa(s2, ia);
		}
	}
	pte_write(pos.ptep, new);
	dsb(ishst);
	return HYPSEC_OK;
}

void s2_fill(struct s2 *s2, u64 ia, const u64 *page, unsigned int n)
{
	u64 *table = s2_entry(s2, ia);
	unsigned int i;

	CHECK(pte_index(s2, ia, LAST_LEVEL) + n <= PTRS);
	for (i = 0; i < n; i++) {
		if (!page[i])
			continue;
		CHECK(!table[i] && !(page[i] & ~(S2_ATTR | S2_ADDR)));
		pte_write(&table[i], pte_mkleaf(page[i], LAST_LEVEL, 0));
	}
	dsb(ishst);
}

void s2_replace(struct s2 *s2, u64 ia, u64 old, u64 new)
{
	struct s2_pos pos = s2_walk(s2, ia, LAST_LEVEL);

	CHECK(READ_ONCE(*pos.ptep) == old);
	/* Valid to another translation needs a break: not what this is for. */
	CHECK(!pte_valid(old) || !pte_valid(new) || !((old ^ new) & ~S2_LIVE));

	pte_write(pos.ptep, new);
	if (!((old ^ new) & ~S2_SOFT))
		return;			/* hardware sees no difference */
	if (pte_valid(old))
		tlb_flush_ipa(s2, ia);
	else
		dsb(ishst);
}

bool s2_take_used(struct s2 *s2, u64 ia)
{
	struct s2_pos pos = s2_walk(s2, ia, LAST_LEVEL);
	u64 pte = READ_ONCE(*pos.ptep);

	/* Where AF is set hardware writes nothing, so this loses nothing of its. */
	if (!pte_valid(pte) || !(pte & S2_AF))
		return false;
	pte_write(pos.ptep, pte & ~S2_AF);
	return true;
}

/* The block that a table of @level is equal to, or 0. */
static u64 merged(const u64 *table, u8 level, u32 live)
{
	u64 first = table[0] & ~S2_SW, stamp = 0;
	unsigned int i;

	/* An address, or the frame of private pages, in the same bits. */
	if (pte_valid(first) ? pte_table(first, level) :
	    (first & ANN_STATE) != ANN_PRIVATE || level != LAST_LEVEL)
		return 0;
	if (!IS_ALIGNED(first & S2_ADDR, level_size(level - 1)))
		return 0;
	/* A shared page is taken back alone. */
	if (first & S2_SHARED)
		return 0;
	for (i = 0; i < PTRS; i++) {
		u64 s = s2_stamp(table[i], live);

		if ((table[i] & ~S2_SW) != first + i * level_size(level))
			return 0;
		if (s && stamp && s != stamp)
			return 0;
		if (s)
			stamp = s;
	}
	if (level == LAST_LEVEL && pte_valid(first))
		first &= ~S2_TABLE;
	return first | (stamp << S2_SW_SHIFT);
}

/*
 * The host's RAM and what else it executes have the same attributes. A block of both would not be
 * RAM to own_decode(): no VM, nor the core, could have a page of it any more.
 */
static bool all_or_no_ram(u64 pa, u64 size)
{
	return pa_is_ram(PA(pa), size) || !pa_touches_ram(PA(pa), size);
}

/* False for entries that are surely not of one block. */
static bool alike(u64 a, u64 b)
{
	return a && b && !((a ^ b) & (S2_VALID | ANN_STATE));
}

void s2_merge(struct s2 *s2, u64 ia, u32 live)
{
	u8 level;

	/* Blocks exist at levels 2 and 1. */
	for (level = LAST_LEVEL; level >= (s2->holds ? LAST_LEVEL : 2); level--) {
		struct s2_pos up = s2_walk(s2, ia, level - 1);
		u64 pte = READ_ONCE(*up.ptep), block;
		unsigned int i = pte_index(s2, ia, level);
		u64 *table;

		if (!pte_table(pte, up.level))
			continue;	/* already a block: look at the level above */
		table = pte_next(pte);
		/*
		 * Pages come back in order: one look at the neighbours tells, nearly
		 * always, that the time has not come.
		 */
		if (!alike(table[i], table[(i + 1) % PTRS]) ||
		    !alike(table[i], table[(i + PTRS - 1) % PTRS]))
			return;		/* surely not */
		block = merged(table, level, live);
		if (!block)
			return;
		if (s2->record && pte_valid(block) &&
		    !all_or_no_ram(block & S2_ADDR, level_size(up.level)))
			return;
		/* An annotation is invalid already, and never out of the record: pvm/scrub.c. */
		pte_write(up.ptep, pte_valid(block) ? 0 : block);
		tlb_flush_vmid(s2);
		if (pte_valid(block))
			pte_write(up.ptep, block);
		dsb(ishst);
		/* The page that is held stays the VM's. */
		if (s2->holds || !pte_valid(block)) {
			s2->held++;
			pool_free_held(table, s2->acc);
			return;
		}
		pool_free(table, s2->acc);
		share_charge(s2->vmid, -1);
	}
}

/* What one s2_unmap() took out. */
struct zap {
	const struct s2 *s2;
	struct trash trash;
	u64 ia[8];
	unsigned int leaves;
	u64 first, end;			/* of all of it */
};

/* Entries come in order. */
static void zapped(struct zap *z, u64 ia, u64 size)
{
	if (!z->end)
		z->first = ia;
	z->end = ia + size;
}

static void zap_table(struct zap *z, u64 *table, u8 level, u64 start, u64 last)
{
	u64 size = level_size(level), ia;

	for (ia = ALIGN_DOWN(start, size); ia <= last; ia += size) {
		u64 *ptep = &table[pte_index(z->s2, ia, level)];
		u64 pte = READ_ONCE(*ptep);

		if (!pte)
			continue;
		if (pte_table(pte, level)) {
			u64 s = start > ia ? start : ia;
			u64 l = last - ia < size - 1 ? last : ia + size - 1;

			if (s != ia || l - ia != size - 1) {
				zap_table(z, pte_next(pte), level + 1, s, l);
				continue;
			}
			pte_write(ptep, 0);
			zapped(z, ia, size);
			trash_add(&z->trash, pte_next(pte), level + 1, z->s2->acc,
				  z->s2->vmid);
		} else {
			pte_write(ptep, 0);
			zapped(z, ia, size);
			if (z->leaves < ARRAY_SIZE(z->ia))
				z->ia[z->leaves] = ia;
			z->leaves++;
		}
	}
}

void s2_unmap(struct s2 *s2, u64 ia, u64 size)
{
	u64 end = 1UL << s2->ipa_bits;
	struct zap z = { .s2 = s2 };

	CHECK(!s2->record);
	if (!size || ia >= end)
		return;
	if (size > end - ia)
		size = end - ia;

	zap_table(&z, s2->root, s2->start_level, ia, ia + size - 1);
	if (z.trash.head || z.leaves > ARRAY_SIZE(z.ia))
		tlb_flush_range(s2, z.first, z.end - z.first);
	else if (z.leaves)
		tlb_flush_ipas(s2, z.ia, z.leaves);
	trash_commit(&z.trash);
}

void s2_unmap_pages(struct s2 *s2, const u64 *page, u32 n, u64 ia, u64 size)
{
	bool any = false;

	for (u32 i = 0; i < n; i++) {
		struct s2_pos pos = s2_walk(s2, page[i], LAST_LEVEL);

		if (page[i] - ia >= size || pos.level != LAST_LEVEL ||
		    !pte_valid(READ_ONCE(*pos.ptep)))
			continue;
		pte_write(pos.ptep, 0);
		any = true;
	}
	if (any)
		tlb_flush_vmid(s2);
}

void s2_drop(struct s2 *s2)
{
	s2_unmap(s2, 0, 1UL << s2->ipa_bits);
	if (s2->held)
		pool_unhold(s2->held);
	share_charge(s2->vmid, -(s32)s2->held);
	s2->held = 0;
}

void s2_unhold(struct s2 *s2)
{
	CHECK(s2->held);
	pool_unhold(1);
	share_charge(s2->vmid, -1);
	s2->held--;
}

void s2_destroy(struct s2 *s2)
{
	unsigned int i;

	s2_drop(s2);
	/* s2_drop() flushes what it finds; a walk of the empty root may be cached too. */
	tlb_flush_vmid(s2);
	for (i = 0; i < 1U << s2->root_order; i++)
		pool_free((char *)s2->root + i * PAGE_SIZE, s2->acc);
	share_charge(s2->vmid, -(1 << s2->root_order));
	s2->root = NULL;
}
