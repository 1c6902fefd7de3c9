// SPDX-License-Identifier: GPL-2.0-only
/* The walk of KVM's stage 2 while the host changes what is walked. */
#include "walk_common.h"
#include "reads.h"

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

/* One read of each descriptor: a second could find another one than was judged. */
static void test_read_once(void **state)
{
	u64 around[KVM_AROUND];
	u64 ipa = 0x123456789000;
	u8 level;

	(void)state;
	new_vm(48);
	slot_reads = 0;
	fails(ipa, HYPSEC_RANGE, 0);
	assert_int_equal(slot_reads, 1);
	*kvm_entry(&id, ipa, 3) = OUT | PAGE_LEAF;
	slot_reads = 0;
	finds(ipa, 3, OUT);
	assert_int_equal(slot_reads, 4);
	slot_reads = 0;
	walk_around(ipa, around);
	assert_int_equal(slot_reads, KVM_AROUND);	/* the table is known */
	kvm_flushes(&id);
	slot_reads = 0;
	walk_around(ipa, around);
	assert_int_equal(slot_reads, 3 + KVM_AROUND);
	for (level = 2; level >= 1; level--) {
		*kvm_entry(&id, ipa, level) = 0x80000000 | LEAF;
		slot_reads = 0;
		finds(ipa, level, 0x80000000);
		assert_int_equal(slot_reads, level + 1);
	}
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
