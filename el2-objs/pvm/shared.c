// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest shares with its host, for devices that are the host's: one range, before its kernel
 * runs, and single frames. Only what its signer allows: a kernel that is taken over shares no more.
 */
#include "pvm/priv.h"
#include "base/log.h"

static bool overlap(const struct pvm_range *r, u64 base, u64 size)
{
	return base < r->base + r->size && r->base < base + size;
}

/*
 * Is, or was, a frame of the range private? Of one that is, the host would be shown the page; what
 * is sealed would be forgotten. Whoever touches a frame leaves a table, or a block.
 */
static bool touched(const struct vm *vm, u64 base, u64 size)
{
	struct s2_leaf leaf;

	for (u64 at = base; at < base + size; at = ALIGN_DOWN(at, leaf.size) + leaf.size) {
		leaf = s2_lookup(&vm->s2, at);
		if (leaf.pte || leaf.level > 2)
			return true;
	}
	return false;
}

static int share_locked(struct vm *vm, u64 base, u64 size)
{
	struct pvm *p = vm->pvm;

	if (vm->state != VM_PROTECTED)
		return HYPSEC_STATE;
	if (!size || !IS_ALIGNED(base | size, SZ_2M))
		return HYPSEC_INVALID;
	if (!range_ok(base, size, BIT(vm->s2.ipa_bits)))
		return HYPSEC_RANGE;
	/* A Realm's has a half of the address space to itself: no frame of RAM is shared. */
	if (p->flags & HYPSEC_FLAG_RSI ? base < pvm_private_end(vm) : !pvm_in_ram(p, base, size))
		return HYPSEC_RANGE;
	if (!(p->flags & HYPSEC_FLAG_SHARE) || size != p->verify.m.share_size ||
	    overlap(&p->image, base, size) || overlap(&p->dtb, base, size))
		return HYPSEC_DENIED;
	if (p->shared.size || touched(vm, base, size) || vm_shares(vm, base, size))
		return HYPSEC_STATE;
	p->shared.base = base;
	p->shared.size = size;
	/* Before a page of the host's is stamped for it: vm/drop.c looks without the lock. */
	__atomic_store_n(&vm->shared, &p->shared, __ATOMIC_RELEASE);
	return HYPSEC_OK;
}

int pvm_share(struct vm *vm, u64 base, u64 size)
{
	int ret;

	spin_lock(&vm->lock);
	ret = share_locked(vm, base, size);
	spin_unlock(&vm->lock);
	if (ret == HYPSEC_OK)
		hlog("vm %u: shares %lu KiB at %lx with its host", vm->id, size >> 10, base);
	return ret;
}

/* May a single frame change sides? Locks: vm->lock. */
static int grantable(const struct vm *vm, u64 ipa)
{
	const struct pvm *p = vm->pvm;

	if (vm->state != VM_PROTECTED)
		return HYPSEC_STATE;
	if (!IS_ALIGNED(ipa, PAGE_SIZE))
		return HYPSEC_INVALID;
	if (!range_ok(ipa, PAGE_SIZE, BIT(vm->s2.ipa_bits)) || !pvm_in_ram(p, ipa, PAGE_SIZE))
		return HYPSEC_RANGE;
	/* A Realm's pages never change sides. */
	return (p->flags & (HYPSEC_FLAG_SHARE | HYPSEC_FLAG_RSI)) == HYPSEC_FLAG_SHARE ?
	       HYPSEC_OK : HYPSEC_DENIED;
}

static int grant_locked(struct vm *vm, u64 ipa)
{
	int ret = grantable(vm, ipa);
	struct s2_leaf leaf;
	struct shared *s;

	if (ret != HYPSEC_OK || vm_shares(vm, ipa, PAGE_SIZE))
		return ret;
	s = &vm->pvm->shared;
	if (s->grants == HYPSEC_GRANTS)
		return HYPSEC_NO_MEMORY;
	leaf = s2_lookup(&vm->s2, ipa);
	/* What the host has is ciphertext, and not what the guest means to show. */
	if (frame_counter(leaf.pte))
		return HYPSEC_BUSY;
	if (leaf.pte & S2_VALID) {
		ret = pvm_give(vm, ipa >> PAGE_SHIFT,
			       PA((leaf.pte & S2_ADDR) + (ipa & (leaf.size - 1))));
		if (ret != HYPSEC_OK)
			return ret;
	}
	s->grant[s->grants++] = ipa;
	__atomic_store_n(&vm->shared, s, __ATOMIC_RELEASE);
	return HYPSEC_OK;
}

int pvm_grant(struct vm *vm, u64 ipa)
{
	int ret;

	if (!pvm_lock(vm))
		return HYPSEC_BUSY;
	ret = grant_locked(vm, ipa);
	spin_unlock(&vm->lock);
	return ret;
}

/* @untouched: out, with HYPSEC_OK: the frame is private, with nothing in it. */
static int revoke_locked(struct vm *vm, u64 ipa, bool *untouched)
{
	int ret = grantable(vm, ipa);
	struct shared *s;
	u32 i;

	if (ret != HYPSEC_OK)
		return ret;
	s = &vm->pvm->shared;
	for (i = 0; i < s->grants && s->grant[i] != ipa; i++)
		;
	if (i == s->grants && vm_shares(vm, ipa, PAGE_SIZE))
		return HYPSEC_DENIED;
	if (i < s->grants) {
		/* First the mapping: a store of another vCPU's goes to the host, or faults. */
		vm_drop_shared(vm, ipa, PAGE_SIZE);
		s->grant[i] = s->grant[--s->grants];
	}
	*untouched = !s2_lookup(&vm->s2, ipa).pte;
	return HYPSEC_OK;
}

int pvm_revoke(struct vcpu *v, u64 ipa)
{
	struct vm *vm = v->vm;
	bool untouched = false;
	int ret;

	if (!pvm_lock(vm))
		return HYPSEC_BUSY;
	ret = revoke_locked(vm, ipa, &untouched);
	spin_unlock(&vm->lock);
	if (ret != HYPSEC_OK || !untouched)
		return ret;
	/* The page that KVM has there, if it has one: the host keeps nothing of a private frame. */
	ret = pvm_claim(v, IPA(ipa), true, NULL);
	/* The guest goes on: there is no fault to show. */
	v->pending = SHOW_NOTHING;
	if (ret == HYPSEC_BUSY || ret == HYPSEC_NO_MEMORY)
		return HYPSEC_BUSY;
	/* None, or one that is not the host's to give: that is for the next access to meet. */
	return ret == HYPSEC_DEAD ? HYPSEC_STATE : HYPSEC_OK;
}

bool pvm_shared_abort(struct vcpu *v, enum vcpu_exit *code)
{
	u64 fsc = v->esr & ESR_FSC_TYPE;
	bool write;

	/* The host writes there: nothing of it is executed. */
	if (ESR_EC(v->esr) != EC_DABT_LOW) {
		spin_unlock(&v->vm->lock);
		vcpu_inject_abort(v, true, v->far);
		return true;
	}
	/*
	 * A guest that has its tables there shows that to the host; it is a read of them, or
	 * hardware's update of a flag, which is no read. Maintenance by address is a read.
	 */
	write = v->esr & ESR_S1PTW ? fsc == FSC_PERM : (v->esr & (ESR_WNR | ESR_CM)) == ESR_WNR;
	v->esr = (u64)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL | (write ? ESR_WNR : 0) |
		 (v->esr & ESR_FSC);
	if (vcpu_faulted(v, shadow_fault_unlock(v, code)))
		return true;
	return *code == EXIT_IRQ ? pvm_show_wait(v, code) : pvm_show(v, SHOW_SHARED, code);
}
