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
#include "base/percpu.h"

static s32 used[POOL_OWNERS];	/* pages by VM id; table pages until they are free again */
static u64 all;			/* the sum */
static s32 users;		/* who has any */

void share_charge(u16 vm, s32 pages)
{
	s32 now;

	CHECK(vm < POOL_OWNERS);
	/* 0 is the core itself, and the host's table. */
	if (!vm || !pages)
		return;
	now = __atomic_add_fetch(&used[vm], pages, __ATOMIC_RELAXED);
	CHECK(now >= 0);
	__atomic_fetch_add(&all, pages, __ATOMIC_RELAXED);
	if (now == pages)
		__atomic_fetch_add(&users, 1, __ATOMIC_RELAXED);
	else if (!now)
		__atomic_fetch_sub(&users, 1, __ATOMIC_RELAXED);
}

static bool plenty(u64 free)
{
	/* What this CPU sees the others may all be about to take from. */
	return free >= POOL_RESERVE + POOL_SHARED + nr_cpus * POOL_TAKEN;
}

bool share_ok(u16 vm)
{
	u64 free = pool_free_pages(), mine;

	if (likely(plenty(free)))
		return true;
	/* What VMs have dropped is theirs until it is freed. */
	trash_step(POOL_SHARED);
	free = pool_free_pages();
	if (plenty(free))
		return true;

	CHECK(vm && vm < POOL_OWNERS);
	mine = (u64)READ_ONCE(used[vm]);
	if (mine * (u64)(READ_ONCE(users) + !mine) <= READ_ONCE(all) + free)
		return true;
	pool_want();
	return false;
}
