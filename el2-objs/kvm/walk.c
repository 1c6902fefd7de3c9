// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stage-2 table KVM keeps in the host's memory (VMSAv8-64, 4 KiB granule). No
 * hardware walks it. Every entry is read once, through a slot; where a table
 * page is not the host's, the walk ends.
 */
#include "vcpu.h"

#define VTCR_T0SZ(vtcr)	FIELD(vtcr, 5, 0)
#define VTCR_DS		BIT(32)		/* LPA2: PA[51:50] in descriptor bits 9:8 */
#define PTE_XN		BIT(54)

/* As KVM chooses them (stage2_pt_levels()): up to 16 concatenated tables at the top. */
static u8 start_level(u32 ipa_bits)
{
	u32 levels = (ipa_bits - 8) / 9;

	return (u8)(4 - (levels < 2 ? 2 : levels));
}

static u64 entry_pa(u64 pte, u64 vtcr)
{
	if (vtcr & VTCR_DS)
		return (pte & GENMASK(49, 12)) | FIELD(pte, 9, 8) << 50;
	return pte & GENMASK(47, 12);
}

struct kvm_leaf kvm_walk(const struct vm *vm, ipa_t ipa)
{
	u64 vtcr = vm->host.vtcr, table = vm->host.pgd.v, pte = 0, mask;
	u32 bits = 64 - (u32)VTCR_T0SZ(vtcr), shift;
	struct kvm_leaf leaf = { .status = HYPSEC_RANGE };

	for (leaf.level = start_level(bits);; leaf.level++) {
		volatile u64 *entry;
		u64 index;

		shift = level_shift(leaf.level);
		index = (ipa.v & (BIT(bits) - 1)) >> shift;
		entry = slot_map(SLOT_WALK, PA((table & PAGE_MASK) + index * 8), 8);
		if (!entry) {
			leaf.status = HYPSEC_DENIED;
			return leaf;
		}
		pte = *entry;
		if (slot_unmap(SLOT_WALK) != HYPSEC_OK) {
			leaf.status = HYPSEC_FAULT;
			return leaf;
		}
		if (!(pte & S2_VALID))
			return leaf;
		if (leaf.level == 3 || !(pte & S2_TABLE))
			break;
		table = entry_pa(pte, vtcr);
		bits = shift;		/* below the top each table resolves 9 bits */
	}
	if (leaf.level == 3 && !(pte & S2_TABLE))
		return leaf;		/* a reserved encoding is an invalid entry */
	if (leaf.level == 0)
		return leaf;		/* no 512 GiB blocks in KVM's tables */

	mask = BIT(shift) - 1;
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
