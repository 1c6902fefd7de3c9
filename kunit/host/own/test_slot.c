// SPDX-License-Identifier: GPL-2.0-only
/* Slots: the core's only way to the host's memory; and misuse of own/ and pgt/. */
#include "test.h"
#include "machine.h"
#include "base/core.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"
#include "base/check.h"

#define HOST_PAGE	(MEM_BASE + 3 * SZ_2M + 5 * PAGE_SIZE)

static int boot(void **state)
{
	(void)state;
	machine_reset(4);
	machine_boot();
	return 0;
}

static void test_slots(void **state)
{
	u8 *p, *q;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3 * PAGE_SIZE; i++)
		raw(HOST_PAGE)[i] = test_rand();
	assert_true(slots_empty());
	p = slot_map(SLOT_VCPU, PA(HOST_PAGE + 0x123), 2 * PAGE_SIZE);
	assert_non_null(p);
	assert_false(slots_empty());
	assert_memory_equal(p, raw(HOST_PAGE + 0x123), 2 * PAGE_SIZE);
	/* Two slots at once, and the same page in both. */
	q = slot_map(SLOT_FP, PA(HOST_PAGE + PAGE_SIZE), PAGE_SIZE);
	assert_ptr_not_equal(p, q);
	q[0] ^= 0xff;
	assert_int_equal(p[PAGE_SIZE - 0x123], raw(HOST_PAGE + PAGE_SIZE)[0]);
	/* All of the pages are held, no other. */
	for (i = 0; i < 5; i++) {
		bool held;

		spin_lock(&host_s2_lock);
		held = slot_holds(PA(HOST_PAGE + i * PAGE_SIZE - PAGE_SIZE), PAGE_SIZE);
		spin_unlock(&host_s2_lock);
		assert_int_equal(held, i >= 1 && i <= 3);
	}
	assert_int_equal(slot_unmap(SLOT_VCPU), HYPSEC_OK);
	assert_int_equal(slot_unmap(SLOT_FP), HYPSEC_OK);
	assert_true(slots_empty());

	/* As many pages as there are, and one too many. */
	assert_non_null(slot_map(SLOT_WALK, PA(HOST_PAGE), SLOT_PAGES * PAGE_SIZE));
	assert_int_equal(slot_unmap(SLOT_WALK), HYPSEC_OK);
	assert_null(slot_map(SLOT_WALK, PA(HOST_PAGE + 1), SLOT_PAGES * PAGE_SIZE));
	assert_null(slot_map(SLOT_WALK, PA(HOST_PAGE), 0));
	assert_null(slot_map(SLOT_WALK, PA(HOST_PAGE), ~0UL));
	assert_null(slot_map(SLOT_WALK, PA(~0UL), 8));
	assert_null(slot_map(SLOT_WALK, PA(RAM_END - 4), 8));
	assert_null(slot_map(SLOT_WALK, PA(REGION), 8));
	assert_null(slot_map(SLOT_WALK, PA(REGION - 4), 8));
	assert_null(slot_map(SLOT_WALK, PA(REGION + REGION_SIZE - 4), 8));
	assert_null(slot_map(SLOT_WALK, PA(DEVICE), 8));
	assert_true(slots_empty());

	/* Round the window, many times: fake/hw.c watches each reuse. */
	counts_reset();
	for (i = 0; i < 3000; i++) {
		u64 pages = 1 + test_rand() % SLOT_PAGES;

		p = slot_map(SLOT_COPY, PA(HOST_PAGE + (i % 7) * PAGE_SIZE), pages * PAGE_SIZE);
		assert_int_equal(p[0], raw(HOST_PAGE + (i % 7) * PAGE_SIZE)[0]);
		assert_int_equal(slot_unmap(SLOT_COPY), HYPSEC_OK);
	}
	assert_in_range(counts.alle2is, 3000 / 100, 3000 / 8);
}

/*
 * A slot is published and another CPU claims the page before it is looked up: the
 * claim gives way. With the look-up first, the same; with the claim first, the slot.
 */
static int claimed;

static void claim_first(const struct spinlock *l)
{
	if (l != &host_s2_lock || cpu_now() != 1)
		return;
	lock_hook = NULL;
	cpu_switch(0);
	claimed = own_claim(PA(HOST_PAGE), 1, 1, true);
	cpu_switch(1);
}

static void test_claim_against_slot(void **state)
{
	u8 *p;

	(void)state;
	raw(HOST_PAGE)[9] = 0x99;
	cpu_switch(1);
	lock_hook = claim_first;
	claimed = 1;
	p = slot_map(SLOT_WALK, PA(HOST_PAGE + 9), 1);
	assert_int_equal(claimed, HYPSEC_BUSY);
	assert_non_null(p);
	assert_int_equal(*p, 0x99);

	cpu_switch(0);
	assert_int_equal(own_claim(PA(HOST_PAGE), 1, 1, true), HYPSEC_BUSY);
	cpu_switch(1);
	assert_int_equal(slot_unmap(SLOT_WALK), HYPSEC_OK);
	cpu_switch(0);
	assert_int_equal(own_claim(PA(HOST_PAGE), 1, 1, true), HYPSEC_OK);
	cpu_switch(1);
	assert_null(slot_map(SLOT_WALK, PA(HOST_PAGE + 9), 1));
	assert_true(slots_empty());
	cpu_switch(0);
	assert_int_equal(own_return(PA(HOST_PAGE), 1, 1), HYPSEC_OK);
}

static void test_copy(void **state)
{
	static u8 buf[20 * PAGE_SIZE];
	size_t n;

	(void)state;
	test_fill(raw(HOST_PAGE), sizeof(buf));
	for (n = 0; n <= sizeof(buf) - 777; n = n * 3 + 1) {
		memset(buf, 0, sizeof(buf));
		assert_int_equal(copy_from_host(buf, PA(HOST_PAGE + 777), n), HYPSEC_OK);
		assert_memory_equal(buf, raw(HOST_PAGE + 777), n);
		assert_int_equal(buf[n], 0);
	}
	test_fill(buf, sizeof(buf));
	assert_int_equal(copy_to_host(PA(HOST_PAGE + 5), buf, 10 * PAGE_SIZE), HYPSEC_OK);
	assert_memory_equal(raw(HOST_PAGE + 5), buf, 10 * PAGE_SIZE);

	assert_int_equal(copy_from_host(buf, PA(DEVICE), 8), HYPSEC_RANGE);
	assert_int_equal(copy_from_host(buf, PA(RAM_END - 4), 8), HYPSEC_RANGE);
	assert_int_equal(copy_from_host(buf, PA(MEM_BASE), ~0UL), HYPSEC_RANGE);
	assert_int_equal(copy_to_host(PA(~0UL), buf, 8), HYPSEC_RANGE);
	assert_int_equal(copy_from_host(buf, PA(REGION), 8), HYPSEC_DENIED);
	assert_int_equal(copy_to_host(PA(REGION - 4), buf, 8), HYPSEC_DENIED);
	assert_int_equal(own_claim(PA(HOST_PAGE + PAGE_SIZE), 1, 1, true), HYPSEC_OK);
	assert_int_equal(copy_from_host(buf, PA(HOST_PAGE), 2 * PAGE_SIZE), HYPSEC_DENIED);
	assert_int_equal(copy_to_host(PA(HOST_PAGE), buf, 2 * PAGE_SIZE), HYPSEC_DENIED);
	assert_int_equal(raw(HOST_PAGE + PAGE_SIZE)[0], 0);
	assert_int_equal(own_return(PA(HOST_PAGE + PAGE_SIZE), 1, 1), HYPSEC_OK);
	assert_true(slots_empty());
}

/* Misuse by the core itself stops it. Last: the locks it died with stay taken. */
static void test_misuse(void **state)
{
	void *p = pool_alloc(HYPSEC_ACC_VM), *q = pool_alloc(HYPSEC_ACC_VM);

	(void)state;
	assert_non_null(q);		/* so that the account does not give it away */
	assert_non_null(slot_map(SLOT_WALK, PA(HOST_PAGE), 8));
	expect_assert_failure(slot_map(SLOT_WALK, PA(HOST_PAGE), 8));	/* in use */
	assert_int_equal(slot_unmap(SLOT_WALK), HYPSEC_OK);
	expect_assert_failure((void)!slot_unmap(SLOT_WALK));
	expect_assert_failure(slot_map(SLOT_COUNT, PA(HOST_PAGE), 8));
	assert_non_null(slot_map(SLOT_LEASE_VCPU, PA(HOST_PAGE), 8));
	expect_assert_failure(slot_resume(SLOT_LEASE_VCPU));	/* it does not rest */
	slot_rest(SLOT_LEASE_VCPU);
	expect_assert_failure(slot_rest(SLOT_LEASE_VCPU));	/* twice */
	assert_true(slot_resume(SLOT_LEASE_VCPU));
	assert_int_equal(slot_unmap(SLOT_LEASE_VCPU), HYPSEC_OK);
	expect_assert_failure(slot_resume(SLOT_WALK));
	expect_assert_failure(slot_resume(SLOT_COUNT));
	expect_assert_failure(slot_map_private(PA(HOST_PAGE), 0));
	expect_assert_failure(slot_holds(PA(HOST_PAGE), PAGE_SIZE));	/* without the lock */
	expect_assert_failure(s2_unmap(&host_s2, MEM_BASE, PAGE_SIZE));	/* the record */
	expect_assert_failure(s2_replace(&host_s2, HOST_PAGE, 0x1234, 0));
	expect_assert_failure(pool_alloc(HYPSEC_ACC_FREE));
	assert_int_equal(s2_map(&host_s2, REGION, PA(REGION), PAGE_SIZE, S2_R), HYPSEC_DENIED);
	assert_int_equal(s2_map(&host_s2, REGION, PA(REGION), SZ_2M, S2_R), HYPSEC_DENIED);
	assert_int_equal(s2_map(&host_s2, MEM_BASE, PA(MEM_BASE), SZ_1G, S2_R), HYPSEC_DENIED);
	pool_free(p, HYPSEC_ACC_VM);
	expect_assert_failure(pool_free(p, HYPSEC_ACC_VM));	/* twice */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_claim_against_slot),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_misuse),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
