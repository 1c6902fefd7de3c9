// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that a protected VM shares with its host: which they are, and what the VM's table has of
 * them. That is a cache of KVM's table, as all of an ordinary VM's shadow is; a frame that is not
 * shared has its only record in the same table.
 */
#include "vm/table.h"
#include "base/check.h"

bool vm_shares(const struct vm *vm, u64 ipa, u64 size)
{
	const struct shared *s = vm->shared;

	if (!s)
		return false;
	if (ipa < s->base + s->size && s->base < ipa + size)
		return true;
	for (u32 i = 0; i < s->grants; i++)
		if (s->grant[i] - ipa < size)
			return true;
	return false;
}

void vm_drop_shared(struct vm *vm, u64 ipa, u64 size)
{
	const struct shared *s = vm->shared;
	u64 start, end;

	CHECK(spin_held(&vm->lock));
	if (!s)
		return;
	start = s->base > ipa ? s->base : ipa;
	end = s->base + s->size < ipa + size ? s->base + s->size : ipa + size;
	if (start < end)
		s2_unmap(&vm->s2, start, end - start);
	/* One of them by its address; more with one flush, or their guest says how many there are. */
	if (size != PAGE_SIZE)
		s2_unmap_pages(&vm->s2, s->grant, s->grants, ipa, size);
	else if (vm_shares(vm, ipa, PAGE_SIZE))
		s2_unmap(&vm->s2, ipa, PAGE_SIZE);
}
