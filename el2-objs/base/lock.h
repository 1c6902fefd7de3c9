/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ticket spinlocks with ranks. Lock order: VM (all of a kind before the next),
 * its vCPUs, host stage 2, trash, pool, leaf. A CPU may only take a lock of a higher rank than
 * any it holds, and never two of one rank; violating it is a broken invariant.
 * EL2 runs with interrupts masked, so a holder always makes progress.
 */
#ifndef HYPSEC_LOCK_H
#define HYPSEC_LOCK_H

#include "base/types.h"

enum lock_rank {
	RANK_EPOCH,		/* serialises shadow_drop_all() */
	RANK_VMS,		/* the table of VMs */
	RANK_VM,		/* one VM: its shadow, its host-table walks */
	RANK_VCPUS,		/* of a protected VM, which is on and whose */
	RANK_HOST_S2,		/* the host's stage 2 = the record of ownership */
	RANK_TRASH,		/* table pages waiting to be freed */
	RANK_POOL,		/* the page pool */
	RANK_EL2_S1,		/* the core's own mappings */
	RANK_RANDOM,		/* the core's random generator */
	RANK_LOG,		/* the log ring */
};

struct spinlock {
	u32 next, owner;
	u8 rank;		/* enum lock_rank */
	u8 dead;		/* its holder has panicked */
	u16 holder;		/* index of the CPU that holds it, plus one */
};

#define SPINLOCK(r) { 0, 0, (r), 0, 0 }

void spin_init(struct spinlock *l, enum lock_rank rank);
void spin_lock(struct spinlock *l);
/* Only if nobody has it or waits for it: false otherwise. */
bool __must_check spin_try(struct spinlock *l);
void spin_unlock(struct spinlock *l);
bool spin_held(const struct spinlock *l);	/* by this CPU: for CHECK() */

#endif
