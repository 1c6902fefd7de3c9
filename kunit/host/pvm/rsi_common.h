/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of RSI: a Realm with 1 GiB of RAM at 1 GiB, and no share yet. */
#ifndef HYPSEC_RSI_COMMON_H
#define HYPSEC_RSI_COMMON_H

#include "shared_common.h"
#include "abi/hypsec_rsi.h"

#define TOP		BIT(39)		/* of 40 bits: where the unprotected half begins */
#define WINDOW		(TOP + SZ_1G)
#define WINDOW_SIZE	SZ_1G
#define SMC_AT		0xffff000040123450
#define LEFT		(-100)		/* realm(): the guest has left, to the host, */
#define AGAIN		(-101)		/* or makes the call again */

static inline int begin_realm(void **state)
{
	int ret = begin_shared(state);

	vm->pvm->flags = HYPSEC_FLAG_SHARE | HYPSEC_FLAG_RSI;
	vm->pvm->verify.m.share_size = WINDOW_SIZE;
	may_skip = false;
	return ret;
}

#define RSI_TEST(t) cmocka_unit_test_setup_teardown(t, begin_realm, end)

/* The SMC; all registers that are no argument are random, and stay what they are. */
static inline int realm(u32 fn, u64 a1, u64 a2, u64 a3, u64 a4)
{
	u64 pc = SMC_AT;
	bool again;

	v->regs.pc = pc;
	v->regs.x[0] = fn;
	v->regs.x[1] = a1;
	v->regs.x[2] = a2;
	v->regs.x[3] = a3;
	v->regs.x[4] = a4;
	v->esr = (u64)EC_SMC64 << ESR_EC_SHIFT | ESR_IL;
	code = EXIT_TRAP;
	may_skip = true;
	again = pvm_rsi(v, fn, &code);
	may_skip = false;
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
	assert_true(ptes_ordered());
	assert_false(tlb_stale(~0UL));
	if (!again) {
		assert_int_equal(v->regs.pc, pc);
		assert_int_equal(pvm_expose(v, &io), code);
		return LEFT;
	}
	if (v->regs.pc == pc) {
		/* To be made again as it was. */
		assert_int_equal(v->regs.x[0], fn);
		assert_int_equal(v->regs.x[1], a1);
		assert_int_equal(v->regs.x[2], a2);
		return AGAIN;
	}
	assert_int_equal(v->regs.pc, pc + 4);
	return (int)v->regs.x[0];
}

/* Until it is answered: KVM has all frames that are asked for. */
static inline int realm_done(u32 fn, u64 a1, u64 a2, u64 a3, u64 a4)
{
	int ret;

	do
		ret = realm(fn, a1, a2, a3, a4);
	while (ret == AGAIN);
	return ret;
}

#endif
