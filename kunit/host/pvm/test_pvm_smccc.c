// SPDX-License-Identifier: GPL-2.0-only
/* What a protected guest's calls are answered with: SMCCC, TRNG, HypSec's own. */
#include "pvm_call.h"

static struct vm *vm;

static void start(void)
{
	vm = world_new();
}

static void answers(void **state)
{
	static const u64 not_supported[] = {
		0, ~0UL, 0x84000005, 0x8400000e, 0xc400000e, 0x84000007, 0x8400001f,
		0xc4000000 + 0x1f, 0xc5000020, 0xc5000021, 0x86000000, 0x8600ff01, 0xc600810c,
		0xc60080ff, 0x80000002, 0x95c1ba5e,
	};
	(void)state;

	start();
	assert_int_equal(answered(PSCI_VERSION, 0, 0, 0), 0x10001);
	assert_int_equal(answered(PSCI_VERSION | SMCCC_SVE_HINT, 0, 0, 0), 0x10001);
	assert_int_equal(answered(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), 2);
	assert_int_equal(answered(PSCI_FEATURES, PSCI_CPU_ON64, 0, 0), 0);
	assert_int_equal(answered(PSCI_FEATURES, SMCCC_VERSION, 0, 0), 0);
	assert_int_equal(answered(PSCI_FEATURES, 0x8400000e, 0, 0), -1);
	assert_int_equal(answered(SMCCC_VERSION, 0, 0, 0), 0x10001);
	for (size_t i = 0; i < ARRAY_SIZE(not_supported); i++)
		assert_int_equal(answered(not_supported[i], 0, 0, 0), -1);
	/* An immediate is not SMCCC. */
	world_vcpu[0].regs.x[0] = PSCI_VERSION;
	world_vcpu[0].esr = (u64)EC_HVC64 << ESR_EC_SHIFT | ESR_IL | 1;
	enum vcpu_exit code = EXIT_TRAP;

	assert_true(pvm_exit(&world_vcpu[0], &code));
	assert_int_equal(world_vcpu[0].regs.x[0], ~0UL);
	/* An SMC is stepped over, an HVC is behind already. */
	assert_int_equal(w.skips, 0);
	world_vcpu[0].esr = (u64)EC_SMC64 << ESR_EC_SHIFT | ESR_IL;
	assert_true(pvm_exit(&world_vcpu[0], &code));
	assert_int_equal(w.skips, 1);
}

/*
 * Two kinds of CPU, firmware's answer on each; what a guest is told, wherever it asks. Needed on
 * either: it makes the call on both.
 */
static void workarounds(void **state)
{
	static const struct { s32 a, b, told, told2; } t[] = {
		{ 0, 0, 0, -2 }, { 0, 1, 0, -2 }, { 0, -1, 0, -1 }, { 1, 1, 1, -2 },
		{ 1, -1, -1, -1 }, { -1, -1, -1, -1 }, { -2, -2, -2, -2 }, { -2, 0, 0, -2 },
		{ -2, 1, -2, -2 }, { -2, -1, -1, -1 },
	};
	static const u32 fns[] = { SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_2,
				   SMCCC_ARCH_WORKAROUND_3 };
	(void)state;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(t); i++) {
		for (unsigned int f = 0; f < ARRAY_SIZE(fns); f++) {
			s32 a = t[i / 2].a, b = t[i / 2].b;

			start();
			for (int k = 0; k < WA_COUNT; k++)
				world_cpus[0].wa[k] = world_cpus[1].wa[k] = 5;
			world_cpus[0].wa[f] = i & 1 ? b : a;
			world_cpus[1].wa[f] = i & 1 ? a : b;
			pvm_know_cpus();
			w.smc.x0 = 1;		/* where it runs now nothing is needed */
			assert_int_equal(answered(SMCCC_ARCH_FEATURES, fns[f], 0, 0),
					 f == WA_2 ? t[i / 2].told2 : t[i / 2].told);
			assert_int_equal(w.smcs, 0);
		}
	}
	/* Firmware is asked at install; that of the asked CPU counts, by 32 bits. */
	start();
	w.smc.x0 = 0xffffffff;
	pvm_ask_firmware(&world_cpus[1]);
	assert_int_equal(w.smcs, 3);
	assert_int_equal(w.smc_fn, SMCCC_ARCH_FEATURES);
	for (int k = 0; k < WA_COUNT; k++)
		assert_int_equal(world_cpus[1].wa[k], -1);
	assert_int_equal(world_cpus[1].harden, 0);
	assert_int_equal(world_cpus[1].ssbd, SSBD_NONE);
	w.smc.x0 = 0;
	pvm_ask_firmware(&world_cpus[1]);
	assert_int_equal(world_cpus[1].harden, SMCCC_ARCH_WORKAROUND_3);
	assert_int_equal(world_cpus[1].ssbd, SSBD_UNKNOWN);
	/* The model is that of the CPU that needs most, wherever VM_PROTECT is called. */
	world_cpus[0].wa[WA_1] = world_cpus[0].wa[WA_2] = world_cpus[0].wa[WA_3] = 1;
	assert_int_equal(pvm_midr(), world_cpus[1].midr);
	world_cpus[0].wa[WA_1] = world_cpus[0].wa[WA_2] = world_cpus[0].wa[WA_3] = 0;
	assert_int_equal(pvm_midr(), world_cpus[0].midr);
}

/* Firmware's switch against speculative store bypass is on in the guest, and then as it was. */
static void ssbd(void **state)
{
	static const struct { u32 host; unsigned int smcs; u32 after; } t[] = {
		{ SSBD_NONE, 0, SSBD_NONE }, { SSBD_ON, 0, SSBD_ON }, { SSBD_UNKNOWN, 1, SSBD_ON },
		{ SSBD_OFF, 2, SSBD_OFF },
	};
	struct percpu *cpu = this_cpu();
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		bool off;

		start();
		cpu->ssbd = t[i].host;
		off = pvm_ssbd_begin(cpu);
		assert_true(cpu->ssbd == SSBD_NONE || cpu->ssbd == SSBD_ON);
		if (t[i].smcs) {
			assert_int_equal(w.smc_fn, SMCCC_ARCH_WORKAROUND_2);
			assert_int_equal(w.smc_arg, 1);
		}
		if (off) {
			pvm_ssbd_end(cpu);
			assert_int_equal(w.smc_arg, 0);
		}
		assert_int_equal(w.smcs, t[i].smcs);
		assert_int_equal(cpu->ssbd, t[i].after);
		/* And by a run. */
		struct host_io io = { 0 };

		start();
		cpu->ssbd = t[i].host;
		world_run(world_vcpu[0].host, &io);
		assert_int_equal(w.smcs, t[i].smcs);
		assert_int_equal(cpu->ssbd, t[i].after);
	}
}

static void guest_calls(void **state)
{
	struct vcpu *v = &world_vcpu[0];
	(void)state;

	start();
	assert_int_equal(answered(HYPSEC_GUEST_VERSION, 0, 0, 0), HYPSEC_OK);
	assert_int_equal(v->regs.x[1], HYPSEC_ABI_VERSION);
	assert_int_equal(v->regs.x[2], 1);
	assert_int_equal(answered(HYPSEC_GUEST_PROTECT, 0, 0, 0), HYPSEC_STATE);
	assert_int_equal(answered(HYPSEC_GUEST_RANDOM, 0, 0, 0), HYPSEC_OK);
	assert_int_equal(v->regs.x[3], ~0UL);
	assert_int_equal(answered(HYPSEC_GUEST_RAM, 0x40000000, 0x1000, 0), HYPSEC_OK);
	assert_int_equal(world_pvm.nr_ram, 1);
	w.random_status = HYPSEC_STATE;
	assert_int_equal(answered(HYPSEC_GUEST_RANDOM, 1, 2, 3), HYPSEC_STATE);
	assert_int_equal(v->regs.x[3], 3);

	test_fill(&world_pvm.verify.id, sizeof(world_pvm.verify.id));
	for (u64 n = 0; n < 3; n++) {
		assert_int_equal(answered(HYPSEC_GUEST_IDENTITY, n, 0, 0), HYPSEC_OK);
		assert_memory_equal(&v->regs.x[1], (u8 *)&world_pvm.verify.id + 24 * n, 24);
	}
	for (u64 n = 3; n; n = n == 3 ? 1UL << 32 : n << 1) {
		assert_int_equal(answered(HYPSEC_GUEST_IDENTITY, n, 5, 6), HYPSEC_RANGE);
		assert_int_equal(v->regs.x[1], n);
		assert_int_equal(v->regs.x[3], 6);
	}
	/* 0x40000000 is RAM since the call above: one page, and no more. */
	assert_int_equal(answered(HYPSEC_GUEST_RELINQUISH, 0x40000000, 3, 0), HYPSEC_OK);
	assert_int_equal(v->regs.x[1], 1);
	assert_int_equal(v->regs.x[2], 3);
	assert_int_equal(answered(HYPSEC_GUEST_RELINQUISH, 0x40001000, 3, 0), HYPSEC_RANGE);
	assert_int_equal(v->regs.x[1], 0);
	assert_int_equal(answered(HYPSEC_GUEST_RELINQUISH, 0x40000001, 1, 0), HYPSEC_INVALID);
	/* The statuses are test_shared.c's and test_grant.c's. */
	w.shared_status = HYPSEC_RANGE;
	for (u32 fn = HYPSEC_GUEST_SHARE; fn <= HYPSEC_GUEST_REVOKE; fn++) {
		assert_int_equal(answered(fn, 0x40000000, 0x200000, 0), HYPSEC_RANGE);
		assert_int_equal(w.shared_call, fn);
		assert_int_equal(w.shared_arg[0], 0x40000000);
		assert_int_equal(w.shared_arg[1], fn == HYPSEC_GUEST_SHARE ? 0x200000 : 0);
	}
	assert_int_equal(answered(HYPSEC_GUEST_REVOKE + 1, 0x40000000, 1, 0), -1);
}

/* Sealing key and report: which image asks is the core's word, the rest its registers. */
static void secrets(void **state)
{
	struct vcpu *v = &world_vcpu[0];
	u64 was[31];
	(void)state;

	start();
	world_secrets(v);
	for (u64 n = 0; n < 2; n++) {
		memcpy(was, v->regs.x, sizeof(was));
		assert_int_equal(answered(HYPSEC_GUEST_SEALING_KEY, 7, n, 0), HYPSEC_OK);
		assert_ptr_equal(w.asked_for, &world_pvm.verify);
		assert_int_equal(w.asked_version, 7);
		assert_memory_equal(&v->regs.x[1], (u8 *)&w.sealing_key + 24 * n, 24);
		assert_memory_equal(&v->regs.x[4], was + 4, 27 * 8);
	}
	for (u64 n = 2; n; n <<= 1) {
		w.asked_for = NULL;
		assert_int_equal(answered(HYPSEC_GUEST_SEALING_KEY, 7, n, 6), HYPSEC_RANGE);
		assert_null(w.asked_for);
		assert_int_equal(v->regs.x[1], 7);
		assert_int_equal(v->regs.x[3], 6);
	}
	w.platform_status = HYPSEC_DENIED;
	assert_int_equal(answered(HYPSEC_GUEST_SEALING_KEY, 8, 1, 6), HYPSEC_DENIED);
	assert_int_equal(v->regs.x[1], 8);
	assert_int_equal(v->regs.x[2], 1);
	w.platform_status = HYPSEC_STATE;
	memcpy(was, v->regs.x, sizeof(was));
	assert_int_equal(answered(HYPSEC_GUEST_REPORT, was[1], was[2], was[3]), HYPSEC_STATE);
	assert_memory_equal(&v->regs.x[1], was + 1, 30 * 8);

	w.platform_status = HYPSEC_OK;
	w.asked_for = NULL;
	assert_int_equal(answered(HYPSEC_GUEST_REPORT, was[1], was[2], was[3]), HYPSEC_OK);
	assert_ptr_equal(w.asked_for, &world_pvm.verify);
	for (int i = 1; i <= 8; i++)	/* the fake signs so */
		assert_int_equal(v->regs.x[i], ~was[i]);
	assert_memory_equal(&v->regs.x[9], was + 9, 22 * 8);

	world_pvm.verify.m.flags = 0x1234;
	assert_int_equal(answered(HYPSEC_GUEST_PLATFORM, 2, 0, 0), HYPSEC_OK);
	assert_int_equal(v->regs.x[1], 0x1234 + 2);
	assert_int_equal(answered(HYPSEC_GUEST_PLATFORM, 3, 0, 0), HYPSEC_RANGE);
	assert_int_equal(v->regs.x[1], 3);
}

static void trng(void **state)
{
	static const struct { u64 fn, bits; s64 ret; u64 x1, x2, x3; } t[] = {
		{ TRNG_RND64, 192, 0, ~0UL, ~0UL, ~0UL },
		{ TRNG_RND64, 64, 0, 0, 0, ~0UL },
		{ TRNG_RND64, 65, 0, 0, 1, ~0UL },
		{ TRNG_RND64, 1, 0, 0, 0, 1 },
		{ TRNG_RND64, 193, -2, 193, 0, 0 },
		{ TRNG_RND64, 0, -2, 0, 0, 0 },
		{ TRNG_RND, 96, 0, 0xffffffff, 0xffffffff, 0xffffffff },
		{ TRNG_RND, 97, -2, 97, 0, 0 },
		{ TRNG_RND, 33, 0, 0, 1, 0xffffffff },
	};
	/* 9a8f2c1e-6d43-4b0a-8e57-68797073656b, four bytes a register */
	static const u8 uuid[] = "\x9a\x8f\x2c\x1e\x6d\x43\x4b\x0a\x8e\x57hypsek";
	struct vcpu *v = &world_vcpu[0];
	(void)state;

	start();
	answered(TRNG_GET_UUID, 0, 0, 0);
	for (size_t i = 0; i < 4; i++)
		assert_memory_equal(&v->regs.x[i], uuid + 4 * i, 4);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(answered(t[i].fn, t[i].bits, 0, 0), t[i].ret);
		assert_int_equal(v->regs.x[1], t[i].x1);
		assert_int_equal(v->regs.x[2], t[i].x2);
		assert_int_equal(v->regs.x[3], t[i].x3);
	}
	w.random_status = HYPSEC_STATE;
	assert_int_equal(answered(TRNG_RND64, 64, 0, 0), TRNG_NO_ENTROPY);
	assert_int_equal(answered(TRNG_VERSION, 0, 0, 0), 0x10000);
	assert_int_equal(answered(TRNG_FEATURES, TRNG_RND64, 0, 0), 0);
	assert_int_equal(answered(TRNG_FEATURES, 0x84000054, 0, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(workarounds),
		cmocka_unit_test(ssbd),
		cmocka_unit_test(guest_calls),
		cmocka_unit_test(secrets),
		cmocka_unit_test(trng),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
