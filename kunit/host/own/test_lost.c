// SPDX-License-Identifier: GPL-2.0-only
/* A page that is nobody's after a memory error: the host is told which, once, in order. */
#include "own_common.h"

#define KEPT	64

/* The error outlives that many mappings of the page: with two it is not zeroed either. */
static void return_with_error(u64 pa, unsigned int maps)
{
	assert_int_equal(own_claim(PA(pa), VM, FRAME, true), HYPSEC_OK);
	logged[0] = '\0';
	poison(pa, 0, maps);
	assert_int_equal(own_return(PA(pa), VM, FRAME), HYPSEC_OK);
	assert_true(poison_met());
	poison(0, 0, 0);
	assert_int_equal(own_lookup(PA(pa)).state, maps > 1 ? PG_LOST : PG_HOST);
}

static void not_lost(u64 n)
{
	pa_t pa = PA(5);

	assert_int_equal(lost_page(n, &pa), HYPSEC_RANGE);
	assert_int_equal(pa.v, 5);
}

static void lost_as(u64 n, u64 want)
{
	pa_t pa = PA(5);

	assert_int_equal(lost_page(n, &pa), HYPSEC_OK);
	assert_int_equal(pa.v, want);
	assert_int_equal(this_cpu()->ranks_held, 0);
}

static int to_nothing(void *page, void *arg)
{
	(void)arg;
	memset(page, 0, PAGE_SIZE);
	return HYPSEC_OK;
}

static void test_told(void **state)
{
	char address[20];

	(void)state;
	snprintf(address, sizeof(address), "%lx", PAGE);
	return_with_error(PAGE, 1);
	assert_string_equal(logged, "");
	not_lost(0);
	not_lost(~0UL);

	return_with_error(PAGE, 2);
	assert_non_null(strstr(logged, address));
	lost_as(0, PAGE);
	lost_as(0, PAGE);
	not_lost(1);

	/* Sealed, or opened, it is the same. */
	assert_int_equal(own_claim(PA(PAGE + PAGE_SIZE), VM, FRAME, true), HYPSEC_OK);
	poison(PAGE + PAGE_SIZE, 0, 2);
	assert_int_equal(own_seal(PA(PAGE + PAGE_SIZE), VM, FRAME, to_nothing, NULL), HYPSEC_FAULT);
	poison(PAGE + 2 * PAGE_SIZE, 0, 2);
	assert_int_equal(own_open(PA(PAGE + 2 * PAGE_SIZE), VM, FRAME, to_nothing, NULL),
			 HYPSEC_FAULT);
	poison(0, 0, 0);
	lost_as(1, PAGE + PAGE_SIZE);
	lost_as(2, PAGE + 2 * PAGE_SIZE);
	not_lost(3);
	assert_int_equal(pool_account(HYPSEC_ACC_LOST), 3);
}

/* More than the host has looked at: it is told of the last ones, and that there were others. */
static void test_many(void **state)
{
	unsigned int n;
	pa_t pa;

	(void)state;
	for (n = 3; n < KEPT + 10; n++) {
		return_with_error(PAGE + n * PAGE_SIZE, 2);
		lost_as(n, PAGE + n * PAGE_SIZE);
		not_lost(n + 1);
	}
	for (n = 0; n < 10; n++)
		assert_int_equal(lost_page(n, &pa), HYPSEC_STATE);
	for (; n < KEPT + 10; n++)
		lost_as(n, PAGE + n * PAGE_SIZE);
	not_lost(n);
	not_lost(~0UL);
	assert_int_equal(pool_account(HYPSEC_ACC_LOST), KEPT + 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
