// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_vcpu: what crosses between a protected vCPU and its host; forged.c has what a host
 * may do with the structures that name a vCPU, ambient.c what is around one.
 */
#include "vcpu.h"

#define DEVICE		0x0b000000UL	/* no RAM, and not the mailbox */
#define OFFERED		0xf1f2f3f4f5f6f788UL

#define ESR_DABT	((u64)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL)
#define ESR_RAM		(ESR_DABT | ESR_WNR)

/* The harness itself: the same guest runs as an ordinary VM's and as a protected one's. */
static void ordinary_runs(struct kunit *test)
{
	struct hk_vm *vm = hk_vm_new(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	const u64 x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	u64 v;

	KUNIT_ASSERT_EQ(test, hk_exec(c, INSN_NOP, x).what, HK_DONE);
	hk_expect_kept(c, "NOP");
	KUNIT_EXPECT_EQ(test, memcmp(c->res, x, sizeof(x)), 0);
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_ORDINARY);
	KUNIT_EXPECT_TRUE(test, hk_guest_store(c, GUEST_IMAGE + 0x4000, STORED));
	KUNIT_EXPECT_EQ(test, *(u64 *)(vm->image + 0x4000), STORED);
	KUNIT_EXPECT_TRUE(test, hk_guest_load(c, GUEST_IMAGE + PUPPET_KERNEL, &v));
	KUNIT_EXPECT_EQ(test, v, *(u64 *)vm->kernel);
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_VERSION, 0, 0, 0), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, c->res[2], 0);
}

static void protected_runs(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	u64 v;

	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_VERSION, 0, 0, 0), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, c->res[2], 1);
	KUNIT_EXPECT_TRUE(test, hk_guest_store(c, GUEST_IMAGE + 0x4000, STORED));
	KUNIT_EXPECT_TRUE(test, hk_guest_load(c, GUEST_IMAGE + 0x4000, &v));
	KUNIT_EXPECT_EQ(test, v, STORED);
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), 514);
	hk_expect_private(vm, GUEST_IMAGE + 0x4000, vm->image + 0x4000, STORED);
	KUNIT_EXPECT_TRUE(test, hk_guest_load(c, GUEST_IMAGE + 0x4000, &v));
	KUNIT_EXPECT_EQ(test, v, STORED);
}

/* --- exposure.def, exit by exit; hk_watch() looks at every byte of every run --- */

/* Runs @insn, which exits once to the host as @want says; answers with OFFERED. */
static void one_exit(struct hk_vcpu *c, const char *name, u32 insn, u64 x0, u64 x1, u64 x2,
		     u64 esr, u64 shown)
{
	const u64 x[8] = { x0, x1, x2, 0x3333, 0x4444, 0x5555, 0x6666, 0x7777 };
	struct kunit *test = c->vm->test;
	struct hk_exit e = hk_exec(c, insn, x);

	KUNIT_ASSERT_EQ_MSG(test, e.what, HK_TRAP, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, e.esr, esr, "%s: %llx", name, e.esr);
	KUNIT_EXPECT_EQ_MSG(test, c->v->arch.ctxt.regs.regs[0], shown, "%s", name);
	hk_answer(c, OFFERED);
	KUNIT_ASSERT_EQ_MSG(test, hk_run(c).what, HK_DONE, "%s", name);
	hk_expect_kept(c, name);
	KUNIT_EXPECT_EQ_MSG(test, memcmp(&c->res[1], &x[1], 7 * 8), 0, "%s: x1-x7", name);
}

static const struct mmio {
	const char *name;
	u32 insn;
	u64 iss, value;			/* shown to the host, or left in x0 */
} loads[] = {
	{ "ldrb w0", 0x39400020, 0, 0x88 },
	{ "ldrsb w0", 0x39c00020, ESR_SSE, 0xffffff88 },
	{ "ldrsb x0", 0x39800020, ESR_SSE | ESR_SF, 0xffffffffffffff88 },
	{ "ldrh w0", 0x79400020, 1UL << 22, 0xf788 },
	{ "ldrsh w0", 0x79c00020, 1UL << 22 | ESR_SSE, 0xfffff788 },
	{ "ldrsh x0", 0x79800020, 1UL << 22 | ESR_SSE | ESR_SF, 0xfffffffffffff788 },
	{ "ldr w0", 0xb9400020, 2UL << 22, 0xf5f6f788 },
	{ "ldrsw x0", 0xb9800020, 2UL << 22 | ESR_SSE | ESR_SF, 0xfffffffff5f6f788 },
	{ "ldr x0", INSN_LDR, 3UL << 22 | ESR_SF, OFFERED },
}, stores[] = {
	{ "strb w2", 0x39000022, 0, 0x88 },
	{ "strh w2", 0x79000022, 1UL << 22, 0x8788 },
	{ "str w2", 0xb9000022, 2UL << 22, 0x85868788 },
	{ "str x2", 0xf9000022, 3UL << 22 | ESR_SF, STORED },
	{ "str xzr", 0xf900003f, 3UL << 22 | ESR_SF, 0 },
};

static void device_loads(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	u64 esr = ESR_DABT | ESR_ISV | FSC_TRANS | 3;
	const u64 x[8] = { STORED, DEVICE };
	unsigned int i;

	hk_watch(c);
	for (i = 0; i < ARRAY_SIZE(loads); i++) {
		one_exit(c, loads[i].name, loads[i].insn, STORED, DEVICE + 8 * i, STORED,
			 esr | loads[i].iss, 0);
		KUNIT_EXPECT_EQ_MSG(test, c->res[0], loads[i].value, "%s", loads[i].name);
	}
	/* Another register than x0: the host sees x0, and its answer goes where it belongs. */
	KUNIT_ASSERT_EQ(test, hk_exec(c, 0xf9400034 /* ldr x20, [x1] */, x).what, HK_TRAP);
	KUNIT_EXPECT_EQ(test, c->v->arch.fault.esr_el2, esr | 3UL << 22 | ESR_SF);
	hk_answer(c, OFFERED);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_DONE);
	KUNIT_EXPECT_EQ(test, c->res[0], STORED);
	KUNIT_EXPECT_EQ(test, c->res[8], 1);
	KUNIT_EXPECT_EQ(test, c->res[9], 20);
}

static void device_stores(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	u64 esr = ESR_DABT | ESR_ISV | ESR_WNR | FSC_TRANS | 3;
	unsigned int i;

	hk_watch(c);
	for (i = 0; i < ARRAY_SIZE(stores); i++) {
		one_exit(c, stores[i].name, stores[i].insn, 0x1010, DEVICE + 8 * i, STORED,
			 esr | stores[i].iss, stores[i].value);
		/* What a host says to a store is nothing to the guest. */
		KUNIT_EXPECT_EQ_MSG(test, c->res[0], 0x1010, "%s", stores[i].name);
	}
}

static void waits_and_sgis(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	u64 wfx = (u64)EC_WFX << ESR_EC_SHIFT | ESR_IL;
	const u64 x[8] = { STORED, 1, 2, 3, 4, 5, 6, 7 };
	struct hk_exit e;

	hk_watch(c);
	one_exit(c, "WFI", INSN_WFI, STORED, 1, 2, wfx, 0);
	KUNIT_EXPECT_EQ(test, c->res[0], STORED);
	/* The emulator makes nothing of a WFE. */
	e = hk_exec(c, INSN_WFE, x);
	if (e.what == HK_TRAP) {
		KUNIT_EXPECT_EQ(test, e.esr, wfx | ESR_WFX_WFE);
		hk_answer(c, OFFERED);
		e = hk_run(c);
	}
	KUNIT_EXPECT_EQ(test, e.what, HK_DONE);
	KUNIT_EXPECT_EQ(test, c->res[0], STORED);
	hk_expect_kept(c, "WFE");
	/* msr ICC_SGI1R_EL1, x2 */
	one_exit(c, "SGI", 0xd518cba2, STORED, 1, 0x10002,
		 (u64)EC_SYS64 << ESR_EC_SHIFT | ESR_IL | ESR_ELx_SYS64_ISS_SYS_VAL(3, 0, 5, 12, 11), 0x10002);
	KUNIT_EXPECT_EQ(test, c->res[0], STORED);
}

/* Always a write, without a syndrome, of no register: whatever the guest did. */
static void ram_faults(struct kunit *test)
{
	static const u32 insn[] = { INSN_LDR, INSN_STR, 0xa9400820 /* ldp x0, x2, [x1] */ };
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	struct hk_exit e;
	unsigned int i;

	hk_watch(c);
	for (i = 0; i < ARRAY_SIZE(insn); i++) {
		u64 ipa = GUEST_FREE + i * PAGE_SIZE;
		const u64 x[8] = { STORED, ipa + 0x128 };
		void *page = vm->spare + i * PAGE_SIZE;

		memset(page, 0xa5, PAGE_SIZE);
		e = hk_exec(c, insn[i], x);
		KUNIT_ASSERT_EQ(test, e.what, HK_TRAP);
		KUNIT_EXPECT_EQ(test, e.esr, ESR_RAM | FSC_TRANS | 3);
		KUNIT_EXPECT_EQ(test, e.far, 0);
		KUNIT_EXPECT_EQ(test, e.ipa, ipa);
		/* Its answer as to a device, and a page that may only be read: neither is taken. */
		hk_answer(c, OFFERED);
		hk_map_pa(vm, ipa, __pa(page), HK_RO);
		e = hk_run(c);
		KUNIT_ASSERT_EQ(test, e.what, HK_TRAP);
		KUNIT_EXPECT_EQ(test, e.esr, ESR_RAM | FSC_PERM | 3);
		KUNIT_EXPECT_EQ(test, *(u64 *)page, 0xa5a5a5a5a5a5a5a5);
		hk_map(vm, ipa, page);
		KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_DONE);
		hk_expect_kept(c, "RAM fault");
		/* Nothing of what the host had there. */
		KUNIT_EXPECT_EQ(test, c->res[0], insn[i] == INSN_STR ? STORED : 0);
		KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_NOT_HOST);
	}
}

/* Interrupts of the host's, in the middle of the guest's instructions */
static void interrupts(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	const u64 x[8] = { 30000000 };

	hk_watch(c);
	/* sub x0, x0, #1; cbnz x0, .-4 */
	hk_command2(c, 0xb5ffffe0d1000400, INSN_NOP | (u64)INSN_NOP << 32, x, 0x123456789);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_DONE);
	hk_expect_kept(c, "interrupts");
	KUNIT_EXPECT_EQ(test, c->res[0], 0);
	KUNIT_EXPECT_GT(test, hk_watched_irqs(c), 0);
}

/* --- what a host offers that no row takes --- */

static void inject(struct hk_vcpu *c)
{
	vcpu_set_flag(c->v, PENDING_EXCEPTION);
	vcpu_set_flag(c->v, EXCEPT_AA64_EL1_SYNC);
	/* and as KVM would have its EL2 code do it */
	hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_adjust_pc), (u64)c->v, 0, 0);
}

static void injected_exceptions(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	const u64 x[8] = { 1, 2, 3, 4 }, load[8] = { 0, DEVICE };

	hk_watch(c);
	/* At an exit that takes no more than a step */
	hk_command(c, INSN_WFI, x, 1);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_TRAP);
	inject(c);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_TRAP);
	hk_answer(c, 0);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_DONE);
	hk_expect_kept(c, "injected at WFI");

	/* Of a device access it makes what the core says: an external abort, at the load. */
	hk_command(c, INSN_LDR, load, 2);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_TRAP);
	inject(c);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_DONE);
	KUNIT_EXPECT_EQ(test, c->res[10], PUPPET_VECTOR_SYNC);
	KUNIT_EXPECT_EQ(test, c->res[11], (u64)EC_DABT_CUR << ESR_EC_SHIFT | ESR_IL | FSC_EXTABT);
	KUNIT_EXPECT_EQ(test, c->res[12], DEVICE);
	KUNIT_EXPECT_EQ(test, c->res[13], 0);
	KUNIT_EXPECT_EQ(test, c->res[0], 0);
}

/* One exit, one answer: more steps, from either of KVM's ways, are not taken. */
static void double_steps(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	const u64 x[8] = { 100000000 };
	unsigned int i;

	hk_watch(c);
	/* WFI; sub x0, x0, #1; cbnz x0, .-4: at interrupts the answer is given again. */
	hk_command2(c, INSN_WFI | 0xd1000400UL << 32, 0xb5ffffe0 | (u64)INSN_NOP << 32, x, 3);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_TRAP);
	hk_answer(c, 0);
	hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_adjust_pc), (u64)c->v, 0, 0);
	hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_adjust_pc), (u64)c->v, 0, 0);
	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_EQ(test, hk_vm_run(c), ARM_EXCEPTION_IRQ);
		vcpu_set_flag(c->v, INCREMENT_PC);
		cond_resched();
	}
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_DONE);
	KUNIT_EXPECT_EQ(test, c->res[0], 0);
	KUNIT_EXPECT_EQ(test, c->res[13], 20);
	hk_expect_kept(c, "double steps");
}

static struct kunit_case vcpu_cases[] = {
	KUNIT_CASE(ordinary_runs),
	KUNIT_CASE(protected_runs),
	KUNIT_CASE(device_loads),
	KUNIT_CASE(device_stores),
	KUNIT_CASE(waits_and_sgis),
	KUNIT_CASE(ram_faults),
	KUNIT_CASE(interrupts),
	KUNIT_CASE(injected_exceptions),
	KUNIT_CASE(double_steps),
	KUNIT_CASE(forged_vcpus),
	KUNIT_CASE(hostile_pointers),
	KUNIT_CASE(one_vcpu_twice),
	KUNIT_CASE(dead_vm),
	KUNIT_CASE(masked_interrupts),
	KUNIT_CASE(hostile_interface),
	KUNIT_CASE(hostile_ordinary),
	KUNIT_CASE(own_clock),
	KUNIT_CASE(unknown_calls),
	{}
};

static struct kunit_suite vcpu_suite = {
	.name = "hypsec_vcpu",
	.init = hk_init,
	.test_cases = vcpu_cases,
};
kunit_test_suite(vcpu_suite);
