// SPDX-License-Identifier: GPL-2.0-only
/* The walk of KVM's stage 2 while the host changes what is walked. */
#include <pthread.h>
#include "walk_common.h"

/*
 * The host writes while the walk goes on, from another CPU: just before each look-up of a
 * table page (slot_map() takes the lock), everything it has is turned into something else.
 */
static unsigned int writes;

static void rewrite(const struct spinlock *l)
{
	u64 pa;

	if (l != &host_s2_lock)
		return;
	writes++;
	for (pa = id.pgd.v; pa < id.pgd.v + 8 * PAGE_SIZE; pa += 8) {
		static const u64 kinds[] = {
			S2_VALID | S2_TABLE, S2_VALID, PAGE_LEAF, LEAF, 0,
		};
		const u64 pages[] = { id.pgd.v, id.pgd.v + PAGE_SIZE, REGION, DEVICE, ~0UL };

		*(u64 *)raw(pa) = (pages[test_rand() % ARRAY_SIZE(pages)] & GENMASK(51, 12)) |
				  kinds[test_rand() % ARRAY_SIZE(kinds)] |
				  (test_rand() & GENMASK(11, 2));
	}
}

static void test_changing(void **state)
{
	unsigned int n, found = 0, denied = 0;

	(void)state;
	new_vm(48);
	memset(raw(REGION), 0xff, PAGE_SIZE);	/* valid, to whoever reads it */
	for (n = 0; n < 1000; n++) {
		struct kvm_leaf leaf;

		rewrite(&host_s2_lock);
		lock_hook = rewrite;
		writes = 0;
		leaf = walk(test_rand() & (BIT(48) - 1));
		lock_hook = NULL;
		assert_in_range(writes, 1, 4);
		found += leaf.status == HYPSEC_OK;
		denied += leaf.status == HYPSEC_DENIED;
		if (leaf.status != HYPSEC_OK)
			continue;
		assert_in_range(leaf.level, 1, 3);
		assert_int_equal(leaf.size, 1UL << (39 - 9 * leaf.level));
		assert_true(IS_ALIGNED(leaf.pa.v, leaf.size));
		assert_true(leaf.pa.v < BIT(48));
	}
	memset(raw(REGION), 0, PAGE_SIZE);
	assert_true(found > 10 && denied > 10);
}

/* A table page is claimed for a protected VM just before the walk gets to it. */
static void claim_table(const struct spinlock *l)
{
	u64 pa = *kvm_entry(&id, 0, 2) & GENMASK(47, 12);

	if (l != &host_s2_lock || cpu_now() || writes++ != 1)
		return;
	lock_hook = NULL;
	cpu_switch(1);
	assert_int_equal(own_claim(PA(pa), 9, 9, true), HYPSEC_OK);
	cpu_switch(0);
}

static void test_table_claimed(void **state)
{
	u64 pa;

	(void)state;
	*kvm_entry(&id, 0, 3) = OUT | PAGE_LEAF;
	pa = *kvm_entry(&id, 0, 2) & GENMASK(47, 12);
	writes = 0;
	lock_hook = claim_table;
	fails(0, HYPSEC_DENIED, 3);
	assert_null(lock_hook);
	assert_int_equal(own_return(PA(pa), 9, 9), HYPSEC_OK);
}

/* One entry goes back and forth, in earnest: what is found is all of one or all of the other. */
#define ONE	(OUT | S2_VALID | S2_TABLE | S2_R | PTE_XN | PTE_AF)
#define OTHER	((OUT << 1) | S2_VALID | S2_TABLE | S2_R | S2_W | 0xfUL << 2)

static bool stop;

static void *flip(void *arg)
{
	u64 *entry = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		__atomic_store_n(entry, ONE, __ATOMIC_RELAXED);
		__atomic_store_n(entry, OTHER, __ATOMIC_RELAXED);
		__atomic_store_n(entry, 0, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void test_read_once(void **state)
{
	pthread_t thread;
	unsigned int n;

	(void)state;
	stop = false;
	*kvm_entry(&id, 0, 3) = ONE;
	assert_int_equal(pthread_create(&thread, NULL, flip, kvm_entry(&id, 0, 3)), 0);
	for (n = 0; n < 10000; n++) {
		struct kvm_leaf l = walk(0);
		bool one = l.status == HYPSEC_OK && l.pa.v == OUT && l.r && !l.w && !l.x &&
			   l.af && !l.memattr;
		bool other = l.status == HYPSEC_OK && l.pa.v == OUT << 1 && l.r && l.w && l.x &&
			     !l.af && l.memattr == 0xf;

		if (!one && !other && l.status != HYPSEC_RANGE)
			break;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(n, 10000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_changing),
		TEST(test_table_claimed),
		TEST(test_read_once),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
