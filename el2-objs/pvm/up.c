// SPDX-License-Identifier: GPL-2.0-only
/* What vm/ calls upwards for a protected VM. */
#include "pvm/priv.h"

void vm_up_forget(struct vm *vm)
{
	pvm_forget(vm);
}

void vm_up_free(struct vm *vm)
{
	pvm_free(vm);
}

void vm_up_wipe(struct vm *vm)
{
	pvm_wipe(vm);
}

int vm_up_seal(struct vm *vm, u64 frame, pa_t pa)
{
	return pvm_seal(vm, frame, pa);
}
