// SPDX-License-Identifier: GPL-2.0-only
/* Stage-2 tables: splitting and joining blocks, TLB maintenance from any context, fuzz. */
#include "s2_common.h"
#include "vcpu/vcpu.h"
#include "pvm/pvm.h"

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
	s2_merge(&vm, 3 * SZ_1G + 5 * SZ_2M + 77 * PAGE_SIZE, 5);
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
	s2_merge(&vm, base + 511 * PAGE_SIZE, S2_STAMPS(3, 4));
	assert_int_equal(s2_lookup(&vm, base).level, 3);
	/* One of them does: the block has it. */
	s2_merge(&vm, base + 511 * PAGE_SIZE, 4);
	assert_int_equal(s2_lookup(&vm, base).level, 2);
	expect(base + 511 * PAGE_SIZE, pa + 511 * PAGE_SIZE, RW | 4UL << S2_SW_SHIFT);
}

static void stop_walks(void)
{
	write_sysreg(~0UL, TCR_EL1);
	isb();
	write_sysreg(1, SCTLR_EL1);
	isb();
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
		stop_walks();
		assert_true(trace_pause());
		write_sysreg(other, VTTBR_EL2);
		trace_unpause();
		isb();
		write_sysreg(sctlr[i], SCTLR_EL1);
		isb();
		write_sysreg(0x12345, TCR_EL1);
		isb();
		counts_reset();
		map(0, MEM_BASE + i * PAGE_SIZE, PAGE_SIZE, RW);
		tlb_flush_vmid(&vm);
		tlb_flush_vmid_local(&vm);
		assert_true(flushes_done());
		assert_int_equal(read_sysreg(VTTBR_EL2), other);
		assert_int_equal(read_sysreg(TCR_EL1), 0x12345);
		assert_int_equal(read_sysreg(SCTLR_EL1), sctlr[i]);
		assert_int_equal(counts.vmalls12e1, 1);
		assert_int_equal(counts.iallu, 1);
	}
	/* Already loaded: nothing is switched. */
	stop_walks();
	assert_true(trace_pause());	/* none of the above has left it so */
	s2_load(&vm);
	assert_int_equal(read_sysreg(VTTBR_EL2), core_pa(vm.root).v | (u64)VMID << 48);
	assert_int_equal(read_sysreg(VTCR_EL2), vm.vtcr);
	counts_reset();
	map(0, MEM_BASE + 5 * PAGE_SIZE, PAGE_SIZE, RW);
	assert_int_equal(counts.vttbr, 0);
	write_sysreg(host, VTTBR_EL2);
	trace_unpause();
	isb();
	write_sysreg(0, TCR_EL1);
	isb();
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
			trash_step(test_rand() % 3);
	}
	compare();
}

/* The page that a block comes with is spent once: others have theirs in the same account. */
static void test_held_once(void **state)
{
	(void)state;
	assert_true(pool_hold(1));
	vm.holds = true;
	map(0, MEM_BASE, SZ_2M, RW);
	expect_assert_failure(s2_split(&vm, 0, 3));
	vm.holds = false;
	s2_unmap(&vm, 0, SZ_2M);
	pool_unhold(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_split, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_merge_refused, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_tlb_context, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_held_once, new_vm, end_vm),
		cmocka_unit_test_setup_teardown(test_random, new_vm, end_vm),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
