/* SPDX-License-Identifier: GPL-2.0-only */
/* A protected VM for which KVM has blocks of 2 MiB. */
#ifndef HYPSEC_BLOCKS_COMMON_H
#define HYPSEC_BLOCKS_COMMON_H

#include "seal_common.h"
#include "base/check.h"

#define BASE	((GUEST_RAM >> PAGE_SHIFT) + 0x400)	/* a frame where a block may start */
#define BLOCK	(GUEST_PAGES + 2 * SZ_2M)

static inline void kvm_maps_block(u64 frame, u64 pa)
{
	*kvm_entry(&id, frame << PAGE_SHIFT, 2) = pa ? (pa | PAGE_RWX) & ~S2_TABLE : 0;
}

static inline u8 vm_level(u64 frame)
{
	return s2_lookup(&vm->s2, frame << PAGE_SHIFT).level;
}

static inline u8 host_level(u64 pa)
{
	return s2_lookup(&host_s2, pa).level;
}

/* Every page of the block is the frame's, for the record and for the guest. */
static inline void is_block(u64 pa)
{
	for (u64 i = 0; i < PAGES_2M; i++) {
		struct page_info pi = own_lookup(PA(pa + i * PAGE_SIZE));
		struct s2_leaf leaf = s2_lookup(&vm->s2, (BASE + i) << PAGE_SHIFT);

		assert_int_equal(pi.state, PG_PRIVATE);
		assert_int_equal(pi.vm, vm->id);
		assert_int_equal(pi.frame, BASE + i);
		assert_int_equal((leaf.pte & S2_ADDR) + (i * PAGE_SIZE & (leaf.size - 1)),
				 pa + i * PAGE_SIZE);
		assert_false(host_can(pa + i * PAGE_SIZE, false, false));
	}
}

#endif
