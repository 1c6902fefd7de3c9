// SPDX-License-Identifier: GPL-2.0-only
/* Sets of ranges: against a bit for each page, at random, in memory of exactly that size. */
#include "test.h"
#include <linux/kernel.h>
#include "ranges.h"

#define PAGES	60U

void fake_pr_err(const char *fmt, ...)
{
	(void)fmt;
}

/* Sorted, disjoint, and what touches is one; the same pages as in @want. */
static void same(const struct hypsec_ram *r, u32 nr, u64 want)
{
	u64 have = 0;

	for (u32 i = 0; i < nr; i++) {
		assert_true(r[i].size);
		if (i)
			assert_true(r[i].base > r[i - 1].base + r[i - 1].size);
		for (u64 p = r[i].base; p < r[i].base + r[i].size; p++)
			have |= 1UL << p;
	}
	assert_int_equal(have, want);
}

static u32 runs(u64 set)
{
	return (u32)__builtin_popcountll(set & ~(set << 1));
}

static void test_ranges(void **state)
{
	unsigned int full = 0;

	(void)state;
	for (unsigned int round = 0; round < 400; round++) {
		u32 max = 1 + test_rand() % 8, nr = 0;
		struct hypsec_ram *r = malloc(max * sizeof(*r));
		u64 want = 0;

		for (unsigned int i = 0; i < 60; i++) {
			u64 base = test_rand() % PAGES, end = base + test_rand() % (PAGES - base + 1);
			u64 set = ((1UL << end) - 1) & ~((1UL << base) - 1);
			bool cut = test_rand() & 1;
			u64 next = cut ? want & ~set : want | set;
			int ret = (cut ? ranges_cut : ranges_add)(r, &nr, max, base, end);

			assert_int_equal(ret, runs(next) > max ? -E2BIG : 0);
			if (!ret)
				want = next;
			full += ret != 0;
			assert_int_equal(nr, runs(want));
			same(r, nr, want);
			assert_int_equal(ranges_have(r, nr, base, end), set && !(set & ~want));
		}
		free(r);
	}
	assert_true(full > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
