// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walk of KVM's stage 2: every descriptor is the host's to choose. It reads the
 * host's own RAM and nothing else, and it ends.
 */
#include "walk_common.h"

#define PRIVATE_PAGE	GUEST_PAGES

/* KVM's geometry for every size: first, last, middle, any. */
static void test_geometry(void **state)
{
	unsigned int bits, i;

	(void)state;
	for (bits = 32; bits <= 52; bits++) {
		u64 top = BIT(bits), at[4];
		u8 start = kvm_start_level(bits);

		new_vm(bits);
		at[0] = 0;
		at[1] = top - PAGE_SIZE;
		at[2] = top / 2;
		at[3] = test_rand() & (top - 1) & PAGE_MASK;
		for (i = 0; i < 4; i++) {
			fails(at[i], HYPSEC_RANGE, start);
			*kvm_entry(&id, at[i], 3) = (OUT + i * PAGE_SIZE) | PAGE_LEAF;
			finds(at[i], 3, OUT + i * PAGE_SIZE);
			fails(at[i] ^ PAGE_SIZE, HYPSEC_RANGE, 3);
			/* The next starts with an empty table. */
			*kvm_entry(&id, at[i], start) = 0;
		}
	}
}

static void test_blocks(void **state)
{
	u64 ipa = 0x5040201000;

	(void)state;
	*kvm_entry(&id, ipa, 1) = 0x80000000 | LEAF;
	finds(ipa, 1, 0x80000000);
	/* Low bits of a block's address are not part of it. */
	*kvm_entry(&id, ipa, 1) = 0x87654000 | LEAF;
	finds(ipa, 1, 0x80000000);
	*kvm_entry(&id, ipa, 1) = 0;
	*kvm_entry(&id, ipa, 2) = 0x8765f000 | LEAF;
	finds(ipa, 2, 0x87600000);

	/* A block of 512 GiB, which the architecture has not: no entry. */
	new_vm(48);
	*kvm_entry(&id, 0, 0) = LEAF;
	fails(0, HYPSEC_RANGE, 0);
	/* Nor is a page without bit 1. */
	*kvm_entry(&id, BIT(40), 3) = OUT | LEAF;
	fails(BIT(40), HYPSEC_RANGE, 3);
	/* An invalid entry at each level, whatever else is in it. */
	*kvm_entry(&id, BIT(40), 3) = ~S2_VALID;
	fails(BIT(40), HYPSEC_RANGE, 3);
	*kvm_entry(&id, BIT(40), 2) = ~S2_VALID;
	fails(BIT(40), HYPSEC_RANGE, 2);
	*kvm_entry(&id, BIT(40), 1) = ~S2_VALID;
	fails(BIT(40), HYPSEC_RANGE, 1);
}

static void test_attributes(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 256; i++) {
		u64 pte = OUT | S2_VALID | S2_TABLE | (u64)(i & 0xf) << 2;
		struct kvm_leaf leaf;

		pte |= (i & 0x10 ? S2_R : 0) | (i & 0x20 ? S2_W : 0) |
		       (i & 0x40 ? PTE_XN : 0) | (i & 0x80 ? PTE_AF : 0);
		/* Bits that mean nothing here. */
		pte |= test_rand() & (GENMASK(63, 55) | BIT(53) | GENMASK(51, 48) | BIT(11) |
				      GENMASK(9, 8));
		*kvm_entry(&id, 0, 3) = pte;
		leaf = walk(0);
		assert_int_equal(leaf.status, HYPSEC_OK);
		assert_int_equal(leaf.pa.v, OUT);
		assert_int_equal(leaf.memattr, i & 0xf);
		assert_int_equal(leaf.r, !!(i & 0x10));
		assert_int_equal(leaf.w, !!(i & 0x20));
		assert_int_equal(leaf.x, !(i & 0x40));
		assert_int_equal(leaf.af, !!(i & 0x80));
	}
}

/* With LPA2 a descriptor names 52 bits of address; the core knows no more than it supports. */
static void test_lpa2(void **state)
{
	(void)state;
	vm->host.vtcr |= VTCR_DS;
	*kvm_entry(&id, 0, 3) = OUT | PAGE_LEAF | GENMASK(49, 48) | GENMASK(9, 8);
	finds(0, 3, OUT | GENMASK(51, 48));
	*kvm_entry(&id, 0, 2) |= 1UL << 8;	/* a table past all memory */
	fails(0, HYPSEC_DENIED, 3);
	*kvm_entry(&id, 0, 2) &= ~(1UL << 8);
	*kvm_entry(&id, 0, 2) |= BIT(48);
	fails(0, HYPSEC_DENIED, 3);
}

/* Where a host may not read, a walk for it does not. */
static const u64 not_host[] = {
	REGION, REGION + REGION_SIZE - PAGE_SIZE,	/* the core */
	DEVICE, 0, RAM_END, 0xffffffff0000UL,
	PRIVATE_PAGE,
};

static void test_tables_elsewhere(void **state)
{
	unsigned int i;
	u8 level;

	(void)state;
	assert_int_equal(own_claim(PA(PRIVATE_PAGE), 9, 9, true), HYPSEC_OK);
	new_vm(48);
	for (i = 0; i < ARRAY_SIZE(not_host); i++) {
		*kvm_entry(&id, 0, 3) = OUT | PAGE_LEAF;
		finds(0, 3, OUT);
		for (level = 0; level < 3; level++) {
			u64 good = *kvm_entry(&id, 0, level);

			*kvm_entry(&id, 0, level) = not_host[i] | S2_VALID | S2_TABLE;
			fails(0, HYPSEC_DENIED, level + 1);
			*kvm_entry(&id, 0, level) = good;
		}
		vm->host.pgd = PA(not_host[i]);
		fails(0, HYPSEC_DENIED, 0);
		vm->host.pgd = id.pgd;
	}
	/* A root that wraps, and one whose last pages lie past RAM. */
	vm->host.pgd = PA(PAGE_MASK);
	fails(0, HYPSEC_DENIED, 0);
	new_vm(52);				/* 16 pages */
	vm->host.pgd = PA(RAM_END - 16 * PAGE_SIZE + SZ_2M);
	fails(BIT(52) - 1, HYPSEC_DENIED, 0);
	vm->host.pgd = PA(REGION - 8 * PAGE_SIZE);
	fails(BIT(52) - 1, HYPSEC_DENIED, 0);
	fails(0, HYPSEC_RANGE, 0);		/* the first are the host's, and empty */
	assert_int_equal(own_return(PA(PRIVATE_PAGE), 9, 9), HYPSEC_OK);
}

/* Tables that lead back to themselves: as many steps as there are levels, then it is a page. */
static void test_loop(void **state)
{
	unsigned int i;
	u64 *table;

	(void)state;
	new_vm(48);
	table = (u64 *)raw(id.pgd.v);
	for (i = 0; i < 512; i++)
		table[i] = id.pgd.v | PAGE_LEAF;
	counts_reset();
	finds(0, 3, id.pgd.v);
	finds(0x123456789000, 3, id.pgd.v);
	assert_true(counts.vae2 <= 8);		/* one slot a level */
}

/* A level's table is the page after another's, not a part of it. */
static void test_index(void **state)
{
	u64 ipa = (511UL << 39 | 510UL << 30 | 509UL << 21 | 508UL << 12) & (BIT(48) - 1);
	unsigned int i;

	(void)state;
	new_vm(48);
	*kvm_entry(&id, ipa, 3) = OUT | PAGE_LEAF;
	for (i = 12; i < 48; i++)
		fails(ipa ^ BIT(i), HYPSEC_RANGE, i < 21 ? 3 : i < 30 ? 2 : i < 39 ? 1 : 0);
	finds(ipa + 0xfff, 3, OUT);
}

/* The entries around a page are what a walk of each finds; around a block there are none. */
static void test_around(void **state)
{
	struct kvm_leaf leaf, one, beside;
	u64 base = 0x123456600000, around[KVM_AROUND], ipa, i, n;

	(void)state;
	new_vm(48);
	for (i = 0; i < 512; i++)
		*kvm_entry(&id, base + i * PAGE_SIZE, 3) = test_rand() & ~(test_rand() & 3);
	for (n = 0; n < 60; n++) {
		ipa = base + (test_rand() & (SZ_2M - 1));
		memset(around, 0x5a, sizeof(around));
		leaf = walk_around(ipa, around);
		one = walk(ipa);
		assert_true(same(&leaf, &one));
		ipa = ALIGN_DOWN(ipa, KVM_AROUND * PAGE_SIZE);
		for (i = 0; i < KVM_AROUND; i++) {
			one = walk(ipa + i * PAGE_SIZE);
			beside = kvm_page_leaf(vm, around[i]);
			assert_true(same(&beside, &one));
		}
	}
	*kvm_entry(&id, base, 2) = 0x80000000 | LEAF;
	leaf = walk_around(base, around);
	one = walk(base);
	assert_true(same(&leaf, &one));
	*kvm_entry(&id, base, 2) = REGION | PAGE_LEAF;
	leaf = walk_around(base, around);
	one = walk(base);
	assert_true(same(&leaf, &one));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_geometry),
		TEST(test_blocks),
		TEST(test_attributes),
		TEST(test_lpa2),
		TEST(test_tables_elsewhere),
		TEST(test_loop),
		TEST(test_index),
		TEST(test_around),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
