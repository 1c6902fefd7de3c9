// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stage-2 table KVM keeps in the host's memory (VMSAv8-64, 4 KiB granule). No
 * hardware walks it. Every entry is read once, through a slot; where a table
 * page is not the host's, the walk ends.
 */
#include "vm/vm.h"
#include "base/sysreg.h"

#define VTCR_T0SZ(vtcr)	FIELD(vtcr, 5, 0)
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
 * The table of pages that a walk has ended in stays mapped here, and rests: who claims its page
 * takes it away. NULL: it is not the host's.
 */
static u64 *table_open(struct walked *w, u64 pa)
{
	if (w->map) {
		if (w->pa == pa && slot_resume(SLOT_LEASE_TABLE))
			return w->map;
		/* What failed was told to who used it. */
		(void)!slot_unmap(SLOT_LEASE_TABLE);
	}
	w->vm = NULL;
	w->pa = pa;
	w->map = slot_map(SLOT_LEASE_TABLE, PA(pa), PAGE_SIZE);
	return w->map;
}

static int table_close(struct walked *w)
{
	if (unlikely(slots_lost())) {
		w->vm = NULL;
		w->map = NULL;
		return slot_unmap(SLOT_LEASE_TABLE);
	}
	slot_rest(SLOT_LEASE_TABLE);
	return HYPSEC_OK;
}

/*
 * Where this CPU's last walk ended, if it was in the same 2 MiB of @vm: as in a CPU's walk cache.
 * KVM makes a call before it puts another table, or none, in the place of one (vm->flushes).
 */
static bool table_known(const struct walked *w, const struct vm *vm, u64 ipa)
{
	return w->vm == vm && w->flushes == vm->flushes &&
	       w->ipa == ALIGN_DOWN(ipa, SZ_2M);
}

/* The entries of a table of pages. */
static int read_pages(struct walked *w, u64 table, u64 index, u64 *around, u64 *pte)
{
	volatile u64 *entry = table_open(w, table);
	u32 i;

	if (!entry)
		return HYPSEC_DENIED;
	if (around) {
		for (i = 0; i < KVM_AROUND; i++)
			around[i] = entry[ALIGN_DOWN(index, KVM_AROUND) + i];
		*pte = around[index % KVM_AROUND];
	} else {
		*pte = entry[index];
	}
	return table_close(w);
}

/* An entry that leads to a table, or to a block. */
static int read_upper(u64 pa, u64 *pte)
{
	volatile u64 *entry = slot_map(SLOT_WALK, PA(pa), 8);

	if (!entry)
		return HYPSEC_DENIED;
	*pte = *entry;
	return slot_unmap(SLOT_WALK);
}

struct kvm_leaf kvm_walk_around(const struct vm *vm, ipa_t ipa, u64 *around,
				struct kvm_entry *at)
{
	u64 vtcr = vm->host.vtcr, table = vm->host.pgd.v;
	u32 bits = 64 - (u32)VTCR_T0SZ(vtcr), shift;
	struct walked *w = &this_cpu()->walked;
	u8 level = start_level(bits);
	u64 index;
	int ret;

	if (table_known(w, vm, ipa.v)) {
		level = 3;
		table = w->pa;
		bits = level_shift(2);
	}
	for (;; level++) {
		shift = level_shift(level);
		index = (ipa.v & (BIT(bits) - 1)) >> shift;
		at->pa = PA((table & PAGE_MASK) + index * 8);
		if (level == 3)
			ret = read_pages(w, table & PAGE_MASK, index, around, &at->pte);
		else
			ret = read_upper(at->pa.v, &at->pte);
		if (ret != HYPSEC_OK)
			return (struct kvm_leaf){ .status = ret, .level = level };
		if (level == 3 || (at->pte & (S2_VALID | S2_TABLE)) != (S2_VALID | S2_TABLE))
			break;
		table = entry_pa(at->pte, vtcr);
		bits = shift;		/* below the top each table resolves 9 bits */
	}
	if (level == 3) {
		w->vm = vm;
		w->flushes = vm->flushes;
		w->ipa = ALIGN_DOWN(ipa.v, SZ_2M);
	}
	return leaf_of(at->pte, level, vtcr);
}

struct kvm_leaf kvm_walk(const struct vm *vm, ipa_t ipa)
{
	struct kvm_entry at;

	return kvm_walk_around(vm, ipa, NULL, &at);
}

struct kvm_leaf kvm_page_leaf(const struct vm *vm, u64 pte)
{
	return leaf_of(pte, 3, vm->host.vtcr);
}

bool kvm_set_used(const struct vm *vm, const struct kvm_entry *entry)
{
	struct walked *w = &this_cpu()->walked;
	u64 pte = entry->pte, *table;
	bool set;

	if (!(vm->host.vtcr & S2_VTCR_HA))
		return false;
	/* The page may have gone from the host, or be what else it has: it gets one bit, or none. */
	table = table_open(w, entry->pa.v & PAGE_MASK);
	if (!table)
		return false;
	/*
	 * KVM may be changing the entry now, on another CPU: what it makes of it stands. Relaxed, as
	 * nothing is ordered by a hint that a page is in use.
	 */
	set = __atomic_compare_exchange_n(&table[(entry->pa.v & ~PAGE_MASK) / 8], &pte, pte | S2_AF,
					  false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	return table_close(w) == HYPSEC_OK && set;
}
