/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of stage 2: a VM's table that the TLB model follows, and its accounts. */
#ifndef HYPSEC_S2_COMMON_H
#define HYPSEC_S2_COMMON_H

#include "test.h"
#include "machine.h"
#include "base/check.h"

#define VMID	7
#define RW	(S2_R | S2_W | S2_MEMATTR_WB)
#define RO	(S2_R | S2_MEMATTR_WB)

static u64 free_pages, s2_pages;
static struct s2 vm;

static inline int boot(void **state)
{
	(void)state;
	machine_reset(4);		/* 44 bits: A57, A72 */
	machine_boot();
	return 0;
}

static inline int new_vm(void **state)
{
	(void)state;
	free_pages = pool_account(HYPSEC_ACC_FREE);
	s2_pages = pool_account(HYPSEC_ACC_VM_S2);
	assert_int_equal(s2_init(&vm, 40, VMID, HYPSEC_ACC_VM_S2), HYPSEC_OK);
	tlb_watch(&vm);
	return 0;
}

static inline int end_vm(void **state)
{
	(void)state;
	s2_destroy(&vm);
	tlb_unwatch(&vm);
	while (trash_step(3))
		;
	assert_false(tlb_stale(~0UL));
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), free_pages);
	assert_int_equal(pool_account(HYPSEC_ACC_VM_S2), s2_pages);
	assert_int_equal(this_cpu()->ranks_held, 0);
	pte_hook = NULL;
	return 0;
}

static inline void map(u64 ia, u64 pa, u64 size, u64 attr)
{
	assert_int_equal(s2_map(&vm, ia, PA(pa), size, attr), HYPSEC_OK);
	assert_false(tlb_stale(~0UL));
	assert_true(ptes_ordered());
}

/* @ia translates to @pa with exactly these attributes; ~0: not at all. */
static inline void expect(u64 ia, u64 pa, u64 attr)
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

#endif
