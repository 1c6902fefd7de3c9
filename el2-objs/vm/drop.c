// SPDX-License-Identifier: GPL-2.0-only
/* How shadows are emptied when a page leaves the host: own/README, "Epochs". */
#include "vm/table.h"

static struct spinlock epoch_lock = SPINLOCK(RANK_EPOCH);
static u32 begun;		/* drops so far */

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

/*
 * Every mapping of a host page goes, then the old epochs end. A VM that maps a page meanwhile
 * stamps it with the new epoch.
 */
void shadow_drop_all(void)
{
	u32 before = READ_ONCE(begun), old, i;

	spin_lock(&epoch_lock);
	/*
	 * One that began since, and is over, has done it: of vCPUs that wait for each other here
	 * two drop. It counted itself before its epoch began, so what the caller saw was older.
	 */
	if (begun != before) {
		spin_unlock(&epoch_lock);
		return;
	}
	WRITE_ONCE(begun, begun + 1);
	old = own_epoch_begin();
	for (i = 0; i < VM_MAX; i++) {
		struct vm *vm = &vms[i];

		if (!maps_host(vm) || !vm_ref(vm))
			continue;
		/* While one asks for protection it holds the lock: it has maps of before, or none. */
		spin_lock(&vm->lock);
		if (vm->state == VM_ORDINARY)
			s2_drop(&vm->s2);
		else if (vm->state == VM_PROTECTED)
			vm_drop_shared(vm, 0, BIT(vm->s2.ipa_bits));
		spin_unlock(&vm->lock);
		vm_put(vm);
	}
	/* A slot that was closed was being emptied under this lock: wait for that. */
	spin_lock(&vms_lock);
	spin_unlock(&vms_lock);
	own_epoch_end(old);
	spin_unlock(&epoch_lock);
}
