// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose images may run. Comes with the install parameters, while the host is
 * trusted; the core's copy is out of its reach from the seal on.
 */
#include "auth/auth.h"

bool __init policy_valid(const struct hypsec_policy *p)
{
	return p->any <= 1 && p->nr_signers <= HYPSEC_MAX_SIGNERS;
}

enum image_error policy_check(const struct hypsec_policy *p, const u8 *signer, u64 version)
{
	enum image_error e = p->any ? IMG_OK : IMG_SIGNER;

	/* All of the list: a second entry for a signer can only take away. */
	for (u32 i = 0; i < p->nr_signers; i++) {
		const struct hypsec_signer *s = &p->signer[i];

		if (!hypsec_equal(s->key_hash, signer, HYPSEC_HASH_SIZE))
			continue;
		if (version < s->min_version)
			return IMG_OLD;
		e = IMG_OK;
	}
	return e;
}
