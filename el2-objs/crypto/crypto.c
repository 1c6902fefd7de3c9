// SPDX-License-Identifier: GPL-2.0-only
/* The adapter to libsodium. See crypto.h for what each function promises. */
#include "crypto/crypto.h"
#include "crypto/sodium_api.h"
#include "abi/hypsec_abi.h"
#include "base/check.h"

_Static_assert(sizeof(struct hypsec_sha512) == SODIUM_SHA512_STATE_SIZE,
	       "SHA-512 state");

#define SHA512_STATE(h)	((struct crypto_hash_sha512_state *)(void *)(h))

/* ChaCha20's 32-bit block counter ends at 256 GiB; nothing here comes near. */
#define AEAD_MAX	(1UL << 32)

/* Only for lengths that CHECK() below has ruled out: a broken invariant. */
void sodium_misuse(void)
{
	core_panic(__FILE__, __LINE__, "argument of the crypto library");
}

int hypsec_ed25519_verify(const u8 *sig, const void *msg, size_t len,
			  const u8 *pk)
{
	if (crypto_sign_ed25519_verify_detached(sig, msg, len, pk) != 0)
		return HYPSEC_BAD_SIGNATURE;
	return HYPSEC_OK;
}

void hypsec_ed25519_keypair(u8 *pk, u8 *sk, const u8 *seed)
{
	crypto_sign_ed25519_seed_keypair(pk, sk, seed);
}

void hypsec_ed25519_sign(u8 *sig, const void *msg, size_t len, const u8 *sk)
{
	crypto_sign_ed25519_detached(sig, NULL, msg, len, sk);
}

void hypsec_hmac_sha512(u8 *out, const void *msg, size_t len, const u8 *key)
{
	crypto_auth_hmacsha512(out, msg, len, key);
}

void hypsec_sha512_init(struct hypsec_sha512 *h)
{
	crypto_hash_sha512_init(SHA512_STATE(h));
}

void hypsec_sha512_update(struct hypsec_sha512 *h, const void *data, size_t len)
{
	crypto_hash_sha512_update(SHA512_STATE(h), data, len);
}

void hypsec_sha512_final(struct hypsec_sha512 *h, u8 *digest)
{
	crypto_hash_sha512_final(SHA512_STATE(h), digest);
	hypsec_wipe(h, sizeof(*h));
}

bool hypsec_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

void hypsec_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

void hypsec_aead_seal(void *dst, u8 *tag, const void *src, size_t len,
		      const void *ad, size_t ad_len, const u8 *nonce,
		      const u8 *key)
{
	CHECK(len <= AEAD_MAX);
	crypto_aead_chacha20poly1305_ietf_encrypt_detached(dst, tag, NULL, src,
							   len, ad, ad_len,
							   NULL, nonce, key);
}

int hypsec_aead_open(void *dst, const u8 *tag, const void *src, size_t len,
		     const void *ad, size_t ad_len, const u8 *nonce,
		     const u8 *key)
{
	CHECK(len <= AEAD_MAX);
	if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(dst, NULL, src,
							       len, tag, ad,
							       ad_len, nonce,
							       key) != 0)
		return HYPSEC_BAD_SIGNATURE;
	return HYPSEC_OK;
}
