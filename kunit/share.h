/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the suite hypsec_share. */
#ifndef HYPSEC_KUNIT_SHARE_H
#define HYPSEC_KUNIT_SHARE_H

#include <asm/kvm_asm.h>
#include "auth.h"
#include "pageseal.h"

#define POOL		GUEST_POOL
#define POOL_FRAME	(POOL + 5 * PAGE_SIZE)
#define STATUS(s)	((u64)(s64)(s))
#define BLR_X7		0xd63f00e0

/*
 * A protected VM whose signer lets it share, with all its RAM named; nothing is shared yet. Pages
 * that a test maps there are lent before: they are freed after the VM has ended.
 */
struct hk_vm *share_vm(struct kunit *test);
/* The same, with [POOL, POOL + PUPPET_SHARE) shared. */
struct hk_vm *share_pool(struct kunit *test);
/* 2^@order pages of the host's, each full of its own words */
void *share_pages(struct kunit *test, unsigned int order);

/* KVM's entry of @ipa */
static inline u64 *share_pte(struct hk_vm *vm, u64 ipa)
{
	return &vm->pte[(ipa - GUEST_IMAGE) / PAGE_SIZE];
}

/* The guest's access to @ipa ends with its host asked, who is shown this and no more. */
void share_expect_asked(struct hk_vm *vm, u32 insn, u64 ipa, u64 v, u64 esr);
/* The instruction that it was asked for is done now. */
void share_expect_done(struct hk_vm *vm);
/* The guest loads @v from @ipa. */
void share_expect_load(struct hk_vm *vm, u64 ipa, u64 v, const char *when);
/* The page behind @ipa is @page, which stays the host's: each sees what the other stores. */
void share_expect_shared(struct hk_vm *vm, u64 ipa, u64 *page, const char *when);

#define SHARE_READ	((u64)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL)
#define SHARE_WRITE	(SHARE_READ | ESR_WNR)

/* share_host.c: what the host does with a page of the range */
void share_kvms_call(struct kunit *test);
const void *share_next_call(const void *prev, char *desc);
void share_anothers(struct kunit *test);
void share_its_own(struct kunit *test);
void share_the_cores(struct kunit *test);
void share_donated(struct kunit *test);
void share_claimed(struct kunit *test);
void share_ends(struct kunit *test);

/* share_grant.c: single frames */
void grant_refused(struct kunit *test);
void grant_and_revoke(struct kunit *test);
void grant_sealed(struct kunit *test);
void grant_most(struct kunit *test);
void grant_in_block(struct kunit *test);
void grant_exchanged(struct kunit *test);

/* share_model.c */
void share_random_walk(struct kunit *test);

/* share_race.c: on several CPUs */
void shared_while_taken(struct kunit *test);
void granted_while_stored(struct kunit *test);

#endif
