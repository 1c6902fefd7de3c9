// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_psci: power states of a protected VM's vCPUs, against a host that lies about them.
 * Every structure is random but for what KVM writes (hk_watch()).
 */
#include <uapi/linux/psci.h>
#include <asm/kvm_asm.h>
#include "guest.h"

#define RET(v)		((u64)(s64)(v))
#define CONTEXT		0xc0ffee00c0ffee00UL
#define AFF_ON		PSCI_0_2_AFFINITY_LEVEL_ON
#define AFF_OFF		PSCI_0_2_AFFINITY_LEVEL_OFF
#define AFF_PENDING	PSCI_0_2_AFFINITY_LEVEL_ON_PENDING

static u64 entry(const struct hk_vm *vm)
{
	return GUEST_IMAGE + vm->manifest->entry;
}

/* Protected, all of it watched. The manifest is private then: its entry is kept. */
static struct hk_vm *watched(struct kunit *test, u64 *start)
{
	struct hk_vm *vm = hk_vm_new(test);
	unsigned int i;

	*start = entry(vm);
	hk_protect_all(vm);
	for (i = 0; i < GUEST_VCPUS; i++)
		hk_watch(&vm->vcpu[i]);
	return vm;
}

static u64 affinity(struct hk_vm *vm, unsigned int n)
{
	return hk_call(&vm->vcpu[0], PSCI_0_2_FN64_AFFINITY_INFO, n, 0, 0);
}

/* vCPU 0 asks for vCPU @n: up to the exit in which the host is told. */
static void ask(struct hk_vm *vm, unsigned int n, u64 start, u64 context)
{
	const u64 x[8] = { PSCI_0_2_FN64_CPU_ON, n, start, context, 4, 5, 6, 7 };
	struct hk_vcpu *c = &vm->vcpu[0];
	struct hk_exit e = hk_exec(c, INSN_HVC, x);

	KUNIT_ASSERT_EQ(vm->test, e.what, HK_TRAP);
	KUNIT_EXPECT_EQ(vm->test, e.esr, (u64)EC_HVC64 << ESR_EC_SHIFT | ESR_IL);
	KUNIT_EXPECT_EQ(vm->test, c->v->arch.ctxt.regs.regs[0], PSCI_0_2_FN64_CPU_ON);
	KUNIT_EXPECT_EQ(vm->test, c->v->arch.ctxt.regs.regs[1], n);
	KUNIT_EXPECT_EQ(vm->test, c->v->arch.ctxt.regs.regs[2], 0);
	KUNIT_EXPECT_EQ(vm->test, c->v->arch.ctxt.regs.regs[3], 0);
}

/* What the guest gets of the host's answer. */
static u64 answer(struct hk_vm *vm, u64 host)
{
	struct hk_vcpu *c = &vm->vcpu[0];

	hk_answer(c, host);
	KUNIT_EXPECT_EQ(vm->test, hk_run(c).what, HK_DONE);
	hk_expect_kept(c, "CPU_ON");
	return c->res[0];
}

/* vCPU @n runs for the first time since its CPU_ON: there, with that, and nothing else. */
static void expect_starts(struct hk_vm *vm, unsigned int n, u64 context)
{
	struct hk_vcpu *c = &vm->vcpu[n];

	KUNIT_ASSERT_EQ_MSG(vm->test, hk_run(c).what, HK_HELLO, "vCPU %u", n);
	KUNIT_EXPECT_EQ_MSG(vm->test, c->res[0], context, "vCPU %u", n);
	KUNIT_EXPECT_EQ_MSG(vm->test, c->res[1] | c->res[2] | c->res[3], 0, "vCPU %u", n);
	KUNIT_EXPECT_EQ_MSG(vm->test, c->res[4], 0x00c50078, "SCTLR");
	KUNIT_EXPECT_EQ_MSG(vm->test, c->res[5], 0x3c0, "DAIF");
	KUNIT_EXPECT_EQ_MSG(vm->test, c->res[6], 4, "EL1");
}

static void expect_off(struct hk_vm *vm, unsigned int n, const char *when)
{
	KUNIT_EXPECT_EQ_MSG(vm->test, hk_vm_run(&vm->vcpu[n]), ARM_EXCEPTION_IL, "%s", when);
	KUNIT_EXPECT_EQ_MSG(vm->test, affinity(vm, n), AFF_OFF, "%s", when);
}

static void versions_and_features(struct kunit *test)
{
	static const struct { u64 fn, x1, ret; } calls[] = {
		{ PSCI_0_2_FN_PSCI_VERSION, 0, 0x10001 },
		{ PSCI_0_2_FN_MIGRATE_INFO_TYPE, 0, PSCI_0_2_TOS_MP },
		{ PSCI_1_0_FN_PSCI_FEATURES, PSCI_0_2_FN64_CPU_ON, 0 },
		{ PSCI_1_0_FN_PSCI_FEATURES, PSCI_0_2_FN_CPU_OFF, 0 },
		{ PSCI_1_0_FN_PSCI_FEATURES, PSCI_1_1_FN64_SYSTEM_RESET2, 0 },
		{ PSCI_1_0_FN_PSCI_FEATURES, ARM_SMCCC_VERSION_FUNC_ID, 0 },
		{ PSCI_1_0_FN_PSCI_FEATURES, PSCI_0_2_FN64_MIGRATE, RET(-1) },
		{ PSCI_1_0_FN_PSCI_FEATURES, PSCI_1_0_FN64_SYSTEM_SUSPEND, RET(-1) },
		{ PSCI_1_0_FN_PSCI_FEATURES, 0xc6000000, RET(-1) },
		{ PSCI_0_2_FN64_MIGRATE, 1, RET(-1) },
		{ PSCI_1_0_FN64_SYSTEM_SUSPEND, GUEST_IMAGE, RET(-1) },
		{ PSCI_1_1_FN_MEM_PROTECT, 1, RET(-1) },
		{ 0xc400001f, 0, RET(-1) },
		{ PSCI_1_1_FN64_SYSTEM_RESET2, 1, RET(-2) },
		{ ARM_SMCCC_VERSION_FUNC_ID, 0, 0x10001 },
	};
	u64 start;
	struct hk_vm *vm = watched(test, &start);
	struct hk_vcpu *c = &vm->vcpu[0];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		const u64 x[8] = { calls[i].fn, calls[i].x1, 2, 3, 4, 5, 6, 7 };

		/* By SMC too; none of them is an exit. */
		KUNIT_EXPECT_EQ_MSG(test, hk_call(c, calls[i].fn, calls[i].x1, 2, 3),
				    calls[i].ret, "HVC %llx", calls[i].fn);
		KUNIT_EXPECT_EQ(test, hk_exec(c, INSN_SMC, x).what, HK_DONE);
		KUNIT_EXPECT_EQ_MSG(test, c->res[0], calls[i].ret, "SMC %llx", calls[i].fn);
		hk_expect_kept(c, "SMC");
		KUNIT_EXPECT_EQ(test, memcmp(&c->res[1], &x[1], 7 * 8), 0);
	}
	/* An immediate is another call. */
	for (i = 0; i < 2; i++) {
		const u64 x[8] = { PSCI_0_2_FN_SYSTEM_OFF };

		KUNIT_EXPECT_EQ(test, hk_exec(c, (i ? INSN_SMC : INSN_HVC) | 1 << 5, x).what,
				HK_DONE);
		KUNIT_EXPECT_EQ(test, c->res[0], RET(-1));
	}
}

static void bad_cpu_on(struct kunit *test)
{
	u64 start;
	struct hk_vm *vm = watched(test, &start);
	const struct { u64 target, entry, ret; } bad[] = {
		{ 0, start, RET(PSCI_RET_ALREADY_ON) },
		{ 0x10, start, RET(PSCI_RET_INVALID_PARAMS) },	/* 16 in a cluster */
		{ 0x800, start, RET(PSCI_RET_INVALID_PARAMS) },	/* vCPU 128 */
		{ 0x10000, start, RET(PSCI_RET_INVALID_PARAMS) },
		{ 1UL << 32, start, RET(PSCI_RET_INVALID_PARAMS) },
		{ 1UL << 31 | 1, start, RET(PSCI_RET_INVALID_PARAMS) },
		{ 1UL << 63 | 1, start, RET(PSCI_RET_INVALID_PARAMS) },
		{ 1, start + 2, RET(PSCI_RET_INVALID_ADDRESS) },
		{ 1, GUEST_END, RET(PSCI_RET_INVALID_ADDRESS) },
		{ 1, GUEST_IMAGE - 4, RET(PSCI_RET_INVALID_ADDRESS) },
		{ 1, PUPPET_MBOX, RET(PSCI_RET_INVALID_ADDRESS) },
		{ 1, ~3UL, RET(PSCI_RET_INVALID_ADDRESS) },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, hk_call(&vm->vcpu[0], PSCI_0_2_FN64_CPU_ON,
						  bad[i].target, bad[i].entry, CONTEXT),
				    bad[i].ret, "%llx %llx", bad[i].target, bad[i].entry);
	/* The host knows which there are: one that it never made is off, however often. */
	for (i = 0; i < 2; i++) {
		ask(vm, GUEST_VCPUS, start, CONTEXT);
		KUNIT_EXPECT_EQ(test, answer(vm, RET(PSCI_RET_INVALID_PARAMS)),
				RET(PSCI_RET_INVALID_PARAMS));
		KUNIT_EXPECT_EQ(test, affinity(vm, GUEST_VCPUS), AFF_OFF);
	}
	for (i = 1; i < GUEST_VCPUS; i++)
		expect_off(vm, i, "after bad calls");
}

static void all_vcpus(struct kunit *test)
{
	u64 start;
	struct hk_vm *vm = watched(test, &start);
	const u64 x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	unsigned int i;

	for (i = 1; i < GUEST_VCPUS; i++) {
		expect_off(vm, i, "before CPU_ON");
		ask(vm, i, start, CONTEXT + i);
		KUNIT_EXPECT_EQ(test, answer(vm, PSCI_RET_SUCCESS), PSCI_RET_SUCCESS);
		KUNIT_EXPECT_EQ(test, affinity(vm, i), AFF_PENDING);
		expect_starts(vm, i, CONTEXT + i);
		KUNIT_EXPECT_EQ(test, affinity(vm, i), AFF_ON);
	}
	for (i = 0; i < GUEST_VCPUS; i++) {
		KUNIT_EXPECT_EQ(test, hk_exec(&vm->vcpu[i], INSN_NOP, x).what, HK_DONE);
		hk_expect_kept(&vm->vcpu[i], "NOP");
		/* Levels of affinity above the vCPU: all of them */
		KUNIT_EXPECT_EQ(test, hk_call(&vm->vcpu[i], PSCI_0_2_FN64_AFFINITY_INFO, 0, 1, 0),
				AFF_ON);
	}
	KUNIT_EXPECT_EQ(test, hk_call(&vm->vcpu[0], PSCI_0_2_FN64_AFFINITY_INFO, 0, 4, 0),
			RET(PSCI_RET_INVALID_PARAMS));
	KUNIT_EXPECT_EQ(test, affinity(vm, 0x10), RET(PSCI_RET_INVALID_PARAMS));
	KUNIT_EXPECT_EQ(test, affinity(vm, 0x800), RET(PSCI_RET_INVALID_PARAMS));
}

/* Off, and on again: with another entry, and nothing of its former life. */
static void off_and_on(struct kunit *test)
{
	const u64 x[8] = { PSCI_0_2_FN_CPU_OFF, 2, 3, 4, 5, 6, 7, 8 };
	u64 start;
	struct hk_vm *vm = watched(test, &start);
	struct hk_vcpu *c = &vm->vcpu[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		ask(vm, 3, start, CONTEXT + i);
		KUNIT_EXPECT_EQ(test, answer(vm, 0), 0);
		expect_starts(vm, 3, CONTEXT + i);
		/* It leaves with all its registers full. */
		KUNIT_ASSERT_EQ(test, hk_exec(c, INSN_HVC, x).what, HK_TRAP);
		KUNIT_EXPECT_EQ(test, c->v->arch.ctxt.regs.regs[0], PSCI_0_2_FN_CPU_OFF);
		/* The host returns from a call that does not return, and resets what it has. */
		hk_answer(c, 0);
		expect_off(vm, 3, "after CPU_OFF");
		memset(&c->v->arch.ctxt.regs, 0, sizeof(c->v->arch.ctxt.regs));
		c->v->arch.ctxt.regs.pc = start;
		expect_off(vm, 3, "after the host's reset");
	}
}

static void host_lies(struct kunit *test)
{
	u64 start;
	struct hk_vm *vm = watched(test, &start);
	struct hk_vcpu *c = &vm->vcpu[0];
	const u64 x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct kvm_vcpu *other;

	/* "Failed", and it has not run: off again. */
	ask(vm, 1, start, CONTEXT);
	KUNIT_EXPECT_EQ(test, answer(vm, RET(PSCI_RET_DENIED)), RET(PSCI_RET_INTERNAL_FAILURE));
	expect_off(vm, 1, "after a failure");
	ask(vm, 1, start, CONTEXT);
	KUNIT_EXPECT_EQ(test, answer(vm, RET(PSCI_RET_INVALID_PARAMS)),
			RET(PSCI_RET_INVALID_PARAMS));
	expect_off(vm, 1, "after no such vCPU");
	ask(vm, 1, start, CONTEXT);
	KUNIT_EXPECT_EQ(test, answer(vm, 0x123456789abcdef0), RET(PSCI_RET_INTERNAL_FAILURE));
	expect_off(vm, 1, "after a made-up answer");

	/* "Already on": the guest calls again, by itself. */
	ask(vm, 1, start, CONTEXT);
	hk_answer(c, RET(PSCI_RET_ALREADY_ON));
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_TRAP);
	KUNIT_EXPECT_EQ(test, c->v->arch.ctxt.regs.regs[0], PSCI_0_2_FN64_CPU_ON);
	KUNIT_EXPECT_EQ(test, c->v->arch.ctxt.regs.regs[1], 1);

	/* It runs before the answer, which then says that it failed: it was started. */
	expect_starts(vm, 1, CONTEXT);
	KUNIT_EXPECT_EQ(test, answer(vm, RET(PSCI_RET_DENIED)), 0);
	KUNIT_EXPECT_EQ(test, affinity(vm, 1), AFF_ON);
	KUNIT_EXPECT_EQ(test, hk_call(c, PSCI_0_2_FN64_CPU_ON, 1, start, 0),
			RET(PSCI_RET_ALREADY_ON));

	/* "Done", but it never runs it: pending, for ever. */
	ask(vm, 2, start, CONTEXT + 2);
	KUNIT_EXPECT_EQ(test, answer(vm, 0), 0);
	KUNIT_EXPECT_EQ(test, affinity(vm, 2), AFF_PENDING);
	KUNIT_EXPECT_EQ(test, hk_call(c, PSCI_0_2_FN64_CPU_ON, 2, start + 4, 0),
			RET(PSCI_RET_ON_PENDING));
	/* Another vCPU's structure, or another of its own after the first, is not it. */
	KUNIT_EXPECT_EQ(test, hk_exec(&vm->vcpu[1], INSN_NOP, x).what, HK_DONE);
	other = hk_vcpu_new(vm, 2);
	expect_starts(vm, 2, CONTEXT + 2);
	KUNIT_EXPECT_EQ(test, hk_vcpu_run(other), ARM_EXCEPTION_IL);
	KUNIT_EXPECT_EQ(test, hk_exec(&vm->vcpu[2], INSN_NOP, x).what, HK_DONE);
	hk_expect_kept(&vm->vcpu[2], "NOP");
}

/* A late answer to one CPU_ON does not undo another. */
static void late_answer(struct kunit *test)
{
	const u64 off[8] = { PSCI_0_2_FN_CPU_OFF };
	u64 start;
	struct hk_vm *vm = watched(test, &start);
	const u64 on[8] = { PSCI_0_2_FN64_CPU_ON, 2, start, CONTEXT + 1 };
	struct hk_vcpu *second = &vm->vcpu[1];

	ask(vm, 1, start, CONTEXT);
	KUNIT_EXPECT_EQ(test, answer(vm, 0), 0);
	expect_starts(vm, 1, CONTEXT);
	/* vCPU 0 asks for 2, which runs and goes off; 1 asks for it; then 0 hears "failed". */
	ask(vm, 2, start, CONTEXT);
	expect_starts(vm, 2, CONTEXT);
	KUNIT_ASSERT_EQ(test, hk_exec(&vm->vcpu[2], INSN_HVC, off).what, HK_TRAP);
	KUNIT_ASSERT_EQ(test, hk_exec(second, INSN_HVC, on).what, HK_TRAP);
	KUNIT_EXPECT_EQ(test, answer(vm, RET(PSCI_RET_INTERNAL_FAILURE)), 0);
	KUNIT_EXPECT_EQ(test, affinity(vm, 2), AFF_PENDING);
	hk_answer(second, 0);
	KUNIT_ASSERT_EQ(test, hk_run(second).what, HK_DONE);
	KUNIT_EXPECT_EQ(test, second->res[0], 0);
	expect_starts(vm, 2, CONTEXT + 1);
}

/* An image whose signer allows one vCPU */
static void one_vcpu_only(struct kunit *test)
{
	struct hk_vm *vm = hk_vm_new(test);
	u64 start = entry(vm);

	hk_image_up(vm);
	hk_protect_all(vm);
	KUNIT_EXPECT_EQ(test, hk_call(&vm->vcpu[0], PSCI_0_2_FN64_CPU_ON, 1, start, 0),
			RET(PSCI_RET_DENIED));
	expect_off(vm, 1, "one vCPU only");
}

static void suspend(struct kunit *test)
{
	const u64 x[8] = { PSCI_0_2_FN64_CPU_SUSPEND, 0x10000, GUEST_IMAGE, 3, 4, 5, 6, 7 };
	u64 start;
	struct hk_vm *vm = watched(test, &start);
	struct hk_vcpu *c = &vm->vcpu[0];

	/* To the host a WFI, whose outcome is not the host's. */
	KUNIT_ASSERT_EQ(test, hk_exec(c, INSN_HVC, x).what, HK_TRAP);
	KUNIT_EXPECT_EQ(test, c->v->arch.fault.esr_el2, (u64)EC_WFX << ESR_EC_SHIFT | ESR_IL);
	hk_answer(c, RET(-1));
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_DONE);
	hk_expect_kept(c, "CPU_SUSPEND");
	KUNIT_EXPECT_EQ(test, c->res[0], 0);
}

/* The end: dead before the host hears of it, on all vCPUs. */
static void system_end(struct kunit *test)
{
	static const struct { u64 fn, x1, shown; } ends[] = {
		{ PSCI_0_2_FN_SYSTEM_OFF, 0, PSCI_0_2_FN_SYSTEM_OFF },
		{ PSCI_0_2_FN_SYSTEM_RESET, 0, PSCI_0_2_FN_SYSTEM_RESET },
		{ PSCI_1_1_FN_SYSTEM_RESET2, 0, PSCI_1_1_FN_SYSTEM_RESET2 },
		{ PSCI_1_1_FN64_SYSTEM_RESET2, 1UL << 31, PSCI_1_1_FN_SYSTEM_RESET2 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		const u64 x[8] = { ends[i].fn, ends[i].x1, 2, 3, 4, 5, 6, 7 };
		u64 start;
		struct hk_vm *vm = watched(test, &start);

		ask(vm, 1, start, CONTEXT);
		KUNIT_EXPECT_EQ(test, answer(vm, 0), 0);
		expect_starts(vm, 1, CONTEXT);
		KUNIT_ASSERT_EQ(test, hk_exec(&vm->vcpu[1], INSN_HVC, x).what, HK_TRAP);
		KUNIT_EXPECT_EQ(test, vm->vcpu[1].v->arch.ctxt.regs.regs[0], ends[i].shown);
		KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
		hk_vm_end(vm);
		KUNIT_EXPECT_NULL(test, memchr_inv(vm->image, 0, PUPPET_KERNEL));
	}
}

static struct kunit_case psci_cases[] = {
	KUNIT_CASE(versions_and_features),
	KUNIT_CASE(bad_cpu_on),
	KUNIT_CASE(all_vcpus),
	KUNIT_CASE(off_and_on),
	KUNIT_CASE(host_lies),
	KUNIT_CASE(late_answer),
	KUNIT_CASE(one_vcpu_only),
	KUNIT_CASE(suspend),
	KUNIT_CASE(system_end),
	{}
};

static struct kunit_suite psci_suite = {
	.name = "hypsec_psci",
	.init = hk_init,
	.test_cases = psci_cases,
};
kunit_test_suite(psci_suite);
