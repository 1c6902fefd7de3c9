/* SPDX-License-Identifier: GPL-2.0-only */
/* A protected VM that is about to end. */
#ifndef HYPSEC_VM_END_COMMON_H
#define HYPSEC_VM_END_COMMON_H

#include "kvm_host.h"
#include "base/check.h"

#define PRIVATE_PAGE	GUEST_PAGES
#define FRAME		0x123UL

static inline bool all_zero(u64 pa)
{
	u8 *p = raw(pa);

	return !p[0] && !memcmp(p, p + 1, PAGE_SIZE - 1);
}

/* The @n-th VM of the host's, protected: its frames from FRAME on have @pages full of 0x5e. */
static inline struct vm *protected_vm(struct vm_identity *id, unsigned int n, unsigned int pages)
{
	struct vm *vm;
	unsigned int i;

	*id = kvm_vm(n, 40);
	vm = kvm_get(id);
	protect(vm);
	for (i = 0; i < pages; i++) {
		give_private(vm, PRIVATE_PAGE + i * PAGE_SIZE, FRAME + i);
		memset(raw(PRIVATE_PAGE + i * PAGE_SIZE), 0x5e, PAGE_SIZE);	/* a secret */
	}
	vm_put(vm);
	return vm;
}

static inline bool mapped(const struct vm *vm, u64 frame)
{
	return s2_lookup(&vm->s2, frame << PAGE_SHIFT).pte & S2_VALID;
}

#endif
