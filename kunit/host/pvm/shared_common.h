/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of frames that a protected guest shares: a VM whose signer allows that. */
#ifndef HYPSEC_SHARED_COMMON_H
#define HYPSEC_SHARED_COMMON_H

#include "seal_common.h"

#define POOL		(SZ_1G + 64 * SZ_2M)
#define POOL_SIZE	(2 * SZ_2M)
#define IN_POOL		((POOL >> PAGE_SHIFT) + 5)
#define READ		((u64)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL)
#define WRITE		(READ | ESR_WNR)
#define FETCH		((u64)EC_IABT_LOW << ESR_EC_SHIFT | ESR_IL)
#define SYNDROME	(ESR_ISV | BIT(23) | BIT(22) | BIT(17))

static enum vcpu_exit code;
static struct host_io io;

/* As the VM is when its stub calls: image and device tree in RAM, nothing else touched. */
static inline int begin_shared(void **state)
{
	int ret = begin_protected(state);
	struct pvm *p = vm->pvm;

	p->flags = HYPSEC_FLAG_SHARE;
	p->verify.m.share_size = POOL_SIZE;
	p->image = (struct pvm_range){ SZ_1G + SZ_2M, 3 * SZ_2M };
	p->dtb = (struct pvm_range){ SZ_1G + 100 * SZ_2M, 3 * PAGE_SIZE };
	return ret;
}

#define SHARED_TEST(t) cmocka_unit_test_setup_teardown(t, begin_shared, end)

/* An abort of the guest's on @frame, as @esr says. True: it goes on; false: the host sees @io. */
static inline bool faults(u64 esr, u64 frame)
{
	bool again;

	v->esr = esr;
	v->far = 0xffff000012345678;
	v->hpfar = IPA_HPFAR(frame << PAGE_SHIFT);
	code = EXIT_TRAP;
	again = pvm_abort(v, &code);
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
	assert_true(ptes_ordered());
	assert_false(tlb_stale(~0UL));
	if (!again)
		assert_int_equal(pvm_expose(v, &io), code);
	return again;
}

/* The guest accesses @frame, of which its table has nothing. */
static inline bool access(u64 esr, u64 frame)
{
	return faults(esr | FSC_TRANS | 3, frame);
}

/* The guest has the host's own page there, and cannot execute it. */
static inline bool has_host_page(u64 frame, u64 page)
{
	struct s2_leaf leaf = s2_lookup(&vm->s2, frame << PAGE_SHIFT);

	return (leaf.pte & S2_VALID) && leaf.level == 3 && (leaf.pte & S2_ADDR) == page &&
	       (leaf.pte & S2_XN) && (leaf.pte & S2_SHARED) &&
	       own_lookup(PA(page)).state == PG_HOST && host_can(page, true, false);
}

#endif
