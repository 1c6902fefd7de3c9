// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a vCPU leaves in a CPU's TLB and instruction cache, another of its VM must not find. KVM
 * tells EL2 when one comes after another (__kvm_flush_cpu_context()); this host never does. That
 * none enters with another's translations is checked by the fake CPU, at each entry.
 */
#include "canary_common.h"

#define THREAD(i)	KVA(HOST.v + (u64)(i) * 0x1000)
#define VCPUS		3

/* Those whose numbers are alike, in few bits. */
static const unsigned int number[VCPUS] = { 0, 64, VM_MAX_VCPUS - 1 };

static u64 any_guest(struct vcpu_regs *r)
{
	(void)r;
	return EXIT_IRQ;
}

static void setup(void)
{
	vm = world_new();
	cpu_new();
	cpu_guest = any_guest;
	for (unsigned int i = 0; i < VCPUS; i++) {
		world_pvm.vcpu[number[i]] = &world_vcpu[i];
		world_vcpu[i].index = number[i];
		world_secrets(&world_vcpu[i]);
		world_vcpu[i].regs.pstate = SPSR_EL1H;
		world_vcpu[i].power = VCPU_ON;
		world_vcpu[i].host = THREAD(i);
	}
}

/* vCPU @i runs on CPU @cpu; how often that made the CPU forget. */
static unsigned int ran(unsigned int cpu, unsigned int i)
{
	unsigned int before = cpu_flushes;

	cpu_turn(cpu);
	memset(cpu_kvm_vcpu, 0, sizeof(cpu_kvm_vcpu));
	name_vcpu(cpu_kvm_vcpu, number[i]);
	assert_int_equal(cpu_run_vcpu(vm, THREAD(i)), EXIT_IRQ);
	return cpu_flushes - before;
}

static void taking_turns(void **state)
{
	unsigned int n = 0;
	(void)state;

	setup();
	for (int round = 0; round < 4; round++)
		for (unsigned int i = 0; i < 2; i++)
			n += ran(0, i);
	assert_true(n >= 7);
	/* One alone costs nothing, nor does another CPU. */
	for (int round = 0; round < 10; round++)
		assert_int_equal(ran(0, 1), 0);
	ran(1, 0);
	assert_int_equal(ran(0, 1), 0);
	assert_int_equal(ran(1, 0), 0);
	/* Away and back; and back, where another was in between. */
	ran(1, 1);
	assert_int_equal(ran(0, 1), 0);
	assert_int_equal(ran(1, 0), 1);
	assert_int_equal(ran(1, 1), 1);
}

/* Another VM from now on. */
static void is(u16 id)
{
	static u8 of[VM_MAX + 1][HYPSEC_MAX_CPUS];

	if (vm->ran == world_pvm.ran)
		memset(of, 0, sizeof(of));
	vm->id = id;
	vm->ran = of[id];
}

/* Other VMs in between have VMIDs of their own: what the vCPU has there is still its own. */
static void other_vms(void **state)
{
	(void)state;

	setup();
	is(3);
	ran(0, 0);
	is(4);
	ran(0, 1);
	is(VM_MAX);
	ran(0, 2);
	is(1);
	ran(0, 1);
	is(3);
	assert_int_equal(ran(0, 0), 0);
	is(4);
	assert_int_equal(ran(0, 1), 0);
	assert_int_equal(ran(0, 0), 1);
	is(3);
	assert_int_equal(ran(0, 0), 0);
}

/* An ordinary VM's vCPUs are told apart by its host. */
static void ordinary(void **state)
{
	(void)state;

	setup();
	vm->state = VM_ORDINARY;
	for (int round = 0; round < 4; round++) {
		memset(cpu_kvm_vcpu, 0, sizeof(cpu_kvm_vcpu));
		GPR(cpu_kvm_vcpu, 33) = SPSR_EL1H;
		assert_int_equal(cpu_run_vcpu(vm, THREAD(round & 1)), EXIT_IRQ);
	}
	assert_int_equal(cpu_flushes, 0);
}

static void any_schedule(void **state)
{
	(void)state;

	setup();
	for (int i = 0; i < 5000; i++) {
		is(1 + test_rand() % 4);
		ran(test_rand() % CPUS, test_rand() % VCPUS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taking_turns),
		cmocka_unit_test(other_vms),
		cmocka_unit_test(ordinary),
		cmocka_unit_test(any_schedule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
