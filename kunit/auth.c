// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_auth: VM_PROTECT. A good image, what is refused before anything changes, and a host
 * that changes pages and structures while the core verifies; bad images are in refused.c.
 */
#include "auth.h"

#define STATUS(s)	((u64)(s64)(s))

void expect_accounts(struct kunit *test, const struct accounts *before)
{
	struct accounts after;

	hk_read_accounts(test, &after);
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_PRIVATE], before->n[HYPSEC_ACC_PRIVATE]);
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_VM], before->n[HYPSEC_ACC_VM]);
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_VM_S2], before->n[HYPSEC_ACC_VM_S2]);
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_SEAL], before->n[HYPSEC_ACC_SEAL]);
	KUNIT_EXPECT_EQ(test, hk_pages_held(&after), hk_pages_held(before));
}

static void good_image(struct kunit *test)
{
	struct accounts before;
	struct hk_vcpu *c;
	struct hk_exit e;
	struct hk_vm *vm;
	unsigned int i;

	hk_read_accounts(test, &before);
	vm = hk_vm_new(test);
	c = &vm->vcpu[0];
	/* All that the host may have left is gone: what the image does not have, too. */
	memset(vm->image + 0x10000, 0xa5, SZ_2M - 0x10000);
	e = hk_protect(vm, GUEST_IMAGE, GUEST_DTB);
	KUNIT_ASSERT_EQ(test, e.what, HK_HELLO);
	KUNIT_EXPECT_EQ(test, c->res[0], GUEST_DTB);
	KUNIT_EXPECT_EQ(test, c->res[1], PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, c->res[2], GUEST_IMAGE);
	KUNIT_EXPECT_EQ(test, c->res[3], 0);		/* all other registers */
	KUNIT_EXPECT_EQ(test, c->res[5], 0x3c0);	/* DAIF */
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_PROTECTED);
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), PUPPET_MEM_SIZE / PAGE_SIZE + 1);
	for (i = 0; i < 512; i++)
		KUNIT_EXPECT_EQ(test, hk_page_state(__pa(vm->image) + i * PAGE_SIZE, NULL),
				HYPSEC_PAGE_NOT_HOST);
	for (i = 0x20000; i < SZ_2M; i += 0x3fff8) {
		u64 v;

		KUNIT_EXPECT_TRUE(test, hk_guest_load(c, GUEST_IMAGE + i, &v));
		KUNIT_EXPECT_EQ(test, v, 0);
	}
	hk_vm_end(vm);
	KUNIT_EXPECT_NULL(test, memchr_inv(vm->image, 0, SZ_2M));
	expect_accounts(test, &before);
}

/* Refused to the guest's face: it stays what it was, and may ask again. */
static void refused_call(struct kunit *test)
{
	static const struct { u64 image, dtb, mpidr; int status; } bad[] = {
		{ GUEST_IMAGE + PAGE_SIZE, GUEST_DTB, 0, HYPSEC_INVALID },
		{ GUEST_IMAGE + 1, GUEST_DTB, 0, HYPSEC_INVALID },
		{ GUEST_IMAGE, GUEST_DTB + 4, 0, HYPSEC_INVALID },
		{ BIT_ULL(GUEST_IPA_BITS), GUEST_DTB, 0, HYPSEC_RANGE },
		{ -SZ_2M, GUEST_DTB, 0, HYPSEC_RANGE },
		{ GUEST_IMAGE, BIT_ULL(GUEST_IPA_BITS) - PAGE_SIZE + 8, 0, HYPSEC_RANGE },
		{ GUEST_IMAGE, -8, 0, HYPSEC_RANGE },
		{ GUEST_IMAGE, GUEST_DTB, 0x800, HYPSEC_NOT_SUPPORTED },	/* vCPU 128 */
		{ GUEST_IMAGE, GUEST_DTB, 0x10000, HYPSEC_NOT_SUPPORTED },
		{ GUEST_IMAGE, GUEST_DTB, 1UL << 32, HYPSEC_NOT_SUPPORTED },
	};
	struct hk_vm *vm = hk_vm_new(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		c->v->arch.ctxt.sys_regs[MPIDR_EL1] = bad[i].mpidr;
		KUNIT_ASSERT_EQ(test, hk_protect(vm, bad[i].image, bad[i].dtb).what, HK_DONE);
		KUNIT_EXPECT_EQ_MSG(test, c->res[0], STATUS(bad[i].status), "%llx %llx %llx",
				    bad[i].image, bad[i].dtb, bad[i].mpidr);
		hk_expect_kept(c, "a refused call");
		KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_ORDINARY);
	}
	c->v->arch.ctxt.sys_regs[MPIDR_EL1] = 0;
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_RAM, GUEST_IMAGE, SZ_2M, 0),
			STATUS(HYPSEC_STATE));
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_RANDOM, 0, 0, 0), STATUS(HYPSEC_STATE));
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_IDENTITY, 0, 0, 0), STATUS(HYPSEC_STATE));
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_VERSION | 0xff, 0, 0, 0),
			STATUS(HYPSEC_NOT_SUPPORTED));

	hk_protect_all(vm);
	/* Once */
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_PROTECT, GUEST_IMAGE, GUEST_DTB, 0),
			STATUS(HYPSEC_STATE));
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_PROTECTED);
}

static void identity(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	struct arm_smccc_res res;
	u64 want[9];
	unsigned int n;

	memcpy(want, hk_identity, 64);
	want[8] = 1;
	for (n = 0; n < HYPSEC_IDENTITY_PIECES; n++) {
		KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_IDENTITY, n, 0, 0), HYPSEC_OK);
		KUNIT_EXPECT_EQ(test, memcmp(&c->res[1], &want[3 * n], 24), 0);
		KUNIT_EXPECT_EQ(test, hypsec_call_vm_identity(vm->id, n, &res), HYPSEC_OK);
		KUNIT_EXPECT_EQ(test, res.a1, want[3 * n]);
		KUNIT_EXPECT_EQ(test, res.a2, want[3 * n + 1]);
		KUNIT_EXPECT_EQ(test, res.a3, want[3 * n + 2]);
	}
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_IDENTITY, n, 0, 0), STATUS(HYPSEC_RANGE));
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_IDENTITY, ~0UL, 0, 0), STATUS(HYPSEC_RANGE));
	KUNIT_EXPECT_EQ(test, hypsec_call_vm_identity(vm->id, n, &res), HYPSEC_RANGE);
	KUNIT_EXPECT_EQ(test, hypsec_call_vm_identity(0, 0, &res), HYPSEC_RANGE);
}

/* --- a host that acts in the middle of the verification --- */

/* Asks; the core stops where it needs the frame at @ipa, which has no page. */
static struct hk_vm *stopped_at(struct kunit *test, u64 ipa)
{
	struct hk_vm *vm = hk_vm_new(test);
	struct hk_exit e;

	hk_unmap(vm, ipa);
	e = hk_protect(vm, GUEST_IMAGE, GUEST_DTB);
	KUNIT_ASSERT_EQ(test, e.what, HK_TRAP);
	KUNIT_EXPECT_EQ(test, e.ipa, ipa);
	KUNIT_EXPECT_EQ(test, e.esr, (u64)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL | ESR_WNR |
			FSC_TRANS | 3);
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_PROTECTING);
	return vm;
}

static void progress(struct kunit *test)
{
	u64 ipa = GUEST_IMAGE + PUPPET_INITRD;
	struct hk_vm *vm = stopped_at(test, ipa);
	struct hk_vcpu *c = &vm->vcpu[0];
	struct arm_smccc_res res;
	struct hk_exit e;

	/* Stub, manifest, kernel so far; no other vCPU, no other structure for this one */
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), 3);
	KUNIT_EXPECT_EQ(test, hypsec_call_vm_status(vm->id, &res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, res.a1, 0);
	KUNIT_EXPECT_EQ(test, res.a2, 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, res.a3, PUPPET_MEM_SIZE);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(vm->image), NULL), HYPSEC_PAGE_NOT_HOST);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(vm->kernel), NULL), HYPSEC_PAGE_NOT_HOST);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(vm->image) + PUPPET_INITRD, NULL),
			HYPSEC_PAGE_HOST);
	KUNIT_EXPECT_EQ(test, hk_vcpu_run(vm->vcpu[1].v), ARM_EXCEPTION_IL);
	KUNIT_EXPECT_EQ(test, hk_vcpu_run(hk_vcpu_new(vm, 0)), ARM_EXCEPTION_IL);
	/* A page that may only be read could be everyone's. */
	hk_map_pa(vm, ipa, __pa(vm->image) + PUPPET_INITRD, HK_RO);
	e = hk_run(c);
	KUNIT_ASSERT_EQ(test, e.what, HK_TRAP);
	KUNIT_EXPECT_EQ(test, e.esr, (u64)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL | ESR_WNR |
			FSC_PERM | 3);
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), 3);
	hk_map(vm, ipa, vm->image + PUPPET_INITRD);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_HELLO);
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_PROTECTED);
	KUNIT_EXPECT_EQ(test, hypsec_call_vm_status(vm->id, &res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, res.a1, HYPSEC_FLAG_SMP);
	KUNIT_EXPECT_EQ(test, res.a2, PUPPET_MEM_SIZE);
}

static void changed_before_its_turn(struct kunit *test)
{
	struct hk_vm *vm = stopped_at(test, GUEST_IMAGE + PUPPET_INITRD);

	*(u8 *)(vm->image + PUPPET_INITRD + 100) = 1;
	hk_map(vm, GUEST_IMAGE + PUPPET_INITRD, vm->image + PUPPET_INITRD);
	KUNIT_EXPECT_EQ(test, hk_run(&vm->vcpu[0]).what, HK_IL);
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
}

static void touched_after_its_turn(struct kunit *test)
{
	struct hk_vm *vm = stopped_at(test, GUEST_IMAGE + PUPPET_INITRD);

	hk_expect_private(vm, GUEST_IMAGE, vm->image, *(u64 *)hk_puppet);
	hk_map(vm, GUEST_IMAGE + PUPPET_INITRD, vm->image + PUPPET_INITRD);
	KUNIT_EXPECT_EQ(test, hk_run(&vm->vcpu[0]).what, HK_HELLO);
	KUNIT_EXPECT_EQ(test, vm->vcpu[0].res[3], 0);
}

/* The page of a frame that was verified: taken away, and another one for it. */
static void exchanged_after_its_turn(struct kunit *test)
{
	struct hk_vm *vm = stopped_at(test, GUEST_IMAGE + PUPPET_INITRD);

	memcpy(vm->spare, hk_puppet, PAGE_SIZE);
	hk_map(vm, GUEST_IMAGE, vm->spare);
	KUNIT_EXPECT_NE(test, *(u64 *)vm->image, *(u64 *)hk_puppet);
	hk_map(vm, GUEST_IMAGE + PUPPET_INITRD, vm->image + PUPPET_INITRD);
	KUNIT_EXPECT_EQ(test, hk_run(&vm->vcpu[0]).what, HK_IL);
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
}

static void rewritten_after_its_turn(struct kunit *test)
{
	struct hk_vm *vm = stopped_at(test, GUEST_IMAGE + PUPPET_INITRD);

	((u8 *)vm->image)[PAGE_SIZE - 1] ^= 1;
	hk_map(vm, GUEST_IMAGE + PUPPET_INITRD, vm->image + PUPPET_INITRD);
	KUNIT_EXPECT_EQ(test, hk_run(&vm->vcpu[0]).what, HK_IL);
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
}

static void torn_down_meanwhile(struct kunit *test)
{
	struct accounts before;
	struct hk_vm *vm;

	hk_read_accounts(test, &before);
	vm = stopped_at(test, GUEST_IMAGE + PUPPET_INITRD);
	hk_vm_end(vm);
	KUNIT_EXPECT_NULL(test, memchr_inv(vm->kernel, 0, PAGE_SIZE));
	expect_accounts(test, &before);
}

static void page_of_another_vm(struct kunit *test)
{
	struct hk_vm *owner = hk_protected(test), *vm = hk_vm_new(test);
	u64 v;

	KUNIT_ASSERT_TRUE(test, hk_guest_store(&owner->vcpu[0], GUEST_IMAGE + 0x7000, 0x77));
	hk_map(vm, GUEST_IMAGE + 0x7000, owner->image + 0x7000);
	KUNIT_EXPECT_EQ(test, hk_protect(vm, GUEST_IMAGE, GUEST_DTB).what, HK_IL);
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
	/* Its owner has it still. */
	KUNIT_EXPECT_EQ(test, hk_vm_state(owner), HYPSEC_VM_PROTECTED);
	KUNIT_EXPECT_TRUE(test, hk_guest_load(&owner->vcpu[0], GUEST_IMAGE + 0x7000, &v));
	KUNIT_EXPECT_EQ(test, v, 0x77);
}

struct writer {
	u64 *word, good;
	bool stop;
};

static int write_on(void *arg)
{
	struct writer *w = arg;

	while (!READ_ONCE(w->stop)) {
		hk_try_store(w->word, ~w->good);
		hk_try_store(w->word, w->good);
		cond_resched();
	}
	return 0;
}

/* Another CPU writes all the time: what runs in the end is what was signed, or nothing. */
static void written_meanwhile(struct kunit *test)
{
	unsigned int cpu = hk_other_cpu(test), i;

	for (i = 0; i < 4; i++) {
		struct hk_vm *vm = hk_vm_new(test);
		struct writer w = { .word = i & 1 ? vm->kernel : vm->image + 0xff8 };
		struct errand *other;
		struct hk_exit e;
		u64 v;

		w.good = *w.word;
		other = hk_start_on(test, cpu, write_on, &w);
		e = hk_protect(vm, GUEST_IMAGE, GUEST_DTB);
		WRITE_ONCE(w.stop, true);
		hk_finish(other);
		if (e.what == HK_TIMEOUT)	/* it had no turn for all the touching */
			e = hk_run(&vm->vcpu[0]);
		if (e.what != HK_HELLO) {
			KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
			continue;
		}
		if (hk_guest_load(&vm->vcpu[0], i & 1 ? GUEST_IMAGE + PUPPET_KERNEL :
				  GUEST_IMAGE + 0xff8, &v))
			KUNIT_EXPECT_EQ(test, v, w.good);
	}
}

/* --- another vCPU is inside: its registers are the host's --- */

static int run_on(void *arg)
{
	struct hk_vcpu *c = arg;

	return hk_run(c).what;
}

/* True if the core has seen the second vCPU; it may just have been out for an interrupt. */
static bool ask_with_second(struct kunit *test, struct hk_vm *vm)
{
	struct hk_vcpu *c = &vm->vcpu[0], *second = &vm->vcpu[1];
	const u64 x[8] = { 200000000 };
	struct arm_smccc_res res;
	struct errand *other;
	unsigned long end;

	KUNIT_ASSERT_EQ(test, hk_call(c, HYPSEC_GUEST_VERSION, 0, 0, 0), HYPSEC_OK);
	/* sub x0, x0, #1; cbnz x0, .-4 */
	hk_command2(second, 0xb5ffffe0d1000400, INSN_NOP | (u64)INSN_NOP << 32, x, 1);
	other = hk_start_on(test, hk_other_cpu(test), run_on, second);
	res.a3 = 0;
	for (end = jiffies + HK_HANG; time_before(jiffies, end) && !res.a3; )
		hypsec_call_vm_info(vm->id, &res);
	hk_protect(vm, GUEST_IMAGE, GUEST_DTB);
	WRITE_ONCE(second->stop, true);
	hk_finish(other);
	return hk_vm_state(vm) == HYPSEC_VM_ORDINARY;
}

static void second_vcpu_inside(struct kunit *test)
{
	bool seen = false;
	struct hk_vm *vm;
	unsigned int i;

	for (i = 0; i < 5 && !seen; i++) {
		vm = hk_vm_new(test);
		seen = ask_with_second(test, vm);
	}
	KUNIT_ASSERT_TRUE(test, seen);
	KUNIT_EXPECT_EQ(test, vm->vcpu[0].res[0], STATUS(HYPSEC_BUSY));
	hk_protect_all(vm);
	/* It has lost its place: off, until the guest says otherwise. */
	KUNIT_EXPECT_EQ(test, hk_vcpu_run(vm->vcpu[1].v), ARM_EXCEPTION_IL);
}

static struct kunit_case auth_cases[] = {
	KUNIT_CASE(good_image),
	KUNIT_CASE(refused_call),
	KUNIT_CASE(identity),
	KUNIT_CASE_PARAM(refused_images, next_refused),
	KUNIT_CASE(progress),
	KUNIT_CASE(changed_before_its_turn),
	KUNIT_CASE(touched_after_its_turn),
	KUNIT_CASE(exchanged_after_its_turn),
	KUNIT_CASE(rewritten_after_its_turn),
	KUNIT_CASE(torn_down_meanwhile),
	KUNIT_CASE(page_of_another_vm),
	KUNIT_CASE(written_meanwhile),
	KUNIT_CASE(second_vcpu_inside),
	{}
};

static struct kunit_suite auth_suite = {
	.name = "hypsec_auth",
	.init = hk_init,
	.test_cases = auth_cases,
};
kunit_test_suite(auth_suite);
