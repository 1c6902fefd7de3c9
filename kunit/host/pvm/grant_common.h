/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest that shares frames of its own, and takes them back. */
#ifndef HYPSEC_GRANT_COMMON_H
#define HYPSEC_GRANT_COMMON_H

#include "shared_common.h"

#define IPA_OF(frame)	((u64)(frame) << PAGE_SHIFT)

static u8 plain[PAGE_SIZE];

static inline int grant(u64 ipa)
{
	int ret = pvm_grant(vm, ipa);

	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
	assert_false(tlb_stale(~0UL));
	return ret;
}

static inline int revoke(u64 ipa)
{
	int ret = pvm_revoke(v, ipa);

	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
	assert_false(tlb_stale(~0UL));
	return ret;
}

/* A private frame with something in it. */
static inline void fill(u64 frame, u64 page)
{
	kvm_maps(frame, page);
	assert_int_equal(touch(frame), HYPSEC_OK);
	guest_fills(frame, plain);
}

#endif
