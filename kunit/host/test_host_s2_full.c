// SPDX-License-Identifier: GPL-2.0-only
/* The host touches a device, and there is no page for the table that its mapping takes. */
#include "test.h"
#include "machine.h"
#include "boot.h"
#include "check.h"

#define FAR_DEVICE	(1UL << 39)		/* the first of 512 GiB that no table is for */

static int boot(void **state)
{
	(void)state;
	machine_reset(5);		/* 48 bits: a root of level 0 */
	machine_boot();
	return 0;
}

static void touch(void)
{
	injected = touched = 0;
	write_sysreg(0xffff800012340000UL, FAR_EL2);
	write_sysreg(FAR_DEVICE >> PAGE_SHIFT << 4, HPFAR_EL2);
	write_sysreg(0x5, SPSR_EL2);
	host_abort(0x24UL << 26 | BIT(25) | 0x04);
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_false(this_cpu()->pool_reserve);
	assert_int_equal(injected + touched, 0);
}

/* The access is tried again, for as long as it takes, and the host is asked for pages. */
static void test_waits(void **state)
{
	u64 tables;
	int i;

	(void)state;
	/* Every page is taken, and nobody has asked for more. */
	assert_int_equal(own_donate(PA(MEM_BASE)), HYPSEC_OK);
	hog_all();
	assert_int_equal(own_donate(PA(MEM_BASE + PAGE_SIZE)), HYPSEC_OK);
	pool_reserve_open();
	assert_true(hog_one());
	pool_reserve_close();
	assert_false(pool_wanted());
	tables = pool_account(HYPSEC_ACC_HOST_S2);
	for (i = 0; i < 3; i++)
		touch();
	assert_false(host_can(FAR_DEVICE, false, false));
	assert_int_equal(pool_account(HYPSEC_ACC_HOST_S2), tables);
	assert_true(pool_wanted());
	/* With a page there is, the last one too. */
	hog_give(1);
	touch();
	assert_true(host_can(FAR_DEVICE, true, false));
	assert_int_equal(pool_account(HYPSEC_ACC_HOST_S2), tables + 1);
	hog_none();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits),
	};

	return cmocka_run_group_tests_name("host table, full pool", tests, boot, NULL);
}
