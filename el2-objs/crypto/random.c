// SPDX-License-Identifier: GPL-2.0-only
/* Random numbers: ChaCha20 with fast key erasure. */
#include "crypto/crypto.h"
#include "crypto/sodium_api.h"
#include "abi/hypsec_abi.h"

#define BLOCK_SIZE	(RANDOM_KEY_SIZE + RANDOM_BUFFER_SIZE)

_Static_assert(offsetof(struct hypsec_random, buffer) == RANDOM_KEY_SIZE,
	       "the keystream overwrites key and buffer in one go");

/*
 * A key makes one keystream and is replaced by its beginning, so the nonce can
 * be constant.
 */
static void refill(struct hypsec_random *r)
{
	static const u8 nonce[12];
	u8 key[RANDOM_KEY_SIZE];

	memcpy(key, r->key, sizeof(key));
	crypto_stream_chacha20_ietf((u8 *)r, BLOCK_SIZE, nonce, key);
	hypsec_wipe(key, sizeof(key));
	r->left = RANDOM_BUFFER_SIZE;
}

int hypsec_random_seed(struct hypsec_random *r, const void *entropy, size_t len)
{
	struct hypsec_sha512 h;
	u8 digest[SHA512_SIZE];

	if (!r->seeded && len < RANDOM_KEY_SIZE)
		return HYPSEC_INVALID;

	hypsec_sha512_init(&h);
	hypsec_sha512_update(&h, r->key, sizeof(r->key));
	hypsec_sha512_update(&h, entropy, len);
	hypsec_sha512_final(&h, digest);
	memcpy(r->key, digest, sizeof(r->key));
	hypsec_wipe(digest, sizeof(digest));

	refill(r);
	r->seeded = true;
	return HYPSEC_OK;
}

int hypsec_random_get(struct hypsec_random *r, void *out, size_t len)
{
	u8 *p = out;

	if (!r->seeded) {
		hypsec_wipe(out, len);
		return HYPSEC_STATE;
	}

	while (len) {
		size_t n = len < r->left ? len : r->left;
		u8 *from = r->buffer + RANDOM_BUFFER_SIZE - r->left;

		memcpy(p, from, n);
		hypsec_wipe(from, n);
		r->left -= n;
		p += n;
		len -= n;
		/* Never leave with nothing unread: the key is then fresh too. */
		if (!r->left)
			refill(r);
	}
	return HYPSEC_OK;
}
