/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the adapter calls in libsodium, one function a line: scripts/sodium
 * exports exactly these symbols and compiles these declarations against
 * libsodium's own headers, so a difference cannot reach the core.
 */
#ifndef HYPSEC_SODIUM_API_H
#define HYPSEC_SODIUM_API_H

#define SODIUM_SHA512_STATE_SIZE	208

struct crypto_hash_sha512_state;

int crypto_sign_ed25519_verify_detached(const unsigned char *sig, const unsigned char *m, unsigned long long mlen, const unsigned char *pk);
int crypto_sign_ed25519_detached(unsigned char *sig, unsigned long long *siglen_p, const unsigned char *m, unsigned long long mlen, const unsigned char *sk);
int crypto_sign_ed25519_seed_keypair(unsigned char *pk, unsigned char *sk, const unsigned char *seed);
int crypto_auth_hmacsha512(unsigned char *out, const unsigned char *in, unsigned long long inlen, const unsigned char *k);
int crypto_hash_sha512_init(struct crypto_hash_sha512_state *state);
int crypto_hash_sha512_update(struct crypto_hash_sha512_state *state, const unsigned char *in, unsigned long long inlen);
int crypto_hash_sha512_final(struct crypto_hash_sha512_state *state, unsigned char *out);
int crypto_aead_chacha20poly1305_ietf_encrypt_detached(unsigned char *c, unsigned char *mac, unsigned long long *maclen_p, const unsigned char *m, unsigned long long mlen, const unsigned char *ad, unsigned long long adlen, const unsigned char *nsec, const unsigned char *npub, const unsigned char *k);
int crypto_aead_chacha20poly1305_ietf_decrypt_detached(unsigned char *m, unsigned char *nsec, const unsigned char *c, unsigned long long clen, const unsigned char *mac, const unsigned char *ad, unsigned long long adlen, const unsigned char *npub, const unsigned char *k);
int crypto_stream_chacha20_ietf(unsigned char *c, unsigned long long clen, const unsigned char *n, const unsigned char *k);
int sodium_memcmp(const void *b1_, const void *b2_, size_t len);
void sodium_memzero(void *pnt, size_t len);

/* Called by libsodium on an argument out of range; the core defines it. */
void sodium_misuse(void);

#endif
