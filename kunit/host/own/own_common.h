/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of ownership: one page, everybody's views of it, stamps, an empty pool. */
#ifndef HYPSEC_OWN_COMMON_H
#define HYPSEC_OWN_COMMON_H

#include "test.h"
#include "machine.h"
#include "base/core.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"
#include "base/check.h"
#include "own/transitions.h"

#define PAGE		(MEM_BASE + 5 * SZ_2M + 7 * PAGE_SIZE)	/* in a 2 MiB block */
#define VM		3
#define FRAME		0x4321

static u64 start[HYPSEC_ACC_COUNT];
static inline int boot(void **state)
{
	unsigned int i;

	(void)state;
	machine_reset(4);
	machine_boot();
	for (i = 0; i < HYPSEC_ACC_COUNT; i++)
		start[i] = pool_account(i);
	return 0;
}

static inline bool all_bytes(u64 pa, u8 v)
{
	u8 *p = raw(pa);

	return p[0] == v && !memcmp(p, p + 1, PAGE_SIZE - 1);
}

/* What everybody sees of a page of memory in state @s, private to {@vm, @frame}. */
static inline void check_views(u64 pa, u8 s, u16 vm, u64 frame)
{
	bool host = s == PG_HOST || s == PG_SHARED;
	struct page_info pi = own_lookup(PA(pa));
	u16 other;
	void *p;

	assert_int_equal(pi.state, s == PG_SHARED ? PG_HOST : s);
	assert_int_equal(pi.shared, s == PG_SHARED);
	assert_int_equal(pi.vm, s == PG_PRIVATE ? vm : 0);
	assert_int_equal(pi.frame, s == PG_PRIVATE ? frame : 0);

	assert_int_equal(host_can(pa, false, false), host);
	assert_int_equal(host_can(pa, true, true), host);
	assert_int_equal(tlb_stale(pa), false);

	p = slot_map(SLOT_COPY, PA(pa + 5), 7);
	assert_int_equal(p != NULL, host);
	if (p) {
		assert_int_equal(*(u8 *)p, raw(pa)[5]);
		assert_int_equal(slot_unmap(SLOT_COPY), HYPSEC_OK);
	}
	for (other = 1; other < 6; other++) {
		p = slot_map_private(PA(pa), other);
		assert_int_equal(p != NULL, s == PG_PRIVATE && other == vm);
		if (p)
			assert_int_equal(slot_unmap(SLOT_PAGE), HYPSEC_OK);
	}
	assert_true(slots_empty());
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_false(this_cpu()->pool_reserve);
	if (s != PG_CORE && s != PG_MOVING)
		assert_int_equal(core_mapped(pa), s == PG_DONATED);
	if (s == PG_DONATED)
		assert_int_equal(*(u8 *)core_va(PA(pa)), raw(pa)[0]);
}

static inline int run_op(enum own_op op, u64 pa, u16 vm, u64 frame)
{
	switch (op) {
	case OWN_DONATE:
		return own_donate(PA(pa));
	case OWN_RECLAIM:
		return own_reclaim(PA(pa));
	case OWN_SHARE:
		return own_share(PA(pa));
	case OWN_UNSHARE:
		return own_unshare(PA(pa));
	case OWN_CLAIM:
		return own_claim(PA(pa), vm, frame, true);
	case OWN_RETURN:
		return own_return(PA(pa), vm, frame);
	default:
		fail();
		return 0;
	}
}

static inline void set_stamp(u64 pa)
{
	assert_int_equal(own_stamp(PA(pa), PAGE_SIZE), PAGE_SIZE);
}

static inline void new_epoch(void)
{
	own_epoch_end(own_epoch_begin());
}

/* A new epoch, and none of the left-over stamps that would count again later. */
static inline void clear_stamps(void)
{
	u64 pa;

	new_epoch();
	for (pa = MEM_BASE + 4 * SZ_2M; pa < MEM_BASE + 12 * SZ_2M; pa += PAGE_SIZE) {
		u64 pte = s2_lookup(&host_s2, pa).pte;

		if ((pte & S2_VALID) && (pte & S2_SW))
			s2_replace(&host_s2, pa, pte, pte & ~S2_SW);
	}
}

#endif
