// SPDX-License-Identifier: GPL-2.0-only
/* FP, SIMD and SVE of a protected vCPU, through a whole run. */
#include "canary_common.h"

/* FP registers are loaded at their first use, and gone before the host runs. */
static u64 guest_uses_fp(struct vcpu_regs *r)
{
	if (g.entered++)
		return EXIT_IRQ;
	SREG(ESR_EL2) = (u64)EC_FP << ESR_EC_SHIFT | ESR_IL;
	SREG(SPSR_EL2) = SPSR_EL1H;
	return EXIT_TRAP;
}

static void no_fp_left(void **state)
{
	(void)state;
	warm_up();
	begin(SHOW_NOTHING);
	cpu_guest = guest_uses_fp;
	cpu_fp_clears = 0;
	assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IRQ);
	assert_int_equal(g.entered, 2);
	assert_int_equal(cpu_fp_clears, 1);
	assert_int_equal(world_vcpu[0].fp.fpcr, 0x77777777);
	assert_false(world_vcpu[0].fp_loaded);
}

/* SVE: the same, with vectors of the VM's length in a page of its own. */
#define SVE_VL		32

static u64 sve_guest_zcr;

static u64 guest_uses_sve(struct vcpu_regs *r)
{
	SREG(ESR_EL2) = (u64)EC_SVE << ESR_EC_SHIFT | ESR_IL;
	SREG(SPSR_EL2) = SPSR_EL1H;
	if (!(g.entered++ & 1))
		return EXIT_TRAP;
	/* Loaded: what it left there before, at its length. */
	assert_int_equal(sve_vl(), SVE_VL);
	assert_false(SREG(CPTR_EL2) & (CPTR_TZ | CPTR_TFP));
	if (g.entered > 2) {
		assert_int_equal(SREG(ZCR_EL1), sve_guest_zcr);
		for (int i = 0; i < SVE_VL * 34 + SVE_VL / 8; i++)
			assert_int_equal(cpu_sve[i], (u8)(i + 1));
	} else {
		assert_int_equal(SREG(ZCR_EL1), 0);
		for (int i = 0; i < SVE_VL * 34 + SVE_VL / 8; i++)
			assert_int_equal(cpu_sve[i], 0);
	}
	for (int i = 0; i < SVE_VL * 34 + SVE_VL / 8; i++)
		cpu_sve[i] = (u8)(i + 1);
	SREG(ZCR_EL1) = sve_guest_zcr = test_rand();
	return EXIT_IRQ;
}

static void no_sve_left(void **state)
{
	static u8 page[PAGE_SIZE] __attribute__((aligned(16)));
	u64 zcr_el1, zcr_el2;
	(void)state;

	warm_up();
	begin(SHOW_NOTHING);
	memset(page, 0xa5, sizeof(page));
	world_vcpu[0].sve_buf = page;
	world_vcpu[0].sve_vl = SVE_VL;
	pvm_vcpu_reset(&world_vcpu[0], 0x40200000, 0, 0, 0);
	cpu_guest = guest_uses_sve;
	for (int n = 0; n < 3; n++) {
		memset(cpu_sve, 0xee, sizeof(cpu_sve));	/* KVM has saved the host's */
		SREG(ZCR_EL1) = zcr_el1 = test_rand();
		SREG(ZCR_EL2) = zcr_el2 = 15;
		assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IRQ);
		assert_int_equal(g.entered, 2 * n + 2);
		assert_int_equal(SREG(ZCR_EL1), zcr_el1);
		assert_int_equal(SREG(ZCR_EL2), zcr_el2);
		for (int i = 0; i < SVE_VL * 34 + SVE_VL / 8; i++)
			assert_int_equal(cpu_sve[i], 0);
		assert_int_equal(page[0], 1);
		assert_int_equal(page[SVE_VL * 34 + SVE_VL / 8], 0);
	}
	/* A CPU without that length: not silently another one. */
	cpu_sve_max = 16;
	g.entered = 0;
	assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IL);
	assert_int_equal(vm->state, VM_DEAD);
	cpu_sve_max = 256;
}

static void sve_lengths(void **state)
{
	struct percpu cpu = { 0 };
	(void)state;

	cpu_new();
	SREG(ZCR_EL2) = 9;
	assert_int_equal(sve_measure(&cpu), 0);
	SREG(ID_AA64PFR0_EL1) = 1UL << 32;
	assert_int_equal(sve_measure(&cpu), VCPU_SVE_MAX);
	cpu_sve_max = 32;
	assert_int_equal(sve_measure(&cpu), 32);
	assert_int_equal(SREG(ZCR_EL2), 9);
	cpu.el2_snapshot[EL2S_CPTR] = CPTR_TZ;
	assert_int_equal(sve_measure(&cpu), 0);
	cpu_sve_max = 256;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_fp_left),
		cmocka_unit_test(no_sve_left),
		cmocka_unit_test(sve_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
