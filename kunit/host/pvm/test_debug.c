// SPDX-License-Identifier: GPL-2.0-only
/*
 * HYPSEC_FLAG_DEBUG (pvm/debug.c): what the host's debugger sees and sets in a VM whose signer
 * allows it, through whole runs; and that it sees and sets nothing in any other.
 */
#include "canary_common.h"

#define TDE		MDCR_TDE
#define DBG_AT		(KVM_VCPU_SIZE - KVM_DBG_SIZE - 64)
#define SR(base, r)	REG64(base, KVM_SR_##r)

/* KVM_SET_GUEST_DEBUG as KVM hands it over: @mdscr of SS and MDE. */
static void set_guest_debug(u8 *k, u64 mdscr, bool step_pending)
{
	REG64(k, KVM_VCPU_MDCR) |= TDE;
	SR(k, MDSCR_EL1) = mdscr;
	GPR(k, 33) = SPSR_EL1H | (step_pending ? 0 : SPSR_SS);
	/* As a kernel with tags in its pointers has it. */
	REG64(k, KVM_VCPU_DEBUG_PTR) = (HOST.v + DBG_AT) ^ 0x5aUL << 56;
	if (mdscr & MDSCR_MDE)
		k[KVM_VCPU_IFLAGS] |= KVM_FLAG_DEBUG_DIRTY;
	else
		k[KVM_VCPU_IFLAGS] &= ~KVM_FLAG_DEBUG_DIRTY;
	for (int i = 0; i < 64; i++)
		REG64(k, DBG_AT + 8 * i) = 0xdeb0 + i;
}

static void begin_debug(enum pvm_exposure what, bool allowed)
{
	begin(what);
	/* Calls are by HVC here: no Realm. */
	world_pvm.flags = ~(u64)(HYPSEC_FLAG_RSI | (allowed ? 0 : HYPSEC_FLAG_DEBUG));
	world_pvm.verify.m.flags = ~0U;	/* as it was before its signature was checked */
	world_vcpu[0].sr[GSR_MDSCR_EL1] = 0;
}

static u64 reg_at(const struct reg_file *f, const char *name)
{
	for (unsigned int i = 0; i < f->n; i++)
		if (!strcmp(f->r[i].name, name))
			return f->r[i].v;
	fail_msg("no %s", name);
	return 0;
}

/* Every row: all registers are there, where the host looks for the value it needs, too. */
static void all_registers_shown(void **state)
{
	(void)state;
	warm_up();
	for (int what = 0; what < SHOW_COUNT; what++) {
		for (int round = 0; round < ROUNDS; round++) {
			struct vcpu *v = &world_vcpu[0];
			u64 esr, srt;

			begin_debug(what, true);
			set_guest_debug(cpu_kvm_vcpu, MDSCR_SS | MDSCR_MDE, false);
			assert_int_equal(cpu_run_vcpu(vm, HOST), rows[what].exit);
			assert_int_equal(g.entered, 1);
			if (vm->state == VM_DEAD) {
				/* Shown as it ended, and erased as it left. */
				assert_int_not_equal(GPR(cpu_kvm_vcpu, 5), 0);
				assert_int_equal(v->regs.x[5], 0);
				continue;
			}
			for (int n = 0; n < 31; n++)
				if (rows[what].out < OUT_FN || n > 1)
					assert_int_equal(GPR(cpu_kvm_vcpu, n), v->regs.x[n]);
			assert_int_equal(GPR(cpu_kvm_vcpu, 31), v->regs.sp_el0);
			assert_int_equal(GPR(cpu_kvm_vcpu, 32), v->regs.pc);
			assert_int_equal(GPR(cpu_kvm_vcpu, 33) & ~(u64)SPSR_SS, v->regs.pstate);
#define X(r) \
			if (GSR_##r != GSR_MDSCR_EL1) \
				assert_int_equal(REG64(cpu_kvm_vcpu, KVM_SR_##r), v->sr[GSR_##r]);
			GUEST_SYSREGS(X)
#undef X
			/* Its debugger's, which KVM takes back. */
			assert_int_equal(SR(cpu_kvm_vcpu, MDSCR_EL1), MDSCR_SS | MDSCR_MDE);
			esr = REG64(cpu_kvm_vcpu, KVM_VCPU_ESR);
			srt = rows[what].ec == EC_SYS64 ? FIELD(esr, 9, 5) : FIELD(esr, 20, 16);
			if (rows[what].out == OUT_REG || what == SHOW_LOAD)
				assert_int_equal(srt, g.rt);
			if (rows[what].out == OUT_REG && srt < 31)
				assert_int_equal(GPR(cpu_kvm_vcpu, srt), g.value);
			if (debug_row(what))
				assert_int_equal(esr, g.esr);
			if (what == SHOW_WATCH)
				assert_int_equal(REG64(cpu_kvm_vcpu, KVM_VCPU_FAR), g.far);
		}
	}
}

/* A load's answer is taken from the register that the host was told, and from no other. */
static void load_is_answered_there(void **state)
{
	(void)state;
	warm_up();
	for (int round = 0; round < 4 * ROUNDS; round++) {
		struct vcpu_regs before;

		begin_debug(SHOW_LOAD, true);
		cpu_run_vcpu(vm, HOST);
		before = world_vcpu[0].regs;
		test_fill(cpu_kvm_vcpu, sizeof(cpu_kvm_vcpu));
		name_vcpu(cpu_kvm_vcpu, 0);
		cpu_kvm_vcpu[KVM_VCPU_IFLAGS] = KVM_FLAG_INCREMENT_PC;
		if (g.rt < 31)
			before.x[g.rt] = mmio_load_value(g.esr, GPR(cpu_kvm_vcpu, g.rt));
		cpu_run_vcpu(vm, HOST);
		assert_memory_equal(g.regs.x, before.x, sizeof(before.x));
		assert_int_equal(g.regs.sp_el0, before.sp_el0);
		assert_int_equal(g.regs.pc, before.pc + 4);
	}
}

/* What is armed while the guest runs, and that nothing of it stays, on either side. */
static void armed_and_gone(void **state)
{
	static const u64 asked[] = { MDSCR_SS, MDSCR_MDE, MDSCR_SS | MDSCR_MDE, 0, ~0UL };
	(void)state;

	warm_up();
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		for (int round = 0; round < 8; round++) {
			bool allowed = round & 1, pending = round & 2, own = round & 4;
			u64 took = allowed ? asked[i] & (MDSCR_SS | MDSCR_MDE) : 0;
			struct vcpu *v = &world_vcpu[0];
			struct reg_file host;
			u64 hw;

			begin_debug(SHOW_NOTHING, allowed);
			set_guest_debug(cpu_kvm_vcpu, asked[i], pending);
			v->sr[GSR_MDSCR_EL1] = own ? MDSCR_KDE : 0;
			v->regs.pstate = SPSR_EL1H;
			host = cpu_regs;
			cpu_run_vcpu(vm, HOST);
			assert_int_equal(g.entered, 1);
			hw = reg_at(&g.hw, "MDSCR_EL1");
			assert_int_equal(hw, took | (own ? MDSCR_KDE : 0));
			assert_int_equal(reg_at(&g.hw, "MDCR_EL2") & TDE, took ? TDE : 0);
			assert_true(reg_at(&g.hw, "MDCR_EL2") & MDCR_TDA);
			assert_int_equal(g.regs.pstate & SPSR_SS,
					 (took & MDSCR_SS) && !pending ? SPSR_SS : 0);
			assert_int_equal(reg_at(&g.hw, "DBGBCR0_EL1"),
					 took & MDSCR_MDE ? 0xdeb0 : reg_at(&host, "DBGBCR0_EL1"));
			assert_int_equal(reg_at(&g.hw, "DBGWVR15_EL1"),
					 took & MDSCR_MDE ? 0xdeb0 + 63 : reg_at(&host, "DBGWVR15_EL1"));
			/* (else the fake guest has them: real ones are trapped, TDA) */
			if (took & MDSCR_MDE)
				assert_int_equal(SREG(DBGBCR0_EL1), reg_at(&host, "DBGBCR0_EL1"));
			assert_int_equal(SREG(MDCR_EL2), reg_at(&host, "MDCR_EL2"));
			assert_int_equal(v->sr[GSR_MDSCR_EL1] & took, 0);
			assert_int_equal(v->regs.pstate & SPSR_SS, 0);
			assert_null(v->debug);
		}
	}
	/* KVM_SET_GUEST_DEBUG is not in force: what is in MDSCR_EL1 was put there by the VMM. */
	begin_debug(SHOW_NOTHING, true);
	set_guest_debug(cpu_kvm_vcpu, MDSCR_SS | MDSCR_MDE, false);
	REG64(cpu_kvm_vcpu, KVM_VCPU_MDCR) &= ~(u64)TDE;
	cpu_run_vcpu(vm, HOST);
	assert_int_equal(reg_at(&g.hw, "MDSCR_EL1"), 0);
	assert_int_equal(reg_at(&g.hw, "MDCR_EL2") & TDE, 0);
}

/* Debug exceptions at EL2 that are not the debugger's: the guest's own, or of no one. */
static void the_rest_is_the_guests(void **state)
{
	static const struct { bool allowed; u64 asked, ec, esr1; } t[] = {
		{ true, MDSCR_SS, EC_BRK64, EC_BRK64 },
		{ true, MDSCR_MDE, EC_BRK64, EC_BRK64 },
		{ true, MDSCR_MDE, EC_SOFTSTP_LOW, EC_SOFTSTP_LOW + 1 },
		{ true, 0, EC_SOFTSTP_LOW, EC_UNKNOWN }, { true, 0, EC_BRK64, EC_UNKNOWN },
		{ false, MDSCR_SS, EC_SOFTSTP_LOW, EC_UNKNOWN },
		{ false, MDSCR_MDE, EC_BREAKPT_LOW, EC_UNKNOWN },
		{ false, MDSCR_MDE, EC_WATCHPT_LOW, EC_UNKNOWN },
		{ false, MDSCR_SS, EC_BRK64, EC_UNKNOWN },
	};
	(void)state;

	warm_up();
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		u64 pc, iss = t[i].esr1 ? 0x1234 : 0;

		begin_debug(SHOW_STEP, t[i].allowed);
		set_guest_debug(cpu_kvm_vcpu, t[i].asked, false);
		g.esr = t[i].ec << ESR_EC_SHIFT | ESR_IL | 0x1234;
		/* It is entered again, at its vector; then an interrupt. */
		assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IRQ);
		assert_int_equal(g.entered, 2);
		assert_int_equal(reg_at(&g.hw, "ESR_EL1"), t[i].esr1 << ESR_EC_SHIFT | ESR_IL | iss);
		pc = reg_at(&g.hw, "VBAR_EL1") + 0x200;
		assert_int_equal(g.regs.pc, pc);
		assert_int_equal(vm->state, VM_PROTECTED);
	}
}

/* The guest's own view of MDSCR_EL1 has nothing of the debugger's, and cannot disarm it. */
static u64 guest_touches_mdscr(struct vcpu_regs *r)
{
	bool read = g.entered == 1;

	if (g.entered++ == 2) {
		assert_int_equal(r->x[3], MDSCR_KDE);
		return EXIT_IRQ;
	}
	r->x[3] = read ? 0 : MDSCR_KDE | MDSCR_MDE;
	SREG(SPSR_EL2) = SPSR_EL1H;
	SREG(ESR_EL2) = (u64)EC_SYS64 << ESR_EC_SHIFT | ESR_IL | 3 << 5 | read |
		ESR_SYS(2UL, 0, 0, 2, 2);
	return EXIT_TRAP;
}

static void mdscr_of_the_guest(void **state)
{
	(void)state;
	warm_up();
	begin_debug(SHOW_NOTHING, true);
	set_guest_debug(cpu_kvm_vcpu, MDSCR_SS, false);
	cpu_guest = guest_touches_mdscr;
	assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IRQ);
	assert_int_equal(g.entered, 3);
	assert_int_equal(w.mdscr, MDSCR_KDE | MDSCR_SS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_registers_shown),
		cmocka_unit_test(load_is_answered_there),
		cmocka_unit_test(armed_and_gone),
		cmocka_unit_test(the_rest_is_the_guests),
		cmocka_unit_test(mdscr_of_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
