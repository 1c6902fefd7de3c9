// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host gets for every other exception it can take to EL2, the state of an
 * exception that is injected, and how long interrupts wait meanwhile.
 */
#include "dispatch_common.h"

static void smc(void **state)
{
	(void)state;
	trap(esr_of(EC_SMC64, 0), EL1H | SPSR_SS | SPSR_BTYPE);
	assert_int_equal(smcs, 1);
	assert_int_equal(REG(ELR_EL2), PC + 4);
	assert_int_equal(REG(SPSR_EL2), EL1H);
	trap(esr_of(EC_SMC64, 1), EL1H);
	assert_int_equal(smcs, 1);
	assert_int_equal(aborts, 0);
	assert_int_equal(cpu.host.x[0], RET(HYPSEC_NOT_SUPPORTED));
	assert_int_equal(REG(ELR_EL2), PC + 4);
}

/* An HVC that goes on later is executed again: the host's interrupts come before it. */
static void restart(void **state)
{
	(void)state;
	REG(ELR_EL2) = PC + 4;
	hcall_restart(&cpu);
	assert_int_equal(REG(ELR_EL2), PC);
}

static void aborts_go_to_the_stage_2_owner(void **state)
{
	(void)state;
	trap(esr_of(EC_DABT_LOW, 0), EL1H);
	trap(esr_of(EC_IABT_LOW, 0), EL1H);
	assert_int_equal(aborts, 2);
	assert_int_equal(REG(ELR_EL2), PC);
}

static void assert_undef(u64 vector, u64 spsr)
{
	assert_int_equal(REG(ELR_EL2), VBAR + vector);
	assert_int_equal(REG(ELR_EL1), PC);
	assert_int_equal(REG(SPSR_EL1), spsr);
	assert_int_equal(REG(ESR_EL1), ESR_IL);
	assert_int_equal(REG(SPSR_EL2) & (SPSR_MODE | SPSR_MODE32 | SPSR_DAIF), EL1H);
}

static u64 sys(u32 op0, u32 op1, u32 crn, u32 crm, u32 op2, u32 rt, bool read)
{
	return esr_of(EC_SYS64, (u64)op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 |
		      crm << 1 | read);
}

static void trapped_registers(void **state)
{
	(void)state;
	/* IMPLEMENTATION DEFINED, ACTLR_EL1, activity monitors, trace: RAZ/WI at EL1 */
	static const u32 enc[][5] = { { 3, 0, 1, 0, 1 }, { 3, 0, 15, 5, 0 }, { 3, 1, 11, 0, 2 },
				      { 1, 0, 15, 0, 0 }, { 1, 7, 11, 3, 3 }, { 3, 3, 13, 2, 0 },
				      { 3, 3, 13, 4, 1 }, { 3, 3, 13, 15, 7 }, { 2, 1, 0, 1, 0 },
				      { 2, 1, 7, 15, 6 } };
	for (size_t i = 0; i < ARRAY_SIZE(enc); i++) {
		const u32 *e = enc[i];

		cpu.host.x[5] = JUNK;
		trap(sys(e[0], e[1], e[2], e[3], e[4], 5, true), EL1H);
		assert_int_equal(cpu.host.x[5], 0);
		assert_int_equal(REG(ELR_EL2), PC + 4);
		cpu.host.x[5] = JUNK;
		trap(sys(e[0], e[1], e[2], e[3], e[4], 5, false), SPSR_EL1T);
		assert_int_equal(cpu.host.x[5], JUNK);
		assert_int_equal(REG(ELR_EL2), PC + 4);
		trap(sys(e[0], e[1], e[2], e[3], e[4], 31, true), EL1H);
		assert_int_equal(REG(ELR_EL2), PC + 4);
		assert_int_equal(cpu.stack_top, JUNK);	/* what follows x30 */
		/* not for user space */
		trap(sys(e[0], e[1], e[2], e[3], e[4], 5, true), 0);
		assert_undef(0x400, 0);
		assert_int_equal(cpu.host.x[5], JUNK);
	}
	/* Nothing else is emulated: ACTLR_EL1's neighbours, ID registers, DC CISW */
	static const u32 no[][5] = { { 3, 0, 1, 0, 0 }, { 3, 0, 1, 1, 1 }, { 3, 4, 1, 0, 1 },
				     { 3, 0, 0, 4, 0 }, { 1, 0, 7, 14, 2 }, { 2, 0, 0, 2, 2 },
				     { 2, 0, 11, 0, 0 }, { 3, 3, 13, 1, 0 }, { 3, 3, 13, 0, 5 },
				     { 2, 1, 8, 0, 0 }, { 2, 0, 0, 0, 4 } };
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		const u32 *e = no[i];

		cpu.host.x[5] = JUNK;
		trap(sys(e[0], e[1], e[2], e[3], e[4], 5, true), EL1H);
		assert_undef(0x200, EL1H);
		assert_int_equal(cpu.host.x[5], JUNK);
	}
}

static void everything_else_is_undefined(void **state)
{
	u64 ec;

	(void)state;
	for (ec = 0; ec < 64; ec++) {
		if (ec == EC_HVC64 || ec == EC_SMC64 || ec == EC_SYS64 || ec == EC_DABT_LOW ||
		    ec == EC_IABT_LOW)
			continue;
		trap(esr_of(ec, 0x123), EL1H);
		assert_undef(0x200, EL1H);
	}
	assert_int_equal(smcs + aborts + ops + kvm_calls + stub_calls, 0);
}

static void vectors(void **state)
{
	(void)state;
	trap(0, SPSR_EL1T | SPSR_PAN);
	assert_undef(0x000, SPSR_EL1T | SPSR_PAN);
	trap(0, SPSR_EL1H);
	assert_undef(0x200, SPSR_EL1H);
	trap(0, SPSR_EL0T);
	assert_undef(0x400, SPSR_EL0T);
	trap(0, SPSR_MODE32);
	assert_undef(0x600, SPSR_MODE32);
}

/* Arm ARM, AArch64.TakeException(): each PSTATE bit by itself. */
static void pstate(void **state)
{
	static const u64 kept = 0xfUL << 28 | SPSR_DIT | SPSR_PAN;
	int bit;

	(void)state;
	REG(SCTLR_EL1) = 1UL << 23;	/* SPAN: PAN is left alone */
	REG(ID_AA64MMFR1_EL1) = 1UL << 20;
	for (bit = 0; bit < 64; bit++) {
		u64 spsr = 1UL << bit;

		if (spsr & (SPSR_MODE | SPSR_MODE32))
			continue;
		trap(0, spsr | SPSR_EL1H);
		assert_int_equal(REG(SPSR_EL2), EL1H | (spsr & kept));
		assert_int_equal(REG(SPSR_EL1), spsr | SPSR_EL1H);
	}
	REG(SCTLR_EL1) = 0;
	trap(0, SPSR_EL1H);
	assert_int_equal(REG(SPSR_EL2), EL1H | SPSR_PAN);
	REG(ID_AA64MMFR1_EL1) = 0;
	trap(0, SPSR_EL1H);
	assert_int_equal(REG(SPSR_EL2), EL1H);

	REG(ID_AA64PFR1_EL1) = 0x22UL << 4;		/* SSBS, MTE */
	trap(0, SPSR_EL1H | SPSR_SSBS);
	assert_int_equal(REG(SPSR_EL2), EL1H | SPSR_TCO);
	REG(SCTLR_EL1) = 1UL << 44;			/* DSSBS */
	trap(0, SPSR_EL1H);
	assert_int_equal(REG(SPSR_EL2), EL1H | SPSR_TCO | SPSR_SSBS);
	REG(ID_AA64PFR1_EL1) = 1UL << 36;		/* NMI */
	trap(0, SPSR_EL1H);
	assert_int_equal(REG(SPSR_EL2), EL1H | SPSR_ALLINT);
	REG(SCTLR_EL1) |= 1UL << 62;			/* SPINTMASK */
	trap(0, SPSR_EL1H);
	assert_int_equal(REG(SPSR_EL2), EL1H);
}

static void injected_aborts(void **state)
{
	/* A store with a syndrome, at stage 2, level 3 */
	u64 iss = ESR_ISV | 3UL << ESR_SAS_SHIFT | ESR_SSE | 7UL << ESR_SRT_SHIFT | ESR_SF |
		  ESR_AR | ESR_VNCR | ESR_FNV | ESR_EA | ESR_S1PTW | FSC_TRANS | 3;

	(void)state;
	reset(NULL);
	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = SPSR_EL1H;
	REG(VBAR_EL1) = VBAR;
	host_inject_abort(false, false, esr_of(EC_DABT_LOW, iss | ESR_WNR), 0xffff123);
	assert_int_equal(REG(ESR_EL1), esr_of(EC_DABT_CUR, ESR_WNR | FSC_ALIGN));
	assert_int_equal(REG(FAR_EL1), 0xffff123);
	assert_int_equal(REG(ELR_EL1), PC);
	assert_int_equal(REG(ELR_EL2), VBAR + 0x200);

	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = SPSR_EL0T;
	host_inject_abort(false, true, esr_of(EC_DABT_LOW, iss | ESR_CM | ESR_WNR), 1);
	assert_int_equal(REG(ESR_EL1), esr_of(EC_DABT_LOW, ESR_WNR | ESR_CM | FSC_ALIGN));
	assert_int_equal(REG(ELR_EL2), VBAR + 0x400);

	/* A 16-bit T32 instruction: IL stays 0 for data, is 1 for a fetch */
	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = SPSR_MODE32;
	host_inject_abort(false, true, (u64)EC_DABT_LOW << ESR_EC_SHIFT | iss, 2);
	assert_int_equal(REG(ESR_EL1), (u64)EC_DABT_LOW << ESR_EC_SHIFT | FSC_ALIGN);
	assert_int_equal(REG(ELR_EL2), VBAR + 0x600);
	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = SPSR_EL0T;
	host_inject_abort(true, true, (u64)EC_IABT_LOW << ESR_EC_SHIFT | ESR_S1PTW | 7, 3);
	assert_int_equal(REG(ESR_EL1), esr_of(EC_IABT_LOW, FSC_ALIGN));
	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = SPSR_EL1H;
	host_inject_abort(true, false, esr_of(EC_IABT_LOW, 7), 3);
	assert_int_equal(REG(ESR_EL1), esr_of(EC_IABT_CUR, FSC_ALIGN));
}

static void longest_masked_time(void **state)
{
	(void)state;
	hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_RESET);
	assert_int_equal(hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_READ), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], 0);

	slow = 500;			/* ticks that pass in own_share() */
	hvc(HYPSEC_CALL_SHARE, RAM_START);
	slow = 300;
	hvc(HYPSEC_CALL_SHARE, RAM_START);
	slow = 0;
	assert_int_equal(hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_RESET), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], 500);
	assert_int_equal(cpu.host.x[2], esr_of(EC_HVC64, 0));
	assert_int_equal(cpu.host.x[3], HYPSEC_CALL_SHARE);
	hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_READ);
	assert_int_equal(cpu.host.x[1] | cpu.host.x[2] | cpu.host.x[3], 0);
	assert_int_equal(hvc(HYPSEC_CALL_STATS, 2), RET(HYPSEC_RANGE));

	/* What a guest runs is not counted. */
	masked_trap(&cpu, 0);
	REG(CNTPCT_EL0) += 7;
	masked_end(&cpu);
	REG(CNTPCT_EL0) += 1000000;
	masked_begin(&cpu);
	REG(CNTPCT_EL0) += 9;
	masked_end(&cpu);
	hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_READ);
	assert_int_equal(cpu.host.x[1], 9);

	/* Long work that looks for interrupts on its way counts piece by piece. */
	masked_trap(&cpu, 0);
	REG(CNTPCT_EL0) += 12;
	assert_false(host_irq_pending());
	REG(CNTPCT_EL0) += 10;
	REG(ISR_EL1) = 1 << 7;
	assert_true(host_irq_pending());
	REG(CNTPCT_EL0) += 1;
	masked_end(&cpu);
	hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_READ);
	assert_int_equal(cpu.host.x[1], 12);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, reset)
	static const struct CMUnitTest tests[] = {
		T(smc), T(restart), T(aborts_go_to_the_stage_2_owner), T(trapped_registers),
		T(everything_else_is_undefined), T(vectors), T(pstate), T(injected_aborts),
		T(longest_masked_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
