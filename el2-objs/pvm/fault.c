// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage-2 aborts of a protected VM. In RAM the page the host offers becomes the
 * VM's; outside, a load or store with a syndrome is the host's to emulate, and
 * everything else is answered here with an external abort.
 */
#include "pvm/priv.h"
#include "base/check.h"
#include "base/irq.h"
#include "pool/pool.h"

static bool inside(const struct pvm_range *r, u64 ipa, u64 size)
{
	return ipa >= r->base && range_ok(ipa - r->base, size, r->size);
}

/**
 * pvm_in_ram() - is a range of guest memory RAM?
 *
 * Caller: holds vm->lock. The size of the image is known, and so its pages past
 * the first are RAM, only once the manifest was checked.
 */
bool pvm_in_ram(const struct pvm *p, u64 ipa, u64 size)
{
	if (inside(&p->image, ipa, size) || inside(&p->dtb, ipa, size))
		return true;
	for (unsigned int i = 0; i < p->nr_ram; i++)
		if (inside(&p->ram[i], ipa, size))
			return true;
	return false;
}

/**
 * pvm_add_ram() - HYPSEC_GUEST_RAM
 *
 * Return: HYPSEC_OK; HYPSEC_INVALID unaligned or empty; HYPSEC_RANGE outside the
 * address space; HYPSEC_DENIED overlaps a range named before; HYPSEC_NO_MEMORY
 * too many ranges; HYPSEC_STATE not protected.
 * Locks: takes vm->lock.
 */
int pvm_add_ram(struct vm *vm, u64 base, u64 size)
{
	struct pvm *p = vm->pvm;
	int ret = HYPSEC_OK;

	if (!size || !IS_ALIGNED(base | size, PAGE_SIZE))
		return HYPSEC_INVALID;
	if (!range_ok(base, size, pvm_private_end(vm)))
		return HYPSEC_RANGE;

	spin_lock(&vm->lock);
	if (vm->state != VM_PROTECTED)
		ret = HYPSEC_STATE;
	else if (p->nr_ram == VM_MAX_RAM)
		ret = HYPSEC_NO_MEMORY;
	for (unsigned int i = 0; ret == HYPSEC_OK && i < p->nr_ram; i++)
		if (base < p->ram[i].base + p->ram[i].size && p->ram[i].base < base + size)
			ret = HYPSEC_DENIED;
	if (ret == HYPSEC_OK)
		p->ram[p->nr_ram++] = (struct pvm_range){ base, size };
	spin_unlock(&vm->lock);
	return ret;
}

/* The status of the fault that makes KVM map the frame, writable, at this level. */
static u64 fault_status(const struct kvm_leaf *l)
{
	/* KVM tells "relax" from "map" by type and level; a wrong one livelocks. */
	return (l->status == HYPSEC_OK ? FSC_PERM : FSC_TRANS) | (l->level & 3);
}

/*
 * A page that a dead VM has not given back yet: give it back now, as the host's
 * own touch would. The host need not touch a page before it hands it to a VM.
 */
static bool take_from_dead(pa_t pa)
{
	struct page_info pi = own_lookup(pa);
	struct vm *owner;
	bool dead;

	if (pi.state != PG_PRIVATE)
		return false;
	owner = vm_by_id(pi.vm);
	if (!owner)
		return false;
	dead = READ_ONCE(owner->state) == VM_DEAD;
	vm_put(owner);
	if (dead)
		vm_host_touch(pa, pi);
	return dead;
}

#define CLAIM_TRIES	4

/* The mapping of what the VM owns now. Its tables are there: it cannot fail. */
static void map_private(struct vcpu *v, u64 ipa, u64 pa, u64 size)
{
	struct vm *vm = v->vm;
	int ret = s2_map(&vm->s2, ipa, PA(pa), size, S2_R | S2_W |
			 (v->hcr & HCR_FWB ? S2_MEMATTR_WB_FWB : S2_MEMATTR_WB));

	/* Owned and not mapped is a state that nothing else expects. */
	CHECK(ret == HYPSEC_OK);
	__atomic_fetch_add(&vm->private_pages, size >> PAGE_SHIFT, __ATOMIC_RELAXED);
}

/*
 * 2 MiB at once, where KVM has a block and the guest has touched nothing of it, as the caller saw:
 * the VM's table has no entry for @ipa at level 2, and no table there. Return: HYPSEC_OK;
 * HYPSEC_EPOCH as own_claim(); HYPSEC_NO_MEMORY: a page alone would take as much; anything else:
 * by the page, which may be refused for a better reason.
 */
static int claim_block(struct vcpu *v, u64 ipa, const struct kvm_leaf *leaf)
{
	u64 base = ALIGN_DOWN(ipa, SZ_2M), frame = base >> PAGE_SHIFT;
	u64 pa = leaf->pa.v + (base & (leaf->size - 1));
	struct vm *vm = v->vm;
	struct seal *seal = &vm->pvm->seal;
	int ret;

	/* While an image is verified pages of one block are kept and zeroed. */
	if (leaf->size < SZ_2M || vm->state != VM_PROTECTED || !pvm_in_ram(vm->pvm, base, SZ_2M) ||
	    !pa_is_ram(PA(pa), SZ_2M) || vm_shares(vm, base, SZ_2M))
		return HYPSEC_STATE;
	ret = s2_split(&vm->s2, base, 2);
	/* Two tables of tags. */
	if (ret == HYPSEC_OK)
		ret = seal_reserve(seal, frame);
	if (ret == HYPSEC_OK)
		ret = seal_reserve(seal, frame + PAGES_2M / 2);
	if (ret != HYPSEC_OK)
		return ret;
	if (!pool_hold(1))
		return HYPSEC_NO_MEMORY;
	ret = own_claim_block(PA(pa), vm->id, frame);
	if (ret != HYPSEC_OK) {
		pool_unhold(1);
		return ret;
	}
	vm->s2.held++;
	share_charge(vm->id, 1);
	map_private(v, base, pa, SZ_2M);
	return HYPSEC_OK;
}

/* One attempt, with vm->lock held. @offer: the page the host has for the frame. */
static int claim_locked(struct vcpu *v, ipa_t ipa, bool zero, pa_t *offer)
{
	struct vm *vm = v->vm;
	struct s2_leaf mapped;
	struct kvm_leaf leaf;
	int ret;

	/* A dead VM's table stays empty: its pages may be the host's again. */
	if (vm->state == VM_DEAD)
		return HYPSEC_DEAD;
	/* Another vCPU has just shared it: a page that the host gives for it is not claimed. */
	if (vm_shares(vm, ipa.v, PAGE_SIZE))
		return HYPSEC_BUSY;

	/*
	 * A frame keeps its page until it is sealed. Looked up first, so that a host that
	 * now has another page for it cannot have the guest's data exchanged for zeros.
	 */
	mapped = s2_lookup(&vm->s2, ipa.v);
	if (mapped.pte & S2_VALID) {
		*offer = PA((mapped.pte & S2_ADDR) + (ipa.v & (mapped.size - 1)));
		return HYPSEC_OK;
	}

	/* Another vCPU has just given it up: it faults again, and is told. */
	if (mapped.pte == FRAME_EMPTY)
		return HYPSEC_BUSY;

	if (!share_ok(vm->id))
		return HYPSEC_NO_MEMORY;
	leaf = kvm_walk(vm, ipa);
	if (leaf.status == HYPSEC_DENIED || leaf.status == HYPSEC_FAULT)
		return leaf.status;
	if (leaf.status != HYPSEC_OK || !leaf.w) {
		pvm_show_fault(v, ipa, fault_status(&leaf));
		return HYPSEC_EXIT;
	}
	*offer = PA(leaf.pa.v + (ipa.v & (leaf.size - 1)));
	if (!pa_is_ram(*offer, PAGE_SIZE))
		return HYPSEC_DENIED;

	if (!mapped.pte && mapped.level <= 2) {
		ret = claim_block(v, ipa.v, &leaf);
		if (ret == HYPSEC_OK || ret == HYPSEC_EPOCH || ret == HYPSEC_NO_MEMORY)
			return ret;
	}
	/*
	 * All memory first: once the page has changed hands nothing may fail, and when the
	 * host wants it back neither.
	 */
	ret = s2_split(&vm->s2, ipa.v, 3);
	if (ret == HYPSEC_OK)
		ret = seal_reserve(&vm->pvm->seal, ipa.v >> PAGE_SHIFT);
	if (ret != HYPSEC_OK)
		return ret;
	if (frame_counter(mapped.pte))
		ret = pvm_unseal(vm, ipa, mapped.pte, *offer);
	else
		ret = own_claim(*offer, vm->id, ipa.v >> PAGE_SHIFT, zero);
	if (ret != HYPSEC_OK)
		return ret;
	map_private(v, ipa.v, offer->v, PAGE_SIZE);
	/* The last page of 2 MiB that lie as the frames do: a block. */
	s2_merge(&vm->s2, ipa.v, 0);
	return HYPSEC_OK;
}

/*
 * Each vCPU may zero 2 MiB with the lock held, one after the other: the host's interrupts wait for
 * one of them, not for all. False: one is there, or the lock's holder has panicked.
 */
bool pvm_lock(struct vm *vm)
{
	while (!spin_try(&vm->lock))
		if (host_irq_pending() || READ_ONCE(core_broken))
			return false;
	return true;
}

int pvm_claim(struct vcpu *v, ipa_t ipa, bool zero, pa_t *pa)
{
	struct vm *vm = v->vm;
	pa_t offer = PA(0);
	int ret, tries;

	/*
	 * Bounded: a host whose other CPUs stamp, or give to dying VMs, the very page
	 * again and again costs its own time between two runs, not ours.
	 */
	for (tries = 0; tries < CLAIM_TRIES; tries++) {
		if (!pvm_lock(vm))
			return HYPSEC_BUSY;
		ret = claim_locked(v, ipa, zero, &offer);
		spin_unlock(&vm->lock);

		if (ret == HYPSEC_EPOCH) {
			/* An ordinary VM may map it still (own/README, Epochs). */
			if (!shadow_drop_all())
				return HYPSEC_BUSY;
			continue;
		}
		if (ret == HYPSEC_DENIED && offer.v && take_from_dead(offer))
			continue;
		if (ret == HYPSEC_OK && pa)
			*pa = offer;
		return ret;
	}
	return HYPSEC_BUSY;
}

/* An abort that is the guest's own doing, or the platform's. */
static bool external_abort(struct vcpu *v)
{
	vcpu_inject_abort(v, ESR_EC(v->esr) == EC_IABT_LOW, v->far);
	return true;
}

bool pvm_ram_fault(struct vcpu *v, ipa_t ipa, enum vcpu_exit *code)
{
	switch (pvm_claim(v, ipa, true, NULL)) {
	case HYPSEC_OK:
		return true;
	case HYPSEC_EXIT:
		*code = EXIT_TRAP;
		return false;
	case HYPSEC_BUSY:
		/* The core or another CPU has it in use: let the host go on, too. */
		return pvm_show(v, SHOW_NOTHING, code);
	case HYPSEC_DEAD:
		pvm_is_dead(v, code);
		return false;
	case HYPSEC_NO_MEMORY:
		return pvm_show_wait(v, code);
	case HYPSEC_BAD_SIGNATURE:
		return pvm_die(v, "the host gave back another page than it was given", code);
	case HYPSEC_DENIED:
		return pvm_die(v, "the host backs it with a page that is not its own", code);
	case HYPSEC_FAULT:
		return pvm_die(v, "a memory error in a page that the host gave it", code);
	default:
		return pvm_die(v, "a page could not be claimed", code);
	}
}

static bool device_access(struct vcpu *v, enum vcpu_exit *code)
{
	/*
	 * Cache maintenance of an address with no memory behind it does nothing;
	 * KVM skips it too (kvm_handle_guest_abort()).
	 */
	if ((v->esr & (ESR_CM | ESR_S1PTW)) == ESR_CM) {
		vcpu_skip(v);
		return true;
	}
	if (!mmio_forwardable(v->esr))
		return external_abort(v);

	/* The register's number stays here; the host is shown x0. */
	v->pending_reg = FIELD(v->esr, 20, 16);
	v->esr = (v->esr & ~(u64)ESR_FSC) | FSC_TRANS | 3;
	return pvm_show(v, v->esr & ESR_WNR ? SHOW_STORE : SHOW_LOAD, code);
}

/**
 * pvm_abort() - a stage-2 abort of a protected vCPU
 *
 * Return: true to enter the guest again.
 * Locks: takes vm->lock.
 */
bool pvm_abort(struct vcpu *v, enum vcpu_exit *code)
{
	ipa_t ipa = IPA(HPFAR_IPA(v->hpfar));
	struct vm *vm = v->vm;
	bool dead, ram, none;

	switch (v->esr & ESR_FSC_TYPE) {
	case FSC_TRANS:
	case FSC_PERM:
	case FSC_ACCESS:
		break;
	default:
		/* A synchronous external abort, an address-size fault, ... */
		return external_abort(v);
	}
	if (!range_ok(ipa.v, PAGE_SIZE, BIT(vm->s2.ipa_bits)))
		return external_abort(v);

	if (!pvm_lock(vm))
		return pvm_show(v, SHOW_NOTHING, code);		/* it faults again */
	dead = vm->state == VM_DEAD;
	if (!dead && vm_shares(vm, ipa.v, PAGE_SIZE))
		return pvm_shared_abort(v, code);
	ram = pvm_in_ram(vm->pvm, ipa.v, PAGE_SIZE);
	/*
	 * Of a Realm: what is not shared of the unprotected half, where the host would see what is
	 * stored and make up what is loaded, for no device lies there; and what it gave up.
	 */
	none = vm->pvm->flags & HYPSEC_FLAG_RSI &&
	       (ipa.v >= pvm_private_end(vm) || s2_lookup(&vm->s2, ipa.v).pte == FRAME_EMPTY);
	spin_unlock(&vm->lock);
	/*
	 * The VM's end emptied its table, and this waited for the lock meanwhile. Such a
	 * fault says nothing about the frame: a store to RAM, taken for one to a device,
	 * would show the host what was to be stored.
	 */
	if (dead) {
		pvm_is_dead(v, code);
		return false;
	}
	if (none)
		return external_abort(v);
	if (ram)
		return pvm_ram_fault(v, ipa, code);

	if (ESR_EC(v->esr) == EC_DABT_LOW)
		return device_access(v, code);
	return external_abort(v);
}
