// SPDX-License-Identifier: GPL-2.0-only
/* How shadows are emptied when a page leaves the host: own/README, "Epochs". */
#include "vm/table.h"
#include "base/check.h"
#include "base/irq.h"

#define DROP_STEP	64	/* VMs between two looks for an interrupt of the host's */

/* Protects what follows. @begun is looked at without it. */
static struct spinlock epoch_lock = SPINLOCK(RANK_EPOCH);
static u32 begun;		/* drops so far */
static bool under_way;		/* one that an interrupt of the host's has stopped: */
static u32 next;		/* the VM where it goes on, */
static u32 old;			/* and the epoch that it ends */

/*
 * False for a VM whose shadow VM_PROTECT has emptied, and that shares no frame: it maps what it
 * owns, and is the only record of which page holds a frame: one that lost its mapping could be
 * given another page by the host. Told without vm->lock, whose holder may be zeroing 2 MiB: of
 * eight such VMs that would be more than a host's interrupt may wait.
 */
static bool maps_host(const struct vm *vm)
{
	/*
	 * @holds is set with the shadow empty in every TLB (pvm/protect.c), so who sees it set has
	 * nothing to drop. Set still from before, of a slot that is an ordinary VM's now: what
	 * that one has mapped is of the new epoch. It was opened before it took host_s2_lock to
	 * stamp; had that been in the old epoch, own_epoch_begin() took the lock later, and what
	 * came before is seen here. The same goes for @shared, the other way round: who sees it
	 * not set yet will stamp in the new epoch.
	 */
	return !__atomic_load_n(&vm->s2.holds, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&vm->shared, __ATOMIC_ACQUIRE);
}

static void drop(struct vm *vm)
{
	if (!maps_host(vm) || !vm_ref(vm))
		return;
	/* While one asks for protection it holds the lock: it has maps of before, or none. */
	spin_lock(&vm->lock);
	if (vm->state == VM_ORDINARY)
		s2_drop(&vm->s2);
	else if (vm->state == VM_PROTECTED)
		vm_drop_shared(vm, 0, BIT(vm->s2.ipa_bits));
	spin_unlock(&vm->lock);
	vm_put(vm);
}

/*
 * Every mapping of a host page goes, then the old epochs end. A VM that maps a page meanwhile
 * stamps it with the new epoch, also where it comes before @next.
 *
 * There may be thousands of VMs, so one that the host has an interrupt in the midst of is left for
 * whoever comes next: stamps of its epoch count until it is over.
 */
bool shadow_drop_all(void)
{
	u32 before = READ_ONCE(begun), step;
	bool joined = false;

	for (;;) {
		/* Others may be before this CPU, each with as many VMs: the lock's holder goes on with it. */
		while (!spin_try(&epoch_lock))
			if (host_irq_pending() || READ_ONCE(core_broken))
				return false;
		/*
		 * One that began since, and is over, has done it: of vCPUs that wait for each other
		 * here two drop. It counted itself before its epoch began, so what the caller saw
		 * was older.
		 */
		if (!under_way && (joined || begun != before)) {
			spin_unlock(&epoch_lock);
			return true;
		}
		if (!under_way) {
			WRITE_ONCE(begun, begun + 1);
			old = own_epoch_begin();
			next = 0;
			under_way = true;
		}
		joined = true;
		for (step = 0; step < DROP_STEP && next < nr_vms; step++)
			drop(&vms[next++]);
		if (next == nr_vms)
			break;
		spin_unlock(&epoch_lock);
		if (host_irq_pending())
			return false;
	}
	/* A slot that was closed was being emptied under this lock: wait for that. */
	spin_lock(&vms_lock);
	spin_unlock(&vms_lock);
	own_epoch_end(old);
	under_way = false;
	spin_unlock(&epoch_lock);
	return true;
}
