// SPDX-License-Identifier: GPL-2.0-only
/* CPU_ON: what a guest asks for, is given and is refused; two at once, and as the VM ends. */
#include "psci_common.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_on_refused),
		cmocka_unit_test(cpu_on_new),
		cmocka_unit_test(cpu_on_new_twice),
		cmocka_unit_test(cpu_on),
		cmocka_unit_test(ends_beside),
		cmocka_unit_test(cpu_on_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
