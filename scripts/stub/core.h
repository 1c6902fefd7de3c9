/* SPDX-License-Identifier: GPL-2.0-only */
/* What the stub asks of the core once its image was verified, and of the host's devices. */
#ifndef HYPSEC_STUB_CORE_H
#define HYPSEC_STUB_CORE_H

#include "dt.h"

struct core_result {
	uint64_t x0, x1, x2, x3;
};

/* The manifest of the image that this stub is the first part of. */
const struct hypsec_manifest *manifest(void);

/* A call by the conduit that this VM has: SMC for a Realm, HVC for all others. */
struct core_result core_call(uint64_t id, uint64_t a1, uint64_t a2);

/* Each false: the core does not tell. */
bool core_seeds(struct vm_boot *b);
bool core_identity(struct vm_boot *b);
bool core_sealing_keys(struct vm_boot *b);

/**
 * core_ipa_bits() - how wide a Realm's address space is
 * @page: 4 KiB aligned, overwritten
 *
 * Its upper half is what it shares. Return: 0: it is no Realm.
 */
uint64_t core_ipa_bits(uint64_t page);

#endif
