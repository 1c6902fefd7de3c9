// SPDX-License-Identifier: GPL-2.0-only
/* The health tests of a source of entropy, at their limits. */
#include "test.h"
#include "types.h"
#include "crypto.h"

static void limits(void **state)
{
	struct hypsec_health h = { 0 };
	u8 data[512];
	int i;

	(void)state;
	/* Eight in a row pass, across calls; the ninth does not. */
	for (i = 0; i < 8; i++) {
		data[0] = 7;
		data[1] = (u8)(i + 100);
		assert_null(hypsec_health_test(&h, data, 1));
		h.digest = 0;			/* the piece is the same each time */
	}
	assert_string_equal(hypsec_health_test(&h, data, 1), "repetition count");

	/* One sample 70 times in a window passes, not 71. */
	for (i = 0; i < 512; i++)
		data[i] = i % 7 ? (u8)(i * 37 + i / 7 + 1) | 1 : 0;
	for (int n = 0, k = 0; k < 512; k++) {
		if (data[k])
			continue;
		if (++n > 70)
			data[k] = 1;
	}
	memset(&h, 0, sizeof(h));
	assert_null(hypsec_health_test(&h, data, 512));
	for (i = 511; data[i] == 0 || data[i - 1] == 0; i--)
		;
	data[i] = 0;
	memset(&h, 0, sizeof(h));
	assert_string_equal(hypsec_health_test(&h, data, 512), "adaptive proportion");

	/* What is sound never fails. */
	memset(&h, 0, sizeof(h));
	for (i = 0; i < 20000; i++) {
		test_fill(data, 64);
		assert_null(hypsec_health_test(&h, data, 64));
		/* No word of a piece is kept. */
		assert_null(memmem(&h, sizeof(h), data, 8));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
