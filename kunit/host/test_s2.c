// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage-2 tables. The machine of fake/hw.h checks every write of an entry and
 * every invalidation as they happen; here is what the tables should translate to.
 */
#include "test.h"
#include "machine.h"
#include "check.h"

#define VMID	7
#define RW	(S2_R | S2_W | S2_MEMATTR_WB)
#define RO	(S2_R | S2_MEMATTR_WB)

static u64 free_pages, s2_pages;
static struct s2 vm;

static int boot(void **state)
{
	(void)state;
	machine_reset(4);		/* 44 bits: A57, A72 */
	machine_boot();
	return 0;
}

static int new_vm(void **state)
{
	(void)state;
	free_pages = pool_account(HYPSEC_ACC_FREE);
	s2_pages = pool_account(HYPSEC_ACC_VM_S2);
	assert_int_equal(s2_init(&vm, 40, VMID, HYPSEC_ACC_VM_S2), HYPSEC_OK);
	tlb_watch(&vm);
	return 0;
}

static int end_vm(void **state)
{
	(void)state;
	s2_destroy(&vm);
	tlb_unwatch(&vm);
	while (s2_trash_step(3))
		;
	assert_false(tlb_stale(~0UL));
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), free_pages);
	assert_int_equal(pool_account(HYPSEC_ACC_VM_S2), s2_pages);
	assert_int_equal(this_cpu()->ranks_held, 0);
	pte_hook = NULL;
	return 0;
}

static void map(u64 ia, u64 pa, u64 size, u64 attr)
{
	assert_int_equal(s2_map(&vm, ia, PA(pa), size, attr), HYPSEC_OK);
	assert_false(tlb_stale(~0UL));
}

/* @ia translates to @pa with exactly these attributes; ~0: not at all. */
static void expect(u64 ia, u64 pa, u64 attr)
{
	struct s2_leaf l = s2_lookup(&vm, ia);

	if (pa == ~0UL) {
		assert_int_equal(l.pte, 0);
		return;
	}
	assert_int_equal(l.pte & 1, 1);
	assert_int_equal((l.pte & S2_ADDR) + (ia & (l.size - 1)), pa);
	assert_int_equal(l.pte & ~S2_ADDR & ~S2_TABLE,
			 attr | S2_AF | S2_SH_INNER | S2_VALID);
	assert_int_equal(!!(l.pte & S2_TABLE), l.level == 3);
}

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
		s2_destroy(&s);
		tlb_unwatch(&s);
		while (s2_trash_step(1))
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
	assert_int_equal(counts.pte, 0);
	expect(0, MEM_BASE, RW);
	/* Nothing to do for a range outside; no wrap. */
	s2_unmap(&vm, 1UL << 40, PAGE_SIZE);
	s2_unmap(&vm, ~0UL << 12, ~0UL);
	s2_unmap(&vm, 0, 0);
	expect(0, MEM_BASE, RW);
	s2_unmap(&vm, 0, ~0UL);
	expect(0, ~0UL, 0);
}

/* Each translation before a split is there after it, and in between it is that or none. */
static unsigned int steps;
static u64 split_ia, split_size, split_pa;

static void split_hook(u64 *ptep, u64 old, u64 new)
{
	u64 ia;

	(void)ptep, (void)old, (void)new;
	steps++;
	for (ia = split_ia; ia < split_ia + split_size; ia += split_size / 64 + PAGE_SIZE) {
		struct s2_leaf l = s2_lookup(&vm, ia);

		if (l.pte & 1)
			assert_int_equal((l.pte & S2_ADDR) + (ia & (l.size - 1)),
					 split_pa + (ia - split_ia));
	}
}

static void test_split(void **state)
{
	u64 attr = RO | (5UL << S2_SW_SHIFT), ia;

	(void)state;
	map(3 * SZ_1G, 7 * SZ_1G, SZ_1G, attr);
	split_ia = 3 * SZ_1G;
	split_pa = 7 * SZ_1G;
	split_size = SZ_1G;
	steps = 0;
	pte_hook = split_hook;
	counts_reset();
	assert_int_equal(s2_split(&vm, 3 * SZ_1G + 5 * SZ_2M + 9 * PAGE_SIZE, 3), HYPSEC_OK);
	pte_hook = NULL;
	/* Two blocks: break and make each; one invalidation each, in both stages. */
	assert_int_equal(steps, 4);
	assert_int_equal(counts.ipas2e1is, 2);
	assert_in_range(counts.vmalle1is, 2, 4);
	assert_int_equal(counts.vmalls12e1is, 0);
	for (ia = 0; ia < SZ_1G; ia += 13 * PAGE_SIZE)
		expect(3 * SZ_1G + ia, 7 * SZ_1G + ia, attr);
	assert_int_equal(s2_lookup(&vm, 3 * SZ_1G).level, 2);
	assert_int_equal(s2_lookup(&vm, 3 * SZ_1G + 5 * SZ_2M).level, 3);

	/* Again: nothing to do. */
	counts_reset();
	assert_int_equal(s2_split(&vm, 3 * SZ_1G + 5 * SZ_2M, 3), HYPSEC_OK);
	assert_int_equal(counts.pte, 0);

	/* Back together: 512 pages, then 512 blocks; a dead stamp does not hinder. */
	assert_int_equal(s2_lookup(&vm, 3 * SZ_1G + 5 * SZ_2M).level, 3);
	pte_hook = split_hook;
	s2_merge(&vm, 3 * SZ_1G + 5 * SZ_2M + 77 * PAGE_SIZE, BIT(5));
	pte_hook = NULL;
	assert_int_equal(s2_lookup(&vm, 3 * SZ_1G).level, 1);
	expect(3 * SZ_1G + 12345 * PAGE_SIZE, 7 * SZ_1G + 12345 * PAGE_SIZE, attr);
}

static void test_merge_refused(void **state)
{
	u64 base = 2 * SZ_1G, pa = 4 * SZ_1G, odd;

	(void)state;
	map(base, pa, SZ_2M, RW);
	assert_int_equal(s2_split(&vm, base, 3), HYPSEC_OK);
	for (odd = 0; odd < 512; odd += 73) {
		u64 ia = base + odd * PAGE_SIZE;

		/* Any page that differs in anything but a dead stamp. */
		map(ia, pa + odd * PAGE_SIZE, PAGE_SIZE, RO);
		s2_merge(&vm, base + 511 * PAGE_SIZE, 0);
		assert_int_equal(s2_lookup(&vm, base).level, 3);
		map(ia, pa + SZ_1G + odd * PAGE_SIZE, PAGE_SIZE, RW);
		s2_merge(&vm, base + 511 * PAGE_SIZE, 0);
		assert_int_equal(s2_lookup(&vm, base).level, 3);
		map(ia, pa + odd * PAGE_SIZE, PAGE_SIZE, RW | S2_SHARED);
		s2_merge(&vm, base + 511 * PAGE_SIZE, 0);
		assert_int_equal(s2_lookup(&vm, base).level, 3);
		s2_unmap(&vm, ia, PAGE_SIZE);
		s2_merge(&vm, base + 511 * PAGE_SIZE, 0);
		assert_int_equal(s2_lookup(&vm, base).level, 3);
		map(ia, pa + odd * PAGE_SIZE, PAGE_SIZE, RW | 3UL << S2_SW_SHIFT);
	}
	/* Shared pages, even all of them: each is taken back alone. */
	map(base + SZ_2M, pa + SZ_2M, SZ_2M, RW | S2_SHARED);
	assert_int_equal(s2_split(&vm, base + SZ_2M, 3), HYPSEC_OK);
	s2_merge(&vm, base + SZ_2M, 0);
	assert_int_equal(s2_lookup(&vm, base + SZ_2M).level, 3);

	/* Two stamps that both count cannot be one. */
	map(base + PAGE_SIZE, pa + PAGE_SIZE, PAGE_SIZE, RW | 4UL << S2_SW_SHIFT);
	s2_merge(&vm, base + 511 * PAGE_SIZE, BIT(3) | BIT(4));
	assert_int_equal(s2_lookup(&vm, base).level, 3);
	/* One of them does: the block has it. */
	s2_merge(&vm, base + 511 * PAGE_SIZE, BIT(4));
	assert_int_equal(s2_lookup(&vm, base).level, 2);
	expect(base + 511 * PAGE_SIZE, pa + 511 * PAGE_SIZE, RW | 4UL << S2_SW_SHIFT);
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
	while (s2_trash_step(10)) {
		assert_int_equal(pool_account(HYPSEC_ACC_VM_S2), before + left - 10);
		left -= 10;
	}
	assert_int_equal(pool_account(HYPSEC_ACC_VM_S2), before);
	assert_false(s2_trash_step(10));
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

/* With a guest loaded, and with the host: EL1's own registers come back. */
static void test_tlb_context(void **state)
{
	static const u64 sctlr[] = { 0x30d00800, 0x30d00801 };
	u64 other = MEM_BASE | 33UL << 48, host = read_sysreg(VTTBR_EL2);
	unsigned int i;

	(void)state;
	map(0, MEM_BASE, PAGE_SIZE, RW);
	for (i = 0; i < 2; i++) {
		write_sysreg(~0UL, TCR_EL1);
		write_sysreg(1, SCTLR_EL1);
		write_sysreg(other, VTTBR_EL2);
		write_sysreg(0x12345, TCR_EL1);
		write_sysreg(sctlr[i], SCTLR_EL1);
		counts_reset();
		map(0, MEM_BASE + i * PAGE_SIZE, PAGE_SIZE, RW);
		tlb_flush_vmid(&vm);
		tlb_flush_vmid_local(&vm);
		assert_int_equal(read_sysreg(VTTBR_EL2), other);
		assert_int_equal(read_sysreg(TCR_EL1), 0x12345);
		assert_int_equal(read_sysreg(SCTLR_EL1), sctlr[i]);
		assert_int_equal(counts.vmalls12e1, 1);
		assert_int_equal(counts.iallu, 1);
	}
	/* Already loaded: nothing is switched. */
	write_sysreg(~0UL, TCR_EL1);
	write_sysreg(1, SCTLR_EL1);
	s2_load(&vm);
	assert_int_equal(read_sysreg(VTTBR_EL2), core_pa(vm.root).v | (u64)VMID << 48);
	assert_int_equal(read_sysreg(VTCR_EL2), vm.vtcr);
	counts_reset();
	map(0, MEM_BASE + 5 * PAGE_SIZE, PAGE_SIZE, RW);
	assert_int_equal(counts.vttbr, 0);
	write_sysreg(host, VTTBR_EL2);
	write_sysreg(0, TCR_EL1);
}

/* Random maps and unmaps against a page-by-page model of 4 windows of 4 MiB. */
#define SLICE	1024
static u64 model[4][SLICE];		/* descriptor without address bits, and the address */
static const u64 slice_ia[4] = { 0, 2 * SZ_1G - SZ_2M, 511 * SZ_1G, (1UL << 40) - 2 * SZ_2M };

static void compare(void)
{
	unsigned int w, i;

	for (w = 0; w < 4; w++) {
		for (i = 0; i < SLICE; i++) {
			u64 ia = slice_ia[w] + i * PAGE_SIZE;

			if (model[w][i])
				expect(ia, model[w][i] & S2_ADDR, model[w][i] & ~S2_ADDR);
			else
				expect(ia, ~0UL, 0);
		}
	}
}

static void test_random(void **state)
{
	unsigned int n, i;

	(void)state;
	memset(model, 0, sizeof(model));
	for (n = 0; n < 3000; n++) {
		unsigned int w = test_rand() % 4, at = test_rand() % SLICE;
		u64 size = test_rand() % 3 ? PAGE_SIZE : SZ_2M, pages = size / PAGE_SIZE;
		u64 attr = test_rand() % 2 ? RW : RO;
		u64 pa = (test_rand() % 64) * SZ_1G + at * PAGE_SIZE, ia;

		at = ALIGN_DOWN(at, pages);
		pa = ALIGN_DOWN(pa, size);
		ia = slice_ia[w] + at * PAGE_SIZE;
		if (test_rand() % 5) {
			map(ia, pa, size, attr);
			for (i = 0; i < pages; i++)
				model[w][at + i] = (pa + i * PAGE_SIZE) | attr;
		} else {
			u64 len = test_rand() % 700;
			bool block[2] = { 0, 0 };

			if (at + len > SLICE)
				len = SLICE - at;
			if (!len)
				continue;
			/* Blocks go whole. */
			for (i = 0; i < 2; i++)
				block[i] = s2_lookup(&vm, slice_ia[w] + i * SZ_2M).level == 2;
			s2_unmap(&vm, ia, len * PAGE_SIZE);
			for (i = 0; i < SLICE; i++) {
				bool in = i >= at && i < at + len;
				bool touched_block = at / 512 <= i / 512 &&
						     i / 512 <= (at + len - 1) / 512;

				if (in || (block[i / 512] && touched_block))
					model[w][i] = 0;
			}
			assert_false(tlb_stale(~0UL));
		}
		if (n % 50 == 0)
			compare();
		if (n % 7 == 0)
			s2_trash_step(test_rand() % 3);
	}
	compare();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_geometry),
		cmocka_unit_test_setup_teardown(test_bad_arguments, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_split, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_merge_refused, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_permissions_in_place, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_unmap, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_trash_is_lazy, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_no_memory, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_tlb_context, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_random, new_vm, end_vm),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
