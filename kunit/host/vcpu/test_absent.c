// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs that lack something, one thing at a time: its registers are UNDEFINED, at EL2 too, where
 * that is the end of the core. So a run touches those of what is there, and no other. And the
 * units that record what a CPU does, stopped beside a run.
 */
#include "pvm/canary_common.h"

#define NAMES	200
#define DBG_AT	1024		/* a set of breakpoints in KVM's structure */

static struct touched {
	const char *name[NAMES];
	unsigned int n;
} touched;

static bool touches(const struct touched *t, const char *name)
{
	for (unsigned int i = 0; i < t->n; i++)
		if (!strcmp(t->name[i], name))
			return true;
	return false;
}

static void note(const char *name)
{
	if (touches(&touched, name))
		return;
	assert_true(touched.n < NAMES);
	touched.name[touched.n++] = name;
}

#define FEAT(f)	offsetof(struct cpu_feat, f)
#define R(r)	__sr_str(r)

static const struct {
	size_t feat;
	bool protected;			/* a protected guest's run has them too */
	const char *regs[12];
} lacking[] = {
	{ FEAT(ras), true, { R(VDISR_EL2), R(DISR_EL1) } },
	{ FEAT(fgt), true, { R(HFGRTR_EL2), R(HFGWTR_EL2), R(HFGITR_EL2), R(HDFGRTR_EL2),
			     R(HDFGWTR_EL2), R(HAFGRTR_EL2) } },
	{ FEAT(amu), true, { R(HAFGRTR_EL2) } },
	{ FEAT(hcx), true, { R(HCRX_EL2) } },
	{ FEAT(pauth), true, { R(APIAKEYLO_EL1), R(APIAKEYHI_EL1), R(APIBKEYLO_EL1),
			       R(APIBKEYHI_EL1), R(APDAKEYLO_EL1), R(APDAKEYHI_EL1),
			       R(APDBKEYLO_EL1), R(APDBKEYHI_EL1), R(APGAKEYLO_EL1),
			       R(APGAKEYHI_EL1) } },
	{ FEAT(mte), false, { R(TFSR_EL1), R(TFSRE0_EL1), R(RGSR_EL1), R(GCR_EL1) } },
	{ FEAT(sme), true, { R(SVCR) } },
	{ FEAT(tcr2), false, { R(TCR2_EL1), R(PIR_EL1), R(PIRE0_EL1), R(POR_EL1), R(POR_EL0) } },
	{ FEAT(s1pie), false, { R(PIR_EL1), R(PIRE0_EL1) } },
	{ FEAT(s1poe), false, { R(POR_EL1), R(POR_EL0) } },
	{ FEAT(fpmr), false, { R(FPMR) } },
	{ FEAT(pmu), true, { R(PMSELR_EL0), R(PMUSERENR_EL0), R(PMCNTENSET_EL0),
			     R(PMCNTENCLR_EL0) } },
	{ FEAT(spe), true, { R(PMBLIMITR_EL1), R(PMSCR_EL1) } },
	{ FEAT(trbe), true, { R(TRBLIMITR_EL1) } },
	{ FEAT(trf), true, { R(TRFCR_EL1) } },
	{ FEAT(brbe), true, { R(BRBCR_EL1) } },
};

static bool listed(size_t row, const char *name)
{
	for (int i = 0; lacking[row].regs[i]; i++)
		if (!strcmp(lacking[row].regs[i], name))
			return true;
	return false;
}

static u64 guest_with_fp(struct vcpu_regs *r)
{
	(void)r;
	if (g.entered++)
		return EXIT_IRQ;
	SREG(ESR_EL2) = (u64)EC_FP << ESR_EC_SHIFT | ESR_IL;
	SREG(SPSR_EL2) = SPSR_EL1H;
	return EXIT_TRAP;
}

static void prepare(bool protected)
{
	begin(SHOW_NOTHING);
	cpu_guest = guest_with_fp;
	this_feat.spec_at = this_feat.par_dmb = false;
	memset(cpu_kvm_vcpu, 0, sizeof(cpu_kvm_vcpu));
	GPR(cpu_kvm_vcpu, 33) = SPSR_EL1H;
	GICR(cpu_kvm_vcpu, SRE) = 1;
	/* All is in use, on both sides. */
	SREG(PMBLIMITR_EL1) = SREG(TRBLIMITR_EL1) = 1;
	SREG(PMSCR_EL1) = SREG(TRFCR_EL1) = SREG(BRBCR_EL1) = SREG(SVCR) = 3;
	SREG(PMCNTENSET_EL0) = 1;
	SREG(ICC_SRE_EL1) = 1;
	REG64(cpu_kvm_vcpu, KVM_VCPU_HCR) = HCR_RW | HCR_API | HCR_APK | HCR_ATA;
	REG64(cpu_kvm_vcpu, KVM_VCPU_HCRX) = ~0UL;
	REG64(cpu_kvm_vcpu, KVM_VCPU_PMU_HOST) = REG64(cpu_kvm_vcpu, KVM_VCPU_PMU_GUEST) = 1;
	if (!protected)
		vm->state = VM_ORDINARY;
}

/* Of an EL1 in AArch32, which this CPU has not. */
static const char *const aarch32[] = {
	R(SPSR_ABT), R(SPSR_UND), R(SPSR_IRQ), R(SPSR_FIQ), R(DACR32_EL2), R(IFSR32_EL2),
	R(DBGVCR32_EL2), R(FPEXC32_EL2),
};

static struct touched run(void)
{
	touched.n = 0;
	cpu_reg_hook = note;
	assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IRQ);
	cpu_reg_hook = NULL;
	assert_int_equal(g.entered, 2);
	for (size_t i = 0; i < ARRAY_SIZE(aarch32); i++)
		assert_false(touches(&touched, aarch32[i]));
	return touched;
}

static void each_feature(void **state)
{
	(void)state;
	for (int protected = 0; protected < 2; protected++) {
		struct touched all, without;

		prepare(protected);
		all = run();
		for (size_t i = 0; i < ARRAY_SIZE(lacking); i++) {
			bool used = !protected || lacking[i].protected;

			for (int k = 0; used && lacking[i].regs[k]; k++)
				if (!touches(&all, lacking[i].regs[k]))
					fail_msg("%s is left as it was", lacking[i].regs[k]);
			prepare(protected);
			*(bool *)((u8 *)&this_feat + lacking[i].feat) = false;
			/* hcx: without the register that the rest is enabled in. */
			for (int k = 0; lacking[i].regs[k]; k++)
				*fake_reg(lacking[i].regs[k]) = 0;
			if (lacking[i].feat == FEAT(hcx))
				REG64(cpu_kvm_vcpu, KVM_VCPU_HCRX) = 0;
			without = run();
			for (unsigned int k = 0; k < without.n; k++)
				if (listed(i, without.name[k]))
					fail_msg("%s does not exist", without.name[k]);
			for (unsigned int k = 0; k < all.n; k++)
				if (!listed(i, all.name[k]) && lacking[i].feat != FEAT(hcx) &&
				    !touches(&without, all.name[k]))
					fail_msg("%s is there without %s", all.name[k],
						 lacking[i].regs[0]);
		}
	}
}

/* As many breakpoints and watchpoints as there are. */
static void breakpoints(void **state)
{
	static const char *const kind[] = { "DBGBCR", "DBGBVR", "DBGWCR", "DBGWVR" };
	(void)state;

	for (unsigned int n = 1; n <= DEBUG_REGS; n++) {
		struct touched t;

		prepare(false);
		this_feat.breakpoints = (u8)n;
		this_feat.watchpoints = (u8)(DEBUG_REGS + 1 - n);
		cpu_kvm_vcpu[KVM_VCPU_IFLAGS] = KVM_FLAG_DEBUG_DIRTY;
		REG64(cpu_kvm_vcpu, KVM_VCPU_DEBUG_PTR) = HOST.v + DBG_AT;
		t = run();
		for (unsigned int i = 0; i < 4 * DEBUG_REGS; i++) {
			unsigned int r = i % DEBUG_REGS;
			char name[16];

			snprintf(name, sizeof(name), "%s%u_EL1", kind[i / DEBUG_REGS], r);
			assert_int_equal(touches(&t, name),
					 r < (i < 2 * DEBUG_REGS ? n : DEBUG_REGS + 1 - n));
		}
		assert_int_equal(cpu_kvm_vcpu[KVM_VCPU_IFLAGS], 0);
	}
}

/* Nothing to stop: nothing is written, what is off stays off. */
static void nothing_on(void **state)
{
	static const char *const off[] = {
		R(PMBLIMITR_EL1), R(PMSCR_EL1), R(TRBLIMITR_EL1), R(TRFCR_EL1), R(BRBCR_EL1),
	};
	(void)state;

	prepare(false);
	for (size_t i = 0; i < ARRAY_SIZE(off); i++)
		*fake_reg(off[i]) = 0;
	REG64(cpu_kvm_vcpu, KVM_VCPU_PMU_HOST) = REG64(cpu_kvm_vcpu, KVM_VCPU_PMU_GUEST) = 0;
	SREG(PMCNTENSET_EL0) = SREG(PMCNTENCLR_EL0) = 0x5a;
	run();
	for (size_t i = 0; i < ARRAY_SIZE(off); i++)
		assert_int_equal(*fake_reg(off[i]), 0);
	assert_int_equal(SREG(PMCNTENSET_EL0), 0x5a);
	assert_int_equal(SREG(PMCNTENCLR_EL0), 0x5a);
}

static bool off(void)
{
	return !(SREG(PMBLIMITR_EL1) & 1) && !(SREG(TRBLIMITR_EL1) & 1) &&
	       !(SREG(TRFCR_EL1) & 3) && !(SREG(BRBCR_EL1) & 3);
}

/* For a moment in which another VM's tables are in force (pgt/tlb.c). */
static void paused(void **state)
{
	static struct reg_file before;
	(void)state;

	prepare(false);
	before = cpu_regs;
	order_begin();
	assert_true(trace_pause());
	isb();
	assert_true(off());
	trace_unpause();
	for (unsigned int i = 0; i < before.n; i++)
		assert_int_equal(cpu_regs.r[i].v, before.r[i].v);
	/* With a vCPU loaded they are off, and what it will restore is not what is there now. */
	this_cpu()->running = &world_vcpu[0];
	memset(&this_cpu()->trace, 0x5a, sizeof(this_cpu()->trace));
	assert_false(trace_pause());
	this_cpu()->running = NULL;
	/* Early in the install nothing is known of the CPU. */
	memset(&this_feat, 0, sizeof(this_feat));
	assert_true(trace_pause());
	trace_unpause();
	for (size_t i = 0; i < sizeof(this_cpu()->trace); i++)
		assert_int_equal(((u8 *)&this_cpu()->trace)[i], 0x5a);
	for (unsigned int i = 0; i < before.n; i++)
		assert_int_equal(cpu_regs.r[i].v, before.r[i].v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_feature),
		cmocka_unit_test(breakpoints),
		cmocka_unit_test(nothing_on),
		cmocka_unit_test(paused),
	};

	warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
