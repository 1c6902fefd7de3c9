// SPDX-License-Identifier: GPL-2.0-only
/* What vm/ calls upwards for a protected VM. */
#include "pvm/priv.h"

const struct vm_up vm_up = {
	.forget = pvm_forget,
	.free = pvm_free,
	.wipe = pvm_wipe,
	.seal = pvm_seal,
};
