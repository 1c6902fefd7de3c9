// SPDX-License-Identifier: GPL-2.0-only
/* Who a protected VM is: for the log, its host and itself (abi/hypsec_image.h). */
#include "pvm/priv.h"
#include "base/log.h"

/* For who has to put the signer on a list, or to find the VM of an image. */
void pvm_log_name(const struct vm *vm, const char *what, const u8 *hash)
{
	char hex[2 * HYPSEC_HASH_SIZE + 1];
	int i;

	for (i = 0; i < 2 * HYPSEC_HASH_SIZE; i++)
		hex[i] = "0123456789abcdef"[hash[i / 2] >> (i % 2 ? 0 : 4) & 0xf];
	hex[i] = '\0';
	hlog("vm %u: %s %s, security version %lu", vm->id, what, hex,
	     vm->pvm->verify.id.security_version);
}

int pvm_status(struct vm *vm, u64 *val)
{
	int ret = HYPSEC_STATE;

	spin_lock(&vm->lock);
	if (vm->state == VM_PROTECTING || vm->state == VM_PROTECTED) {
		val[0] = vm->pvm->flags;
		val[1] = READ_ONCE(vm->pvm->verified);
		val[2] = READ_ONCE(vm->pvm->to_verify);
		ret = HYPSEC_OK;
	}
	spin_unlock(&vm->lock);
	return ret;
}

int pvm_identity(struct vm *vm, u64 n, u64 *val)
{
	int ret = HYPSEC_STATE;

	if (n >= HYPSEC_IDENTITY_PIECES)
		return HYPSEC_RANGE;
	spin_lock(&vm->lock);
	if (vm->state == VM_PROTECTED) {
		memcpy(val, (const u8 *)&vm->pvm->verify.id + n * HYPSEC_IDENTITY_PIECE,
		       HYPSEC_IDENTITY_PIECE);
		ret = HYPSEC_OK;
	}
	spin_unlock(&vm->lock);
	return ret;
}
