// SPDX-License-Identifier: GPL-2.0-only
/* The rest of PSCI and which vCPU runs, from the guest's and from the host's side. */
#include "psci_common.h"

static void affinity_info(void **state)
{
	(void)state;
	start();
	world_vcpu[2].power = VCPU_ON_PENDING;
	assert_int_equal(answered(PSCI_AFFINITY_INFO64, 0, 0, 0), PSCI_AFF_ON);
	assert_int_equal(answered(PSCI_AFFINITY_INFO64, 1, 0, 0), PSCI_AFF_OFF);
	assert_int_equal(answered(PSCI_AFFINITY_INFO, 2, 0, 0), PSCI_AFF_ON_PENDING);
	assert_int_equal(answered(PSCI_AFFINITY_INFO64, 0x800, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(answered(PSCI_AFFINITY_INFO64, 7, 1, 0), PSCI_AFF_ON);
	assert_int_equal(answered(PSCI_AFFINITY_INFO64, 0, 3, 0), PSCI_AFF_ON);
	assert_int_equal(answered(PSCI_AFFINITY_INFO64, 0, 4, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(answered(PSCI_AFFINITY_INFO64, BIT(24), 0, 0), PSCI_INVALID_PARAMETERS);
}

static bool guest_cpu_off(struct vcpu *v, enum vcpu_exit *code)
{
	assert_false(call(v, PSCI_CPU_OFF, 0x5ec2e7, 0x5ec2e7, 0, code));
	return true;
}

static void cpu_off(void **state)
{
	struct host_io io = { 0 };
	(void)state;

	start();
	guest = guest_cpu_off;
	assert_int_equal(run(0, 0, &io), EXIT_TRAP);
	assert_int_equal(io.out_x[0], PSCI_CPU_OFF);
	assert_int_equal(io.out_mask, 1);
	assert_int_equal(world_vcpu[0].power, VCPU_OFF);
	assert_int_equal(run(0, 0, &io), EXIT_IL);
}

static u64 end_call, end_reason;
static bool guest_end(struct vcpu *v, enum vcpu_exit *code)
{
	assert_false(call(v, end_call, end_reason, 0x5ec2e7, 0, code));
	return true;
}

static void system_end(void **state)
{
	static const u64 fn[] = { PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET, PSCI_SYSTEM_RESET2_64 };
	struct host_io io = { 0 };
	(void)state;

	for (int i = 0; i < 3; i++) {
		start();
		guest = guest_end;
		end_call = fn[i];
		world_vcpu[1].power = VCPU_ON;
		world_vcpu[1].host = HOST(1);
		assert_int_equal(run(0, 0, &io), EXIT_TRAP);
		assert_int_equal(io.out_x[0] & ~SMCCC_SMC64, fn[i] & ~SMCCC_SMC64);
		assert_int_equal(io.out_mask, 1);
		assert_int_equal(vm->state, VM_DEAD);
		assert_true(vm->powered_off);
		/* The others leave quietly; nobody enters. */
		guest = NULL;
		assert_int_equal(run(1, 1, &io), EXIT_IRQ);
		assert_null(vm->pvm);
	}
	start();
	assert_int_equal(answered(PSCI_SYSTEM_RESET2_64, 1, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(vm->state, VM_PROTECTED);
}

/* A boot stub says why, also when its RAM is known already; what others leave in x1 is not read. */
static void stub_gives_up(void **state)
{
	static const struct { u64 call, reason; const char *line; } t[] = {
		{ PSCI_SYSTEM_OFF, 8, "vm 3: its boot stub gives up, reason 8\n" },
		{ PSCI_SYSTEM_OFF, ~0U, "vm 3: its boot stub gives up, reason 4294967295\n" },
		{ PSCI_SYSTEM_OFF, 0, "vm 3: its boot stub gives up, reason 0\n" },
		{ PSCI_SYSTEM_RESET, 8, "" },
		{ PSCI_SYSTEM_RESET2_64, BIT(31), "" },
	};
	struct host_io io = { 0 };
	(void)state;

	for (u32 ram = 0; ram < 2; ram++) {
		for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
			start();
			world_pvm.nr_ram = ram;
			guest = guest_end;
			end_call = t[i].call;
			end_reason = (u64)HYPSEC_REASON_MARK << 32 | t[i].reason;
			assert_int_equal(run(0, 0, &io), EXIT_TRAP);
			assert_string_equal(w.log, t[i].line);
		}
		start();
		world_pvm.nr_ram = ram;
		guest = guest_end;
		end_call = PSCI_SYSTEM_OFF;
		end_reason = 0x5ec2e75ec2e7;
		assert_int_equal(run(0, 0, &io), EXIT_TRAP);
		assert_string_equal(w.log, "");
	}
	end_reason = 0;
}

static unsigned int nested;
static bool guest_while_running(struct vcpu *v, enum vcpu_exit *code)
{
	struct host_io io = { 0 };

	(void)v;
	(void)code;
	guest = NULL;
	/* The same vCPU on another CPU, by its thread and by a forged structure. */
	assert_int_equal(run(0, 0, &io), EXIT_IL);
	assert_int_equal(run(5, 0, &io), EXIT_IL);
	nested++;
	return false;
}

static void binding(void **state)
{
	struct host_io io = { 0 };
	(void)state;

	start();
	nested = 0;
	guest = guest_while_running;
	assert_int_equal(run(0, 0, &io), EXIT_IRQ);
	assert_int_equal(nested, 1);

	/* Not started by the guest; no such vCPU; taken by another structure. */
	assert_int_equal(run(1, 1, &io), EXIT_IL);
	assert_int_equal(run(1, 8, &io), EXIT_IL);
	assert_int_equal(run(1, 0x800, &io), EXIT_IL);
	assert_int_equal(run(1, 0, &io), EXIT_IL);
	assert_int_equal(run(1, BIT(32), &io), EXIT_IL);
	assert_int_equal(world_vcpu[1].host.v, 0);

	/* The MPIDR says which one it is, also of a structure that was another's. */
	assert_int_equal(run(0, 5, &io), EXIT_IL);
	assert_int_equal(run(0, 0, &io), EXIT_IRQ);

	/* Dead: nothing runs, nothing is shown. */
	vm_kill(vm, "test");
	test_fill(&io, sizeof(io));
	io.mpidr = 0;
	nested = 0;
	guest = guest_while_running;
	assert_int_equal(world_run(HOST(0), &io), EXIT_IL);
	assert_int_equal(nested, 0);
	assert_int_equal(io.esr | io.far | io.hpfar | io.out_mask, 0);
	assert_int_equal(vm->running, 0);
}

static bool exit_with(struct vcpu *v, u32 pstate, enum vcpu_exit code, enum vcpu_exit *out)
{
	*out = code;
	v->regs.pstate = pstate;
	return pvm_exit(v, out);
}

static void other_exits(void **state)
{
	struct vcpu *v = &world_vcpu[0];
	enum vcpu_exit code;
	struct host_io io;
	(void)state;

	start();
	v->esr = (u64)EC_BRK64 << ESR_EC_SHIFT;
	assert_true(exit_with(v, SPSR_EL1H, EXIT_TRAP, &code));
	assert_int_equal(w.undefs, 1);
	assert_false(exit_with(v, SPSR_EL1H, EXIT_IRQ, &code));
	pvm_expose(v, &io);
	assert_int_equal(io.esr, 0);
	/* A pending SError shows nothing of what was trapped. */
	v->esr = (u64)EC_SYS64 << ESR_EC_SHIFT | ESR_ISS;
	v->disr = 0;
	assert_false(exit_with(v, SPSR_EL1H, EXIT_TRAP | EXIT_SERROR_PENDING, &code));
	assert_int_equal(code, EXIT_SERROR);
	pvm_expose(v, &io);
	assert_int_equal(io.esr, (u64)EC_SERROR << ESR_EC_SHIFT | ESR_IL);
	assert_null(w.killed);
	/* AArch32 */
	assert_false(exit_with(v, SPSR_MODE32, EXIT_IRQ, &code));
	assert_non_null(w.killed);
	assert_int_equal(code, EXIT_IL);
	start();
	assert_false(exit_with(v, SPSR_EL1H, EXIT_IL, &code));
	assert_non_null(w.killed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(affinity_info),
		cmocka_unit_test(cpu_off),
		cmocka_unit_test(system_end),
		cmocka_unit_test(stub_gives_up),
		cmocka_unit_test(binding),
		cmocka_unit_test(other_exits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
