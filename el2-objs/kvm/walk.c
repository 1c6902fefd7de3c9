// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stage-2 table KVM keeps in the host's memory (VMSAv8-64, 4 KiB granule). No
 * hardware walks it. Every entry is read once, through a slot; where a table
 * page is not the host's, the walk ends.
 */
#include "vcpu.h"

#define VTCR_T0SZ(vtcr)	FIELD(vtcr, 5, 0)
#define VTCR_HA		BIT(21)		/* hardware sets AF */
#define VTCR_DS		BIT(32)		/* LPA2: PA[51:50] in descriptor bits 9:8 */
#define PTE_XN		BIT(54)

/*
 * As KVM chooses them (stage2_pt_levels()): up to 16 concatenated tables at the top. There are
 * 32 bits at least (vm_identity_valid()), so never less than two levels.
 */
static u8 start_level(u32 ipa_bits)
{
	return (u8)(4 - (ipa_bits - 8) / 9);
}

static u64 entry_pa(u64 pte, u64 vtcr)
{
	if (vtcr & VTCR_DS)
		return (pte & GENMASK(49, 12)) | FIELD(pte, 9, 8) << 50;
	return pte & GENMASK(47, 12);
}

/* What @pte says, which is an entry at @level. */
static struct kvm_leaf leaf_of(u64 pte, u8 level, u64 vtcr)
{
	struct kvm_leaf leaf = { .status = HYPSEC_RANGE, .level = level };
	u64 mask = level_size(level) - 1;

	if (!(pte & S2_VALID))
		return leaf;
	if (level == 3 && !(pte & S2_TABLE))
		return leaf;		/* a reserved encoding is an invalid entry */
	if (level == 0)
		return leaf;		/* no 512 GiB blocks in KVM's tables */

	leaf.status = HYPSEC_OK;
	leaf.r = pte & S2_R;
	leaf.w = pte & S2_W;
	leaf.x = !(pte & PTE_XN);
	leaf.af = pte & S2_AF;
	leaf.memattr = (u8)FIELD(pte, 5, 2);
	leaf.pa = PA(entry_pa(pte, vtcr) & ~mask);
	leaf.size = mask + 1;
	return leaf;
}

/*
 * @around: NULL, or for what the KVM_AROUND entries say that @ipa's is one of, if the walk ends in
 * a table of pages. @at: the last entry, if it was read.
 */
static struct kvm_leaf walk(const struct vm *vm, ipa_t ipa, struct kvm_leaf *around,
			    struct kvm_entry *at)
{
	u64 vtcr = vm->host.vtcr, table = vm->host.pgd.v, pte = 0;
	u32 bits = 64 - (u32)VTCR_T0SZ(vtcr), shift, n, i;
	u8 level;

	for (level = start_level(bits);; level++) {
		volatile u64 *entry;
		u64 index;

		shift = level_shift(level);
		index = (ipa.v & (BIT(bits) - 1)) >> shift;
		n = level == 3 && around ? KVM_AROUND : 1;
		at->pa = PA((table & PAGE_MASK) + index * 8);
		entry = slot_map(SLOT_WALK, PA(at->pa.v - index % n * 8), n * 8);
		if (!entry)
			return (struct kvm_leaf){ .status = HYPSEC_DENIED, .level = level };
		for (i = 0; i < n; i++) {
			u64 one = entry[i];

			if (i == index % n)
				pte = one;
			if (n > 1)
				around[i] = leaf_of(one, level, vtcr);
		}
		if (slot_unmap(SLOT_WALK) != HYPSEC_OK)
			return (struct kvm_leaf){ .status = HYPSEC_FAULT, .level = level };
		at->pte = pte;
		if (level == 3 || (pte & (S2_VALID | S2_TABLE)) != (S2_VALID | S2_TABLE))
			return leaf_of(pte, level, vtcr);
		table = entry_pa(pte, vtcr);
		bits = shift;		/* below the top each table resolves 9 bits */
	}
}

struct kvm_leaf kvm_walk(const struct vm *vm, ipa_t ipa)
{
	struct kvm_entry at;

	return walk(vm, ipa, NULL, &at);
}

struct kvm_leaf kvm_walk_around(const struct vm *vm, ipa_t ipa, struct kvm_leaf *around,
				struct kvm_entry *entry)
{
	return walk(vm, ipa, around, entry);
}

bool kvm_set_used(const struct vm *vm, const struct kvm_entry *entry)
{
	u64 pte = entry->pte;
	bool set;
	u64 *p;

	if (!(vm->host.vtcr & VTCR_HA))
		return false;
	/* The page may have gone from the host, or be what else it has: it gets one bit, or none. */
	p = slot_map(SLOT_WALK, entry->pa, 8);
	if (!p)
		return false;
	/*
	 * KVM may be changing the entry now, on another CPU: what it makes of it stands. Relaxed, as
	 * nothing is ordered by a hint that a page is in use.
	 */
	set = __atomic_compare_exchange_n(p, &pte, pte | S2_AF, false, __ATOMIC_RELAXED,
					  __ATOMIC_RELAXED);
	return slot_unmap(SLOT_WALK) == HYPSEC_OK && set;
}
