/* SPDX-License-Identifier: GPL-2.0-only */
/* What every workstation test includes first. */
#ifndef HYPSEC_HOST_TEST_H
#define HYPSEC_HOST_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/*
 * Random inputs come from here, so that a run can be repeated: the seed is
 * printed, and taken from HYPSEC_SEED if that is set.
 */
static uint64_t test_seed;

static inline uint64_t test_rand(void)
{
	uint64_t z;

	if (!test_seed) {
		const char *s = getenv("HYPSEC_SEED");
		FILE *f;

		if (s) {
			test_seed = strtoull(s, NULL, 0);
		} else {
			f = fopen("/dev/urandom", "rb");
			if (!f || fread(&test_seed, 8, 1, f) != 1)
				abort();
			fclose(f);
		}
		test_seed |= 1;
		printf("HYPSEC_SEED=%#llx\n", (unsigned long long)test_seed);
		fflush(stdout);
	}
	z = (test_seed += 0x9e3779b97f4a7c15ULL);	/* splitmix64 */
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline void test_fill(void *p, size_t n)
{
	uint8_t *b = p;

	while (n--)
		*b++ = (uint8_t)test_rand();
}

/* Hexadecimal text to bytes; returns how many. */
static inline size_t test_hex(uint8_t *out, size_t max, const char *hex)
{
	size_t n = 0;
	unsigned int v;

	for (; hex[0] && hex[1]; hex += 2, n++) {
		if (n >= max || sscanf(hex, "%2x", &v) != 1)
			abort();
		out[n] = (uint8_t)v;
	}
	return n;
}

#endif
