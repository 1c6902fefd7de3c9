// SPDX-License-Identifier: GPL-2.0-only
/* The four functions the compiler may call: every size and alignment, and no byte beside it. */
#include "test.h"

void *core_memset(void *p, int c, size_t n);
void *core_memcpy(void *to, const void *from, size_t n);
void *core_memmove(void *to, const void *from, size_t n);
int core_memcmp(const void *a, const void *b, size_t n);
#define memset core_memset
#define memcpy core_memcpy
#define memmove core_memmove
#define memcmp core_memcmp
#include "../../../el2-objs/base/string.c"
#undef memset
#undef memcpy
#undef memmove
#undef memcmp

#define MAX	80

static u8 from[2 * MAX] __attribute__((aligned(8))), to[2 * MAX] __attribute__((aligned(8)));
static u8 want[2 * MAX];

static void sets(void **state)
{
	(void)state;
	for (size_t at = 0; at < 16; at++)
		for (size_t n = 0; n <= MAX; n++) {
			test_fill(to, sizeof(to));
			memcpy(want, to, sizeof(to));
			for (size_t i = 0; i < n; i++)
				want[at + i] = 0xc7;
			/* Of the value the low byte counts. */
			assert_ptr_equal(core_memset(to + at, 0x5c7, n), to + at);
			assert_memory_equal(to, want, sizeof(to));
		}
}

static void copies(void **state)
{
	(void)state;
	for (size_t at = 0; at < 16; at++)
		for (size_t off = 0; off < 9; off++)
			for (size_t n = 0; n <= MAX; n++) {
				test_fill(from, sizeof(from));
				test_fill(to, sizeof(to));
				memcpy(want, to, sizeof(to));
				for (size_t i = 0; i < n; i++)
					want[at + i] = from[off + i];
				assert_ptr_equal(core_memcpy(to + at, from + off, n), to + at);
				assert_memory_equal(to, want, sizeof(to));
			}
}

/* Over itself, in both directions. */
static void moves(void **state)
{
	(void)state;
	for (size_t at = 0; at < 40; at++)
		for (size_t off = 0; off < 40; off++)
			for (size_t n = 0; n <= MAX; n += 1 + n / 20) {
				test_fill(to, sizeof(to));
				memcpy(want, to, sizeof(to));
				for (size_t i = 0; i < n; i++)
					want[at + i] = to[off + i];
				assert_ptr_equal(core_memmove(to + at, to + off, n), to + at);
				assert_memory_equal(to, want, sizeof(to));
			}
}

static void compares(void **state)
{
	(void)state;
	for (size_t n = 0; n <= MAX; n++) {
		test_fill(from, sizeof(from));
		memcpy(to, from, sizeof(to));
		assert_int_equal(core_memcmp(from, to, n), 0);
		to[n] ^= 0xff;
		assert_int_equal(core_memcmp(from, to, n), 0);
		for (size_t i = 0; i < n; i++) {
			/* The first that differs decides, as an unsigned number. */
			from[i] = 0x80;
			to[i] = 0x7f;
			assert_true(core_memcmp(from, to, n) > 0);
			assert_true(core_memcmp(to, from, n) < 0);
			from[i] = to[i] = 0;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets),
		cmocka_unit_test(copies),
		cmocka_unit_test(moves),
		cmocka_unit_test(compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
