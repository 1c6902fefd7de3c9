// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest gives frames back that it has no use for. What was in them is gone; they are RAM that
 * was never touched, and the next access finds zeros in whatever page the host has then.
 */
#include "types.h"
#include "check.h"
#include "hcall.h"
#include "pvm.h"

#define PAGES_A_CALL	64	/* at most, a page is about 5,000 instructions */

/*
 * One frame. The lock is held from the first look to the last: a fault in between would map the
 * page again while it is on its way to the host.
 */
static int relinquish(struct vm *vm, u64 ipa)
{
	struct s2_leaf leaf;
	pa_t pa;
	int ret;

	leaf = s2_lookup(&vm->s2, ipa);
	if (!leaf.pte)
		return HYPSEC_OK;
	if (frame_counter(leaf.pte)) {
		/* Its ciphertext is the host's page already; no counter is used again (seal/). */
		s2_replace(&vm->s2, ipa, leaf.pte, 0);
		return HYPSEC_OK;
	}
	/* Of a block one page goes: it comes with the memory for that. */
	CHECK(s2_split(&vm->s2, ipa, 3) == HYPSEC_OK);
	leaf = s2_lookup(&vm->s2, ipa);
	pa = PA(leaf.pte & S2_ADDR);
	s2_replace(&vm->s2, ipa, leaf.pte, 0);
	ret = own_return(pa, vm->id, ipa >> PAGE_SHIFT);
	if (ret != HYPSEC_OK) {
		/* Another CPU looks at it, for a moment: it stays the frame's. */
		CHECK(ret == HYPSEC_BUSY);
		s2_replace(&vm->s2, ipa, 0, leaf.pte);
		return ret;
	}
	__atomic_fetch_sub(&vm->private_pages, 1, __ATOMIC_RELAXED);
	return HYPSEC_OK;
}

int pvm_relinquish(struct vm *vm, u64 ipa, u64 pages, u64 *done)
{
	int ret = HYPSEC_OK;

	*done = 0;
	if (!IS_ALIGNED(ipa, PAGE_SIZE) || !pages)
		return HYPSEC_INVALID;
	if (pages > BIT(vm->s2.ipa_bits) >> PAGE_SHIFT)
		return HYPSEC_RANGE;
	for (; *done < pages && *done < PAGES_A_CALL; ++*done) {
		u64 at = ipa + *done * PAGE_SIZE;

		spin_lock(&vm->lock);
		if (vm->state != VM_PROTECTED)
			ret = HYPSEC_DEAD;
		else if (!range_ok(at, PAGE_SIZE, BIT(vm->s2.ipa_bits)) ||
			 !pvm_in_ram(vm->pvm, at, PAGE_SIZE))
			ret = HYPSEC_RANGE;
		else
			ret = relinquish(vm, at);
		spin_unlock(&vm->lock);
		if (ret != HYPSEC_OK)
			break;
		/* The host's interrupts wait for a page, no longer: the guest calls again. */
		if (host_irq_pending()) {
			++*done;
			break;
		}
	}
	/* What was done is told; what stopped it, when nothing was. */
	return *done ? HYPSEC_OK : ret;
}
