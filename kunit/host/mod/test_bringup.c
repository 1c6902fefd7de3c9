// SPDX-License-Identifier: GPL-2.0-only
/* Which ways to start a CPU leave the host a way to EL2: all but PSCI by SMC. */
#include "test.h"
#include <linux/kernel.h>
#include "bringup.h"

static char said[512];

void fake_pr_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

/* One line: where, cause, remedy. */
static void refused(const char *method, const char *conduit, const char *cause)
{
	said[0] = 0;
	assert_false(hypsec_bringup_ok("cpu@1", method, conduit));
	assert_memory_equal(said, "hypsec: cpu@1 comes up by ", 26);
	assert_non_null(strstr(said, cause));
	assert_non_null(strstr(said, "; "));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void test_bringup(void **state)
{
	(void)state;
	said[0] = 0;
	assert_true(hypsec_bringup_ok("cpu@1", "psci", "smc"));
	assert_int_equal(said[0], 0);
	refused("spin-table", "smc", "\"spin-table\"");
	refused("parking-protocol", "smc", "\"parking-protocol\"");
	refused("spin-table", NULL, "\"spin-table\"");
	refused(NULL, "smc", "nothing named");
	refused("", "smc", "\"\"");
	refused("PSCI", "smc", "\"PSCI\"");
	refused("psci-", "smc", "\"psci-\"");
	refused("psci", "hvc", "\"hvc\"");
	refused("psci", "", "\"\"");
	refused("psci", "smc64", "\"smc64\"");
	refused("psci", NULL, "older than 0.2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bringup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
