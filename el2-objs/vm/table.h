/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of VMs, for vm.c, end.c and drop.c. */
#ifndef VCPU_VM_H
#define VCPU_VM_H

#include "vm/vm.h"
#include "base/sysreg.h"

extern struct vm *vms;
extern u32 nr_vms;
/* VMs that have ended and own pages still: 0, nearly always, spares the search for one. Atomic. */
extern u32 vms_owing;
#define EVICT_STEP	16		/* that give up their slot in one call */
extern struct spinlock vms_lock;	/* who gets a slot, who gives one up */

#define VM_CLOSED	BIT(31)		/* in vm->refs: nobody may enter */

/* A reference, unless the slot is closed. */
bool vm_ref(struct vm *vm);
/* Gives up @vm if nobody uses it and it holds nothing. Locks: vms_lock. */
bool vm_evict(struct vm *vm);
/* The host has ended it, or knows its name for another VM now: nobody runs it again. */
static inline bool vm_unnamed(const struct vm *vm)
{
	return !vm->host.kvm.v || (vm->state == VM_DEAD && !vm->host.mmu.v);
}
/* One for a new VM, closed: free, or given up by an idle one. NULL: all are in use. Locks: vms_lock. */
struct vm *vm_find_slot(void);
/* vm_reap() with vm->lock held. */
void vm_reap_locked(struct vm *vm);

#endif
