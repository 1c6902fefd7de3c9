// SPDX-License-Identifier: GPL-2.0-only
/* The slots of the table of VMs: how many there are, who gives one up, and which is next. */
#include "vm/table.h"
#include "base/check.h"
#include "pool/pool.h"

#define RAM_PER_VM	SZ_16M
#define VMS_MIN		64
#define VMS_NARROW	255		/* with VMIDs of 8 bits, and 0 the host's */

_Static_assert(POOL_OWNERS == VM_MAX + 1, "each VM has its share of the pool");
_Static_assert(VM_MAX * sizeof(struct vm) <= SZ_2M, "pool_alloc_contig()");
_Static_assert(VM_MAX <= ANN_VM_MAX, "its id fits in an annotation");

struct vm *vms __ro_after_seal;
u32 nr_vms __ro_after_seal;
struct spinlock vms_lock = SPINLOCK(RANK_VMS);
u32 vms_owing;

int __init vms_init(bool wide)
{
	unsigned int order = 0;
	u64 ram = ram_present();
	u32 i;

	nr_vms = VMS_MIN;
	if (ram / RAM_PER_VM > nr_vms)
		nr_vms = ram / RAM_PER_VM < VM_MAX ? ram / RAM_PER_VM : VM_MAX;
	if (!wide && nr_vms > VMS_NARROW)
		nr_vms = VMS_NARROW;
	while (PAGE_SIZE << order < nr_vms * sizeof(*vms))
		order++;
	vms = pool_alloc_contig(order, HYPSEC_ACC_IMAGE);
	if (!vms)
		return HYPSEC_NO_MEMORY;
	for (i = 0; i < nr_vms; i++) {
		spin_init(&vms[i].lock, RANK_VM);
		vms[i].id = i + 1;
		vms[i].refs = VM_CLOSED;
	}
	return HYPSEC_OK;
}

u32 vm_last_id(void)
{
	return nr_vms;
}

/*
 * True if nobody uses @vm and it holds nothing, and from now on nobody can. Whether it holds
 * anything is known before: with the lock it becomes no protected VM, and a dead one owns less
 * and less. Locks: vms_lock.
 */
static bool close_vm(struct vm *vm)
{
	bool closed = false;
	u32 none = 0;

	CHECK(spin_held(&vms_lock));
	if (READ_ONCE(vm->refs))
		return false;		/* its lock may be held for long */
	spin_lock(&vm->lock);
	vm_reap_locked(vm);
	if (vm->state == VM_ORDINARY ||
	    (vm->state == VM_DEAD && !vm->pvm && !READ_ONCE(vm->private_pages)))
		closed = __atomic_compare_exchange_n(&vm->refs, &none, VM_CLOSED, false,
						     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
	spin_unlock(&vm->lock);
	return closed;
}

/* Locks: vms_lock, VM closed. */
static void free_slot(struct vm *vm)
{
	if (vm->s2.root)
		s2_destroy(&vm->s2);
	memset(&vm->host, 0, sizeof(vm->host));
	vm->end_reason = NULL;
	WRITE_ONCE(vm->state, VM_NONE);
}

/*
 * Gives up @vm if nobody uses it and it holds nothing: an ordinary VM, or a dead
 * one whose pages are all back. Locks: vms_lock.
 */
bool vm_evict(struct vm *vm)
{
	if (!close_vm(vm))
		return false;
	free_slot(vm);
	return true;
}

struct vm *vm_find_slot(void)
{
	struct vm *old = NULL;
	u32 i;

	for (i = 0; i < nr_vms; i++) {
		if (vms[i].state == VM_NONE)
			return &vms[i];
	}
	for (i = 0; i < nr_vms; i++) {
		struct vm *vm = &vms[i];

		if (vm->state == VM_DEAD && vm_evict(vm))
			return vm;
		if (vm->state == VM_ORDINARY && !READ_ONCE(vm->refs) &&
		    (!old || vm->last_used < old->last_used))
			old = vm;
	}
	return old && vm_evict(old) ? old : NULL;
}
