// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every function id a protected guest can call, by HVC and SMC: which leave the core and with
 * which registers, which results each has; all others are NOT_SUPPORTED and unheard of.
 */
#include "pvm_world.h"
#include "abi/hypsec_guest.h"
#include "abi/hypsec_rsi.h"

/*
 * The allow-list. @shown: registers the host sees; @results: registers that the call may
 * change in the guest before it goes on.
 */
static const struct fn {
	u32 fn;
	bool leaves;
	u32 shown, results;
} fns[] = {
	{ SMCCC_VERSION, false, 0, 1 },
	{ SMCCC_ARCH_FEATURES, false, 0, 1 },
	{ SMCCC_ARCH_WORKAROUND_1, false, 0, 0 },
	{ SMCCC_ARCH_WORKAROUND_2, false, 0, 0 },
	{ SMCCC_ARCH_WORKAROUND_3, false, 0, 0 },
	{ PSCI_VERSION, false, 0, 1 },
	{ PSCI_CPU_SUSPEND, true, 0, 0 },
	{ PSCI_CPU_SUSPEND64, true, 0, 0 },
	{ PSCI_CPU_OFF, true, 1, 0 },
	{ PSCI_CPU_ON, true, 3, 0 },
	{ PSCI_CPU_ON64, true, 3, 0 },
	{ PSCI_AFFINITY_INFO, false, 0, 1 },
	{ PSCI_AFFINITY_INFO64, false, 0, 1 },
	{ PSCI_MIGRATE_INFO_TYPE, false, 0, 1 },
	{ PSCI_SYSTEM_OFF, true, 1, 0 },
	{ PSCI_SYSTEM_RESET, true, 1, 0 },
	{ PSCI_FEATURES, false, 0, 1 },
	{ PSCI_SYSTEM_RESET2, true, 1, 0 },
	{ PSCI_SYSTEM_RESET2_64, true, 1, 0 },
	{ TRNG_VERSION, false, 0, 1 },
	{ TRNG_FEATURES, false, 0, 1 },
	{ TRNG_GET_UUID, false, 0, 0xf },
	{ TRNG_RND, false, 0, 0xf },
	{ TRNG_RND64, false, 0, 0xf },
	{ HYPSEC_GUEST_VERSION, false, 0, 7 },
	{ HYPSEC_GUEST_PROTECT, false, 0, 1 },
	{ HYPSEC_GUEST_RAM, false, 0, 1 },
	{ HYPSEC_GUEST_RANDOM, false, 0, 0xf },
	{ HYPSEC_GUEST_IDENTITY, false, 0, 0xf },
	{ HYPSEC_GUEST_SEALING_KEY, false, 0, 0xf },
	{ HYPSEC_GUEST_REPORT, false, 0, 0x1ff },
	{ HYPSEC_GUEST_PLATFORM, false, 0, 0xf },
	{ HYPSEC_GUEST_RELINQUISH, false, 0, 3 },
	{ HYPSEC_GUEST_SHARE, false, 0, 1 },
	{ HYPSEC_GUEST_GRANT, false, 0, 1 },
	{ HYPSEC_GUEST_REVOKE, false, 0, 1 },
};

static const struct fn *find(u32 fn)
{
	for (size_t i = 0; i < ARRAY_SIZE(fns); i++)
		if (fns[i].fn == (fn & ~SMCCC_SVE_HINT))
			return &fns[i];
	return NULL;
}

static struct vm *vm;

/* One call with all other registers random; what the host would see of it in @io. */
static bool call(u64 fn, bool smc, struct vcpu_regs *before, struct host_io *io)
{
	struct vcpu *v = &world_vcpu[0];
	enum vcpu_exit code = EXIT_TRAP;
	bool again;

	for (int i = 1; i < WORLD_VCPUS; i++)
		v->vm->pvm->vcpu[i]->power = VCPU_OFF;
	vm->state = VM_PROTECTED;
	vm->powered_off = false;
	world_pvm.nr_ram = 0;
	w.smcs = 0;
	for (int i = 0; i < 31; i++)
		v->regs.x[i] = test_rand();
	v->regs.x[0] = fn;
	/* CPU_ON, RESET2 and TRNG: arguments that are good */
	v->regs.x[1] = test_rand() & 1 ? 0 : 5;
	v->regs.x[2] = 0x40200000;
	v->regs.pc = 0x40200400;
	*before = v->regs;
	v->esr = (u64)(smc ? EC_SMC64 : EC_HVC64) << ESR_EC_SHIFT | ESR_IL;
	again = pvm_exit(v, &code);
	pvm_expose(v, io);
	return again;
}

static void one(u32 fn)
{
	struct vcpu *v = &world_vcpu[0];
	const struct fn *f = find(fn);
	struct vcpu_regs before;
	struct host_io io;
	bool smc = test_rand() & 1, again;
	u64 skip = smc ? 4 : 0;

	v->pending = SHOW_NOTHING;
	/* Bits 63:32 of a function id mean nothing. */
	again = call(fn | (test_rand() << 32), smc, &before, &io);
	assert_int_equal(v->regs.pc, before.pc + skip);
	if (!f) {
		assert_true(again);
		assert_int_equal(v->regs.x[0], ~0UL);
		assert_int_equal(v->pending, SHOW_NOTHING);
		assert_memory_equal(&v->regs.x[1], &before.x[1], 30 * 8);
		assert_int_equal(w.smcs, 0);
		return;
	}
	for (int i = 0; i < 31; i++)
		if (!(f->results & BIT(i)) && !(f->leaves && again && !i))
			assert_int_equal(v->regs.x[i], before.x[i]);
	if (again) {
		/* Answered here, or refused: the host has no part in it. */
		assert_int_equal(v->pending, SHOW_NOTHING);
		return;
	}
	assert_true(f->leaves);
	assert_int_equal(io.out_mask, f->shown);
	for (int i = 0; i < 31; i++)
		if (!(f->shown & BIT(i)))
			assert_int_equal(io.out_x[i], 0);
	if (f->shown & 1)
		assert_true(((u32)io.out_x[0] & ~SMCCC_SMC64) == (f->fn & ~SMCCC_SMC64));
	if (f->shown & 2)
		assert_int_equal(io.out_x[1], before.x[1]);
	assert_int_equal(w.smcs, 0);
}

/*
 * All numbers of the owners that have calls, and samples of the others', 32 and 64 bits, fast
 * and yielding: 2.7 million.
 */
static void every_function(void **state)
{
	(void)state;
	vm = world_new();
	for (u32 owner = 0; owner < 64; owner++)
		for (u32 kind = 0; kind < 4; kind++)
			for (u32 n = 0; n < 0x10000; n += owner < 7 || owner > 60 ? 1 : 0x101)
				one(kind << 30 | owner << 24 | n);
	for (size_t i = 0; i < ARRAY_SIZE(fns); i++)
		for (int round = 0; round < 20; round++)
			one(fns[i].fn | (round & 1 ? SMCCC_SVE_HINT : 0));
	for (int round = 0; round < 200000; round++)
		one((u32)test_rand());
}

/* PV_TIME, PTP, pKVM's and the filter's own discovery: the host offers them, we do not. */
static void not_there(void **state)
{
	static const u32 fn[] = {
		0xc5000020, 0xc5000021,			/* PV_TIME_FEATURES, PV_TIME_ST */
		0x86000001, 0x86000000, 0xc6000001,	/* KVM: PTP, features */
		0x8600ff01, 0x8600ff00,			/* vendor hypervisor: UID, count */
		0x84000014, 0x8400000e, 0xc400000e,	/* MEM_PROTECT_CHECK_RANGE, SYSTEM_SUSPEND */
		0x84000005, 0x84000007, 0x8400000c,	/* MIGRATE, UP_CPU, DEFAULT_SUSPEND */
		0xc4000020, 0x84000060,			/* SDEI, FF-A */
		0x80000002, 0x80000004,			/* SOC_ID */
	};
	struct vcpu_regs before;
	struct host_io io;
	(void)state;

	vm = world_new();
	for (size_t i = 0; i < ARRAY_SIZE(fn); i++) {
		assert_null(find(fn[i]));
		one(fn[i]);
		/* And the three ways to ask for it say no. */
		for (int ask = 0; ask < 3; ask++) {
			static const u32 how[] = { SMCCC_ARCH_FEATURES, PSCI_FEATURES, TRNG_FEATURES };
			enum vcpu_exit code = EXIT_TRAP;
			struct vcpu *v = &world_vcpu[0];

			v->regs.x[0] = how[ask];
			v->regs.x[1] = fn[i];
			v->esr = (u64)EC_HVC64 << ESR_EC_SHIFT | ESR_IL;
			assert_true(pvm_exit(v, &code));
			assert_int_equal(v->regs.x[0], ~0UL);
		}
	}
	/* Workarounds: firmware is asked, and nothing of the guest's goes there. */
	assert_true(call(SMCCC_ARCH_WORKAROUND_1, true, &before, &io));
	assert_int_equal(w.smcs, 1);
}

/*
 * A Realm has one conduit. HVC is unknown to it, whatever the function; by SMC it has what others
 * have, and RSI, which nobody else has by either.
 */
static void realm(void **state)
{
	struct vcpu *v = &world_vcpu[0];
	struct vcpu_regs before;
	struct host_io io;

	(void)state;
	for (u32 realm = 0; realm < 2; realm++) {
		vm = world_new();
		world_pvm.flags = realm ? HYPSEC_FLAG_RSI : 0;
		for (u32 fn = RSI_VERSION - 2; fn < RSI_HOST_CALL + 3; fn++) {
			bool is = realm && fn >= RSI_VERSION && fn <= RSI_HOST_CALL;

			w.shared_call = 0;
			assert_true(call(fn, true, &before, &io));
			assert_int_equal(w.shared_call, is ? fn : 0);
			assert_int_equal(v->regs.x[0], is ? 0 : ~0UL);
			assert_int_equal(v->regs.pc, before.pc + 4);
			/* Half of it: of 32 bits. */
			assert_true(call(fn & ~SMCCC_SMC64, true, &before, &io));
			assert_int_equal(v->regs.x[0], ~0UL);
		}
		/* No SMC that is not SMCCC. */
		enum vcpu_exit code = EXIT_TRAP;

		w.shared_call = 0;
		v->regs.x[0] = RSI_VERSION;
		v->esr = (u64)EC_SMC64 << ESR_EC_SHIFT | ESR_IL | 1;
		assert_true(pvm_exit(v, &code));
		assert_int_equal(v->regs.x[0], ~0UL);
		assert_int_equal(w.shared_call, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fns) + 10; i++) {
		u32 fn = i < ARRAY_SIZE(fns) ? fns[i].fn : RSI_VERSION + (u32)(i - ARRAY_SIZE(fns));

		w.undefs = 0;
		assert_true(call(fn, false, &before, &io));
		assert_int_equal(w.undefs, 1);
		/* At the instruction itself: an HVC's return is behind it. */
		before.pc -= 4;
		assert_memory_equal(&v->regs, &before, sizeof(before));
		assert_int_equal(io.out_mask, 0);
		assert_int_equal(vm->state, VM_PROTECTED);
		assert_int_equal(w.smcs, 0);
	}
	assert_true(call(PSCI_VERSION, true, &before, &io));
	assert_int_equal(v->regs.x[0], 0x10001);
	assert_false(call(PSCI_SYSTEM_OFF, true, &before, &io));
}

/* PSCI_FEATURES says yes to exactly what is answered. */
static void features(void **state)
{
	struct vcpu *v = &world_vcpu[0];
	(void)state;

	vm = world_new();
	for (u32 n = 0; n < 0x20; n++) {
		for (int wide = 0; wide < 2; wide++) {
			u32 fn = PSCI_VERSION + n + (wide ? SMCCC_SMC64 : 0);
			enum vcpu_exit code = EXIT_TRAP;

			v->regs.x[0] = PSCI_FEATURES;
			v->regs.x[1] = fn;
			v->esr = (u64)EC_HVC64 << ESR_EC_SHIFT | ESR_IL;
			assert_true(pvm_exit(v, &code));
			assert_int_equal(v->regs.x[0], find(fn) ? 0 : ~0UL);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_function),
		cmocka_unit_test(not_there),
		cmocka_unit_test(realm),
		cmocka_unit_test(features),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
