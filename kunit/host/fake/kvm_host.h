/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host with KVM on the machine of machine.h: how it names VMs, and the stage-2
 * tables it keeps for them in its memory, with any entry the test likes in them.
 */
#ifndef HYPSEC_FAKE_KVM_HOST_H
#define HYPSEC_FAKE_KVM_HOST_H

#include "test.h"
#include "machine.h"
#include "base/check.h"
#include "vm/table.h"

/* Where the host keeps its tables, and what it gives to guests. */
#define KVM_TABLES	(MEM_BASE + (64UL << 20))
#define GUEST_PAGES	(MEM_BASE + 20 * SZ_2M)
#define VTCR(bits)	(64UL - (bits))		/* T0SZ; the rest is not looked at */
#define VTCR_DS		BIT(32)

/* Group set-up: the machine and the table of VMs. */
int kvm_host_boot(void **state);
/* Test set-up and tear-down: no VM before, none after; all pages back. */
int kvm_host_begin(void **state);
int kvm_host_end(void **state);

/* The @n-th VM as its host names it, with @bits of IPA and an empty table. */
struct vm_identity kvm_vm(unsigned int n, unsigned int bits);
/* A run of it on this CPU, as far as the core's table of VMs goes: a reference. */
struct vm *kvm_get(const struct vm_identity *id);
/* The same, and no reference left. */
struct vm *kvm_ran(const struct vm_identity *id);
/* How many slots are in state @s. */
unsigned int vms_in(u32 s);
/* shadow_drop_all(), whatever interrupts the host has. */
static inline void drop_all(void)
{
	while (!shadow_drop_all())
		;
}


/* Makes an ordinary VM, with a reference, a protected one. */
void protect(struct vm *vm);
/* @pa becomes @vm's frame, with its entry in the VM's table. */
void give_private(struct vm *vm, u64 pa, u64 frame);

/*
 * KVM's table: the entry for @ipa at @level, with the tables above it. Above level 3 it is about to
 * be changed, and its VM is told as by a TLB call: kvm_flushes().
 */
u64 *kvm_entry(const struct vm_identity *id, u64 ipa, u8 level);
void kvm_flushes(const struct vm_identity *id);
u8 kvm_start_level(unsigned int bits);
/* A page of zeros for a table or a guest, as the host's allocator gives them out. */
u64 kvm_page(void);

/*
 * pvm_free() was called so often, pvm_wipe() of a VM with something to wipe, and so on;
 * vcpu_inject_abort() with these.
 */
extern unsigned int aged;		/* shadow_age(), where shadow.c is not linked */
extern unsigned int pvm_freed, pvm_forgot, pvm_sealed, pvm_wiped, aborts, restarts;
/* host_irq_pending() is true at the n-th look, 0 the next; -1: never. */
extern int irq_at;
/* The last pvm_invalidate(), and what it answers. */
extern u64 invalidated, invalidated_size;
extern int invalidate_status;
extern bool invalidate_kills;		/* it ends just then */
extern bool abort_exec;
extern u64 abort_far;
/* Asked for in protect(): pvm_free() clears it. */
extern struct pvm *const a_pvm;

#endif
