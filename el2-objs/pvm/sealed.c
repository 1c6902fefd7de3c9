// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that are sealed, or given, and come home: what the record, the VM's table and the key
 * (seal/) do together, under vm->lock from the first look to the last write.
 */
#include "pvm/priv.h"
#include "base/check.h"
#include "base/irq.h"

#define LOOKS	64		/* entries looked at between two looks for interrupts */

struct sealed {
	struct vm *vm;
	ipa_t ipa;
	pa_t pa;		/* of the page that a private frame has */
	u64 entry;		/* of a sealed frame */
};

static bool alive(const struct vm *vm)
{
	return vm->state == VM_PROTECTING || vm->state == VM_PROTECTED;
}

/* What own_seal() does to the page first: nobody but this CPU and the guest reaches it. */
static void take(const struct sealed *f, void *page)
{
	struct s2 *s2 = &f->vm->s2;
	struct s2_leaf leaf;

	/* Of a block only this page goes. It comes with the memory for that. */
	CHECK(s2_split(s2, f->ipa.v, 3) == HYPSEC_OK);
	leaf = s2_lookup(s2, f->ipa.v);
	/* Record and table agree while the lock is held. */
	CHECK((leaf.pte & S2_VALID) && (leaf.pte & S2_ADDR) == f->pa.v && leaf.level == 3);
	/*
	 * The guest loses it first, on all CPUs: a store into a page that is being encrypted
	 * would be lost, or, worse, tell the host two plaintexts under one nonce.
	 */
	s2_replace(s2, f->ipa.v, leaf.pte, 0);
	/* Code of the guest's left in an instruction cache the host could run, and so learn. */
	icache_inval_all();
	/* What the guest wrote with its caches off is in memory, under stale lines perhaps. */
	dcache_clean_inval_poc(page, PAGE_SIZE);
}

static int take_and_seal(void *page, void *arg)
{
	const struct sealed *f = arg;
	u64 counter;

	take(f, page);
	counter = seal_page(&f->vm->pvm->seal, f->ipa.v >> PAGE_SHIFT, page);
	s2_replace(&f->vm->s2, f->ipa.v, 0, FRAME_SEALED(counter));
	return HYPSEC_OK;
}

static int take_as_it_is(void *page, void *arg)
{
	take(arg, page);
	return HYPSEC_OK;
}

static int to_host(struct vm *vm, u64 frame, pa_t pa, page_work *work)
{
	struct sealed f = { .vm = vm, .ipa = IPA(frame << PAGE_SHIFT), .pa = pa };
	int ret;

	CHECK(spin_held(&vm->lock) && alive(vm));
	ret = own_seal(pa, vm->id, frame, work, &f);
	if (ret == HYPSEC_OK || ret == HYPSEC_FAULT)
		__atomic_fetch_sub(&vm->private_pages, 1, __ATOMIC_RELAXED);
	if (ret == HYPSEC_FAULT)
		vm_kill_locked(vm, "a memory error in a page of its");
	return ret;
}

int pvm_seal(struct vm *vm, u64 frame, pa_t pa)
{
	return to_host(vm, frame, pa, take_and_seal);
}

int pvm_give(struct vm *vm, u64 frame, pa_t pa)
{
	return to_host(vm, frame, pa, take_as_it_is);
}

static int open_sealed(void *page, void *arg)
{
	const struct sealed *f = arg;

	return seal_open(&f->vm->pvm->seal, f->ipa.v >> PAGE_SHIFT, frame_counter(f->entry), page);
}

int pvm_unseal(struct vm *vm, ipa_t ipa, u64 entry, pa_t pa)
{
	struct sealed f = { .vm = vm, .ipa = ipa, .entry = entry };
	int ret;

	CHECK(spin_held(&vm->lock) && alive(vm) && frame_counter(entry));
	ret = own_open(pa, vm->id, ipa.v >> PAGE_SHIFT, open_sealed, &f);
	if (ret == HYPSEC_OK)
		s2_replace(&vm->s2, ipa.v, entry, 0);
	return ret;
}

/* For how many bytes KVM's table still maps what is there to the pages from @pa on; 0: not. */
static u64 kvm_has(const struct vm *vm, ipa_t ipa, u64 pa)
{
	struct kvm_leaf k = kvm_walk(vm, ipa);
	u64 offset;

	if (k.status != HYPSEC_OK)
		return 0;
	offset = ipa.v & (k.size - 1);
	return k.pa.v + offset == pa ? k.size - offset : 0;
}

/* At most one page is sealed. Return: true when all of it is done; @start, @size: what is left. */
static bool invalidate_some(struct vm *vm, u64 *start, u64 *size)
{
	unsigned int looks;

	if (!alive(vm))
		return true;
	for (looks = 0; looks < LOOKS; looks++) {
		struct s2_leaf leaf;
		bool seals = false;
		u64 step, pa, has;

		if (!*size || *start >> vm->s2.ipa_bits)
			return true;
		leaf = s2_lookup(&vm->s2, *start);
		step = leaf.size - (*start & (leaf.size - 1));
		/* A shared one: KVM's call has had it out (kvm/hcalls.c). */
		if ((leaf.pte & (S2_VALID | S2_SHARED)) == S2_VALID) {
			pa = (leaf.pte & S2_ADDR) + (*start & (leaf.size - 1));
			has = kvm_has(vm, IPA(*start), pa);
			seals = !has;
			/* Busy: another CPU reads it, for a moment. Or the VM is dead now. */
			if (seals && pvm_seal(vm, *start >> PAGE_SHIFT, PA(pa)))
				return false;
			if (seals)
				has = PAGE_SIZE;
			if (has < step)
				step = has;
		}
		if (step > *size)
			step = *size;
		*start += step;
		*size -= step;
		if (seals)
			break;
	}
	return !*size;
}

int pvm_invalidate(struct vm *vm, u64 *start, u64 *size)
{
	bool done;

	for (;;) {
		spin_lock(&vm->lock);
		done = invalidate_some(vm, start, size);
		spin_unlock(&vm->lock);
		if (done)
			return HYPSEC_OK;
		if (host_irq_pending())
			return HYPSEC_RESTART;
	}
}
