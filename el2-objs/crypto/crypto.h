/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cryptography: a thin adapter over libsodium, implemented in crypto/. No
 * function takes a lock or allocates; all state is in the caller's structs.
 */
#ifndef HYPSEC_CRYPTO_H
#define HYPSEC_CRYPTO_H

#include "base/types.h"

#define ED25519_KEY_SIZE	32	/* public key */
#define ED25519_SIG_SIZE	64
#define ED25519_SEED_SIZE	32
#define ED25519_PRIVATE_SIZE	64	/* seed and public key */
#define HMAC_KEY_SIZE		32
#define SHA512_SIZE		64
#define AEAD_KEY_SIZE		32
#define AEAD_NONCE_SIZE		12
#define AEAD_TAG_SIZE		16

/**
 * hypsec_ed25519_verify() - check an Ed25519 signature (RFC 8032)
 * @sig: ED25519_SIG_SIZE bytes
 * @msg: message
 * @len: bytes of @msg
 * @pk: ED25519_KEY_SIZE bytes
 *
 * Stricter than the RFC asks: a non-canonical S, and a public key or R that is
 * non-canonical or of small order, are refused, so that no signature is valid for many
 * messages. About 0.5 million instructions; not constant time (all public).
 * Return: HYPSEC_OK or HYPSEC_BAD_SIGNATURE.
 */
int __must_check hypsec_ed25519_verify(const u8 *sig, const void *msg,
				       size_t len, const u8 *pk);

/**
 * hypsec_ed25519_keypair() - the key pair of a seed (RFC 8032)
 * @pk: out, ED25519_KEY_SIZE bytes
 * @sk: out, ED25519_PRIVATE_SIZE bytes
 * @seed: ED25519_SEED_SIZE random bytes, wiped by the caller
 */
void hypsec_ed25519_keypair(u8 *pk, u8 *sk, const u8 *seed);

/* Constant time, no randomness. About 223,000 instructions for a short message. */
void hypsec_ed25519_sign(u8 *sig, const void *msg, size_t len, const u8 *sk);

/* HMAC-SHA512 (RFC 2104): SHA512_SIZE bytes to @out; @key has HMAC_KEY_SIZE bytes. */
void hypsec_hmac_sha512(u8 *out, const void *msg, size_t len, const u8 *key);

/*
 * SHA-512, incremental. The state is plain bytes: it may be copied and kept
 * between calls of a restartable operation. About 22 instructions a byte.
 */
struct hypsec_sha512 {
	u64 state[26];
};

void hypsec_sha512_init(struct hypsec_sha512 *h);
void hypsec_sha512_update(struct hypsec_sha512 *h, const void *data, size_t len);
/* Wipes @h: a digest cannot be extended by accident. */
void hypsec_sha512_final(struct hypsec_sha512 *h, u8 *digest);

/* All @len bytes are always compared. Return: true if equal. */
bool hypsec_equal(const void *a, const void *b, size_t len);
/* A memset() to zero that the compiler keeps. */
void hypsec_wipe(void *p, size_t len);

/**
 * hypsec_aead_seal() - ChaCha20-Poly1305 (RFC 8439), encrypt
 * @dst: @len bytes of ciphertext; may be @src, must not overlap it otherwise
 * @tag: out, AEAD_TAG_SIZE bytes
 * @src: plaintext
 * @len: bytes, at most 4 GiB
 * @ad: authenticated, not encrypted
 * @ad_len: bytes of @ad
 * @nonce: AEAD_NONCE_SIZE bytes, never the same twice under one key
 * @key: AEAD_KEY_SIZE bytes
 *
 * The IETF form, not XChaCha: our nonces are 64-bit counters that are never
 * reused, so the longer random nonce would buy nothing.
 */
void hypsec_aead_seal(void *dst, u8 *tag, const void *src, size_t len,
		      const void *ad, size_t ad_len, const u8 *nonce,
		      const u8 *key);

/**
 * hypsec_aead_open() - check, then decrypt
 *
 * As hypsec_aead_seal(). No plaintext is produced before the tag has been
 * checked; if it is wrong @dst is zeroed.
 * Return: HYPSEC_OK or HYPSEC_BAD_SIGNATURE.
 */
int __must_check hypsec_aead_open(void *dst, const u8 *tag, const void *src,
				  size_t len, const void *ad, size_t ad_len,
				  const u8 *nonce, const u8 *key);

/*
 * Random numbers: a ChaCha20 keystream whose first 32 bytes replace the key at
 * each refill (fast key erasure), and whose output is erased as it is handed
 * out: who reads the state learns nothing of what was given before. Zeroed
 * memory is a valid, unseeded generator. One CPU at a time: the caller locks.
 */
#define RANDOM_KEY_SIZE		32
#define RANDOM_BUFFER_SIZE	480

struct hypsec_random {
	u8 key[RANDOM_KEY_SIZE];
	u8 buffer[RANDOM_BUFFER_SIZE];	/* unread bytes are the last @left */
	u32 left;
	bool seeded;
};

/**
 * hypsec_random_seed() - mix entropy into a generator
 * @r: generator
 * @entropy: any bytes, wiped by the caller
 * @len: at least 32 for the first seed
 *
 * The old key is mixed in too: bad entropy added later does no harm.
 * Return: HYPSEC_OK; HYPSEC_INVALID: a first seed that is too short.
 */
int __must_check hypsec_random_seed(struct hypsec_random *r,
				    const void *entropy, size_t len);

/**
 * hypsec_random_get() - random bytes
 * Return: HYPSEC_OK; HYPSEC_STATE: never seeded, @out is zeroed.
 */
int __must_check hypsec_random_get(struct hypsec_random *r, void *out,
				   size_t len);

/*
 * Health of a source of entropy, tested on all that it gives (crypto/health.c). Zeroed
 * memory is a valid state. Holds two bytes of what was tested, for the tests that go on.
 */
struct hypsec_health {
	u8 last, first;		/* the sample before; the one the window began with */
	u16 run, seen, left;	/* times in a row; times in the window; samples it still has */
	u64 digest;		/* of the piece before; 0: none */
};

/**
 * hypsec_health_test() - is this what a source of entropy gives?
 * @h: the source's
 * @data: the next that came from it
 * @len: bytes
 *
 * Return: NULL, or the name of the test that it failed.
 */
const char *hypsec_health_test(struct hypsec_health *h, const void *data, size_t len);

/* --- sources.c: the core's random numbers --- */

/**
 * core_random() - random bytes
 * Return: HYPSEC_OK, or HYPSEC_STATE (unseeded; @out is zeroed).
 *
 * May reseed first: then RNDRRS is read, and with no lock held firmware is called.
 * Locks: takes RANK_RANDOM.
 */
int __must_check core_random(void *out, size_t n);
/* Which sources beside the host's seed were good when last asked: HYPSEC_FEAT_RNDR, _TRNG */
u64 core_random_sources(void);

int __must_check core_random_seed(const void *entropy, size_t n);
/* rndr.c: a word of FEAT_RNG's, which this CPU has; false: none now */
bool hw_rndrrs(u64 *v);

#endif
