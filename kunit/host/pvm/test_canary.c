// SPDX-License-Identifier: GPL-2.0-only
/*
 * For every row of exposure.def: which bytes of KVM's structure and which registers of the CPU
 * the host finds changed, and what of the bytes and registers that it changes itself the guest
 * then runs with.
 */
#include "canary_common.h"

/* What the host's structure must be after an exit: @k as before it. */
static u64 shown_pc(enum pvm_exposure what)
{
	return what == SHOW_OFF || what == SHOW_RESET || what == SHOW_RESET2 ? HYPSEC_OVER_PC :
									       HYPSEC_SHOWN_PC;
}

static void expected(u8 *k, enum pvm_exposure what)
{
	u32 used = GICR(k, USED_LRS) < 16 ? GICR(k, USED_LRS) : 16;
	u64 esr = g.esr, value = g.value;

	for (int n = 0; n < 33; n++)
		GPR(k, n) = 0;
	GPR(k, 32) = shown_pc(what);
	GPR(k, 33) = SPSR_EL1H;
	switch (rows[what].out) {
	case OUT_NONE:
		break;
	case OUT_REG:
		if (what == SHOW_STORE && FIELD(esr, 23, 22) < 3)
			value &= BIT(8 << FIELD(esr, 23, 22)) - 1;
		GPR(k, 0) = value;
		break;
	case OUT_TARGET:
		GPR(k, 1) = 5;
		/* fall through */
	case OUT_FN:
		GPR(k, 0) = rows[what].fn;
		break;
	}
	if (what == SHOW_RAM)
		esr = ESR_WNR | FSC_TRANS | 2;		/* whatever the guest did */
	if (what == SHOW_WAIT)
		esr = HYPSEC_ESR_WAIT;			/* the same */
	if (what == SHOW_LOAD || what == SHOW_STORE)
		esr = (esr & ~(u64)ESR_FSC) | FSC_TRANS | 3;
	REG64(k, KVM_VCPU_ESR) = rows[what].ec ? (u64)rows[what].ec << ESR_EC_SHIFT | ESR_IL |
		(esr & rows[what].iss) : 0;
	REG64(k, KVM_VCPU_FAR) = g.far & rows[what].far;
	REG64(k, KVM_VCPU_HPFAR) = rows[what].hpfar ? g.hpfar : 0;
	REG64(k, KVM_VCPU_DISR) = 0;
	k[KVM_VCPU_IFLAGS] &= ~(IFLAGS_DONE | KVM_FLAG_DEBUG_DIRTY);
	REG64(k, KVM_VCPU_HCR) &= ~(u64)HCR_VSE;
	/* List registers: only their state may have moved on. */
	for (u32 i = 0; i < used; i++) {
		u64 now = LR(cpu_kvm_vcpu, i);

		if (g.entered)
			assert_int_equal((now ^ (LR(k, i) & LR_TAKEN)) & ~LR_STATE, 0);
		LR(k, i) = now;
	}
}

/* Registers that need not be as the host left them: but for its timer, none is the guest's. */
static const char *const changed[] = {
	NAME(PMSELR_EL0),		/* 0 */
	NAME(SVCR),			/* 0: KVM has saved the host's SME state */
	NAME(CNTVCT_EL0),		/* counts */
	NAME(CNTV_CVAL_EL0), NAME(CNTV_CTL_EL0),	/* KVM keeps the guest's timer while it waits */
	NAME(PMCNTENCLR_EL0),		/* written to, not a register to read */
	NULL
};

static const char *const restored[] = {
	NAME(HCR_EL2), NAME(MDCR_EL2), NAME(CPTR_EL2), NAME(HCRX_EL2), NAME(CNTHCTL_EL2),
	NAME(VBAR_EL2), NAME(CNTVOFF_EL2), NAME(VPIDR_EL2), NAME(VMPIDR_EL2), NAME(HFGRTR_EL2),
	NAME(HFGWTR_EL2), NAME(HFGITR_EL2), NAME(HDFGRTR_EL2), NAME(HDFGWTR_EL2),
	NAME(HAFGRTR_EL2), NULL
};

static void check_hardware(const struct reg_file *before)
{
	for (unsigned int i = 0; i < cpu_regs.n; i++) {
		const char *name = cpu_regs.r[i].name;

		if (is_el2(name))
			continue;
		if (!in_list(name, changed) && cpu_regs.r[i].v != before->r[i].v)
			fail_msg("%s: the host finds %s changed", rows[g.what].name, name);
	}
	/* What EL2 decides for the host is in force again. */
	for (unsigned int i = 0; i < cpu_regs.n; i++)
		if (in_list(cpu_regs.r[i].name, restored) && cpu_regs.r[i].v != before->r[i].v)
			fail_msg("%s stays as it was for the guest", cpu_regs.r[i].name);
	assert_int_equal(SREG(VTTBR_EL2), (u64)&host_s2);
	assert_int_equal(SREG(ELR_EL2), this_cpu()->trap_elr);
	assert_int_equal(SREG(SPSR_EL2), this_cpu()->trap_spsr);
	assert_int_equal(SREG(PMSELR_EL0), 0);
	assert_int_equal(SREG(SVCR), 0);
}

static void only_the_table_out(void **state)
{
	static u8 want[KVM_VCPU_SIZE];
	static struct reg_file before;
	(void)state;

	warm_up();
	for (int what = 0; what < SHOW_COUNT; what++) {
		for (int round = 0; !debug_row(what) && round < ROUNDS; round++) {
			u64 code;

			begin(what);
			memcpy(want, cpu_kvm_vcpu, sizeof(want));
			before = cpu_regs;
			code = cpu_run_vcpu(vm, HOST);
			assert_int_equal(g.entered, 1);
			assert_int_equal(code, rows[what].exit);
			expected(want, what);
			for (size_t i = 0; i < sizeof(want); i++)
				if (want[i] != cpu_kvm_vcpu[i])
					fail_msg("%s: byte %zu of the host's vCPU is %#x, not %#x",
						 rows[what].name, i, cpu_kvm_vcpu[i], want[i]);
			check_hardware(&before);
		}
	}
}

static void compare(const struct seen *a, const struct seen *b)
{
	const char *row = rows[g.what].name;

	assert_int_equal(a->code, b->code);
	assert_int_equal(a->entered, b->entered);
	assert_int_equal(a->state, b->state);
	for (int i = 1; i < WORLD_VCPUS; i++)
		if (memcmp(&a->others[i], &b->others[i], sizeof(a->others[i])))
			fail_msg("%s: the host's structure changed vCPU %d", row, i);
	if (!a->entered)
		return;
	if (memcmp(&a->regs, &b->regs, sizeof(a->regs)))
		fail_msg("%s: general registers, pc or PSTATE are the host's to choose", row);
	assert_memory_equal(a->vcpu.sr, b->vcpu.sr, sizeof(a->vcpu.sr));
	assert_memory_equal(&a->vcpu.fp, &b->vcpu.fp, sizeof(a->vcpu.fp));
	assert_memory_equal(a->vcpu.apkey, b->vcpu.apkey, sizeof(a->vcpu.apkey));
	for (unsigned int i = 0; i < a->hw.n; i++)
		if (a->hw.r[i].v != b->hw.r[i].v && !in_list(a->hw.r[i].name, trapped))
			fail_msg("%s: the guest runs with %s of the host's choice: %#llx, %#llx",
				 row, a->hw.r[i].name, (unsigned long long)a->hw.r[i].v,
				 (unsigned long long)b->hw.r[i].v);
}

/*
 * What a guest does not reach, and is in force while it runs: the host's choice of it must not be.
 * Each register of trapped[] is here or says why not.
 */
static const struct { const char *name; u64 mask, value; } in_force[] = {
	{ NAME(ICC_SRE_EL1), ~0UL, 1 },		/* 0: its GIC accesses are UNDEFINED */
	{ NAME(PMSELR_EL0), ~0UL, 0 },		/* may make PMXEVCNTR_EL0 UNDEFINED at EL1 */
	{ NAME(PMUSERENR_EL0), ~0UL, 0xf },	/* traps to EL1 come before those to EL2 */
	{ NAME(SVCR), ~0UL, 0 },		/* streaming: FP instructions are illegal */
	/* The units that record what it does are off. */
	{ NAME(PMBLIMITR_EL1), 1, 0 },		/* and so PMSCR_EL1 says nothing */
	{ NAME(TRBLIMITR_EL1), 1, 0 },
	{ NAME(TRFCR_EL1), 3, 0 },		/* E0, E1 */
	{ NAME(BRBCR_EL1), 3, 0 },
	/* CNTVCT_EL0 counts; ZCR_EL1 is loaded with FP, before its first use of SVE */
};

static void check_trapped(const struct reg_file *hw)
{
	unsigned int seen = 0;
	u64 on = 0, off = 0;

	for (unsigned int i = 0; i < hw->n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(in_force); k++) {
			if (strcmp(hw->r[i].name, in_force[k].name))
				continue;
			seen++;
			if ((hw->r[i].v & in_force[k].mask) != in_force[k].value)
				fail_msg("the guest runs under the host's %s: %#llx",
					 in_force[k].name, (unsigned long long)hw->r[i].v);
		}
		if (!strcmp(hw->r[i].name, NAME(PMCNTENSET_EL0)))
			on = hw->r[i].v;
		if (!strcmp(hw->r[i].name, NAME(PMCNTENCLR_EL0)))
			off = hw->r[i].v;
	}
	assert_int_equal(seen, ARRAY_SIZE(in_force));
	/* Every counter that was on was stopped. */
	assert_int_equal(on, off);
}

static void only_the_table_in(void **state)
{
	static u8 benign[KVM_VCPU_SIZE], hostile[KVM_VCPU_SIZE];
	static struct seen a, b;
	(void)state;

	warm_up();
	for (int what = 0; what < SHOW_COUNT; what++) {
		for (int round = 0; !debug_row(what) && round < ROUNDS; round++) {
			begin(what);
			cpu_run_vcpu(vm, HOST);
			assert_int_equal(g.entered, 1);
			images(what, benign, hostile);
			if (what == SHOW_RAM)
				world_map(RAM_FRAME, 7, true);
			save();

			restore();
			for (unsigned int i = 0; i < cpu_regs.n; i++)
				if (!is_el2(cpu_regs.r[i].name))
					cpu_regs.r[i].v = 0;
			enter(&a, benign);
			restore();
			for (unsigned int i = 0; i < cpu_regs.n; i++)
				if (!is_el2(cpu_regs.r[i].name) &&
				    !in_list(cpu_regs.r[i].name, platform))
					cpu_regs.r[i].v = test_rand();
			enter(&b, hostile);

			assert_int_equal(a.entered, !ends(what));
			compare(&a, &b);
			if (a.entered)
				check_trapped(&b.hw);
			/* A vCPU that is off or dead shows nothing, changes nothing. */
			if (ends(what)) {
				for (int n = 0; n < 32; n++)
					assert_int_equal(GPR(cpu_kvm_vcpu, n), 0);
				assert_int_equal(GPR(cpu_kvm_vcpu, 32), shown_pc(what));
				assert_int_equal(REG64(cpu_kvm_vcpu, KVM_VCPU_ESR), 0);
				assert_memory_equal(world_vcpu, saved.vcpu, sizeof(saved.vcpu));
			}
		}
	}
}

/* The frame that the guest waits for is its own before it comes back to it, or it stays out. */
static void page_first(void **state)
{
	(void)state;
	warm_up();
	for (int round = 0; round < 3; round++) {
		begin(SHOW_RAM);
		assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_TRAP);
		assert_int_equal(w.claims, 0);
		if (round)
			world_map(RAM_FRAME, 7, round == 1);
		g.what = SHOW_NOTHING;		/* no second fault */
		g.entered = 1;
		assert_int_equal(cpu_run_vcpu(vm, HOST), round == 1 ? EXIT_IRQ : EXIT_TRAP);
		assert_int_equal(g.entered, round == 1 ? 2 : 1);
		assert_int_equal(w.claims, round == 1);
		if (round == 1)
			continue;
		/* It is told once more, of what its table has by now. */
		assert_int_equal(REG64(cpu_kvm_vcpu, KVM_VCPU_ESR) & ESR_FSC_TYPE,
				 round ? FSC_PERM : FSC_TRANS);
		assert_int_equal(REG64(cpu_kvm_vcpu, KVM_VCPU_HPFAR), IPA_HPFAR(RAM_FRAME << PAGE_SHIFT));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_first),
		cmocka_unit_test(only_the_table_out),
		cmocka_unit_test(only_the_table_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
