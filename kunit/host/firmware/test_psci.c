// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PSCI relay: CPUs that come up, suspend, and go, and firmware that can do more than
 * the emulator's: power-down suspend, SYSTEM_SUSPEND.
 */
#include "psci_common.h"

/* A CPU comes up, as install/ has it: returns false if it was powered off again. */
static u64 entered_pc, entered_arg;

static bool power_up(struct percpu *cpu)
{
	off_armed = true;
	if (setjmp(off))
		return false;
	psci_next(cpu, &entered_pc, &entered_arg);
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
	/* Of CPUs that nobody knows the log tells, once. */
	assert_int_equal(log_lines, 1);
	assert_false(power_up(&cpus[1]));
	assert_int_equal(log_lines, 2);
}

/* It came up and must not run: off it goes, and whoever tries again is not told "pending". */
static void cpu_refused(void **state)
{
	static int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(smc(PSCI_CPU_ON64, 0x200, 0x40080000, 0x77), 0);
		nr_calls = 0;
		off_armed = true;
		if (!setjmp(off))
			psci_refuse_cpu(&cpus[2]);
		assert_call(0, PSCI_CPU_OFF, 0, 0, 0);
		assert_int_equal(log_lines, 1);
		assert_int_equal(cpus[2].boot_lock, 0);
		off_armed = false;
	}
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
	static const u32 id[] = { PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(id); i++) {
		reset(NULL);
		answer.x0 = RET(PSCI_INTERNAL_FAILURE);
		assert_int_equal(smc(id[i], 1, 2, 3), RET(PSCI_INTERNAL_FAILURE));
		assert_int_equal(scrubbed_before, 0);
		assert_int_equal(nr_calls, 1);
		assert_call(0, id[i], 0, 0, 0);
		assert_false(closed);	/* firmware has refused */
	}
	/* A broken core has closed nothing, and opens nothing. */
	reset(NULL);
	core_broken = true;
	smc(PSCI_SYSTEM_OFF, 0, 0, 0);
	assert_int_equal(scrubbed_before, 0);
	assert_true(closed);
	core_broken = false;
	closed = false;
	reset(NULL);
	smc(PSCI_CPU_OFF, 0, 0, 0);
	assert_call(0, PSCI_CPU_OFF, 0, 0, 0);
	assert_int_equal(scrubbed_before, -1);
}

static u64 script[4];
static void next_answer(void)
{
	answer.x0 = script[nr_calls];
}

/* What firmware would refuse must not end the VMs, or keep this CPU for a scrub. */
static void reset2(void **state)
{
	static const u32 id[] = { PSCI_SYSTEM_RESET2, PSCI_SYSTEM_RESET2_64 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(id); i++) {
		reset(NULL);
		during = next_answer;
		memcpy(script, ((u64[]){ 9, RET(PSCI_NOT_SUPPORTED), 9, 9 }), 32);
		assert_int_equal(smc(id[i], 0, 2, 3), RET(PSCI_NOT_SUPPORTED));
		assert_call(0, PSCI_FEATURES, id[i], 0, 0);
		assert_int_equal(scrubbed_before, -1);

		reset(NULL);
		assert_int_equal(smc(id[i], 1, 2, 3), RET(PSCI_INVALID_PARAMETERS));
		assert_int_equal(scrubbed_before, -1);

		reset(NULL);
		during = next_answer;
		memcpy(script, ((u64[]){ 9, 0, RET(PSCI_INTERNAL_FAILURE), 9 }), 32);
		assert_int_equal(smc(id[i], 0, 2, 3), RET(PSCI_INTERNAL_FAILURE));
		assert_int_equal(scrubbed_before, 1);
		assert_call(1, id[i], 0, 2, 0);
		assert_false(closed);

		reset(NULL);
		smc(id[i], BIT(31) | 7, 2, 3);
		assert_int_equal(scrubbed_before, 1);
	}
}

/* Queries take no address and are passed on as they are. */
static void queries(void **state)
{
	(void)state;
	answer.x0 = 0x10001;
	assert_int_equal(smc(PSCI_VERSION, 5, 6, 7), 0x10001);
	assert_call(0, PSCI_VERSION, 0, 0, 0);
	assert_int_equal(smc(PSCI_AFFINITY_INFO64, 0x100, 0, 9), 0x10001);
	assert_call(1, PSCI_AFFINITY_INFO64, 0x100, 0, 0);
	assert_int_equal(smc(PSCI_MIGRATE_INFO_TYPE, 5, 6, 7), 0x10001);
	assert_call(2, PSCI_MIGRATE_INFO_TYPE, 0, 0, 0);
	assert_int_equal(smc(PSCI_STAT_COUNT | SMCCC_SMC64, 0x100, 2, 7), 0x10001);
	assert_call(3, PSCI_STAT_COUNT | SMCCC_SMC64, 0x100, 2, 0);
	assert_int_equal(smc(PSCI_SET_SUSPEND_MODE, 1, 2, 7), 0x10001);
	assert_call(4, PSCI_SET_SUSPEND_MODE, 1, 0, 0);
	assert_int_equal(nr_calls, 5);
}

static void mem_protect(void **state)
{
	(void)state;
	during = next_answer;
	psci_mem_protect = false;

	memcpy(script, ((u64[]){ 0, 2, 9, 9 }), 32);		/* PSCI 0.2: no FEATURES */
	psci_init(PA(ENTRY));
	assert_int_equal(nr_calls, 1);
	assert_false(psci_mem_protect);

	nr_calls = 0;						/* 1.1 without it */
	memcpy(script, ((u64[]){ 0, 0x10001, RET(-1), 9 }), 32);
	psci_init(PA(ENTRY));
	assert_int_equal(nr_calls, 2);
	assert_false(psci_mem_protect);

	nr_calls = 0;						/* it fails */
	memcpy(script, ((u64[]){ 0, 0x10001, 0, RET(-3) }), 32);
	psci_init(PA(ENTRY));
	assert_false(psci_mem_protect);

	nr_calls = 0;
	memcpy(script, ((u64[]){ 0, 0x10001, 0, 0 }), 32);
	psci_init(PA(ENTRY));
	assert_int_equal(nr_calls, 3);
	assert_call(0, PSCI_VERSION, 0, 0, 0);
	assert_call(1, PSCI_FEATURES, PSCI_MEM_PROTECT, 0, 0);
	assert_call(2, PSCI_MEM_PROTECT, 1, 0, 0);
	assert_true(psci_mem_protect);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, reset)
	static const struct CMUnitTest tests[] = {
		T(cpu_on_starts_under_the_core), T(cpu_on_32), T(cpu_on_refused),
		T(cpu_refused),
		T(cpu_on_one_at_a_time), T(cpu_on_firmware_says_no), T(suspend_power_down),
		T(suspend_that_returns), T(cpu_on_while_suspended), T(power_off_scrubs_first),
		T(reset2),
		T(queries), T(mem_protect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
