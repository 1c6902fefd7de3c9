// SPDX-License-Identifier: GPL-2.0-only
/* Ticket spinlocks that know their rank and their holder. */
#include "base/lock.h"
#include "base/check.h"
#include "base/percpu.h"
#include "base/sysreg.h"

/* Longer than any lock is held; spent once for a lock that will never be free. */
#define BROKEN_SPINS	1000000U

void spin_init(struct spinlock *l, enum lock_rank rank)
{
	l->next = 0;
	l->owner = 0;
	l->rank = rank;
	l->holder = 0;
	l->dead = 0;
}

void spin_lock(struct spinlock *l)
{
	struct percpu *cpu = this_cpu();
	u32 ticket, spins = 0;

	/* Neither a lock of this rank nor one that comes after it is held. */
	CHECK(!(cpu->ranks_held >> l->rank));
	cpu->ranks_held |= BIT(l->rank);

	ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != ticket) {
		/*
		 * A CPU that panicked never unlocks. Others do, and a ticket given up here
		 * would keep everybody out of a sound lock, the host's device faults first.
		 */
		if (unlikely(READ_ONCE(core_broken)) &&
		    (READ_ONCE(l->dead) || ++spins > BROKEN_SPINS)) {
			WRITE_ONCE(l->dead, 1);
			core_panic(__FILE__, __LINE__, "the core is broken");
		}
		cpu_relax();
	}
	l->holder = cpu->id + 1;
}

bool spin_try(struct spinlock *l)
{
	struct percpu *cpu = this_cpu();
	u32 ticket = __atomic_load_n(&l->owner, __ATOMIC_ACQUIRE);

	CHECK(!(cpu->ranks_held >> l->rank));
	if (!__atomic_compare_exchange_n(&l->next, &ticket, ticket + 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	cpu->ranks_held |= BIT(l->rank);
	l->holder = cpu->id + 1;
	return true;
}

void spin_unlock(struct spinlock *l)
{
	struct percpu *cpu = this_cpu();

	CHECK(spin_held(l));
	l->holder = 0;
	cpu->ranks_held &= ~BIT(l->rank);
	__atomic_store_n(&l->owner, l->owner + 1, __ATOMIC_RELEASE);
}

bool spin_held(const struct spinlock *l)
{
	return READ_ONCE(l->holder) == this_cpu()->id + 1;
}
