/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of the walk of KVM's table: what it finds for an address. */
#ifndef HYPSEC_WALK_COMMON_H
#define HYPSEC_WALK_COMMON_H

#include "vm_common.h"

#define LEAF		(S2_VALID | S2_R | S2_W | PTE_AF | 0xfUL << 2)
#define PAGE_LEAF	(LEAF | S2_TABLE)
#define OUT		0x123456000UL	/* RAM of the map */

static inline struct kvm_leaf walk(u64 ipa)
{
	struct kvm_leaf leaf;

	spin_lock(&vm->lock);
	leaf = kvm_walk(vm, IPA(ipa));
	spin_unlock(&vm->lock);
	assert_true(slots_empty());
	return leaf;
}

static inline struct kvm_leaf walk_around(u64 ipa, u64 *around)
{
	struct kvm_entry entry;
	struct kvm_leaf leaf;

	spin_lock(&vm->lock);
	leaf = kvm_walk_around(vm, IPA(ipa), around, &entry);
	spin_unlock(&vm->lock);
	assert_true(slots_empty());
	return leaf;
}

static inline bool same(const struct kvm_leaf *a, const struct kvm_leaf *b)
{
	return a->status == b->status && a->level == b->level && a->r == b->r && a->w == b->w &&
	       a->x == b->x && a->af == b->af && a->memattr == b->memattr && a->pa.v == b->pa.v &&
	       a->size == b->size;
}

static inline void fails(u64 ipa, int status, u8 level)
{
	struct kvm_leaf leaf = walk(ipa);

	assert_int_equal(leaf.status, status);
	assert_int_equal(leaf.level, level);
	/* Nothing that could be taken for a right. */
	assert_false(leaf.r || leaf.w || leaf.x);
	assert_int_equal(leaf.size, 0);
}

static inline void finds(u64 ipa, u8 level, u64 pa)
{
	struct kvm_leaf leaf = walk(ipa);

	assert_int_equal(leaf.status, HYPSEC_OK);
	assert_int_equal(leaf.level, level);
	assert_int_equal(leaf.pa.v, pa);
	assert_int_equal(leaf.size, 1UL << (39 - 9 * level));
}

#endif
