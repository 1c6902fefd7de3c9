/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the suite hypsec_pageseal. */
#ifndef HYPSEC_KUNIT_PAGESEAL_H
#define HYPSEC_KUNIT_PAGESEAL_H

#include <asm/kvm_asm.h>
#include "guest.h"

#define SECRET		0x5ec2e75ec2e75ec2UL
#define FRAME		(GUEST_IMAGE + 0x20000)		/* in a block of 2 MiB: the image's */
#define FRAMES		((GUEST_END - GUEST_IMAGE) / PAGE_SIZE)

/* The host address of the page that frame @ipa of the image was given first */
static inline void *ps_page(const struct hk_vm *vm, u64 ipa)
{
	return vm->image + (ipa - GUEST_IMAGE);
}

/* A protected VM whose frame at FRAME holds SECRET, and zeros. */
struct hk_vm *ps_with_secret(struct kunit *test);
/* The guest has at FRAME what it put there. */
void ps_expect_home(struct hk_vm *vm, const char *when);
/* No word of @page is one of a page that holds SECRET, ~SECRET and zeros. */
void ps_expect_ciphertext(struct kunit *test, const void *page, const char *when);
/* KVM's TLB call @nr for @vm. */
void ps_flush(struct hk_vm *vm, u64 nr, u64 a, u64 b);
#define ps_flush_ipa(vm, ipa) \
	ps_flush(vm, KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid_ipa), ipa, 3)

/* pageseal_states.c: each state of a frame x each operation, and x each end of its VM */
void state_and_operation(struct kunit *test);
const void *next_operation(const void *prev, char *desc);
void state_and_end(struct kunit *test);
const void *next_end(const void *prev, char *desc);

/* pageseal_attack.c: what is given back instead */
void attack(struct kunit *test);
const void *next_attack(const void *prev, char *desc);
void read_only(struct kunit *test);
void no_entry(struct kunit *test);
void forgotten(struct kunit *test);


#endif
