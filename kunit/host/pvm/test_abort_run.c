// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memory error in KVM's structure, at every point of a run: the run fails and no more. The host's
 * registers are whole, no guest is entered with what was read then, and no ERET goes by what the
 * abort left at EL2.
 */
#include "canary_common.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"

#define CORE_PC		0x4200004cUL
#define CORE_PSTATE	0x3c9UL		/* EL2h */

static int at;			/* events until the abort; -1: none */
static int events;
static bool aborted, in_hook;
static unsigned int entered;
static enum { NOT, LOADING, SAVING } while_entering;
static u64 guest_esr;

/* All that an abort at EL2 leaves, and the scrap page in the place of KVM's structure. */
static void abort_now(void)
{
	in_hook = true;
	aborted = true;
	this_cpu()->slots_lost |= BIT(SLOT_LEASE_VCPU);
	SREG(ELR_EL2) = CORE_PC;
	SREG(SPSR_EL2) = CORE_PSTATE;
	SREG(ESR_EL2) = (u64)EC_DABT_CUR << ESR_EC_SHIFT | ESR_IL | FSC_EXTABT;
	SREG(FAR_EL2) = test_rand();
	SREG(HPFAR_EL2) = test_rand();
	memset(cpu_kvm_vcpu, 0, sizeof(cpu_kvm_vcpu));
	in_hook = false;
}

static void count(const char *name)
{
	/* Between these and the ERET nothing is read that is not the core's: enter.S. */
	if (in_hook || !strcmp(name, NAME(ELR_EL2)) || !strcmp(name, NAME(SPSR_EL2)))
		return;
	if (events++ == at)
		abort_now();
}

static u64 ordinary_guest(struct vcpu_regs *r)
{
	(void)r;
	in_hook = true;
	/* Nobody goes to EL2, nor where the core was. */
	assert_int_equal(FIELD(SREG(SPSR_EL2), 3, 2) & 2, 0);
	assert_int_not_equal(SREG(ELR_EL2), CORE_PC);
	in_hook = false;
	if (while_entering == LOADING) {
		abort_now();
		return EXIT_IL;			/* enter.S: .Lload_failed */
	}
	assert_int_equal(this_cpu()->slots_lost, 0);
	entered++;
	in_hook = true;
	for (unsigned int i = 0; i < cpu_regs.n; i++)
		if (!is_el2(cpu_regs.r[i].name) && !in_list(cpu_regs.r[i].name, platform) &&
		    !in_list(cpu_regs.r[i].name, trapped) &&
		    /* KVM sets HCR_EL2.TID2 or TID4. */
		    strcmp(cpu_regs.r[i].name, NAME(CSSELR_EL1)) &&
		    (entered == 2 || strcmp(cpu_regs.r[i].name, NAME(FPMR))))
			cpu_regs.r[i].v = test_rand();
	SREG(ELR_EL2) = 0x40201234;
	SREG(SPSR_EL2) = SPSR_EL1H;
	SREG(ESR_EL2) = guest_esr;
	in_hook = false;
	if (while_entering == SAVING)
		abort_now();
	return guest_esr ? EXIT_TRAP : EXIT_IRQ;
}

static const char *const changed[] = {
	NAME(PMSELR_EL0), NAME(SVCR), NAME(CNTVCT_EL0), NAME(CNTV_CVAL_EL0), NAME(CNTV_CTL_EL0),
	NAME(PMCNTENCLR_EL0), NAME(PMCNTENSET_EL0), NULL
};

static const char *const restored[] = {
	NAME(HCR_EL2), NAME(MDCR_EL2), NAME(CPTR_EL2), NAME(HCRX_EL2), NAME(CNTHCTL_EL2),
	NAME(VBAR_EL2), NAME(VMPIDR_EL2), NAME(HFGRTR_EL2), NAME(HFGWTR_EL2), NAME(HFGITR_EL2),
	NAME(HDFGRTR_EL2), NAME(HDFGWTR_EL2), NAME(HAFGRTR_EL2), NULL
};

static u64 host_runs(void)
{
	struct percpu *cpu = this_cpu();

	memset(&cpu->host, 0, sizeof(cpu->host));
	cpu->host.x[1] = HOST.v;
	assert_true(kvm_host_call(cpu, KVM_FN_kvm_vcpu_run));
	assert_int_equal(cpu->host.x[0], 0);
	return cpu->host.x[1];
}

/* One run of an ordinary VM that uses FP, or leaves for an interrupt. */
static u64 run_once(int event, int entering, bool fp)
{
	static struct reg_file before;
	u64 code;

	begin(SHOW_NOTHING);
	vm->state = VM_ORDINARY;
	cpu_guest = ordinary_guest;
	SREG(ICC_SRE_EL1) = 1;			/* Linux with a GICv3 */
	cpu_kvm_vcpu[KVM_VCPU_IFLAGS] = cpu_kvm_vcpu[KVM_VCPU_CFLAGS] = 0;
	/* All that can be switched is: the guest has used it all. */
	REG64(cpu_kvm_vcpu, KVM_VCPU_HCR) |= HCR_RW | HCR_API | HCR_APK | HCR_ATA;
	REG64(cpu_kvm_vcpu, KVM_VCPU_HCRX) = ~0UL;
	GPR(cpu_kvm_vcpu, 33) = SPSR_EL1H;
	at = event;
	events = 0;
	aborted = false;
	entered = 0;
	while_entering = entering;
	guest_esr = fp ? (u64)EC_FP << ESR_EC_SHIFT | ESR_IL : 0;
	before = cpu_regs;
	cpu_reg_hook = count;
	code = host_runs();
	cpu_reg_hook = NULL;

	assert_null(this_cpu()->running);
	assert_int_equal(this_cpu()->slots_lost, 0);
	assert_int_equal(vm->running, 0);
	assert_int_equal(w.locked, 0);
	for (unsigned int i = 0; i < before.n; i++) {
		const char *name = cpu_regs.r[i].name;

		if (is_el2(name) ? in_list(name, restored) : !in_list(name, changed))
			if (cpu_regs.r[i].v != before.r[i].v)
				fail_msg("event %d: the host finds %s changed", event, name);
	}
	if (entered || SREG(VTTBR_EL2) == (u64)&host_s2) {
		assert_int_equal(SREG(VTTBR_EL2), (u64)&host_s2);
		assert_int_equal(SREG(ELR_EL2), this_cpu()->trap_elr);
		assert_int_equal(SREG(SPSR_EL2), this_cpu()->trap_spsr);
	}
	return code;
}

static void ordinary(void **state)
{
	(void)state;
	warm_up();
	run_once(-1, NOT, true);	/* makes the names of registers */
	for (int fp = 0; fp < 2; fp++) {
		int all, n;
		u64 code = run_once(-1, NOT, fp);

		assert_int_equal(code, fp ? EXIT_TRAP : EXIT_IRQ);
		assert_int_equal(entered, 1 + fp);
		assert_false(aborted);
		all = events;
		assert_true(all > 100);
		/* The host's state is random, and so is the length of a run. */
		for (n = 0; n < 2 * all; n++) {
			code = run_once(n, NOT, fp);
			if (!aborted)
				break;
			assert_int_equal(code, EXIT_IL);
		}
		assert_true(n > all / 2);
		for (n = LOADING; n <= SAVING; n++) {
			assert_int_equal(run_once(-1, n, fp), EXIT_IL);
			assert_true(aborted);
			assert_int_equal(entered, n == SAVING);
		}
	}
}

/* What the exit left at EL2 is not taken from the abort's: nothing of the core's is told. */
static void nothing_of_the_core(void **state)
{
	(void)state;
	warm_up();
	assert_int_equal(run_once(-1, SAVING, false), EXIT_IL);
	for (size_t i = 0; i < KVM_VCPU_SIZE; i += 8)
		assert_int_not_equal(REG64(cpu_kvm_vcpu, i), CORE_PC);
}

/* A protected vCPU takes nothing that the host has not said; nothing of its own is lost. */
static void protected(void **state)
{
	static struct vcpu before;

	(void)state;
	warm_up();
	begin(SHOW_LOAD);
	assert_int_equal(host_runs(), EXIT_TRAP);
	assert_int_equal(g.entered, 1);
	before = world_vcpu[0];
	this_cpu()->slots_lost = BIT(SLOT_LEASE_VCPU);
	assert_int_equal(host_runs(), EXIT_IL);
	assert_int_equal(g.entered, 1);
	assert_int_equal(world_vcpu[0].pending, before.pending);
	assert_memory_equal(&world_vcpu[0].regs, &before.regs, sizeof(before.regs));
	/* The load is answered by the next run. */
	cpu_kvm_vcpu[KVM_VCPU_IFLAGS] = KVM_FLAG_INCREMENT_PC;
	GPR(cpu_kvm_vcpu, 0) = 0x5a;
	host_runs();
	assert_int_equal(g.entered, 2);
	assert_int_equal(g.regs.pc, before.regs.pc + 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary),
		cmocka_unit_test(nothing_of_the_core),
		cmocka_unit_test(protected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
