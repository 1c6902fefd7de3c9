/* SPDX-License-Identifier: GPL-2.0-only */
/* The stage 2 that KVM keeps for a VM, in the host's memory: kvm/walk.c. */
#ifndef HYPSEC_KVM_WALK_H
#define HYPSEC_KVM_WALK_H

#include "types.h"

struct vm;

/* One leaf of the table KVM keeps for a VM. */
struct kvm_leaf {
	/* HYPSEC_OK: valid leaf; RANGE: no valid entry; DENIED: a table page is not HOST memory */
	int status;
	u8 level;
	bool r, w, x, af;
	u8 memattr;		/* MemAttr[3:0] */
	pa_t pa;		/* of the block's or page's start */
	u64 size;
};
/* Walks KVM's stage 2 for @vm in host memory. Locks: caller holds vm->lock. */
struct kvm_leaf kvm_walk(const struct vm *vm, ipa_t ipa);
/*
 * The same. Where the walk ends at level 3, @around, if it is not NULL, gets the KVM_AROUND entries
 * of its table that start at a multiple of that, its own among them, as they are: kvm_page_leaf().
 * All are read once. @entry: the one of the leaf, as read.
 */
#define KVM_AROUND	16
struct kvm_entry {
	pa_t pa;
	u64 pte;
};
struct kvm_leaf kvm_walk_around(const struct vm *vm, ipa_t ipa, u64 *around,
				struct kvm_entry *entry);
/* What an entry of @around says. */
struct kvm_leaf kvm_page_leaf(const struct vm *vm, u64 pte);
/*
 * An access sets its entry's AF, as VTCR_EL2.HA, which KVM sets, asks of a CPU (Arm ARM D8.5.1).
 * @entry: of a leaf that allows the access and has AF clear. False: nothing is changed, KVM does
 * without such CPUs, or has another entry there, or no table any more.
 * Locks: caller holds vm->lock.
 */
bool kvm_set_used(const struct vm *vm, const struct kvm_entry *entry);

#endif
