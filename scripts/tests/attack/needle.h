/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Search for any 8-byte piece of a secret at any alignment. Used by the module
 * and by the program. Nothing here ever holds the secret unmasked: neither
 * the table nor a local variable that a compiler could spill.
 */
#ifndef ATTACK_NEEDLE_H
#define ATTACK_NEEDLE_H

#include "attack_abi.h"

#define NEEDLE_BUCKETS	4096

struct needle {
	__u32 len;
	__u8 first[NEEDLE_BUCKETS];	/* index into word[] plus 1; 0: none */
	__u8 next[ATTACK_SECRET_MAX];
	__u64 word[ATTACK_SECRET_MAX];	/* masked; word[i] starts at byte i */
	__u8 masked[ATTACK_SECRET_MAX];
};

struct needle_count {
	__u64 hits, words;
};

/*
 * Returns 0, or -1 if the secret is too short, too long, or would match what
 * is no secret (a zero word, or one that occurs twice).
 */
static inline int needle_init(struct needle *n, const struct attack_secret *s)
{
	__u32 i, j;

	if (s->len < ATTACK_SECRET_MIN || s->len > ATTACK_SECRET_MAX)
		return -1;
	for (i = 0; i < NEEDLE_BUCKETS; i++)
		n->first[i] = 0;
	n->len = s->len;
	for (i = 0; i < s->len; i++)
		n->masked[i] = s->masked[i];
	for (i = 0; i + 8 <= s->len; i++) {
		__u64 w = 0;

		for (j = 0; j < 8; j++)
			w |= (__u64)s->masked[i + j] << (8 * j);
		if (w == ATTACK_MASK64 || w == ~ATTACK_MASK64)
			return -1;
		for (j = 0; j < i; j++)
			if (n->word[j] == w)
				return -1;
		n->word[i] = w;
		n->next[i] = n->first[w % NEEDLE_BUCKETS];
		n->first[w % NEEDLE_BUCKETS] = i + 1;
	}
	return 0;
}

/* Byte of the secret that @w starts at, plus 1; 0 if it is no piece of it. */
static inline __u32 needle_word(const struct needle *n, __u64 w)
{
	__u32 i;

	w ^= ATTACK_MASK64;
	for (i = n->first[w % NEEDLE_BUCKETS]; i; i = n->next[i - 1])
		if (n->word[i - 1] == w)
			return i;
	return 0;
}

static inline int needle_at(const struct needle *n, const __u8 *p)
{
	__u32 i;

	for (i = 0; i < n->len; i++)
		if ((p[i] ^ ATTACK_MASK) != n->masked[i])
			return 0;
	return 1;
}

/* @buf is 8-byte aligned, @len a multiple of 8. Returns offset of the first hit or -1. */
static inline long needle_search(const struct needle *n, const void *buf,
				 unsigned long len, struct needle_count *c)
{
	const __u64 *w = buf;
	unsigned long i, k, words = len / 8;
	long at = -1;

	for (i = 0; i < words; i = k) {
		k = i + 8 < words ? i + 8 : words;
		/* Most of memory is zero, and no piece of the secret is. */
		if (k - i == 8 && !(w[i] | w[i + 1] | w[i + 2] | w[i + 3] |
				    w[i + 4] | w[i + 5] | w[i + 6] | w[i + 7]))
			continue;
		for (; i < k; i++) {
			__u32 s = needle_word(n, w[i]);

			if (!s)
				continue;
			c->words++;
			if (at < 0)
				at = i * 8;
			/* Of each whole copy, one aligned word starts in its first 8 bytes. */
			s--;
			if (s < 8 && i * 8 >= s && i * 8 - s + n->len <= len &&
			    needle_at(n, (const __u8 *)buf + i * 8 - s))
				c->hits++;
		}
	}
	return at;
}

#endif
