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

/* --- pageseal_ops.c, for pageseal_states.c --- */

enum state { UNTOUCHED, PAGE, BLOCK, SEALED, RELINQUISHED, STATES };

/* Two frames in a row, in one state, and their pages */
struct pair {
	struct hk_vm *vm;
	enum state state;
	u64 ipa;
	u64 *pte;		/* KVM's entries */
	void *page, *first;	/* the first frame's page: now, and at the beginning */
};

enum effect {
	NOTHING, SEALS,		/* ... a private page */
	SEALS_BOTH,
	WRITES,			/* ... the host to its page, after SEALS */
	CLAIMS, STORES,		/* the guest, after CLAIMS */
	FORGETS,
};

struct op {
	const char *name;
	int (*run)(struct pair *p, const struct op *o);
	enum effect effect;
	int host, private;	/* what it returns, when the page is the host's, and when not */
	/* A host's access; a TLB call, its arguments, and KVM's entry during it */
	enum access access;
	u64 call, from, pages;
	enum { AS_IT_IS, AGED, NONE, MARKED } entry;
};
extern const struct op ps_ops[];
extern const unsigned int ps_nr_ops;

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

/* pageseal_race.c: on all CPUs */
void counted_while_taken(struct kunit *test);
void stored_while_sealed(struct kunit *test);
void ended_while_touched(struct kunit *test);
/* A thread of the host's has begun (@count is not 0), if its CPU has a turn for it. */
void ps_await(const u64 *count);
/* A run to its end; a page that is on its way is waited for. */
struct hk_exit ps_run_through(struct hk_vcpu *c);

/* pageseal_open.c: on two */
void changed_while_opened(struct kunit *test);
void remapped_while_opened(struct kunit *test);
void relinquished_while_touched(struct kunit *test);
void tables_reused(struct kunit *test);

#endif
