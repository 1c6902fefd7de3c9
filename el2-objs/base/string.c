// SPDX-License-Identifier: GPL-2.0-only
/*
 * The four functions the compiler may call. Built with
 * -fno-tree-loop-distribute-patterns, or each would become a call to itself.
 */
#include "base/types.h"

typedef u64 __attribute__((may_alias)) word;

static bool aligned(const void *p)
{
	return IS_ALIGNED((uintptr_t)p, sizeof(word));
}

void *memset(void *p, int c, size_t n)
{
	u8 *d = p;

	for (; n && !aligned(d); n--)
		*d++ = c;
	if (n >= sizeof(word)) {
		word w = (u8)c * 0x0101010101010101UL;
		word *dw = (word *)d;

		for (; n >= 8 * sizeof(word); n -= 8 * sizeof(word), dw += 8) {
			dw[0] = w;
			dw[1] = w;
			dw[2] = w;
			dw[3] = w;
			dw[4] = w;
			dw[5] = w;
			dw[6] = w;
			dw[7] = w;
		}
		for (; n >= sizeof(word); n -= sizeof(word))
			*dw++ = w;
		d = (u8 *)dw;
	}
	while (n--)
		*d++ = c;
	return p;
}

void *memcpy(void *to, const void *from, size_t n)
{
	u8 *d = to;
	const u8 *s = from;

	if (aligned(d) && aligned(s)) {
		word *dw = (word *)d;
		const word *sw = (const word *)s;

		for (; n >= 4 * sizeof(word); n -= 4 * sizeof(word)) {
			word a = sw[0], b = sw[1], c = sw[2], e = sw[3];

			dw[0] = a;
			dw[1] = b;
			dw[2] = c;
			dw[3] = e;
			dw += 4;
			sw += 4;
		}
		for (; n >= sizeof(word); n -= sizeof(word))
			*dw++ = *sw++;
		d = (u8 *)dw;
		s = (const u8 *)sw;
	}
	while (n--)
		*d++ = *s++;
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	u8 *d = to;
	const u8 *s = from;

	if ((uintptr_t)d - (uintptr_t)s >= n)
		return memcpy(to, from, n);
	while (n--)
		d[n] = s[n];
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (; n; n--, p++, q++) {
		if (*p != *q)
			return *p - *q;
	}
	return 0;
}
