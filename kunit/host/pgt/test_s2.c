// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage-2 tables. The machine of fake/hw.h checks every write of an entry and
 * every invalidation as they happen; here is what the tables should translate to.
 */
#include "s2_common.h"

static void test_geometry(void **state)
{
	static const struct {
		u32 parange;
		u8 ipa, start, order;
		u64 vtcr;
	} want[] = {
		/* PS, SH inner, WBWA, SL0, T0SZ, RES1 */
		{ 0, 32, 1, 0, 0x80003560 },
		{ 1, 36, 1, 0, 0x8001355c },
		{ 2, 32, 1, 0, 0x80023560 },
		{ 2, 39, 1, 0, 0x80023559 },
		{ 2, 40, 1, 1, 0x80023558 },
		{ 3, 40, 1, 1, 0x80033558 },
		{ 3, 41, 1, 2, 0x80033557 },
		{ 3, 42, 1, 3, 0x80033556 },
		{ 4, 39, 1, 0, 0x80043559 },
		{ 4, 40, 0, 0, 0x80043598 },
		{ 4, 44, 0, 0, 0x80043594 },
		{ 5, 48, 0, 0, 0x80053590 },
		{ 6, 48, 0, 0, 0x80053590 },	/* 52 bits: used as 48 */
		{ 5, 36, 1, 0, 0x8005355c },
	};
	static const struct { u32 parange; u8 ipa; } refuse[] = {
		{ 0, 33 }, { 2, 41 }, { 4, 45 }, { 5, 49 }, { 6, 52 }, { 4, 31 }, { 4, 0 }, { 4, 255 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		struct s2 s;
		u64 before = pool_account(HYPSEC_ACC_FREE), last;

		write_sysreg(want[i].parange, ID_AA64MMFR0_EL1);
		assert_int_equal(s2_init(&s, want[i].ipa, 9, HYPSEC_ACC_VM_S2), HYPSEC_OK);
		assert_int_equal(s.start_level, want[i].start);
		assert_int_equal(s.root_order, want[i].order);
		assert_int_equal(s.vtcr, want[i].vtcr);
		assert_int_equal(before - pool_account(HYPSEC_ACC_FREE), 1 << s.root_order);
		/* VTTBR_EL2.BADDR: concatenated tables are aligned as a whole. */
		assert_int_equal(core_pa(s.root).v & ((PAGE_SIZE << s.root_order) - 1), 0);
		/* The last page of the space has an entry of its own, inside the root. */
		last = (1UL << want[i].ipa) - PAGE_SIZE;
		tlb_watch(&s);
		assert_int_equal(s2_map(&s, last, PA(MEM_BASE), PAGE_SIZE, RW), HYPSEC_OK);
		assert_int_equal(s2_lookup(&s, last).pte & S2_ADDR, MEM_BASE);
		assert_int_equal(s2_lookup(&s, 0).pte, 0);
		assert_int_equal(s2_lookup(&s, last + PAGE_SIZE).pte, 0);
		assert_int_equal(s2_map(&s, last + PAGE_SIZE, PA(MEM_BASE), PAGE_SIZE, RW),
				 HYPSEC_RANGE);
		/* Its root is another's next: no CPU walks from there, empty as it is. */
		s2_drop(&s);
		counts_reset();
		s2_destroy(&s);
		assert_true(counts.vmalls12e1is);
		assert_true(flushes_done());
		tlb_unwatch(&s);
		while (trash_step(1))
			;
		assert_int_equal(before, pool_account(HYPSEC_ACC_FREE));
	}
	for (i = 0; i < ARRAY_SIZE(refuse); i++) {
		struct s2 s;

		write_sysreg(refuse[i].parange, ID_AA64MMFR0_EL1);
		assert_int_equal(s2_init(&s, refuse[i].ipa, 9, HYPSEC_ACC_VM_S2), HYPSEC_RANGE);
	}
	write_sysreg(4, ID_AA64MMFR0_EL1);
}

/* VMIDs of 16 bits, where the CPU has them; else none above 255, whose top half it would lose. */
static void test_wide_vmids(void **state)
{
	struct s2 s;

	(void)state;
	write_sysreg(0, ID_AA64MMFR1_EL1);
	assert_false(s2_wide_vmids());
	assert_int_equal(s2_init(&s, 40, 255, HYPSEC_ACC_VM_S2), HYPSEC_OK);
	assert_false(s.vtcr & BIT(19));
	s2_destroy(&s);
	expect_assert_failure(s2_init(&s, 40, 256, HYPSEC_ACC_VM_S2));

	write_sysreg(2UL << 4, ID_AA64MMFR1_EL1);
	assert_true(s2_wide_vmids());
	assert_int_equal(s2_init(&s, 40, 4095, HYPSEC_ACC_VM_S2), HYPSEC_OK);
	assert_true(s.vtcr & BIT(19));
	assert_int_equal(s.vmid, 4095);
	s2_destroy(&s);
	while (trash_step(1))
		;
}

static void test_bad_arguments(void **state)
{
	static const struct {
		u64 ia, pa, size, attr;
		int status;
	} bad[] = {
		{ 0x1234, 0, PAGE_SIZE, RW, HYPSEC_INVALID },
		{ 0x1000, 0x10, PAGE_SIZE, RW, HYPSEC_INVALID },
		{ 0x1000, 0, SZ_2M, RW, HYPSEC_INVALID },
		{ SZ_2M, PAGE_SIZE, SZ_2M, RW, HYPSEC_INVALID },
		{ SZ_2M, 0, SZ_1G, RW, HYPSEC_INVALID },
		{ 0, 0, 0, RW, HYPSEC_INVALID },
		{ 0, 0, 2 * PAGE_SIZE, RW, HYPSEC_INVALID },
		{ 0, 0, 512 * SZ_1G, RW, HYPSEC_INVALID },
		{ 0, 0, ~0UL, RW, HYPSEC_INVALID },
		/* Attributes that would become something else in the descriptor. */
		{ 0, 0, PAGE_SIZE, RW | BIT(12), HYPSEC_INVALID },
		{ 0, 0, PAGE_SIZE, RW | S2_VALID, HYPSEC_INVALID },
		{ 0, 0, PAGE_SIZE, RW | BIT(63), HYPSEC_INVALID },
		{ 0, 0, PAGE_SIZE, RW | BIT(53), HYPSEC_INVALID },
		{ 1UL << 40, 0, PAGE_SIZE, RW, HYPSEC_RANGE },
		{ ~0UL << 12, 0, PAGE_SIZE, RW, HYPSEC_RANGE },
		{ 0, 1UL << 44, PAGE_SIZE, RW, HYPSEC_RANGE },
		{ 0, ~0UL << 12, PAGE_SIZE, RW, HYPSEC_RANGE },
	};
	unsigned int i;

	(void)state;
	map(0, MEM_BASE, PAGE_SIZE, RW);
	counts_reset();
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(s2_map(&vm, bad[i].ia, PA(bad[i].pa), bad[i].size, bad[i].attr),
				 bad[i].status);
	assert_int_equal(s2_split(&vm, 1UL << 40, 3), HYPSEC_RANGE);
	assert_int_equal(s2_split(&vm, ~0UL << 12, 3), HYPSEC_RANGE);
	assert_int_equal(counts.pte, 0);
	expect(0, MEM_BASE, RW);
	/* Nothing to do for a range outside; no wrap. */
	s2_unmap(&vm, 1UL << 40, PAGE_SIZE);
	s2_unmap(&vm, ~0UL << 12, ~0UL);
	s2_unmap(&vm, 0, 0);
	expect(0, MEM_BASE, RW);
	s2_unmap(&vm, 0, ~0UL);
	expect(0, ~0UL, 0);
	map(PAGE_SIZE, MEM_BASE, PAGE_SIZE, RW);
	s2_unmap(&vm, PAGE_SIZE, ~0UL);
	expect(PAGE_SIZE, ~0UL, 0);
}

static void test_permissions_in_place(void **state)
{
	(void)state;
	map(0, MEM_BASE, PAGE_SIZE, RW);
	counts_reset();
	map(0, MEM_BASE, PAGE_SIZE, RO);	/* one write, invalidated */
	assert_int_equal(counts.pte, 1);
	assert_int_equal(counts.ipas2e1is, 1);
	map(0, MEM_BASE, PAGE_SIZE, RO | 9UL << S2_SW_SHIFT);	/* software bits: no TLBI */
	assert_int_equal(counts.pte, 2);
	assert_int_equal(counts.ipas2e1is, 1);
	map(0, MEM_BASE, PAGE_SIZE, RO | 9UL << S2_SW_SHIFT);	/* the same: nothing */
	assert_int_equal(counts.pte, 2);
	map(0, MEM_BASE + PAGE_SIZE, PAGE_SIZE, RO);	/* another page: break, make */
	assert_int_equal(counts.pte, 4);
	assert_int_equal(counts.ipas2e1is, 2);
	map(0, MEM_BASE + PAGE_SIZE, PAGE_SIZE, S2_R | S2_MEMATTR_DEVICE_nGnRE);	/* other type */
	assert_int_equal(counts.pte, 6);
	/* Another page without a break is a mistake of the core's. */
	expect_assert_failure(s2_replace(&vm, 0, s2_lookup(&vm, 0).pte,
					 s2_lookup(&vm, 0).pte + PAGE_SIZE));
}

static void test_unmap(void **state)
{
	u64 i;

	(void)state;
	map(0, 2 * SZ_1G, SZ_1G, RW);
	map(SZ_1G, 3 * SZ_1G, SZ_2M, RW);
	map(SZ_1G + SZ_2M, 4 * SZ_1G, PAGE_SIZE, RW);
	map(SZ_1G + SZ_2M + PAGE_SIZE, 5 * SZ_1G, PAGE_SIZE, RW);
	counts_reset();
	s2_unmap(&vm, SZ_1G + SZ_2M, PAGE_SIZE);	/* one page, by address */
	assert_int_equal(counts.ipas2e1is, 1);
	assert_int_equal(counts.vmalls12e1is, 0);
	assert_false(tlb_stale(~0UL));
	expect(SZ_1G + SZ_2M, ~0UL, 0);
	expect(SZ_1G + SZ_2M + PAGE_SIZE, 5 * SZ_1G, RW);
	expect(SZ_1G, 3 * SZ_1G, RW);
	counts_reset();
	s2_unmap(&vm, SZ_1G + SZ_2M, PAGE_SIZE);	/* nothing there: no TLBI */
	assert_int_equal(counts.ipas2e1is + counts.vmalle1is + counts.vmalls12e1is, 0);
	s2_unmap(&vm, SZ_1G + PAGE_SIZE, PAGE_SIZE);	/* a part of a block: all of it */
	expect(SZ_1G, ~0UL, 0);
	expect(SZ_1G + SZ_2M + PAGE_SIZE, 5 * SZ_1G, RW);
	expect(SZ_1G - PAGE_SIZE, 3 * SZ_1G - PAGE_SIZE, RW);
	/* A page of which one byte is named. */
	map(4 * SZ_1G, MEM_BASE, PAGE_SIZE, RW);
	s2_unmap(&vm, 4 * SZ_1G, 1);
	expect(4 * SZ_1G, ~0UL, 0);
	/* The end of one block and the start of a table. */
	s2_unmap(&vm, SZ_1G - PAGE_SIZE, 2 * PAGE_SIZE);
	expect(0, ~0UL, 0);
	expect(SZ_1G + SZ_2M + PAGE_SIZE, 5 * SZ_1G, RW);

	for (i = 0; i < 20; i++)
		map(10 * SZ_1G + i * PAGE_SIZE, MEM_BASE + i * PAGE_SIZE, PAGE_SIZE, RW);
	counts_reset();
	s2_unmap(&vm, 10 * SZ_1G, 20 * PAGE_SIZE);	/* many: the VMID at once */
	assert_int_equal(counts.ipas2e1is, 0);
	assert_in_range(counts.vmalls12e1is, 1, 2);
	assert_false(tlb_stale(~0UL));
	for (i = 0; i < 20; i++)
		expect(10 * SZ_1G + i * PAGE_SIZE, ~0UL, 0);

	/* A block in the place of a table drops what was below. */
	map(20 * SZ_1G, MEM_BASE, PAGE_SIZE, RW);
	map(20 * SZ_1G + SZ_2M, MEM_BASE, PAGE_SIZE, RW);
	map(20 * SZ_1G, 6 * SZ_1G, SZ_1G, RW);
	expect(20 * SZ_1G + SZ_2M, 6 * SZ_1G + SZ_2M, RW);
	s2_drop(&vm);
	expect(20 * SZ_1G + SZ_2M, ~0UL, 0);
	assert_false(tlb_stale(~0UL));
}

/* FEAT_TLBIRANGE: one operation for what was unmapped, tables too, and not for all of the VM. */
static void test_unmap_range(void **state)
{
	u64 base = 10 * SZ_1G + 7 * PAGE_SIZE, i, n;

	(void)state;
	for (i = 0; i < FAKE_CPUS; i++)
		cpu_by_id(i)->tlbi_range = true;
	/* Broadcast to one that does not know it, it could leave an entry there. */
	cpu_by_id(2)->tlbi_range = false;
	tlb_know_cpus();
	for (i = 0; i < 9; i++)
		map(base + i * PAGE_SIZE, MEM_BASE, PAGE_SIZE, RW);
	counts_reset();
	s2_unmap(&vm, base, 9 * PAGE_SIZE);
	assert_int_equal(counts.ripas2e1is, 0);
	assert_int_equal(counts.vmalls12e1is, 2);
	cpu_by_id(2)->tlbi_range = true;
	tlb_know_cpus();
	for (n = 9; n <= 4500; n = n * 2 + test_rand() % 3) {
		for (i = 0; i < n; i += n > 64 ? 5 : 1)
			map(base + i * PAGE_SIZE, MEM_BASE + i % 64 * PAGE_SIZE, PAGE_SIZE, RW);
		map(base - SZ_1G, MEM_BASE, PAGE_SIZE, RW);
		counts_reset();
		s2_unmap(&vm, base, n * PAGE_SIZE);
		assert_false(tlb_stale(~0UL));
		assert_int_equal(counts.ripas2e1is, 1);
		assert_int_equal(counts.vmalls12e1is, 0);
		expect(base - SZ_1G, MEM_BASE, RW);
	}
	/* A table and then a leaf; a leaf and then a table. */
	for (i = 0; i < 2; i++) {
		u64 ia = 60 * SZ_1G + i * SZ_2M;

		map(60 * SZ_1G, MEM_BASE, PAGE_SIZE, RW);
		map(60 * SZ_1G + SZ_2M - PAGE_SIZE, MEM_BASE, PAGE_SIZE, RW);
		map(60 * SZ_1G + SZ_2M, MEM_BASE, PAGE_SIZE, RW);
		s2_unmap(&vm, ia - i * PAGE_SIZE, SZ_2M + PAGE_SIZE);
		assert_false(tlb_stale(~0UL));
		s2_unmap(&vm, 60 * SZ_1G, 2 * SZ_2M);
	}
	/* Blocks that are only partly named; up to what one operation can. */
	map(20 * SZ_1G, 2 * SZ_1G, SZ_1G, RW);
	for (i = 1; i < 8; i++)
		map(20 * SZ_1G + i * SZ_1G, 2 * SZ_1G, SZ_1G, RW);
	for (i = 0; i < 9; i++)
		map(40 * SZ_1G + i * SZ_1G, 2 * SZ_1G, SZ_1G, RW);
	map(28 * SZ_1G, MEM_BASE, PAGE_SIZE, RW);
	counts_reset();
	s2_unmap(&vm, 20 * SZ_1G + PAGE_SIZE, 8 * SZ_1G - PAGE_SIZE + 1);
	assert_false(tlb_stale(~0UL));
	s2_unmap(&vm, 40 * SZ_1G, 8 * SZ_1G + PAGE_SIZE);
	assert_false(tlb_stale(~0UL));
	for (i = 0; i < FAKE_CPUS; i++)
		cpu_by_id(i)->tlbi_range = false;
	tlb_know_cpus();
}

/* Dropping a big tree costs a few writes; the pages come back step by step. */
static void test_trash_is_lazy(void **state)
{
	u64 before = pool_account(HYPSEC_ACC_VM_S2), tables, left, i;

	(void)state;
	for (i = 0; i < 300; i++)
		map(5 * SZ_1G + i * SZ_2M, MEM_BASE, PAGE_SIZE, RW);
	tables = pool_account(HYPSEC_ACC_VM_S2) - before;
	assert_int_equal(tables, 302);
	counts_reset();
	s2_unmap(&vm, 0, 1UL << 40);
	assert_in_range(counts.pte, 1, 8);
	assert_int_equal(counts.zva, 0);
	assert_int_equal(pool_account(HYPSEC_ACC_VM_S2), before + tables);
	left = tables;
	while (trash_step(10)) {
		assert_int_equal(pool_account(HYPSEC_ACC_VM_S2), before + left - 10);
		left -= 10;
	}
	assert_int_equal(pool_account(HYPSEC_ACC_VM_S2), before);
	assert_false(trash_step(10));
}

static void test_no_memory(void **state)
{
	static void *hog[2048];
	unsigned int n = 0;

	(void)state;
	map(SZ_1G, 2 * SZ_1G, SZ_1G, RW);
	while ((hog[n] = pool_alloc(HYPSEC_ACC_VM)))
		n++;
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), POOL_RESERVE);
	assert_int_equal(s2_map(&vm, SZ_1G, PA(0), PAGE_SIZE, RW), HYPSEC_NO_MEMORY);
	assert_int_equal(s2_map(&vm, 600 * SZ_1G, PA(0), PAGE_SIZE, RW), HYPSEC_NO_MEMORY);
	assert_int_equal(s2_split(&vm, SZ_1G, 3), HYPSEC_NO_MEMORY);
	expect(SZ_1G, 2 * SZ_1G, RW);
	/* One page: the 1 GiB block can be split, the 2 MiB block cannot. */
	pool_free(hog[--n], HYPSEC_ACC_VM);
	assert_int_equal(s2_map(&vm, SZ_1G, PA(0), PAGE_SIZE, RW), HYPSEC_NO_MEMORY);
	expect(SZ_1G, 2 * SZ_1G, RW);
	expect(2 * SZ_1G - PAGE_SIZE, 3 * SZ_1G - PAGE_SIZE, RW);
	/* An empty pool helps itself from dropped tables. */
	s2_drop(&vm);
	assert_int_equal(s2_map(&vm, 0, PA(0), SZ_1G, RW), HYPSEC_OK);
	while (n)
		pool_free(hog[--n], HYPSEC_ACC_VM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_geometry),
		cmocka_unit_test_setup_teardown(test_bad_arguments, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_permissions_in_place, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_unmap, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_unmap_range, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_trash_is_lazy, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_no_memory, new_vm, end_vm),
		cmocka_unit_test(test_wide_vmids),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
