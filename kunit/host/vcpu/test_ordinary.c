// SPDX-License-Identifier: GPL-2.0-only
/*
 * A whole run of an ordinary vCPU: it has the registers that KVM's structure says, KVM finds there
 * what it left in them, and why it came back. (What the host finds in the CPU: test_abort_run.c.)
 */
#include "pvm/canary_common.h"

#define BANKED_MODE	0x13		/* AArch32 SVC */
#define PHYSICAL	0xf000UL	/* where guest_at() finds a page */

enum needs { ALWAYS, RAS, TCR2, PIE, POE, MTE, AARCH32, ONLY_IN };
static const struct {
	const char *reg;
	u32 at;
	enum needs needs;
} switched[] = {
#define EL1(r) { __sr_str(r), KVM_SR_##r, ALWAYS },
	EL1(SCTLR_EL1) EL1(CPACR_EL1) EL1(TTBR0_EL1) EL1(TTBR1_EL1) EL1(TCR_EL1) EL1(ESR_EL1)
	EL1(AFSR0_EL1) EL1(AFSR1_EL1) EL1(FAR_EL1) EL1(MAIR_EL1) EL1(VBAR_EL1)
	EL1(CONTEXTIDR_EL1) EL1(AMAIR_EL1) EL1(CNTKCTL_EL1) EL1(PAR_EL1) EL1(TPIDR_EL1)
	EL1(TPIDR_EL0) EL1(TPIDRRO_EL0) EL1(MDSCR_EL1) EL1(SP_EL1) EL1(ELR_EL1) EL1(SPSR_EL1)
	{ NAME(VMPIDR_EL2), KVM_SR_MPIDR_EL1, ONLY_IN }, { NAME(VDISR_EL2), KVM_SR_DISR_EL1, RAS },
#define KEY(r, n) { __sr_str(r), KVM_SR_APIAKEYLO_EL1 + 8 * (n), ALWAYS },
	KEY(APIAKEYLO_EL1, 0) KEY(APIAKEYHI_EL1, 1) KEY(APIBKEYLO_EL1, 2) KEY(APIBKEYHI_EL1, 3)
	KEY(APDAKEYLO_EL1, 4) KEY(APDAKEYHI_EL1, 5) KEY(APDBKEYLO_EL1, 6) KEY(APDBKEYHI_EL1, 7)
	KEY(APGAKEYLO_EL1, 8) KEY(APGAKEYHI_EL1, 9)
	{ NAME(TCR2_EL1), KVM_SR_TCR2_EL1, TCR2 },
	{ NAME(PIR_EL1), KVM_SR_PIR_EL1, PIE }, { NAME(PIRE0_EL1), KVM_SR_PIRE0_EL1, PIE },
	{ NAME(POR_EL1), KVM_SR_POR_EL1, POE }, { NAME(POR_EL0), KVM_SR_POR_EL0, POE },
	{ NAME(TFSR_EL1), KVM_SR_TFSR_EL1, MTE }, { NAME(TFSRE0_EL1), KVM_SR_TFSRE0_EL1, MTE },
	{ NAME(RGSR_EL1), KVM_SR_RGSR_EL1, MTE }, { NAME(GCR_EL1), KVM_SR_GCR_EL1, MTE },
	{ NAME(SPSR_ABT), KVM_VCPU_SPSR_ABT, AARCH32 }, { NAME(SPSR_UND), KVM_VCPU_SPSR_UND, AARCH32 },
	{ NAME(SPSR_IRQ), KVM_VCPU_SPSR_IRQ, AARCH32 }, { NAME(SPSR_FIQ), KVM_VCPU_SPSR_FIQ, AARCH32 },
	{ NAME(DACR32_EL2), KVM_SR_DACR32_EL2, AARCH32 }, { NAME(IFSR32_EL2), KVM_SR_IFSR32_EL2, AARCH32 },
};

static struct {
	unsigned int entered, answered;
	bool aarch32;
	u64 exit, esr, par;		/* of the first entry; the second ends with an interrupt */
	u64 pc;				/* at the first */
	u64 set_hcr, clear_hcr;		/* HCR_EL2's bits, as the hardware changes them */
	u64 disr;
	bool at_el1;			/* AT S1E1A was asked for */
	u64 at_va;
	u8 want[KVM_VCPU_SIZE];
} t;
static u8 *const k = cpu_kvm_vcpu;

u64 guest_at(u64 va, bool s1e1a)
{
	t.at_va = va;
	t.at_el1 = s1e1a;
	return t.par;
}

enum shadow_result shadow_fault(struct vcpu *v, enum vcpu_exit *code)
{
	assert_int_equal(*code & 3, EXIT_TRAP);
	v->asked = true;
	return SHADOW_HOST;
}

void shadow_answered(struct vcpu *v)
{
	assert_ptr_equal(v->vm, vm);
	/* Before the guest comes back, and what decides how a page is mapped is this run's. */
	assert_int_equal(t.entered, 0);
	assert_int_equal(v->hcr & HCR_VM, HCR_VM);
	assert_int_equal(v->esr, t.esr);
	t.answered++;
}

static bool has(enum needs needs)
{
	const struct cpu_feat *f = &this_feat;

	return needs == ALWAYS || needs == ONLY_IN || (needs == AARCH32 && t.aarch32) ||
	       (needs == RAS && f->ras) ||
	       (needs == TCR2 && f->tcr2) || (needs == PIE && f->tcr2 && f->s1pie) ||
	       (needs == POE && f->tcr2 && f->s1poe) || (needs == MTE && f->mte);
}

/* It finds what it had, and uses all of it. */
static u64 uses_all(struct vcpu_regs *r)
{
	assert_ptr_equal(r, k + KVM_VCPU_REGS);
	if (!t.entered++) {
		for (size_t i = 0; i < ARRAY_SIZE(switched); i++) {
			if (has(switched[i].needs) &&
			    *fake_reg(switched[i].reg) != REG64(k, switched[i].at))
				fail_msg("%s is not as KVM has it", switched[i].reg);
		}
		t.pc = SREG(ELR_EL2);
		assert_int_equal(SREG(ELR_EL2), GPR(k, 32));
		assert_int_equal(SREG(SPSR_EL2), GPR(k, 33));
		for (size_t i = 0; i < ARRAY_SIZE(switched); i++) {
			u64 *reg = fake_reg(switched[i].reg);

			if (!has(switched[i].needs) || switched[i].needs == ONLY_IN)
				continue;
			REG64(t.want, switched[i].at) = *reg = test_rand();
		}
		SREG(HCR_EL2) = (SREG(HCR_EL2) | t.set_hcr) & ~t.clear_hcr;
		SREG(DISR_EL1) = t.disr;
		SREG(FAR_EL2) = REG64(t.want, KVM_VCPU_FAR);
		SREG(HPFAR_EL2) = REG64(t.want, KVM_VCPU_HPFAR) | BIT(63);
		SREG(ELR_EL2) = GPR(t.want, 32) = test_rand() & ~3UL;
		SREG(SPSR_EL2) = GPR(t.want, 33) = t.aarch32 ? BANKED_MODE : SPSR_EL1H;
		SREG(ESR_EL2) = t.esr;
		return t.exit;
	}
	SREG(ESR_EL2) = 0;
	return EXIT_IRQ;
}

static void prepare(void)
{
	begin(SHOW_NOTHING);
	memset(&t, 0, sizeof(t));
	vm->state = VM_ORDINARY;
	this_feat.el1_32 = true;
	cpu_guest = uses_all;
	SREG(ICC_SRE_EL1) = 1;
	k[KVM_VCPU_IFLAGS] = k[KVM_VCPU_CFLAGS] = 0;
	REG64(k, KVM_VCPU_HCR) = (test_rand() | HCR_RW | HCR_API | HCR_APK | HCR_ATA) & ~HCR_VSE;
	REG64(k, KVM_VCPU_HCRX) = ~0UL;
	GICR(k, SRE) = 1;
	GICR(k, USED_LRS) = 0;
	GPR(k, 32) &= ~3UL;
	GPR(k, 33) = SPSR_EL1H;
}

static u64 run(void)
{
	memcpy(t.want, k, sizeof(t.want));
	return cpu_run_vcpu(vm, HOST);
}

static void check(void)
{
	for (size_t i = 0; i < KVM_VCPU_SIZE; i += 8)
		if (REG64(k, i) != REG64(t.want, i))
			fail_msg("KVM finds %#lx at %zu, not %#lx", (long)REG64(k, i), i,
				 (long)REG64(t.want, i));
}

static void registers(void **state)
{
	(void)state;
	for (unsigned int without = 0; without < 8; without++) {
		prepare();
		this_feat.tcr2 = without != 1;
		this_feat.s1pie = without != 2;
		this_feat.s1poe = without != 3;
		this_feat.mte = without != 4;
		this_feat.ras = without != 6;
		this_feat.fgt = without != 7;
		if (without == 5) {
			t.aarch32 = true;
			REG64(k, KVM_VCPU_HCR) &= ~(u64)HCR_RW;
			GPR(k, 33) = BANKED_MODE;
		}
		assert_int_equal(run(), EXIT_IRQ);
		if (this_feat.ras)
			REG64(t.want, KVM_VCPU_DISR) = 0;
		check();
		assert_int_equal(t.entered, 1);
		if (t.aarch32)		/* FPEXC.EN, and traps of FP come to EL2 */
			assert_int_equal(SREG(FPEXC32_EL2), BIT(30));
	}
}

/* Of AArch32, what is used with FP and with breakpoints. */
static void aarch32(void **state)
{
	u64 fpexc, vcr;
	(void)state;

	prepare();
	t.aarch32 = true;
	REG64(k, KVM_VCPU_HCR) &= ~(u64)HCR_RW;
	GPR(k, 33) = BANKED_MODE;
	k[KVM_VCPU_IFLAGS] = KVM_FLAG_DEBUG_DIRTY;
	REG64(k, KVM_VCPU_DEBUG_PTR) = HOST.v + 1024;
	fpexc = REG64(k, KVM_SR_FPEXC32_EL2);
	vcr = REG64(k, KVM_SR_DBGVCR32_EL2);
	t.exit = EXIT_TRAP;
	t.esr = (u64)EC_FP << ESR_EC_SHIFT | ESR_IL;
	assert_int_equal(run(), EXIT_IRQ);
	assert_int_equal(t.entered, 2);
	assert_int_equal(SREG(FPEXC32_EL2), fpexc);
	assert_int_equal(SREG(DBGVCR32_EL2), vcr);
	SREG(DBGVCR32_EL2) = 0;
	k[KVM_VCPU_IFLAGS] = 0;
	REG64(k, KVM_SR_DBGVCR32_EL2) = 5;
	run();
	assert_int_equal(REG64(k, KVM_SR_DBGVCR32_EL2), 5);
	assert_int_equal(SREG(DBGVCR32_EL2), 0);
}

/* What it came back with. */
static void told(u64 exit, u64 esr, bool with_address)
{
	u64 far, hpfar;

	t.exit = exit;
	t.esr = esr;
	memcpy(t.want, k, sizeof(t.want));
	far = REG64(t.want, KVM_VCPU_FAR) = with_address ? test_rand() : REG64(k, KVM_VCPU_FAR);
	hpfar = with_address ? test_rand() >> 1 : REG64(k, KVM_VCPU_HPFAR);
	REG64(t.want, KVM_VCPU_HPFAR) = hpfar;
	REG64(t.want, KVM_VCPU_DISR) = t.disr;
	if ((exit & 3) != EXIT_IRQ)
		REG64(t.want, KVM_VCPU_ESR) = esr;
	assert_int_equal(cpu_run_vcpu(vm, HOST), exit | (t.disr ? EXIT_SERROR_PENDING : 0));
	assert_int_equal(t.entered, 1);
	assert_int_equal(SREG(DISR_EL1), 0);
	if (t.disr && with_address) {
		/* With an SError KVM looks no further, and the guest does it again. */
		memcpy(t.want + KVM_VCPU_FAR, k + KVM_VCPU_FAR, 16);
	} else if (t.par) {
		assert_int_equal(t.at_va, far);
		assert_int_equal(t.at_el1, this_feat.ats1a && this_feat.s1poe);
		REG64(t.want, KVM_VCPU_HPFAR) = t.par >> 12 << 4;
	}
	if (t.disr && esr >> ESR_EC_SHIFT == EC_HVC64)
		GPR(t.want, 32) -= 4;
	check();
}

static void exits(void **state)
{
	static const struct { u64 exit, ec, iss; bool with_address, by_at, erratum; } e[] = {
		{ EXIT_IRQ, 0, 0, false, false, false },
		{ EXIT_SERROR, 0x2f, 0x123, false, false, false },
		{ EXIT_IL, 0, 0, false, false, false },
		{ EXIT_TRAP, EC_WFX, 1, false, false, false },
		{ EXIT_TRAP, EC_HVC64, 5, false, false, false },
		{ EXIT_TRAP, EC_SYS64, ESR_SYS_READ, false, false, false },
		{ EXIT_TRAP, EC_DABT_LOW, FSC_TRANS | 3, true, false, true },
		{ EXIT_TRAP, EC_IABT_LOW, FSC_ACCESS | 3, true, false, true },
		{ EXIT_TRAP, EC_DABT_LOW, FSC_PERM | 3, true, true, true },
		{ EXIT_TRAP, EC_DABT_LOW, FSC_PERM | ESR_S1PTW | 3, true, false, false },
		{ EXIT_TRAP, EC_IABT_LOW, FSC_TRANS | ESR_S1PTW | 3, true, false, false },
		{ EXIT_TRAP, EC_WATCHPT_LOW, 0x22, true, false, true },
	};
	(void)state;

	for (unsigned int round = 0; round < 16; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(e); i++) {
			prepare();
			this_feat.spec_at = round & 1;
			this_feat.ats1a = round & 2;
			this_feat.s1poe = round & 4;
			t.disr = round & 8 ? test_rand() | 1 : 0;
			if (e[i].by_at || (e[i].erratum && this_feat.spec_at))
				t.par = test_rand() & GENMASK(51, 12);
			told(e[i].exit, e[i].ec << ESR_EC_SHIFT | ESR_IL | e[i].iss,
			     e[i].with_address);
		}
	}
}

/* KVM's answer to a fault is looked up once, for that vCPU, and only where there may be one. */
static void answers(void **state)
{
	static const struct { u32 iflags; bool other, between; unsigned int n; } c[] = {
		{ 0, false, false, 1 },
		{ KVM_FLAG_INCREMENT_PC, false, false, 0 },	/* a device: emulated */
		{ KVM_FLAG_PENDING_EXCEPTION, false, false, 0 },
		{ 0, true, false, 0 },
		{ 0, false, true, 0 },
	};
	struct vm other_vm;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		prepare();
		this_feat.spec_at = false;
		told(EXIT_TRAP, (u64)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL | FSC_TRANS | 3, true);
		t.answered = 0;
		t.exit = EXIT_IRQ;
		other_vm = *vm;
		if (c[i].between)		/* another VM's has run on this CPU */
			cpu_run_vcpu(&other_vm, HOST);
		for (unsigned int run = 0; run < 2; run++) {
			t.entered = 0;
			cpu_state.vcpu.seen.size = PAGE_SIZE;
			k[KVM_VCPU_IFLAGS] = run ? 0 : (u8)c[i].iflags;
			cpu_run_vcpu(vm, c[i].other && !run ? KVA(HOST.v + 0x10000) : HOST);
			assert_int_equal(t.answered, c[i].n);
			/* What was seen for another is no hint for this one. */
			assert_int_equal(cpu_state.vcpu.seen.size,
					 c[i].other || (c[i].between && !run) ? 0 : PAGE_SIZE);
		}
	}
}

/* What KVM has emulated, or wants the guest to take, comes before its next instruction. */
static void adjusted(void **state)
{
	u64 pc;
	(void)state;

	for (int exception = 0; exception < 2; exception++) {
		prepare();
		k[KVM_VCPU_IFLAGS] = exception ? KVM_FLAG_PENDING_EXCEPTION : KVM_FLAG_INCREMENT_PC;
		pc = exception ? REG64(k, KVM_SR_VBAR_EL1) + 0x200 : GPR(k, 32) + 4;
		assert_int_equal(run(), EXIT_IRQ);
		assert_int_equal(t.entered, 1);
		assert_int_equal(t.pc, pc);
		/* Once. */
		assert_int_equal(k[KVM_VCPU_IFLAGS], 0);
		pc = GPR(k, 32);
		t.entered = 0;
		run();
		assert_int_equal(t.pc, pc);
	}
}

/* The translation is gone: it tries again. */
static void gone(void **state)
{
	(void)state;
	prepare();
	t.par = PAR_F | PHYSICAL;
	t.exit = EXIT_TRAP;
	t.esr = (u64)EC_DABT_LOW << ESR_EC_SHIFT | FSC_PERM | 3;
	assert_int_equal(run(), EXIT_IRQ);
	assert_int_equal(t.entered, 2);
	assert_int_equal(GPR(k, 32), GPR(t.want, 32));
}

/* A virtual SError: pending until the guest takes it, and only that is KVM's to know. */
static void virtual_serror(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		/* Whatever else KVM asks for there. */
		bool taken = i & 1, fb = i & 2, tde = i & 4;
		u64 hcr;

		prepare();
		REG64(k, KVM_VCPU_HCR) &= ~(u64)HCR_FB;
		REG64(k, KVM_VCPU_HCR) |= HCR_VSE | (fb ? HCR_FB : 0);
		REG64(k, KVM_VCPU_MDCR) = tde ? MDCR_TDE : 0;
		hcr = REG64(k, KVM_VCPU_HCR);
		t.clear_hcr = taken ? HCR_VSE : 0;
		t.set_hcr = HCR_FB;
		SREG(VSESR_EL2) = 0;
		run();
		assert_int_equal(SREG(VSESR_EL2), REG64(k, KVM_VCPU_VSESR));
		assert_int_equal(REG64(k, KVM_VCPU_HCR), taken ? hcr & ~(u64)HCR_VSE : hcr);
	}
	/* Without: the register has what it had. */
	prepare();
	SREG(VSESR_EL2) = 0x1234;
	run();
	assert_int_equal(SREG(VSESR_EL2), 0x1234);
}

/* The physical counter, with the VM's offset. */
static void counter(void **state)
{
	static const struct { u64 op2; u64 read; } e[] = {
		{ 1, ESR_SYS_READ }, { 5, ESR_SYS_READ }, { 1, 0 }, { 2, ESR_SYS_READ },
	};
	(void)state;

	for (u32 rt = 0; rt < 32; rt++) {
		for (size_t i = 0; i < ARRAY_SIZE(e); i++) {
			bool done = e[i].read && e[i].op2 != 2;
			u64 x[31];

			prepare();
			memcpy(x, k + KVM_VCPU_REGS, sizeof(x));
			cpu_state.lease.poffset = test_rand() | 1;
			SREG(CNTPCT_EL0) = test_rand();
			t.exit = EXIT_TRAP;
			t.esr = (u64)EC_SYS64 << ESR_EC_SHIFT | ESR_IL | rt << 5 | e[i].read |
				ESR_SYS(3UL, 3UL, 14UL, 0UL, e[i].op2);
			assert_int_equal(run(), done ? EXIT_IRQ : EXIT_TRAP);
			assert_int_equal(t.entered, done ? 2 : 1);
			if (done && rt < 31)
				x[rt] = SREG(CNTPCT_EL0) - cpu_state.lease.poffset;
			assert_memory_equal(k + KVM_VCPU_REGS, x, sizeof(x));
			assert_int_equal(GPR(k, 31), GPR(t.want, 31));	/* XZR is not SP_EL0 */
			assert_int_equal(GPR(k, 32), GPR(t.want, 32) + (done ? 4 : 0));
		}
	}
}

/* Modes that exist on this CPU, and no other. */
static void modes(void **state)
{
	(void)state;
	for (u64 mode = 0; mode < 32; mode++) {
		for (int m = 0; m < 4; m++) {
			bool is64 = m & 1, el0_32 = m & 2, ok;

			prepare();
			this_feat.el0_32 = el0_32;
			if (!is64)
				REG64(k, KVM_VCPU_HCR) &= ~(u64)HCR_RW;
			t.aarch32 = !is64;
			GPR(k, 33) = mode;
			ok = mode == 0 || mode == 4 || mode == 5 ? is64 :
			     mode == 0x10 ? el0_32 :
			     mode > 0x10 && !is64 && (mode <= 0x13 || mode == 0x17 ||
						      mode == 0x1b || mode == 0x1f);
			assert_int_equal(run(), ok ? EXIT_IRQ : EXIT_IL);
			assert_int_equal(t.entered, ok);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers),
		cmocka_unit_test(aarch32),
		cmocka_unit_test(exits),
		cmocka_unit_test(answers),
		cmocka_unit_test(adjusted),
		cmocka_unit_test(gone),
		cmocka_unit_test(virtual_serror),
		cmocka_unit_test(counter),
		cmocka_unit_test(modes),
	};

	warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
