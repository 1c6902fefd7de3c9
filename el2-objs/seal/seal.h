/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sealing: a frame of a protected VM as ciphertext in a page of the host's. Implemented in
 * seal/. What the core keeps of a sealed frame is its counter, which the caller stores (pvm/
 * does in the VM's stage 2), and its tag, which is kept here.
 */
#ifndef HYPSEC_SEAL_H
#define HYPSEC_SEAL_H

#include "base/types.h"
#include "crypto/crypto.h"
#include "own/own.h"

/* The counter fits in an invalid entry of a table, beside FRAME_EMPTY: pvm.h. */
#define SEAL_COUNTER_MAX	GENMASK(61, 0)
#define SEAL_FRAMES	BIT(48 - PAGE_SHIFT)	/* of all the address space that a VM can have */

/**
 * struct seal - what seals the frames of one VM
 *
 * Zeroed memory is a valid empty one. Protected by vm->lock.
 */
struct seal {
	u8 key[AEAD_KEY_SIZE];	/* random, from seal_init() until seal_forget() */
	u64 counter;		/* of the page sealed last: the nonce, never one twice */
	struct s2 tags[2];	/* a tag a frame; in shape a stage 2, which nothing walks */
};

/**
 * seal_init() - a new key, no tags
 * @s: zeroed
 * @vm: the VM's id
 * @ipa_bits: of its address space, up to 48
 * Return: HYPSEC_OK; HYPSEC_NO_MEMORY; HYPSEC_STATE: no random numbers.
 * Locks: takes RANK_RANDOM, RANK_POOL.
 */
int __must_check seal_init(struct seal *s, u16 vm, u8 ipa_bits);
/* Erases the key, in memory too: what was sealed is lost from now on. Any number of times. */
void seal_forget(struct seal *s);
/* Erases, and frees what seal_init() and seal_reserve() took. Locks: RANK_TRASH, RANK_POOL. */
void seal_free(struct seal *s);

/**
 * seal_reserve() - memory for a frame's tag
 * @frame: guest frame number (IPA >> 12), in the VM's address space
 *
 * Before the frame gets a page: so that taking the page away never needs memory, which the
 * host, waiting for it at some instruction with its interrupts off, could not give.
 * Return: HYPSEC_OK, HYPSEC_NO_MEMORY. Locks: takes RANK_POOL.
 */
int __must_check seal_reserve(struct seal *s, u64 frame);

/**
 * seal_page() - encrypt a frame's page in place
 * @page: 4 KiB that nobody else reaches
 *
 * Return: the counter to give to seal_open(), from 1. About 90,000 instructions.
 */
u64 seal_page(struct seal *s, u64 frame, void *page);

/**
 * seal_open() - check a page for being the one that was sealed last for @frame, and decrypt it
 * @page: 4 KiB that nobody else reaches
 *
 * Return: HYPSEC_OK; HYPSEC_BAD_SIGNATURE: another frame's, another VM's, an older one,
 * changed; @page is zeroed then.
 */
int __must_check seal_open(struct seal *s, u64 frame, u64 counter, void *page);

#endif
