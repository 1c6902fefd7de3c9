/* SPDX-License-Identifier: GPL-2.0-only */
/* One ordinary VM that is in use, new for each test: @id is how the host names it. */
#ifndef HYPSEC_VM_COMMON_H
#define HYPSEC_VM_COMMON_H

#include "kvm_host.h"

/* KVM's leaves */
#define PTE_XN		BIT(54)
#define PTE_AF		BIT(10)

static struct vm_identity id;
static struct vm *vm;

static inline void new_vm(unsigned int bits)
{
	static unsigned int n;

	if (vm)
		vm_put(vm);
	id = kvm_vm(n++, bits);
	vm = kvm_get(&id);
	assert_non_null(vm);
}

static inline int begin(void **state)
{
	int ret = kvm_host_begin(state);

	new_vm(40);
	return ret;
}

static inline int end(void **state)
{
	vm_put(vm);
	vm = NULL;
	return kvm_host_end(state);
}

#endif
