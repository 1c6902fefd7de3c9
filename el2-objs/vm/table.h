/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of VMs, for vm.c and vm_end.c. */
#ifndef VCPU_VM_H
#define VCPU_VM_H

#include "vm/vm.h"
#include "base/sysreg.h"

extern struct vm vms[VM_MAX];
extern struct spinlock vms_lock;	/* who gets a slot, who gives one up */

/* A reference, unless the slot is closed. */
bool vm_ref(struct vm *vm);
/* Gives up @vm if nobody uses it and it holds nothing. Locks: vms_lock. */
bool vm_evict(struct vm *vm);
/* vm_reap() with vm->lock held. */
void vm_reap_locked(struct vm *vm);

#endif
