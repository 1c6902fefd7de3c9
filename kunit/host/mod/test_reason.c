// SPDX-License-Identifier: GPL-2.0-only
/* Why a boot stub gave up, in words: all reasons, and nothing made of what is none. */
#include "test.h"
#include <linux/kernel.h>
#include "hypsec_reason.h"
#include "reason.h"

void fake_pr_err(const char *fmt, ...)
{
	(void)fmt;
	fail();
}

/* As the core prints it (pvm/psci.c). */
static const char *of(uint64_t n)
{
	char line[100];

	snprintf(line, sizeof(line), "vm 3: its boot stub " HYPSEC_REASON_IN_LOG "%lu", n);
	return hypsec_reason_words(line);
}

static void known(void **state)
{
	unsigned int n = 0;
	(void)state;

#define X(number, name, text) \
	assert_string_equal(of(number), text); \
	n++;
	HYPSEC_REASONS(X)
#undef X
	assert_int_equal(n, 41);
	assert_string_equal(of(8),
			    "device tree: more ranges of RAM, a GIC or a UART than are taken");
}

/* The number is a guest's. */
static void unknown(void **state)
{
	unsigned int texts = 0;
	(void)state;

	for (uint64_t n = 0; n < 100000; n++)
		texts += of(n) != NULL;
	assert_int_equal(texts, 41);
	for (unsigned int bit = 17; bit < 64; bit++) {
		assert_null(of(1UL << bit));
		assert_null(of(1UL << bit | 8));
	}
	assert_null(of(~0UL));
	assert_null(hypsec_reason_words(""));
	assert_null(hypsec_reason_words("vm 3: powered off by its guest"));
	assert_null(hypsec_reason_words(HYPSEC_REASON_IN_LOG));
	assert_null(hypsec_reason_words(HYPSEC_REASON_IN_LOG "x"));
	assert_null(hypsec_reason_words(HYPSEC_REASON_IN_LOG "-8"));
	assert_null(hypsec_reason_words(HYPSEC_REASON_IN_LOG "8 "));
	assert_null(hypsec_reason_words(HYPSEC_REASON_IN_LOG "18446744073709551624"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known),
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
