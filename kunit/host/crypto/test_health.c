// SPDX-License-Identifier: GPL-2.0-only
/* The health tests of a source of entropy, at their limits. */
#include "test.h"
#include "base/types.h"
#include "crypto/crypto.h"

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

/* A window of 512 samples with @n of @s, the first of them among these; the rest differ. */
static const char *window(struct hypsec_health *h, u8 s, int n)
{
	u8 data[512];

	for (int i = 0; i < 512; i++)
		data[i] = i % 7 == 0 && n-- > 0 ? s : (u8)(s + 1 + (i * 37 + i / 7) % 255);
	h->digest = 0;
	return hypsec_health_test(h, data, sizeof(data));
}

/* Each window is judged by its own first sample, whatever that is, and by all of it. */
static void windows(void **state)
{
	struct hypsec_health h = { 0 };

	(void)state;
	for (int s = 0; s < 256; s++)
		assert_null(window(&h, (u8)s, 70));
	for (int s = 0; s < 256; s++) {
		memset(&h, 0, sizeof(h));
		assert_null(window(&h, (u8)(s + 1), 70));
		assert_string_equal(window(&h, (u8)s, 71), "adaptive proportion");
	}
}

/* The same piece twice, and not what was before. */
static void pieces(void **state)
{
	struct hypsec_health h = { 0 };
	u8 a[64], b[64];

	(void)state;
	test_fill(a, sizeof(a));
	test_fill(b, sizeof(b));
	assert_null(hypsec_health_test(&h, a, sizeof(a)));
	assert_null(hypsec_health_test(&h, b, sizeof(b)));
	assert_null(hypsec_health_test(&h, a, sizeof(a)));
	assert_string_equal(hypsec_health_test(&h, a, sizeof(a)), "repeated piece");
	/* What fails by another test is told by that, and is the piece before, too. */
	memset(b, (u8)~a[0], sizeof(b));	/* not what the next piece begins with */
	assert_string_equal(hypsec_health_test(&h, b, sizeof(b)), "repetition count");
	memset(&h.run, 0, sizeof(h.run));
	assert_string_equal(hypsec_health_test(&h, b, sizeof(b)), "repetition count");
	assert_null(hypsec_health_test(&h, a, sizeof(a)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
		cmocka_unit_test(windows),
		cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
