// SPDX-License-Identifier: GPL-2.0-only
/* Shares of the pool: one VM that takes without end leaves the others what they need. */
#include "test.h"
#include "machine.h"
#include "base/core.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"
#include "base/check.h"

#define RW	(S2_R | S2_W | S2_MEMATTR_WB)
#define FREE	pool_account(HYPSEC_ACC_FREE)
#define SHARED	(POOL_SHARED + POOL_TAKEN * FAKE_CPUS)
#define BIG	1
#define SMALL	2

static struct s2 big, small;

static int boot(void **state)
{
	(void)state;
	machine_reset(2);
	machine_boot();
	return 0;
}

static int two(void **state)
{
	(void)state;
	assert_int_equal(s2_init(&big, 40, BIG, HYPSEC_ACC_VM_S2), HYPSEC_OK);
	assert_int_equal(s2_init(&small, 40, SMALL, HYPSEC_ACC_VM_S2), HYPSEC_OK);
	return 0;
}

static void drop(struct s2 *s2)
{
	s2_destroy(s2);
	while (trash_step(8))
		;
}

static int none(void **state)
{
	(void)state;
	drop(&big);
	drop(&small);
	hog_none();
	return 0;
}

/* A fault as pvm/fault.c and vm/shadow.c answer it: @n-th GiB, so two tables each. */
static int fault(struct s2 *s2, u64 n)
{
	if (!share_ok(s2->vmid))
		return HYPSEC_NO_MEMORY;
	return s2_map(s2, n * SZ_1G, PA(MEM_BASE), PAGE_SIZE, RW);
}

static u64 spend(struct s2 *s2, u64 from)
{
	while (fault(s2, from) == HYPSEC_OK)
		from++;
	return from;
}

static void test_one_spends_all(void **state)
{
	u64 n, i;

	(void)state;
	assert_false(pool_wanted());
	n = spend(&big, 0);
	/* With the last pages still there it is told to wait, and so is the host. */
	assert_true(FREE >= POOL_RESERVE + SHARED - 2);
	assert_true(pool_wanted());
	assert_int_equal(fault(&big, n), HYPSEC_NO_MEMORY);

	/* The other one goes on, until it has its share of what there is, or all is gone. */
	for (i = 0; i < (SHARED - 2) / 2; i++)
		assert_int_equal(fault(&small, i), HYPSEC_OK);
	assert_int_equal(fault(&big, n), HYPSEC_NO_MEMORY);
	spend(&small, i);
	assert_true(FREE >= POOL_RESERVE);

	/* The reserve takes the host's pages, and both go on. */
	for (i = 0; i < 256; i++)
		assert_int_equal(own_donate(PA(MEM_BASE + i * PAGE_SIZE)), HYPSEC_OK);
	assert_false(pool_wanted());
	assert_int_equal(fault(&small, 100), HYPSEC_OK);
	assert_int_equal(fault(&big, n), HYPSEC_OK);
	drop(&big);
	drop(&small);
	for (i = 0; i < 256; i++)
		assert_int_equal(own_reclaim(PA(MEM_BASE + i * PAGE_SIZE)), HYPSEC_OK);
	two(state);
}

/* Alone it has all, but for the reserve. */
static void test_alone(void **state)
{
	(void)state;
	drop(&small);
	spend(&big, 0);
	assert_true(FREE <= POOL_RESERVE + 1);
	assert_true(FREE >= POOL_RESERVE);
	assert_int_equal(s2_init(&small, 40, SMALL, HYPSEC_ACC_VM_S2), HYPSEC_NO_MEMORY);
	drop(&big);
	two(state);
}

/* What it drops is its own until it is free, and then it may have it again. */
static void test_gives_back(void **state)
{
	u64 n;

	(void)state;
	n = spend(&big, 0);
	s2_unmap(&big, 0, n / 2 * SZ_1G);
	assert_int_equal(fault(&big, n), HYPSEC_OK);
	assert_true(pool_hold(1));
	share_charge(BIG, 1);
	big.held = 1;
	s2_drop(&big);
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 0);
	while (trash_step(8))
		;
	/* Nothing is left of it but the root: not one page more or less is charged. */
	hog_unreserved();
	share_charge(BIG, -(1 << big.root_order));
	share_charge(SMALL, -(1 << small.root_order));
	assert_true(share_ok(BIG));
	share_charge(SMALL, 1);
	assert_true(share_ok(BIG));		/* 0 of what it is */
	share_charge(BIG, 100);
	assert_false(share_ok(BIG));
	share_charge(BIG, -100);
	share_charge(SMALL, -1);
	share_charge(BIG, 1 << big.root_order);
	share_charge(SMALL, 1 << small.root_order);
}

/* The core's own, and the host's table, have no share to exceed. */
static void test_core(void **state)
{
	(void)state;
	share_charge(0, 5);
	assert_true(share_ok(0));
	expect_assert_failure(share_charge(POOL_OWNERS, 1));
	expect_assert_failure(share_charge(3, -1));
	hog_unreserved();
	expect_assert_failure(share_ok(0));
}

/* Of a dropped table each page goes back to who had it, however large its id. */
static void test_large_ids(void **state)
{
	static const u16 id[] = { 255, 256, 511, 2048, POOL_OWNERS - 1 };
	struct s2 s2;

	(void)state;
	fake_write_sysreg("ID_AA64MMFR1_EL1", 2UL << 4);
	assert_true(s2_wide_vmids());
	for (volatile size_t i = 0; i < ARRAY_SIZE(id); i++) {
		assert_int_equal(s2_init(&s2, 40, id[i], HYPSEC_ACC_VM_S2), HYPSEC_OK);
		for (u64 n = 0; n < 10; n++)
			assert_int_equal(fault(&s2, n), HYPSEC_OK);
		drop(&s2);
		/* Nothing is left of it, so there is nothing to give. */
		expect_assert_failure(share_charge(id[i], -1));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, two, none)
	const struct CMUnitTest tests[] = {
		TEST(test_one_spends_all),
		TEST(test_alone),
		TEST(test_gives_back),
		TEST(test_core),
		TEST(test_large_ids),
	};

	return cmocka_run_group_tests_name("share", tests, boot, NULL);
}
