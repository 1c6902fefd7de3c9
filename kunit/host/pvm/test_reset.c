// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a VMM does with registers that it cannot know: it writes them back, sets some of them, resets
 * the vCPU, or saves them and restores them in another VM.
 */
#include "canary_common.h"

#define RESET_PSTATE	(SPSR_EL1H | SPSR_DAIF)
#define PSTATE_Z	BIT(30)			/* as QEMU resets it */
#define LOADER		0x40000000UL

static u64 quiet(struct vcpu_regs *r)
{
	g.entered++;
	g.regs = *r;
	SREG(ELR_EL2) = r->pc + 4;
	SREG(SPSR_EL2) = r->pstate;
	return EXIT_IRQ;
}

static u64 run(void)
{
	g.entered = 0;
	return cpu_run_vcpu(vm, HOST);
}

/* One that has run: the host has what it was shown. */
static void start(void)
{
	begin(SHOW_NOTHING);
	cpu_guest = quiet;
	memset(cpu_kvm_vcpu, 0, sizeof(cpu_kvm_vcpu));
	assert_int_equal(run(), EXIT_IRQ);
	assert_int_equal(g.entered, 1);
	assert_int_equal(GPR(cpu_kvm_vcpu, 32), HYPSEC_SHOWN_PC);
	assert_int_equal(GPR(cpu_kvm_vcpu, 33), SPSR_EL1H);
}

/* Another vCPU's power-off comes while it is inside. */
static u64 powers_off(struct vcpu_regs *r)
{
	vm->state = VM_DEAD;
	vm->powered_off = true;
	return quiet(r);
}

/* KVM_ARM_VCPU_INIT, then what a VMM starts a kernel with. */
static void reset(void)
{
	static u64 flags;

	flags ^= PSTATE_Z;
	memset(cpu_kvm_vcpu + KVM_VCPU_REGS, 0, 34 * 8);
	GPR(cpu_kvm_vcpu, 0) = 0x48000000;
	GPR(cpu_kvm_vcpu, 32) = LOADER;
	GPR(cpu_kvm_vcpu, 33) = RESET_PSTATE | flags;
}

static void goes_on(u64 pc)
{
	assert_int_equal(run(), EXIT_IRQ);
	assert_int_equal(g.entered, 1);
	assert_int_equal(g.regs.pc, pc);
	assert_int_equal(vm->state, VM_PROTECTED);
}

static void written_back(void **state)
{
	u64 pc;
	(void)state;

	warm_up();
	start();
	pc = g.regs.pc;
	goes_on(pc + 4);			/* all of it as it was read */
	GPR(cpu_kvm_vcpu, 32) = LOADER;		/* a debugger's word for pc */
	goes_on(pc + 8);
	GPR(cpu_kvm_vcpu, 33) = RESET_PSTATE;	/* and for PSTATE */
	goes_on(pc + 12);
	GPR(cpu_kvm_vcpu, 32) = 0;
	goes_on(pc + 16);
}

static void is_reset(void)
{
	static u8 want[KVM_VCPU_SIZE];

	/* A device access was under way: the step over it is not over the new VM's first instruction. */
	cpu_kvm_vcpu[KVM_VCPU_IFLAGS] = KVM_FLAG_INCREMENT_PC;
	GICR(cpu_kvm_vcpu, USED_LRS) = 2;
	LR(cpu_kvm_vcpu, 0) = test_rand();
	memcpy(want, cpu_kvm_vcpu, sizeof(want));
	want[KVM_VCPU_IFLAGS] = 0;
	assert_int_equal(run(), EXIT_IRQ);	/* to be run again, by its host's next try */
	assert_int_equal(g.entered, 0);
	assert_int_equal(vm->state, VM_DEAD);
	assert_true(vm->powered_off);
	assert_string_equal(w.killed, "reset by its VMM");
	/* What it is to start with is there. */
	assert_memory_equal(want, cpu_kvm_vcpu, sizeof(want));
}

static void by_its_vmm(void **state)
{
	(void)state;
	warm_up();
	start();
	reset();
	is_reset();
	/* Where another vCPU has not left yet, the same again. */
	vm->running = 1;
	assert_int_equal(run(), EXIT_IRQ);
	assert_int_equal(g.entered, 0);
	assert_int_equal(GPR(cpu_kvm_vcpu, 32), LOADER);
	assert_int_equal(GPR(cpu_kvm_vcpu, 0), 0x48000000);

	/* Where the guest has that CPU off: another does its work, a crash kernel's, say. */
	start();
	world_vcpu[0].power = VCPU_OFF;
	reset();
	is_reset();
	/* Or is about to have it on again. */
	start();
	world_vcpu[0].power = VCPU_ON_PENDING;
	reset();
	is_reset();
	/* But for one that never ran, a reset is how it begins. */
	start();
	world_vcpu[0].power = VCPU_OFF;
	world_vcpu[0].host = KVA(0);
	reset();
	assert_int_equal(run(), EXIT_IL);
	assert_int_equal(vm->state, VM_PROTECTED);

	/* Of one that has ended for another reason nothing comes. */
	start();
	vm->state = VM_DEAD;
	reset();
	assert_int_equal(run(), EXIT_IL);
	assert_int_equal(g.entered, 0);

	/* Before its image is verified, too. */
	start();
	vm->state = VM_PROTECTING;
	reset();
	is_reset();
}

/* KVM resets a vCPU itself, for CPU_ON: that is not its VMM's. */
static void by_kvm(void **state)
{
	struct vcpu *v = &world_vcpu[0];
	(void)state;

	warm_up();
	start();
	for (int round = 0; round < 3; round++) {
		v->power = VCPU_ON_PENDING;
		v->on_entry = 0x40201000 + 0x100 * round;
		reset();
		GPR(cpu_kvm_vcpu, 0) = 0;
		GPR(cpu_kvm_vcpu, 32) = 0;
		goes_on(0x40201000 + 0x100 * round);
		goes_on(0x40201004 + 0x100 * round);
		/* Off is off, whatever is run. */
		v->power = VCPU_OFF;
		assert_int_equal(run(), EXIT_IL);
		assert_int_equal(vm->state, VM_PROTECTED);
	}
	/* It runs by now. */
	v->power = VCPU_ON_PENDING;
	reset();
	GPR(cpu_kvm_vcpu, 32) = 0;
	goes_on(0x40201200);
	reset();
	is_reset();
}

/* One that the guest has started is the one whose number KVM has, whichever thread it is. */
static void by_its_number(void **state)
{
	kva_t thread = KVA(HOST.v + 0x10000);
	static struct vcpu before;
	(void)state;

	warm_up();
	for (unsigned int i = 1; i < WORLD_VCPUS; i++) {
		start();
		for (unsigned int n = 1; n < WORLD_VCPUS; n++) {
			world_vcpu[n].power = VCPU_ON_PENDING;
			world_vcpu[n].on_entry = 0x40201000 + 0x100 * n;
			world_vcpu[n].host = KVA(0);
		}
		before = world_vcpu[0];
		reset();
		REG64(cpu_kvm_vcpu, KVM_SR_MPIDR_EL1) = BIT(31) | i;
		g.entered = 0;
		assert_int_equal(cpu_run_vcpu(vm, thread), EXIT_IRQ);
		assert_int_equal(g.entered, 1);
		assert_int_equal(g.regs.pc, 0x40201000 + 0x100 * i);
		for (unsigned int n = 1; n < WORLD_VCPUS; n++)
			assert_int_equal(world_vcpu[n].host.v, n == i ? thread.v : 0);
		assert_memory_equal(&world_vcpu[0], &before, sizeof(before));
	}
}

/* The host is shown what there is, and has it. */
static void debugged(void **state)
{
	(void)state;
	warm_up();
	start();
	world_pvm.flags = HYPSEC_FLAG_DEBUG;
	world_vcpu[0].sr[GSR_MPIDR_EL1] = BIT(31);	/* what its host is shown, and gives back */
	goes_on(g.regs.pc + 4);
	assert_int_equal(GPR(cpu_kvm_vcpu, 32), g.regs.pc + 4);
	/* Its kernel has just started: PSTATE is a reset's. */
	world_vcpu[0].regs.pstate = RESET_PSTATE;
	goes_on(g.regs.pc + 4);
	assert_int_equal(GPR(cpu_kvm_vcpu, 33), RESET_PSTATE);
	goes_on(g.regs.pc + 4);
	/* A debugger's word for pc, and for what a VMM hands its image: no reset. */
	world_vcpu[0].regs.x[29] = 0x40401000;
	goes_on(g.regs.pc + 4);
	GPR(cpu_kvm_vcpu, 32) = LOADER;
	for (int i = 0; i < 4; i++)
		GPR(cpu_kvm_vcpu, i) = i;
	assert_int_equal(run(), EXIT_IRQ);
	assert_int_equal(g.entered, 1);
	assert_int_equal(vm->state, VM_PROTECTED);
	reset();
	is_reset();
}

/* --- an ordinary VM that starts with what was saved of a protected one --- */

static void ordinary(u64 pc, u64 pstate)
{
	begin(SHOW_NOTHING);
	vm->state = VM_ORDINARY;
	vm->pvm = NULL;
	cpu_guest = quiet;
	SREG(VTTBR_EL2) = (u64)&host_s2;	/* as the host runs */
	memset(cpu_kvm_vcpu, 0, sizeof(cpu_kvm_vcpu));
	REG64(cpu_kvm_vcpu, KVM_VCPU_HCR) = HCR_RW;
	GICR(cpu_kvm_vcpu, SRE) = 1;
	GPR(cpu_kvm_vcpu, 32) = pc;
	GPR(cpu_kvm_vcpu, 33) = pstate;
}

static void restored(void **state)
{
	static const struct { u64 pc, pstate; } theirs[] = {
		{ HYPSEC_SHOWN_PC, SPSR_EL0T },		/* a process of the guest's jumps there */
		{ HYPSEC_SHOWN_PC, SPSR_EL1T },
		{ HYPSEC_OVER_PC, SPSR_EL0T },
		{ HYPSEC_SHOWN_PC & ~3UL, SPSR_EL1H },
		{ HYPSEC_SHOWN_PC & GENMASK(31, 0), SPSR_EL1H },
		{ 0, SPSR_EL1H },
		{ LOADER, RESET_PSTATE },
	};
	static u8 want[KVM_VCPU_SIZE];
	(void)state;

	warm_up();
	/* All that it can have: neither a process nor the architecture leaves that pc alone. */
	assert_true(HYPSEC_SHOWN_PC & 3);
	assert_true(FIELD(HYPSEC_SHOWN_PC, 55, 48) != 0 && FIELD(HYPSEC_SHOWN_PC, 55, 48) != 0xff);

	start();
	assert_int_equal(GPR(cpu_kvm_vcpu, 32), HYPSEC_SHOWN_PC);
	ordinary(HYPSEC_SHOWN_PC, SPSR_EL1H);
	memcpy(want, cpu_kvm_vcpu, sizeof(want));
	assert_int_equal(run(), EXIT_IL);
	assert_int_equal(g.entered, 0);
	assert_memory_equal(want, cpu_kvm_vcpu, sizeof(want));
	assert_int_equal(w.restored, 1);
	/* With flags that a VMM adds. */
	ordinary(HYPSEC_SHOWN_PC, RESET_PSTATE);
	assert_int_equal(run(), EXIT_IL);
	assert_int_equal(g.entered, 0);

	for (unsigned int i = 0; i < ARRAY_SIZE(theirs); i++) {
		ordinary(theirs[i].pc, theirs[i].pstate);
		assert_int_equal(run(), EXIT_IRQ);
		assert_int_equal(g.entered, 1);
		assert_int_equal(g.regs.pc, theirs[i].pc);
		assert_int_equal(w.restored, 0);
	}
}

/*
 * A guest of two vCPUs powers itself off. The one that KVM runs once more before it knows is not
 * one that somebody saved.
 */
static void over(void **state)
{
	(void)state;
	warm_up();
	/* It leaves after the end. */
	start();
	cpu_guest = powers_off;
	assert_int_equal(run(), EXIT_IRQ);
	assert_int_equal(GPR(cpu_kvm_vcpu, 32), HYPSEC_OVER_PC);
	/* It was out. */
	start();
	vm->state = VM_DEAD;
	vm->powered_off = true;
	assert_int_equal(run(), EXIT_IRQ);
	assert_int_equal(g.entered, 0);
	assert_int_equal(GPR(cpu_kvm_vcpu, 32), HYPSEC_OVER_PC);
	/* It was out, and finds nobody. */
	start();
	cpu_vm_over = true;
	assert_int_equal(run(), EXIT_IRQ);
	cpu_vm_over = false;
	assert_int_equal(GPR(cpu_kvm_vcpu, 32), HYPSEC_OVER_PC);
	/* Then it would be the next VM's. */
	ordinary(HYPSEC_OVER_PC, SPSR_EL1H);
	assert_int_equal(run(), EXIT_IRQ);
	assert_int_equal(g.entered, 0);
	assert_int_equal(w.restored, 0);
	/* Any other stays what it is. */
	ordinary(LOADER, RESET_PSTATE);
	cpu_vm_over = true;
	assert_int_equal(run(), EXIT_IRQ);
	cpu_vm_over = false;
	assert_int_equal(GPR(cpu_kvm_vcpu, 32), LOADER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_back),
		cmocka_unit_test(by_its_vmm),
		cmocka_unit_test(by_kvm),
		cmocka_unit_test(by_its_number),
		cmocka_unit_test(debugged),
		cmocka_unit_test(restored),
		cmocka_unit_test(over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
