// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest gives frames back that it has no use for. What was in them is gone; they are RAM that
 * was never touched, and the next access finds zeros in whatever page the host has then.
 *
 * The VM's lock is held from the first look at an entry until the page is the host's: a fault in
 * between would map the page again while it is on its way.
 */
#include "pvm/priv.h"
#include "base/check.h"
#include "base/irq.h"
#include "pool/pool.h"

#define PAGES_A_CALL	64	/* at most, or a block; a page is about 5,000 instructions */
#define CHUNK		16	/* pages, between two looks for interrupts */

static bool is_ram(const struct vm *vm, u64 ipa, u64 size)
{
	/* What is shared is the host's already: nothing of it is private. */
	return range_ok(ipa, size, BIT(vm->s2.ipa_bits)) && pvm_in_ram(vm->pvm, ipa, size) &&
	       !vm_shares(vm, ipa, size);
}

/*
 * 2 MiB that are one entry, for the guest and in the record. HYPSEC_STATE: they are not, or not
 * all of it is to go, or a page of it has a memory error: by the page.
 */
static int give_block(struct vm *vm, u64 ipa, u64 pages)
{
	struct s2_leaf leaf = s2_lookup(&vm->s2, ipa);
	int ret;

	if (!(leaf.pte & S2_VALID) || leaf.size != SZ_2M || !IS_ALIGNED(ipa, SZ_2M) ||
	    pages < PAGES_2M || !is_ram(vm, ipa, SZ_2M))
		return HYPSEC_STATE;
	s2_replace(&vm->s2, ipa, leaf.pte, 0);
	icache_inval_all();	/* pvm/sealed.c says why */
	ret = own_return_block(PA(leaf.pte & S2_ADDR), vm->id, ipa >> PAGE_SHIFT);
	if (ret != HYPSEC_OK) {
		s2_replace(&vm->s2, ipa, 0, leaf.pte);
		return ret == HYPSEC_FAULT ? HYPSEC_STATE : ret;
	}
	s2_unhold(&vm->s2);
	__atomic_fetch_sub(&vm->private_pages, PAGES_2M, __ATOMIC_RELAXED);
	return HYPSEC_OK;
}

/* The frame's own entry, taken out. Return: what it was. */
static u64 take(struct vm *vm, u64 ipa)
{
	struct s2_leaf leaf = s2_lookup(&vm->s2, ipa);

	if (!leaf.pte)
		return 0;
	/* Of a block its neighbours stay. It comes with the memory for that. */
	CHECK(s2_split(&vm->s2, ipa, 3) == HYPSEC_OK);
	leaf = s2_lookup(&vm->s2, ipa);
	/* Sealed: its ciphertext is the host's already, and no counter is used again (seal/). */
	s2_replace(&vm->s2, ipa, leaf.pte, 0);
	return leaf.pte;
}

/* Can the frame be had, and be left so: without memory for its entry, or given up already, not. */
static int can_give(struct vm *vm, u64 ipa, u64 leave)
{
	if (!is_ram(vm, ipa, PAGE_SIZE))
		return HYPSEC_RANGE;
	if (!leave)
		return s2_lookup(&vm->s2, ipa).pte == FRAME_EMPTY ? HYPSEC_RANGE : HYPSEC_OK;
	return share_ok(vm->id) ? s2_split(&vm->s2, ipa, 3) : HYPSEC_NO_MEMORY;
}

/*
 * Return: how many of @pages, from the first on, are done; CHUNK are tried. @ret: what stopped it.
 * @leave: the entry of what is done, 0 or FRAME_EMPTY.
 * The rest is as it was: a guest that is told of less than it asked for may want to keep it.
 */
static u64 give_pages(struct vm *vm, u64 ipa, u64 pages, u64 leave, int *ret)
{
	u64 pte[CHUNK], n, i, done;
	bool any = false;

	for (n = 0; n < pages && n < CHUNK; n++) {
		*ret = can_give(vm, ipa + n * PAGE_SIZE, leave);
		if (*ret != HYPSEC_OK)
			break;
		pte[n] = take(vm, ipa + n * PAGE_SIZE);
		any |= pte[n] & S2_VALID;
	}
	if (any)
		icache_inval_all();	/* pvm/sealed.c says why */
	for (done = 0; done < n; done++) {
		int status;

		if (!(pte[done] & S2_VALID))
			continue;
		status = own_return(PA(pte[done] & S2_ADDR), vm->id, (ipa >> PAGE_SHIFT) + done);
		if (status != HYPSEC_OK) {
			/* Another CPU looks at it, for a moment. */
			CHECK(status == HYPSEC_BUSY);
			*ret = HYPSEC_BUSY;
			break;
		}
		__atomic_fetch_sub(&vm->private_pages, 1, __ATOMIC_RELAXED);
	}
	for (i = 0; i < n; i++)
		if (i >= done || leave)
			s2_replace(&vm->s2, ipa + i * PAGE_SIZE, 0, i < done ? leave : pte[i]);
	return done;
}

/* A step of it: returns pages done. */
static u64 step(struct vm *vm, u64 ipa, u64 pages, u64 leave, int *ret)
{
	u64 done = 0;

	spin_lock(&vm->lock);
	if (vm->state != VM_PROTECTED) {
		*ret = HYPSEC_DEAD;
	} else {
		*ret = leave ? HYPSEC_STATE : give_block(vm, ipa, pages);
		if (*ret == HYPSEC_OK)
			done = PAGES_2M;
		if (*ret == HYPSEC_STATE) {
			*ret = HYPSEC_OK;
			done = give_pages(vm, ipa, pages, leave, ret);
		}
	}
	spin_unlock(&vm->lock);
	return done;
}

static int give(struct vm *vm, u64 ipa, u64 pages, u64 leave, u64 *done)
{
	int ret = HYPSEC_OK;

	*done = 0;
	if (!IS_ALIGNED(ipa, PAGE_SIZE) || !pages)
		return HYPSEC_INVALID;
	if (pages > BIT(vm->s2.ipa_bits) >> PAGE_SHIFT)
		return HYPSEC_RANGE;
	while (ret == HYPSEC_OK && *done < pages && *done < PAGES_A_CALL) {
		*done += step(vm, ipa + *done * PAGE_SIZE, pages - *done, leave, &ret);
		/* The host's interrupts wait for a step, no longer: the guest calls again. */
		if (host_irq_pending())
			break;
	}
	/* What was done is told; what stopped it, when nothing was. */
	return *done ? HYPSEC_OK : ret;
}

int pvm_relinquish(struct vm *vm, u64 ipa, u64 pages, u64 *done)
{
	return give(vm, ipa, pages, 0, done);
}

int pvm_empty(struct vm *vm, u64 ipa, u64 pages, u64 *done)
{
	return give(vm, ipa, pages, FRAME_EMPTY, done);
}
