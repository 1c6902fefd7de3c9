// SPDX-License-Identifier: GPL-2.0-only
/* PSCI and which vCPU runs, from the guest's and from the host's side. */
#include "pvm_call.h"
#include "abi/hypsec_reason.h"

#define HOST(n)		KVA(0xffff000012340000 + (n) * 0x2000)
#define ENTRY		0x40201000UL

static struct vm *vm;
/* What the guest does in vcpu_run(), once. */
static bool (*guest)(struct vcpu *v, enum vcpu_exit *code);

enum vcpu_exit vcpu_run(struct vcpu *v, bool (*handler)(struct vcpu *v, enum vcpu_exit *code))
{
	enum vcpu_exit code = EXIT_IRQ;

	assert_int_equal(w.locked, 0);
	assert_int_equal(v->busy, 1);
	assert_true(vm->running > 0);
	if (guest && guest(v, &code))
		return code;
	handler(v, &code);
	return code;
}

static void start(void)
{
	vm = world_new();
	guest = NULL;
}

static enum vcpu_exit run(unsigned int host, u64 mpidr, struct host_io *io)
{
	memset(io->x, 0, sizeof(io->x));
	io->mpidr = mpidr;
	return world_run(HOST(host), io);
}

static void cpu_on_refused(void **state)
{
	(void)state;
	start();
	/* Past the last one, and what KVM gives no vCPU: 16 in a cluster. */
	assert_int_equal(answered(PSCI_CPU_ON64, 0x800, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(answered(PSCI_CPU_ON64, 0x10, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(answered(PSCI_CPU_ON64, 0x10000, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(answered(PSCI_CPU_ON64, BIT(31) | 1, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(answered(PSCI_CPU_ON64, BIT(63), ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(answered(PSCI_CPU_ON64, BIT(32) | 1, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(answered(PSCI_CPU_ON64, 1, ENTRY + 2, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(answered(PSCI_CPU_ON64, 1, 0x09000000, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(answered(PSCI_CPU_ON64, 1, ~3UL, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(answered(PSCI_CPU_ON64, 0, ENTRY, 0), PSCI_ALREADY_ON);
	world_vcpu[1].power = VCPU_ON_PENDING;
	assert_int_equal(answered(PSCI_CPU_ON64, 1, ENTRY, 0), PSCI_ON_PENDING);
	world_vcpu[1].power = VCPU_OFF;
	world_pvm.verify.m.flags = 0;
	assert_int_equal(answered(PSCI_CPU_ON64, 1, ENTRY, 0), PSCI_DENIED);
	for (int i = 1; i < WORLD_VCPUS; i++)
		assert_int_equal(world_vcpu[i].power, VCPU_OFF);
}

static bool guest_cpu_on(struct vcpu *v, enum vcpu_exit *code)
{
	assert_false(call(v, PSCI_CPU_ON64, 1, ENTRY, 0xc0de, code));
	guest = NULL;
	return true;
}

static bool guest_cpu_on_new(struct vcpu *v, enum vcpu_exit *code)
{
	v->regs.pc = 0x40205004;
	assert_false(call(v, PSCI_CPU_ON64, 0x70f, ENTRY, 0xc0de, code));
	guest = NULL;
	return true;
}

/* The last vCPU that one can have, made when it is asked for; without a page for it, later. */
static void cpu_on_new(void **state)
{
	struct host_io io = { 0 };
	(void)state;

	for (int why = 0; why < 2; why++) {
		start();
		w.pool_left = why;
		w.share_used_up = why;
		guest = guest_cpu_on_new;
		assert_int_equal(run(0, 0, &io), EXIT_TRAP);
		/* As one that waits; it makes the call again. */
		assert_int_equal(io.esr, HYPSEC_ESR_WAIT);
		assert_int_equal(world_vcpu[0].regs.pc, 0x40205000);
		assert_int_equal(world_vcpu[0].regs.x[0], PSCI_CPU_ON64);
		assert_int_equal(w.waits, 1);
		assert_int_equal(w.pool_out, 0);
		assert_null(world_pvm.vcpu[VM_MAX_VCPUS - 1]);
		assert_int_equal(answered(PSCI_AFFINITY_INFO64, 0x70f, 0, 0), PSCI_AFF_OFF);
	}
	w.pool_left = 1;
	w.share_used_up = false;
	guest = guest_cpu_on_new;
	assert_int_equal(run(0, 0, &io), EXIT_TRAP);
	assert_int_equal(io.out_x[0] & ~SMCCC_SMC64, PSCI_CPU_ON);
	assert_int_equal(io.out_x[1], 0x70f);
	assert_int_equal(w.pool_out, 1);
	assert_ptr_equal(world_pvm.vcpu[VM_MAX_VCPUS - 1], &world_new_vcpu);
	assert_int_equal(answered(PSCI_AFFINITY_INFO64, 0x70f, 0, 0), PSCI_AFF_ON_PENDING);
	/* Once is enough. */
	assert_int_equal(answered(PSCI_CPU_ON64, 0x70f, ENTRY, 0), PSCI_ON_PENDING);
	assert_int_equal(w.pool_out, 1);
	assert_int_equal(run(127, 0x70f, &io), EXIT_IRQ);
	assert_int_equal(world_new_vcpu.power, VCPU_ON);
	assert_int_equal(world_new_vcpu.sr[GSR_MPIDR_EL1], BIT(31) | 0x70f);
	assert_int_equal(world_new_vcpu.host.v, HOST(127).v);
}

static struct vcpu another;
static unsigned int beaten;

static void beats_it(const struct spinlock *l)
{
	if (l == &world_pvm.vcpus_lock && !world_pvm.vcpu[VM_MAX_VCPUS - 1])
		world_pvm.vcpu[VM_MAX_VCPUS - 1] = &another, beaten++;
}

static bool guest_cpu_on_beaten(struct vcpu *v, enum vcpu_exit *code)
{
	world_lock_hook = beats_it;
	assert_false(call(v, PSCI_CPU_ON64, 0x70f, ENTRY, 0xc0de, code));
	world_lock_hook = NULL;
	guest = NULL;
	return true;
}

/* Two vCPUs ask for one at once: there is one. */
static void cpu_on_new_twice(void **state)
{
	struct host_io io = { 0 };
	(void)state;

	start();
	another = (struct vcpu){ .vm = vm, .index = VM_MAX_VCPUS - 1, .r = &another.regs };
	w.pool_left = 1;
	guest = guest_cpu_on_beaten;
	assert_int_equal(run(0, 0, &io), EXIT_TRAP);
	assert_int_equal(beaten, 1);
	/* Its own was made, and went. */
	assert_int_equal(w.pool_left, 0);
	assert_int_equal(w.pool_out, 0);
	assert_ptr_equal(world_pvm.vcpu[VM_MAX_VCPUS - 1], &another);
	assert_int_equal(another.power, VCPU_ON_PENDING);
}

static void dies(const struct spinlock *l)
{
	if (l == &world_pvm.vcpus_lock)
		vm->state = VM_DEAD;
}

static bool guest_cpu_on_dying(struct vcpu *v, enum vcpu_exit *code)
{
	world_lock_hook = dies;
	call(v, PSCI_CPU_ON64, 1, ENTRY, 0xc0de, code);
	world_lock_hook = NULL;
	assert_int_equal(world_vcpu[1].on_context, 0);
	guest = NULL;
	return false;
}

/* The VM ends, and its registers are erased, on another CPU meanwhile. */
static void ends_beside(void **state)
{
	struct vcpu_regs zero = { 0 };
	struct host_io io = { 0 };
	(void)state;

	start();
	guest = guest_cpu_on_dying;
	run(0, 0, &io);

	start();
	world_secrets(&world_vcpu[0]);
	world_lock_hook = dies;
	run(0, 0, &io);
	world_lock_hook = NULL;
	assert_memory_equal(&world_vcpu[0].regs, &zero, sizeof(zero));
	assert_int_equal(world_vcpu[0].busy, 0);
	/* Its pages went when it had left. */
	assert_null(vm->pvm);
}

/* The whole way: what the host is told, and what it cannot change. */
static void cpu_on(void **state)
{
	struct vcpu *t = &world_vcpu[1];
	struct host_io io = { 0 };
	(void)state;

	start();
	guest = guest_cpu_on;
	assert_int_equal(run(0, 0, &io), EXIT_TRAP);
	assert_int_equal(io.out_x[0], PSCI_CPU_ON64);
	assert_int_equal(io.out_x[1], 1);
	assert_int_equal(io.out_x[2], 0);
	assert_int_equal(io.out_x[3], 0);
	assert_int_equal(t->power, VCPU_ON_PENDING);

	/* The host's thread for it comes; it names entry and registers of its own. */
	test_fill(t->sr, sizeof(t->sr));
	io.x[0] = 0xbad;
	io.mpidr = BIT(31) | 1;
	io.inc_pc = io.exception = true;
	assert_int_equal(world_run(HOST(1), &io), EXIT_IRQ);
	assert_int_equal(t->power, VCPU_ON);
	assert_int_equal(t->host.v, HOST(1).v);
	assert_int_equal(t->regs.pc, ENTRY);
	assert_int_equal(t->regs.x[0], 0xc0de);
	assert_int_equal(t->regs.x[1], 0);
	assert_int_equal(t->regs.pstate, SPSR_EL1H | SPSR_DAIF);
	assert_int_equal(t->sr[GSR_SCTLR_EL1] & SCTLR_M, 0);
	assert_int_equal(t->sr[GSR_VBAR_EL1], 0);
	assert_int_equal(t->sr[GSR_MPIDR_EL1], BIT(31) | 1);
	io.inc_pc = io.exception = false;

	/* A failure reported now is a lie. */
	memset(io.x, 0, sizeof(io.x));
	io.x[0] = (u64)PSCI_DENIED;
	io.mpidr = 0;
	assert_int_equal(world_run(HOST(0), &io), EXIT_IRQ);
	assert_int_equal(world_vcpu[0].regs.x[0], PSCI_SUCCESS);
	assert_int_equal(vm->running, 0);
	assert_int_equal(t->busy, 0);
}

static void cpu_on_fails(void **state)
{
	static const struct { s64 host, guest; } t[] = {
		{ PSCI_INVALID_PARAMETERS, PSCI_INVALID_PARAMETERS },
		{ PSCI_INTERNAL_FAILURE, PSCI_INTERNAL_FAILURE },
		{ 1, PSCI_INTERNAL_FAILURE },
		{ -10, PSCI_INTERNAL_FAILURE },
		{ 0x7fffffff, PSCI_INTERNAL_FAILURE },
	};
	struct host_io io = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		start();
		guest = guest_cpu_on;
		run(0, 0, &io);
		io.x[0] = (u64)t[i].host;
		world_run(HOST(0), &io);
		assert_int_equal(world_vcpu[0].regs.x[0], t[i].guest);
		assert_int_equal(world_vcpu[1].power, VCPU_OFF);
		/* And it does not run. */
		assert_int_equal(run(1, 1, &io), EXIT_IL);
	}

	/* "Already on", of one that we know is off: the guest calls again. */
	start();
	guest = guest_cpu_on;
	world_vcpu[0].regs.pc = 0x40201234;
	run(0, 0, &io);
	io.x[0] = (u64)PSCI_ALREADY_ON;
	world_run(HOST(0), &io);
	assert_int_equal(world_vcpu[0].regs.pc, 0x40201230);
	assert_int_equal(world_vcpu[0].regs.x[0], PSCI_CPU_ON64);
	assert_int_equal(world_vcpu[0].regs.x[3], 0xc0de);
	assert_int_equal(world_vcpu[1].power, VCPU_OFF);
}

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
		cmocka_unit_test(cpu_on_refused),
		cmocka_unit_test(cpu_on_new),
		cmocka_unit_test(cpu_on_new_twice),
		cmocka_unit_test(cpu_on),
		cmocka_unit_test(ends_beside),
		cmocka_unit_test(cpu_on_fails),
		cmocka_unit_test(affinity_info),
		cmocka_unit_test(cpu_off),
		cmocka_unit_test(system_end),
		cmocka_unit_test(stub_gives_up),
		cmocka_unit_test(binding),
		cmocka_unit_test(other_exits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
