// SPDX-License-Identifier: GPL-2.0-only
/* hypsec_vcpu, the structures that name a vCPU: forged, swapped, used twice, of a dead VM. */
#include "vcpu.h"

/* A run of @v, of @vm's, is refused and shows nothing. */
static void expect_refused(struct hk_vm *vm, struct kvm_vcpu *v, const char *why)
{
	struct hk_vcpu forged = { .vm = vm, .v = v };

	hk_watch(&forged);
	KUNIT_EXPECT_EQ_MSG(vm->test, hk_vm_run(&forged), ARM_EXCEPTION_IL, "%s", why);
	KUNIT_EXPECT_EQ_MSG(vm->test, hk_vm_state(vm), HYPSEC_VM_PROTECTED, "%s", why);
}

void forged_vcpus(struct kunit *test)
{
	static const u64 mpidr[] = { 0, 1, 7, 8, 0x10, 0x100, 0x800, 0x10000, 1UL << 32, ~0UL };
	struct hk_vm *vm = hk_protected(test), *other = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	struct kvm_vcpu *v = hk_vcpu_new(vm, 0);
	const u64 x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	unsigned int i;
	u64 own;

	/* In the middle of a command: at an exit that waits for an answer */
	hk_command(c, INSN_WFI, x, 0x77);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_TRAP);
	for (i = 0; i < ARRAY_SIZE(mpidr); i++) {
		v->arch.ctxt.sys_regs[MPIDR_EL1] = mpidr[i];
		vcpu_set_flag(v, INCREMENT_PC);
		expect_refused(vm, v, "MPIDR");
	}
	/* A copy of the very structure */
	memcpy(v, c->v, sizeof(*v));
	vcpu_set_flag(v, INCREMENT_PC);
	expect_refused(vm, v, "a copy");
	/* The other VM's vCPU, with this VM's table; its own goes on. */
	v = other->vcpu[0].v;
	v->kvm = vm->kvm;
	v->arch.hw_mmu = &vm->kvm->arch.mmu;
	expect_refused(vm, v, "another VM's vCPU");
	v->kvm = other->kvm;
	v->arch.hw_mmu = &other->kvm->arch.mmu;
	vcpu_set_flag(v, INCREMENT_PC);		/* of its own last exit, answered before */
	KUNIT_EXPECT_EQ(test, hk_exec(&other->vcpu[0], INSN_NOP, x).what, HK_DONE);
	hk_expect_kept(&other->vcpu[0], "NOP");

	/* What the host writes over its MPIDR does not make it another vCPU, but none. */
	v = c->v;
	own = v->arch.ctxt.sys_regs[MPIDR_EL1];
	v->arch.ctxt.sys_regs[MPIDR_EL1] = 3;
	expect_refused(vm, v, "its own, with the MPIDR of another");
	v->arch.ctxt.sys_regs[MPIDR_EL1] = own;
	hk_answer(c, 0);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_DONE);
	hk_expect_kept(c, "after forged vCPUs");
}

/*
 * Pointers that lead nowhere, to the core, to another VM, or across the end of RAM. (Bits 63 to 56
 * are a tag of KASAN's, and no part of the address.)
 */
void hostile_pointers(struct kunit *test)
{
	struct hk_vm *vm = hk_vm_new(test);
	struct kvm_vcpu *v = hk_vcpu_new(vm, 0);
	const u64 core = (u64)phys_to_virt(hk_core_page(test));
	const u64 bad[] = {
		0, 1, 0x1000, ~0UL, ~0xfUL, core, core + 0x10, (u64)v + 8, (u64)v ^ BIT(55),
		(u64)phys_to_virt(0x9000000), (u64)phys_to_virt(1UL << 40),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ_MSG(test, hk_vcpu_run((void *)bad[i]), ARM_EXCEPTION_IL,
				    "vcpu %llx", bad[i]);
		hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_adjust_pc), bad[i] & ~15UL, 0, 0);
		hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid), bad[i], 0, 0);
		hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid_ipa), bad[i], 0, 3);
		hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid_range), bad[i], 0, 1);
		hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_flush_cpu_context), bad[i], 0, 0);
		hk_hvc(KVM_HOST_SMCCC_FUNC(__vgic_v3_restore_vmcr_aprs), bad[i] & ~7UL, 0, 0);
		if (bad[i] == (u64)v + 8)
			continue;
		v->arch.hw_mmu = (void *)bad[i];
		KUNIT_EXPECT_EQ_MSG(test, hk_vcpu_run(v), ARM_EXCEPTION_IL, "mmu %llx", bad[i]);
		v->arch.hw_mmu = &vm->kvm->arch.mmu;
		v->kvm = (void *)bad[i];
		KUNIT_EXPECT_EQ_MSG(test, hk_vcpu_run(v), ARM_EXCEPTION_IL, "kvm %llx", bad[i]);
		v->kvm = vm->kvm;
	}
}

/* --- one vCPU on two CPUs --- */

struct intruder {
	struct kvm_vcpu *v;
	u64 codes[4];
	bool stop;
};

static void run_once(struct intruder *in)
{
	in->codes[hk_vcpu_run(in->v) & 3]++;
	cond_resched();
}

static int intrude(void *arg)
{
	struct intruder *in = arg;

	while (!READ_ONCE(in->stop))
		run_once(in);
	return 0;
}

static bool both_seen(const struct intruder *a, const struct intruder *b)
{
	return READ_ONCE(a->codes[ARM_EXCEPTION_IL]) + READ_ONCE(b->codes[ARM_EXCEPTION_IL]) &&
	       READ_ONCE(a->codes[ARM_EXCEPTION_IRQ]) + READ_ONCE(b->codes[ARM_EXCEPTION_IRQ]);
}

/*
 * While it is in the guest on one, the other is refused. Both write to the one structure, so
 * no exit is answered until the second has stopped: the guest counts, and repeats its exit.
 */
void one_vcpu_twice(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	unsigned int cpu = hk_other_cpu(test);
	struct intruder here = { .v = c->v }, there = { .v = c->v };
	const u64 x[8] = { 100000000 };
	unsigned long end, hang;
	struct errand *other;

	/* WFI; sub x0, x0, #1; cbnz x0, .-4 */
	hk_command2(c, INSN_WFI | 0xd1000400UL << 32, 0xb5ffffe0 | (u64)INSN_NOP << 32, x, 5);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_TRAP);
	hk_answer(c, 0);
	other = hk_start_on(test, cpu, intrude, &there);
	/* As often as fits into half a second; and on a busy machine until both have been seen. */
	for (end = jiffies + HZ / 2, hang = jiffies + HK_HANG; time_before(jiffies, end) ||
	     (!both_seen(&here, &there) && time_before(jiffies, hang)); )
		run_once(&here);
	WRITE_ONCE(there.stop, true);
	hk_finish(other);

	KUNIT_EXPECT_GT(test, here.codes[ARM_EXCEPTION_IL] + there.codes[ARM_EXCEPTION_IL], 0);
	KUNIT_EXPECT_GT(test, here.codes[ARM_EXCEPTION_IRQ] + there.codes[ARM_EXCEPTION_IRQ], 0);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_DONE);
	KUNIT_EXPECT_EQ(test, c->res[0], 0);
	hk_expect_kept(c, "two CPUs");
}

/* --- a VM that is dead --- */

void dead_vm(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	const u64 x[8] = { 0, GUEST_FREE };
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, hk_guest_store(c, GUEST_IMAGE + 0x5000, STORED));
	hk_watch(c);
	/* Ended by its host, which gives one page for two frames. */
	hk_map(vm, GUEST_FREE, vm->image + 0x5000);
	hk_command(c, INSN_LDR, x, 1);
	KUNIT_EXPECT_EQ(test, hk_run(c).what, HK_IL);
	KUNIT_ASSERT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
	for (i = 0; i < GUEST_VCPUS; i++) {
		hk_watch(&vm->vcpu[i]);
		KUNIT_EXPECT_EQ(test, hk_vm_run(&vm->vcpu[i]), ARM_EXCEPTION_IL);
	}
	hk_vm_end(vm);
	KUNIT_EXPECT_NULL(test, memchr_inv(vm->image, 0, PUPPET_KERNEL));
	KUNIT_EXPECT_NULL(test, memchr_inv(vm->kernel, 0, PAGE_SIZE));
	KUNIT_EXPECT_NULL(test, memchr_inv(vm->dtb, 0, PAGE_SIZE));
}
