// SPDX-License-Identifier: GPL-2.0-only
/* The SMC filter: what may leave the core and what must not, FF-A, TRNG and SDEI among it. */
#include "psci_common.h"

static void features(void **state)
{
	static const u32 no[] = {
		PSCI_MEM_PROTECT, 0x84000005 /* MIGRATE */, 0xc4000005,
		0x8400000b /* CPU_FREEZE */, 0x84000014 /* MEM_PROTECT_CHECK_RANGE */,
		0x84000015 /* SYSTEM_OFF2 */, 0xc4000016 /* CLEAN_INV_MEMREGION */,
		0x8400001f, FFA_MEM_SHARE, SDEI_REGISTER, TRNG_RND, 0xc4000002,
	};
	static const u32 yes[] = {
		PSCI_VERSION, PSCI_CPU_SUSPEND64, PSCI_CPU_ON, PSCI_SYSTEM_SUSPEND,
		PSCI_SYSTEM_RESET2_64, PSCI_SET_SUSPEND_MODE, SMCCC_VERSION,
	};
	size_t i;

	(void)state;
	answer.x0 = 2;
	for (i = 0; i < ARRAY_SIZE(no); i++)
		assert_int_equal(smc(PSCI_FEATURES, no[i], 0, 0), RET(PSCI_NOT_SUPPORTED));
	assert_int_equal(nr_calls, 0);
	for (i = 0; i < ARRAY_SIZE(yes); i++) {
		assert_int_equal(smc(PSCI_FEATURES, yes[i], 0, 0), 2);
		assert_call((int)i, PSCI_FEATURES, yes[i], 0, 0);
	}
}

/* Whatever firmware would do with them: they never leave the core. */
static void refused(void **state)
{
	static const u32 id[] = {
		FFA_VERSION, FFA_MEM_SHARE, FFA_MEM_SHARE64, 0x84000060, 0xc40000ff,
		0x84000071 /* MEM_DONATE */, 0x84000072 /* MEM_LEND */, 0x8400006f,
		0xc4000020, SDEI_REGISTER, 0xc400003f,	/* SDEI */
		PSCI_MEM_PROTECT, 0x84000005, 0xc4000005, 0x8400000b, 0xc4000014,
		0xc4000000, 0xc4000002, 0xc4000008, 0xc4000009, 0xc400000a, 0x8400001f,
		0xc4000050, 0x84000054,			/* TRNG's neighbours */
		0x8400ff02, 0x8400ffff,
		0x82000001, 0xc2000001, 0xc200ffff,	/* SiP */
		0x83000001, 0xc3000001,			/* OEM */
		0x81000001, 0xc1000001,			/* CPU service */
		0x85000020, 0xc5000020, 0xc5000021,	/* hypervisor: PV time */
		0x86000000, 0xc6000000, 0xc6008000,	/* vendor hypervisor, ours too */
		0xb2000000, 0xf2000001, 0xbf00ff01,	/* trusted applications, OS */
		0x00000000, 0x02000000, 0x32000000, 0x7fffffff,	/* yielding */
		0x80000003, 0x80003ffe, 0x80007ffe, 0x80008001, 0xc0008000,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(id); i++) {
		assert_int_equal(smc(id[i], 1, 2, 3), RET(PSCI_NOT_SUPPORTED));
		assert_int_equal(cpus[0].host.x[1], 1);
		assert_int_equal(cpus[0].host.x[2], 2);
		assert_int_equal(cpus[0].host.x[3], 3);
		/* The hint bit is no way around, nor is the upper half of x0. */
		smc(id[i] | SMCCC_SVE_HINT, 1, 2, 3);
		smc(id[i] | 0xffffffff00000000, 1, 2, 3);
	}
	assert_int_equal(nr_calls, 0);
}

/* What the host last did to firmware's switch, where there is one: pvm/firmware.c puts it back. */
static void ssb_switch(void **state)
{
	(void)state;
	smc(SMCCC_ARCH_WORKAROUND_2, 0, 0, 0);
	assert_int_equal(cpus[0].ssbd, SSBD_NONE);
	cpus[0].ssbd = SSBD_UNKNOWN;
	smc(SMCCC_ARCH_WORKAROUND_1, 0, 0, 0);
	smc(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_2, 0, 0);
	assert_int_equal(cpus[0].ssbd, SSBD_UNKNOWN);
	smc(SMCCC_ARCH_WORKAROUND_2, 0, 0, 0);
	assert_int_equal(cpus[0].ssbd, SSBD_OFF);
	/* By 32 bits, as it is passed on. */
	smc(SMCCC_ARCH_WORKAROUND_2, 1UL << 32, 0, 0);
	assert_int_equal(cpus[0].ssbd, SSBD_OFF);
	smc(SMCCC_ARCH_WORKAROUND_2, 1, 0, 0);
	assert_int_equal(cpus[0].ssbd, SSBD_ON);
	smc(SMCCC_ARCH_WORKAROUND_2, ~1UL, 0, 0);
	assert_int_equal(cpus[0].ssbd, SSBD_ON);
}

static void refusals_are_logged_once(void **state)
{
	u32 i;

	(void)state;			/* the first of the tests: nothing has been refused yet */
	/* An answer of firmware's, or the core's that a call is not there: no refusal. */
	answer.x0 = RET(SMCCC_NOT_SUPPORTED);
	assert_int_equal(smc(PSCI_VERSION, 0, 0, 0), RET(SMCCC_NOT_SUPPORTED));
	assert_int_equal(smc(PSCI_FEATURES, 0x84000005, 0, 0), RET(SMCCC_NOT_SUPPORTED));
	assert_int_equal(log_lines, 0);
	/* What is not offered is one, PSCI or not; once. */
	for (i = 0; i < 3; i++)
		assert_int_equal(smc(0x8400001f, 0, 0, 0), RET(SMCCC_NOT_SUPPORTED));
	assert_int_equal(log_lines, 1);
	smc(0xc2000001, 0, 0, 0);
	assert_int_equal(log_lines, 2);
	log_lines = 0;
	/* The table holds 16 in all. */
	for (i = 0; i < 64; i++)
		smc(0xc2000100 + i, 0, 0, 0);
	assert_int_equal(log_lines, 14);
	log_lines = 0;
	for (i = 0; i < 64; i++)
		smc(0xc2000100 + i, 0, 0, 0);
	assert_int_equal(log_lines, 0);
}

static void allowed(void **state)
{
	static const struct {
		u32 id;
		int args, results;
	} c[] = {
		{ SMCCC_VERSION, 0, 1 }, { SMCCC_ARCH_WORKAROUND_1, 0, 0 },
		{ SMCCC_ARCH_WORKAROUND_2, 1, 0 }, { SMCCC_ARCH_WORKAROUND_3, 0, 0 },
		{ SMCCC_STD_COUNT, 0, 1 }, { SMCCC_STD_UID, 0, 4 },
		{ SMCCC_STD_REVISION, 0, 2 }, { TRNG_VERSION, 0, 1 }, { TRNG_FEATURES, 1, 1 },
		{ TRNG_GET_UUID, 0, 4 }, { TRNG_RND, 1, 4 }, { TRNG_RND64, 1, 4 },
	};
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		u64 expect[4];

		reset(NULL);
		answer = (struct smc_res){ 0xa0, 0xa1, 0xa2, 0xa3 };
		memcpy(expect, ((u64[]){ c[i].id, 0x101, 0x102, 0x103 }), 32);
		memcpy(expect, &answer, 8 * (size_t)c[i].results);
		smc(c[i].id, 0x101, 0x102, 0x103);
		assert_int_equal(nr_calls, 1);
		assert_call(0, c[i].id, c[i].args ? 0x101 : 0, 0, 0);
		for (r = 0; r < 4; r++)
			assert_int_equal(cpus[0].host.x[r], expect[r]);
	}
	/* An SMC32 call's argument is its lower half. */
	reset(NULL);
	smc(TRNG_RND, 0xffffffff00000060, 0, 0);
	assert_call(0, TRNG_RND, 0x60, 0, 0);
	smc(TRNG_RND64, 0xffffffff00000060, 0, 0);
	assert_call(1, TRNG_RND64, 0xffffffff00000060, 0, 0);
	/* The hint stays here. */
	smc(TRNG_RND64 | SMCCC_SVE_HINT, 0x60, 0, 0);
	assert_call(2, TRNG_RND64, 0x60, 0, 0);
}

static void arch_queries(void **state)
{
	(void)state;
	answer.x0 = 1;
	assert_int_equal(smc(SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_1, 0, 0), 1);
	assert_call(0, SMCCC_ARCH_FEATURES, SMCCC_ARCH_WORKAROUND_1, 0, 0);
	assert_int_equal(smc(SMCCC_ARCH_FEATURES, SMCCC_ARCH_SOC_ID, 0, 0), 1);
	nr_calls = 0;
	assert_int_equal(smc(SMCCC_ARCH_FEATURES, 0x80003ffe, 0, 0), RET(SMCCC_NOT_SUPPORTED));
	assert_int_equal(nr_calls, 0);
	answer.x0 = 0x43b0001;
	assert_int_equal(smc(SMCCC_ARCH_SOC_ID, 1, 7, 7), 0x43b0001);
	assert_call(0, SMCCC_ARCH_SOC_ID, 1, 0, 0);
	assert_int_equal(smc(SMCCC_ARCH_SOC_ID | SMCCC_SMC64, 2, 0, 0),
			 RET(SMCCC_INVALID_PARAMETER));
	assert_int_equal(nr_calls, 1);
}

/* No SMC of any kind and with any arguments puts a host value where firmware takes an entry. */
static void fuzz_no_host_entry(void **state)
{
	static const u32 base[] = { 0x84000000, 0xc4000000, 0x80000000, 0xc2000000, 0x0 };
	int i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		u64 id = base[test_rand() % 5] + (test_rand() % (test_rand() % 2 ? 0x20 : 0x10000));
		u64 pc = 0x7700000000000000 | (test_rand() & 0xfffffffffffffcUL);
		u32 op;

		reset(NULL);
		answer.x0 = test_rand() % 3 ? RET(-(s64)(test_rand() % 10)) : test_rand();
		smc(id | (test_rand() % 4 ? 0 : SMCCC_SVE_HINT), test_rand() % 2 ? 0x100 : pc,
		    pc, pc + 4);
		if (!nr_calls)
			continue;
		op = (u32)calls[0].x[0] & ~SMCCC_SMC64;
		/* Asked first whether firmware has it. */
		if (nr_calls == 2 && op == PSCI_FEATURES) {
			assert_int_equal((u32)calls[1].x[0] & ~SMCCC_SMC64, PSCI_SYSTEM_RESET2);
			continue;
		}
		if (op == PSCI_CPU_ON || op == PSCI_CPU_SUSPEND)
			assert_int_equal(calls[0].x[2], ENTRY);
		else if (op == PSCI_SYSTEM_SUSPEND || op == PSCI_CPU_DEFAULT_SUSPEND)
			assert_int_equal(calls[0].x[1], ENTRY);
		assert_int_equal(nr_calls, 1);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, reset)
	static const struct CMUnitTest tests[] = {
		T(refusals_are_logged_once), T(features), T(refused), T(allowed),
		T(ssb_switch),
		T(arch_queries), T(fuzz_no_host_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
