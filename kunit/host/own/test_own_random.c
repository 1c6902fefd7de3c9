// SPDX-License-Identifier: GPL-2.0-only
/* Ownership: any operation on any page in any order, against a model. */
#include "own_model.h"

#define PAGES	64
#define EPOCH_PAGES_BASE (MEM_BASE + 9 * SZ_2M - 32 * PAGE_SIZE)	/* across two blocks */

static struct { u8 s; u16 vm; u64 frame; u32 stamp; } m[PAGES];

/* Pages that have become a block have one stamp: that of any of them, which is not lost. */
static void joined(u64 pa, u32 now)
{
	struct s2_leaf leaf = s2_lookup(&host_s2, pa);

	if (leaf.level == 3)
		return;
	for (unsigned int i = 0; i < PAGES; i++) {
		if (ALIGN_DOWN(EPOCH_PAGES_BASE + i * PAGE_SIZE, SZ_2M) != ALIGN_DOWN(pa, SZ_2M))
			continue;
		assert_true(m[i].stamp != now || (leaf.pte & S2_SW));
		m[i].stamp = leaf.pte & S2_SW ? now : 0;	/* clear_stamps() leaves no other */
	}
}

static void test_random(void **state)
{
	unsigned int n, i, ok = 0;
	u32 now = 1;

	(void)state;
	for (i = 0; i < PAGES; i++)
		m[i].s = PG_HOST;
	for (n = 0; n < 6000; n++) {
		enum own_op op = test_rand() % OWN_COUNT;
		u64 pa;
		u16 vm;
		u64 frame;
		u8 cond = 0, to;
		int status, want;

		i = test_rand() % PAGES;
		pa = EPOCH_PAGES_BASE + i * PAGE_SIZE;
		if (test_rand() % 8 == 0 && (m[i].s == PG_HOST || m[i].s == PG_SHARED)) {
			set_stamp(pa);
			/* The whole block, if it is one. */
			for (to = 0; to < PAGES; to++) {
				u64 q = EPOCH_PAGES_BASE + to * PAGE_SIZE;

				if (s2_lookup(&host_s2, q).level == 2 &&
				    ALIGN_DOWN(q, SZ_2M) == ALIGN_DOWN(pa, SZ_2M))
					m[to].stamp = now;
			}
			m[i].stamp = now;
		}
		if (test_rand() % 40 == 0) {
			clear_stamps();
			now++;
		}
		vm = m[i].s == PG_PRIVATE && test_rand() % 4 ? m[i].vm : 1 + test_rand() % 5;
		frame = m[i].s == PG_PRIVATE && test_rand() % 4 ? m[i].frame : test_rand() % 9;
		if (m[i].s == PG_PRIVATE && vm == m[i].vm && frame == m[i].frame)
			cond |= IF_SAME;
		if (m[i].stamp == now)
			cond |= IF_STAMPED;
		cond |= IF_FREE;
		want = expected(op, m[i].s, cond, &to);
		cpu_switch(test_rand() % FAKE_CPUS);
		status = run_op(op, pa, vm, frame);
		assert_int_equal(status, want);
		if (status == HYPSEC_OK && to != m[i].s) {
			ok++;
			if (to == PG_PRIVATE) {
				m[i].vm = vm;
				m[i].frame = frame;
			}
			if (to != PG_SHARED && m[i].s != PG_SHARED)
				m[i].stamp = 0;
			m[i].s = to;
		}
		joined(pa, now);
		check_views(pa, m[i].s, m[i].vm, m[i].frame);
		if (n % 100 == 0) {
			for (i = 0; i < PAGES; i++)
				check_views(EPOCH_PAGES_BASE + i * PAGE_SIZE, m[i].s, m[i].vm,
					    m[i].frame);
		}
	}
	assert_in_range(ok, 500, 6000);
	cpu_switch(0);
	clear_stamps();
	for (i = 0; i < PAGES; i++)
		back_to_host(EPOCH_PAGES_BASE + i * PAGE_SIZE, m[i].s, m[i].vm, m[i].frame);
	for (i = 0; i < HYPSEC_ACC_COUNT; i++)
		assert_int_equal(pool_account(i), start[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
