// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each VM has of the pool, and who may take when it runs low. Above the last
 * POOL_SHARED pages whoever comes is served. Those last ones are for VMs that have no more
 * than their share, which is all that VMs have and could have, divided by the VMs there
 * are: one that spends pages without end (a guest that touches its RAM a page in every
 * block, say) waits for the host to donate, and the others go on meanwhile.
 */
#include "pool/pool.h"
#include "base/check.h"

static s32 used[POOL_OWNERS];	/* pages by VM id; table pages until they are free again */

void share_charge(u16 vm, s32 pages)
{
	CHECK(vm < POOL_OWNERS);
	/* 0 is the core itself, and the host's table. */
	if (vm)
		CHECK(__atomic_add_fetch(&used[vm], pages, __ATOMIC_RELAXED) >= 0);
}

bool share_ok(u16 vm)
{
	u64 free = pool_free_pages(), mine, all = 0, users = 0;
	unsigned int i;

	if (likely(free >= POOL_RESERVE + POOL_SHARED))
		return true;
	/* What VMs have dropped is theirs until it is freed. */
	trash_step(POOL_SHARED);
	free = pool_free_pages();
	if (free >= POOL_RESERVE + POOL_SHARED)
		return true;

	CHECK(vm && vm < POOL_OWNERS);
	mine = (u64)READ_ONCE(used[vm]);
	for (i = 1; i < POOL_OWNERS; i++) {
		s32 n = READ_ONCE(used[i]);

		all += (u64)n;
		users += n || i == vm;
	}
	if (mine * users <= all + free)
		return true;
	pool_want();
	return false;
}
