// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PSCI relay and the SMC filter against a firmware that can do what the
 * emulator's cannot: power-down suspend, SYSTEM_SUSPEND, FF-A, TRNG, SDEI. Every
 * SMC that leaves the core is recorded.
 */
#include "test.h"
#include "hcall.h"
#include "vcpu.h"
#include "log.h"
#include "psci.h"
#include "../../el2-objs/hcall/smc.h"

#define RET(v)		((u64)(s64)(v))
#define NR_CPUS		3
#define FFA_VERSION	0x84000063U
#define FFA_MEM_SHARE	0x84000073U
#define FFA_MEM_SHARE64	0xc4000073U
#define SDEI_REGISTER	0xc4000021U

static struct percpu cpus[NR_CPUS];
u32 nr_cpus = NR_CPUS;
const char el2_cpu_entry[4];

static struct {
	u64 x[4];
} calls[16];
static int nr_calls;
static struct smc_res answer;		/* of the fake firmware */
static void (*during)(void);		/* what happens elsewhere while it serves */
static bool closed;			/* VM_PROTECT is refused */
static int scrubbed_before;		/* SMCs seen when memory was scrubbed, -1: not */
static int log_lines;
static jmp_buf entered;
static u64 entered_pc, entered_arg;
static jmp_buf off;
static bool off_armed;

struct percpu *cpu_by_id(u32 id)
{
	return id < nr_cpus ? &cpus[id] : NULL;
}

struct smc_res smc_call(u64 x0, u64 x1, u64 x2, u64 x3)
{
	assert_true(nr_calls < 16);
	memcpy(calls[nr_calls++].x, ((u64[]){ x0, x1, x2, x3 }), 32);
	if (off_armed && x0 == PSCI_CPU_OFF)
		longjmp(off, 1);
	if (during)
		during();
	return answer;
}

void el2_enter_host(struct percpu *cpu, u64 pc, u64 arg)
{
	(void)cpu;
	entered_pc = pc;
	entered_arg = arg;
	longjmp(entered, 1);
}

void scrub_private(void)
{
	scrubbed_before = nr_calls;
	closed = true;
}

void vm_reopen(void)
{
	closed = false;
}

void dcache_clean_inval_poc(const void *va, size_t n)
{
	(void)va, (void)n;
}

void hlog(const char *fmt, ...)
{
	(void)fmt;
	log_lines++;
}

static int reset(void **state)
{
	u32 i;

	(void)state;
	memset(cpus, 0, sizeof(cpus));
	for (i = 0; i < NR_CPUS; i++) {
		cpus[i].id = i;
		cpus[i].mpidr = 0x80000000UL | (u64)i << 8;	/* RES1 bit 31, Aff1 = i */
	}
	memset(calls, 0, sizeof(calls));
	nr_calls = 0;
	answer = (struct smc_res){ 0, 0x11, 0x22, 0x33 };
	during = NULL;
	scrubbed_before = -1;
	log_lines = 0;
	off_armed = false;
	return 0;
}

/* An SMC of the host on CPU 0 with recognisable values in all other registers. */
static u64 smc(u64 x0, u64 x1, u64 x2, u64 x3)
{
	u64 *x = cpus[0].host.x;
	int i;

	for (i = 0; i < 31; i++)
		x[i] = 0xabcd0000 + i;
	x[0] = x0;
	x[1] = x1;
	x[2] = x2;
	x[3] = x3;
	host_smc(&cpus[0]);
	for (i = 4; i < 31; i++)
		assert_int_equal(x[i], 0xabcd0000 + i);
	return x[0];
}

static void assert_call(int n, u64 x0, u64 x1, u64 x2, u64 x3)
{
	assert_true(n < nr_calls);
	assert_int_equal(calls[n].x[0], x0);
	assert_int_equal(calls[n].x[1], x1);
	assert_int_equal(calls[n].x[2], x2);
	assert_int_equal(calls[n].x[3], x3);
}

#define ENTRY		((u64)el2_cpu_entry)
#define ENTRY_ARG(i)	((u64)&cpus[i])

/* A CPU comes up, as boot/ has it: returns false if it was powered off again. */
static bool power_up(struct percpu *cpu)
{
	off_armed = true;
	if (setjmp(off))
		return false;
	if (!setjmp(entered))
		psci_enter_host(cpu);
	off_armed = false;
	return true;
}

static void cpu_on_starts_under_the_core(void **state)
{
	(void)state;
	assert_int_equal(smc(PSCI_CPU_ON64, 0x200, 0x40080000, 0x77), 0);
	assert_int_equal(nr_calls, 1);
	assert_call(0, PSCI_CPU_ON64, 0x200, ENTRY, ENTRY_ARG(2));

	assert_true(power_up(&cpus[2]));
	assert_int_equal(entered_pc, 0x40080000);
	assert_int_equal(entered_arg, 0x77);

	/* The arguments are used up: the next start needs a new CPU_ON. */
	assert_false(power_up(&cpus[2]));
	assert_int_equal(smc(PSCI_CPU_ON64, 0x200, 0x40090000, 0x78), 0);
	assert_true(power_up(&cpus[2]));
	assert_int_equal(entered_pc, 0x40090000);
}

static void cpu_on_32(void **state)
{
	(void)state;
	/* Upper halves are not part of an SMC32 call; firmware gets our 64-bit entry. */
	assert_int_equal(smc(PSCI_CPU_ON, 0xdead00000100, 0xffff000040080000,
			     0x1234567800000001), 0);
	assert_call(0, PSCI_CPU_ON64, 0x100, ENTRY, ENTRY_ARG(1));
	assert_true(power_up(&cpus[1]));
	assert_int_equal(entered_pc, 0x40080000);
	assert_int_equal(entered_arg, 1);
}

static void cpu_on_refused(void **state)
{
	(void)state;
	/* Not in the list; bits that are no affinity, among them MPIDR's own RES1 and U. */
	assert_int_equal(smc(PSCI_CPU_ON64, 0x300, 0x40080000, 0), RET(PSCI_INVALID_PARAMETERS));
	assert_int_equal(smc(PSCI_CPU_ON64, 1, 0x40080000, 0), RET(PSCI_INVALID_PARAMETERS));
	assert_int_equal(smc(PSCI_CPU_ON64, 0x80000100, 0x40080000, 0),
			 RET(PSCI_INVALID_PARAMETERS));
	assert_int_equal(smc(PSCI_CPU_ON64, 1UL << 32 | 0x100, 0x40080000, 0),
			 RET(PSCI_INVALID_PARAMETERS));
	assert_int_equal(smc(PSCI_CPU_ON64, 0x100, 0x40080001, 0), RET(PSCI_INVALID_ADDRESS));
	assert_int_equal(nr_calls, 0);
	assert_false(power_up(&cpus[1]));
}

static void cpu_on_one_at_a_time(void **state)
{
	(void)state;
	assert_int_equal(smc(PSCI_CPU_ON64, 0x100, 0x1000, 1), 0);
	/* The second may not replace what the first said. */
	assert_int_equal(smc(PSCI_CPU_ON64, 0x100, 0x2000, 2), RET(PSCI_ON_PENDING));
	assert_int_equal(nr_calls, 1);
	assert_true(power_up(&cpus[1]));
	assert_int_equal(entered_pc, 0x1000);
	assert_int_equal(entered_arg, 1);
}

static void cpu_on_firmware_says_no(void **state)
{
	(void)state;
	answer.x0 = RET(PSCI_ALREADY_ON);
	assert_int_equal(smc(PSCI_CPU_ON64, 0x100, 0x1000, 1), RET(PSCI_ALREADY_ON));
	/* Nothing pending is left behind. */
	assert_false(power_up(&cpus[1]));
	answer.x0 = 0;
	assert_int_equal(smc(PSCI_CPU_ON64, 0x100, 0x2000, 2), 0);
	assert_true(power_up(&cpus[1]));
	assert_int_equal(entered_pc, 0x2000);
}

static jmp_buf down;

static void power_gone(void)
{
	longjmp(down, 1);
}

/* An SMC that powers this CPU down: it comes back at our entry or not at all. */
static void smc_down(u64 x0, u64 x1, u64 x2, u64 x3)
{
	during = power_gone;
	if (!setjmp(down)) {
		smc(x0, x1, x2, x3);
		fail_msg("%llx came back", (unsigned long long)x0);
	}
	during = NULL;
}

static void suspend_power_down(void **state)
{
	static const struct {
		u32 id;
		int entry;	/* index of the entry in x1-x3 */
	} c[] = {
		{ PSCI_CPU_SUSPEND, 2 }, { PSCI_CPU_SUSPEND64, 2 },
		{ PSCI_CPU_DEFAULT_SUSPEND, 1 },
		{ PSCI_CPU_DEFAULT_SUSPEND | SMCCC_SMC64, 1 },
		{ PSCI_SYSTEM_SUSPEND, 1 }, { PSCI_SYSTEM_SUSPEND | SMCCC_SMC64, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		u64 a[3] = { 0, 0, 0 };

		reset(NULL);
		a[0] = 0x10000;		/* power_state, unless the entry is there */
		a[c[i].entry - 1] = 0x40123000;
		a[c[i].entry] = 0x55;
		smc_down(c[i].id, a[0], a[1], a[2]);
		assert_int_equal(nr_calls, 1);
		if (c[i].entry == 2)
			assert_call(0, c[i].id | SMCCC_SMC64, 0x10000, ENTRY, ENTRY_ARG(0));
		else
			assert_call(0, c[i].id | SMCCC_SMC64, ENTRY, ENTRY_ARG(0), 0);
		assert_true(power_up(&cpus[0]));
		assert_int_equal(entered_pc, 0x40123000);
		assert_int_equal(entered_arg, 0x55);
		/* Woken once: a second power-up has no place to go. */
		assert_false(power_up(&cpus[0]));
	}
}

static void suspend_that_returns(void **state)
{
	(void)state;
	/* Standby: firmware comes back. Even so it was never given the host's address. */
	assert_int_equal(smc(PSCI_CPU_SUSPEND64, 0, 0x40123000, 0x55), 0);
	assert_call(0, PSCI_CPU_SUSPEND64, 0, ENTRY, ENTRY_ARG(0));
	assert_false(power_up(&cpus[0]));

	answer.x0 = RET(PSCI_DENIED);
	assert_int_equal(smc(PSCI_SYSTEM_SUSPEND | SMCCC_SMC64, 0x40123000, 0x55, 0),
			 RET(PSCI_DENIED));
	assert_false(power_up(&cpus[0]));

	nr_calls = 0;
	assert_int_equal(smc(PSCI_CPU_SUSPEND64, 0, 0x40123002, 0), RET(PSCI_INVALID_ADDRESS));
	assert_int_equal(nr_calls, 0);
}

static void cpu_on_while_suspended(void **state)
{
	(void)state;
	smc_down(PSCI_CPU_SUSPEND64, 0x10000, 0x1000, 1);
	/* Another CPU's CPU_ON, which firmware refuses, does not touch the resume address. */
	answer.x0 = RET(PSCI_ALREADY_ON);
	memset(&cpus[1].host, 0, sizeof(cpus[1].host));
	cpus[1].host.x[0] = PSCI_CPU_ON64;
	cpus[1].host.x[1] = 0;
	cpus[1].host.x[2] = 0x2000;
	host_smc(&cpus[1]);
	assert_int_equal(cpus[1].host.x[0], RET(PSCI_ALREADY_ON));
	assert_true(power_up(&cpus[0]));
	assert_int_equal(entered_pc, 0x1000);
	assert_int_equal(entered_arg, 1);
}

static void power_off_scrubs_first(void **state)
{
	static const u32 id[] = { PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET, PSCI_SYSTEM_RESET2,
				  PSCI_SYSTEM_RESET2_64 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(id); i++) {
		reset(NULL);
		answer.x0 = RET(PSCI_INTERNAL_FAILURE);
		assert_int_equal(smc(id[i], 1, 2, 3), RET(PSCI_INTERNAL_FAILURE));
		assert_int_equal(scrubbed_before, 0);
		assert_int_equal(nr_calls, 1);
		assert_false(closed);	/* firmware has refused */
	}
	reset(NULL);
	smc(PSCI_CPU_OFF, 0, 0, 0);
	assert_call(0, PSCI_CPU_OFF, 0, 0, 0);
	assert_int_equal(scrubbed_before, -1);
}

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

static void refusals_are_logged_once(void **state)
{
	u32 i;

	(void)state;
	/* Others may have been logged by tests before: the table holds 16 in all. */
	for (i = 0; i < 64; i++)
		smc(0xc2000100 + i, 0, 0, 0);
	assert_true(log_lines <= 16);
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

/* Queries take no address and are passed on as they are. */
static void queries(void **state)
{
	(void)state;
	answer.x0 = 0x10001;
	assert_int_equal(smc(PSCI_VERSION, 5, 6, 7), 0x10001);
	assert_call(0, PSCI_VERSION, 0, 0, 0);
	smc(PSCI_AFFINITY_INFO64, 0x100, 0, 9);
	assert_call(1, PSCI_AFFINITY_INFO64, 0x100, 0, 0);
	smc(PSCI_MIGRATE_INFO_TYPE, 5, 6, 7);
	assert_call(2, PSCI_MIGRATE_INFO_TYPE, 0, 0, 0);
	smc(PSCI_STAT_COUNT | SMCCC_SMC64, 0x100, 2, 7);
	assert_call(3, PSCI_STAT_COUNT | SMCCC_SMC64, 0x100, 2, 0);
	assert_int_equal(nr_calls, 4);
}

static u64 script[4];
static void next_answer(void)
{
	answer.x0 = script[nr_calls];
}

static void mem_protect(void **state)
{
	(void)state;
	during = next_answer;
	psci_mem_protect = false;

	memcpy(script, ((u64[]){ 0, 2, 9, 9 }), 32);		/* PSCI 0.2: no FEATURES */
	psci_init();
	assert_int_equal(nr_calls, 1);
	assert_false(psci_mem_protect);

	nr_calls = 0;						/* 1.1 without it */
	memcpy(script, ((u64[]){ 0, 0x10001, RET(-1), 9 }), 32);
	psci_init();
	assert_int_equal(nr_calls, 2);
	assert_false(psci_mem_protect);

	nr_calls = 0;						/* it fails */
	memcpy(script, ((u64[]){ 0, 0x10001, 0, RET(-3) }), 32);
	psci_init();
	assert_false(psci_mem_protect);

	nr_calls = 0;
	memcpy(script, ((u64[]){ 0, 0x10001, 0, 0 }), 32);
	psci_init();
	assert_int_equal(nr_calls, 3);
	assert_call(2, PSCI_MEM_PROTECT, 1, 0, 0);
	assert_true(psci_mem_protect);
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
		T(cpu_on_starts_under_the_core), T(cpu_on_32), T(cpu_on_refused),
		T(cpu_on_one_at_a_time), T(cpu_on_firmware_says_no), T(suspend_power_down),
		T(suspend_that_returns), T(cpu_on_while_suspended), T(power_off_scrubs_first),
		T(features), T(refused), T(refusals_are_logged_once), T(allowed), T(arch_queries),
		T(queries), T(mem_protect), T(fuzz_no_host_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
