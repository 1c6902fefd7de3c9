// SPDX-License-Identifier: GPL-2.0-only
/*
 * Continuous health tests of a source of entropy, after NIST SP 800-90B section 4.4. A sample
 * is a byte. The sources tested give full entropy by their specifications; the limits below
 * are those of one with half of it (H = 4 bits a sample), each with a false alarm in 2^30
 * samples or windows, so that a sound source never fails and a broken one does at once.
 *
 * A source that gives the same piece again and again, of bytes that are different, passes
 * both. So a piece is also compared with the one before, by a digest: what went into a key
 * is not kept.
 */
#include "crypto/crypto.h"

#define REPETITIONS	9	/* 1 + 30 / H (4.4.1) */
#define WINDOW		512
#define PROPORTION	71	/* 1 + CRITBINOM(512, 2^-H, 1 - 2^-30) (4.4.2) */

static const char *sample(struct hypsec_health *h, u8 s)
{
	h->run = h->run && s == h->last ? h->run + 1 : 1;
	h->last = s;
	if (h->run >= REPETITIONS)
		return "repetition count";

	if (!h->left) {
		h->first = s;
		h->seen = 0;
		h->left = WINDOW;
	}
	h->left--;
	if (s == h->first && ++h->seen >= PROPORTION)
		return "adaptive proportion";
	return NULL;
}

const char *hypsec_health_test(struct hypsec_health *h, const void *data, size_t len)
{
	const char *failed = NULL;
	struct hypsec_sha512 hash;
	u8 digest[SHA512_SIZE];
	const u8 *p = data;
	u64 first;

	for (size_t i = 0; i < len && !failed; i++)
		failed = sample(h, p[i]);

	hypsec_sha512_init(&hash);
	hypsec_sha512_update(&hash, data, len);
	hypsec_sha512_final(&hash, digest);
	memcpy(&first, digest, sizeof(first));
	hypsec_wipe(digest, sizeof(digest));
	if (!failed && first == h->digest)
		failed = "repeated piece";
	h->digest = first;
	return failed;
}
