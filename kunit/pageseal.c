// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_pageseal: what a host gets of a protected VM's page, by touch or by taking it
 * away as KVM does, and what it may give back.
 */
#include <asm/kvm_asm.h>
#include "guest.h"

#define SECRET		0x5ec2e75ec2e75ec2UL
#define FRAME		(GUEST_IMAGE + 0x20000)
#define FRAMES		(GUEST_END - GUEST_IMAGE) / PAGE_SIZE

static void *page_of(const struct hk_vm *vm, u64 ipa)
{
	return vm->image + (ipa - GUEST_IMAGE);
}

/* A VM whose frame at FRAME holds SECRET, and zeros. */
static struct hk_vm *with_secret(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);

	KUNIT_ASSERT_TRUE(test, hk_guest_store(&vm->vcpu[0], FRAME, SECRET));
	KUNIT_ASSERT_EQ(test, hk_page_state(__pa(page_of(vm, FRAME)), NULL),
			HYPSEC_PAGE_NOT_HOST);
	return vm;
}

static void expect_home(struct hk_vm *vm, const char *when)
{
	u64 v = 0, next = 1;

	KUNIT_EXPECT_TRUE_MSG(vm->test, hk_guest_load(&vm->vcpu[0], FRAME, &v), "%s", when);
	KUNIT_EXPECT_EQ_MSG(vm->test, v, SECRET, "%s", when);
	KUNIT_EXPECT_TRUE_MSG(vm->test, hk_guest_load(&vm->vcpu[0], FRAME + 0xff8, &next), "%s",
			      when);
	KUNIT_EXPECT_EQ_MSG(vm->test, next, 0, "%s", when);
	KUNIT_EXPECT_EQ_MSG(vm->test, hk_vm_state(vm), HYPSEC_VM_PROTECTED, "%s", when);
}

/* The guest asks for what the host has for the frame now: that ends it. */
static void expect_ends(struct hk_vm *vm, const char *when)
{
	const u64 x[8] = { 0, FRAME };
	struct hk_exit e = hk_exec(&vm->vcpu[0], INSN_LDR, x);

	KUNIT_EXPECT_EQ_MSG(vm->test, e.what, HK_IL, "%s", when);
	KUNIT_EXPECT_EQ_MSG(vm->test, hk_vm_state(vm), HYPSEC_VM_DEAD, "%s", when);
}

/* What KVM does to the whole table before the pages go: invalid, then a call for the range. */
static void take_all(struct hk_vm *vm)
{
	struct arm_smccc_res res;
	unsigned int i;

	for (i = 0; i < FRAMES; i++)
		WRITE_ONCE(vm->pte[i], 0);
	/* Interrupts on: the core lets them in, and goes on. */
	arm_smccc_1_1_hvc(KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid_range),
			  (u64)&vm->kvm->arch.mmu, GUEST_IMAGE, FRAMES, &res);
}

static void touched(struct kunit *test)
{
	struct hk_vm *vm = with_secret(test);
	u64 pages = hk_vm_pages(vm);

	hk_expect_private(vm, FRAME, page_of(vm, FRAME), SECRET);
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), pages - 1);
	expect_home(vm, "touched");
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), pages);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page_of(vm, FRAME)), NULL),
			HYPSEC_PAGE_NOT_HOST);
}

/* By each instruction. A page that was only read comes home, one that was written does not. */
static void every_access(struct kunit *test)
{
	enum access what;

	for (what = 0; what < ACC_COUNT; what++) {
		bool stores = (what >= ACC_STORE && what <= ACC_STORE_EXCLUSIVE) ||
			      what == ACC_DC_ZVA;
		struct hk_vm *vm = with_secret(test);
		void *page = page_of(vm, FRAME);

		KUNIT_EXPECT_EQ_MSG(test, hk_try_access(what, page), 0, "%s",
				    hk_access_names[what]);
		KUNIT_EXPECT_NE_MSG(test, *(u64 *)page, SECRET, "%s", hk_access_names[what]);
		/* A store-exclusive may fail. */
		if (!stores)
			expect_home(vm, hk_access_names[what]);
		else if (what != ACC_STORE_EXCLUSIVE)
			expect_ends(vm, hk_access_names[what]);
		hk_vm_end(vm);
	}
}

static void taken_away(struct kunit *test)
{
	struct hk_vm *vm = with_secret(test);
	void *page = page_of(vm, FRAME);
	const u64 x[8] = { 0, FRAME };
	struct hk_exit e;

	/* Sealed when the call returns, before anybody looks: a device could. */
	hk_unmap(vm, FRAME);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_HOST);
	KUNIT_EXPECT_NE(test, *(u64 *)page, SECRET);
	/* It has no page: the host is asked for one, as ever. */
	e = hk_exec(&vm->vcpu[0], INSN_LDR, x);
	KUNIT_ASSERT_EQ(test, e.what, HK_TRAP);
	KUNIT_EXPECT_EQ(test, e.ipa, FRAME);
	/* Moved, as by migration or swap; the old page is the host's and stays it. */
	memcpy(vm->spare, page, PAGE_SIZE);
	hk_map(vm, FRAME, vm->spare);
	KUNIT_ASSERT_EQ(test, hk_run(&vm->vcpu[0]).what, HK_DONE);
	KUNIT_EXPECT_EQ(test, vm->vcpu[0].res[0], SECRET);
	expect_home(vm, "moved");
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_HOST);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(vm->spare), NULL), HYPSEC_PAGE_NOT_HOST);
}

/* Write protection and ageing take nothing away, and seal nothing. */
static void protected_or_aged(struct kunit *test)
{
	struct hk_vm *vm = with_secret(test);
	phys_addr_t pa = __pa(page_of(vm, FRAME));
	u64 *pte = &vm->pte[(FRAME - GUEST_IMAGE) / PAGE_SIZE], was = *pte;
	u64 mmu = (u64)&vm->kvm->arch.mmu;

	WRITE_ONCE(*pte, was & ~BIT(7));
	hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid_ipa), mmu, FRAME, 3);
	hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid_range), mmu, GUEST_IMAGE, FRAMES);
	hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid), mmu, 0, 0);
	WRITE_ONCE(*pte, was & ~BIT(10));
	hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid_ipa_nsh), mmu, FRAME, 3);
	KUNIT_EXPECT_EQ(test, hk_page_state(pa, NULL), HYPSEC_PAGE_NOT_HOST);
	WRITE_ONCE(*pte, was);
	expect_home(vm, "write-protected and aged");
}

/* All of a VM, its code too: swapped out and in again. */
static void all_of_it(struct kunit *test)
{
	struct hk_vm *vm = with_secret(test);
	unsigned int i;

	take_all(vm);
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), 0);
	for (i = 0; i < 512; i++) {
		KUNIT_ASSERT_EQ(test, hk_page_state(__pa(vm->image + i * PAGE_SIZE), NULL),
				HYPSEC_PAGE_HOST);
		/* Frames of zeros too, and no two alike */
		KUNIT_EXPECT_NOT_NULL(test, memchr_inv(vm->image + i * PAGE_SIZE, 0, PAGE_SIZE));
		if (i)
			KUNIT_EXPECT_NE(test, memcmp(vm->image + i * PAGE_SIZE,
						     vm->image + (i - 1) * PAGE_SIZE, 64), 0);
		hk_map(vm, GUEST_IMAGE + i * PAGE_SIZE, vm->image + i * PAGE_SIZE);
	}
	hk_map(vm, GUEST_IMAGE + PUPPET_KERNEL, vm->kernel);
	expect_home(vm, "all of it");
}

/* --- what is not given back --- */

static void changed(struct kunit *test)
{
	static const u16 at[] = { 0, 1, 2047, 4095 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		struct hk_vm *vm = with_secret(test);

		((u8 *)page_of(vm, FRAME))[at[i]] ^= 1 << i;
		expect_ends(vm, "a bit changed");
	}
}

static void zeroed(struct kunit *test)
{
	struct hk_vm *vm = with_secret(test);

	/* A fresh page, as the host gives one that was never sealed */
	hk_map(vm, FRAME, vm->spare);
	expect_ends(vm, "a fresh page");
}

static void older(struct kunit *test)
{
	struct hk_vm *vm = with_secret(test);
	void *page = page_of(vm, FRAME);

	memcpy(vm->spare, page, PAGE_SIZE);
	expect_home(vm, "the first time");
	/* The same content, sealed again, is another ciphertext; and the older one is stale. */
	KUNIT_EXPECT_NE(test, memcmp(vm->spare, page, PAGE_SIZE), 0);
	memcpy(page, vm->spare, PAGE_SIZE);
	expect_ends(vm, "an older copy");
}

static void exchanged(struct kunit *test)
{
	struct hk_vm *vm = with_secret(test);
	u64 next = FRAME + PAGE_SIZE;

	KUNIT_ASSERT_TRUE(test, hk_guest_store(&vm->vcpu[0], next, ~SECRET));
	hk_unmap(vm, FRAME);
	hk_unmap(vm, next);
	hk_map(vm, FRAME, page_of(vm, next));
	hk_map(vm, next, page_of(vm, FRAME));
	expect_ends(vm, "another frame's");
}

/* The same image, the same frame, the same content; another VM */
static void another_vms(struct kunit *test)
{
	struct hk_vm *vm = with_secret(test), *other = with_secret(test);

	memcpy(page_of(other, FRAME), page_of(vm, FRAME), PAGE_SIZE);
	expect_ends(other, "another VM's");
	expect_home(vm, "the other VM has ended");
}

/* A page that is private to one frame, as what was sealed of another */
static void still_private(struct kunit *test)
{
	struct hk_vm *vm = with_secret(test);

	hk_unmap(vm, FRAME);
	hk_map(vm, FRAME, page_of(vm, FRAME + PAGE_SIZE));
	expect_ends(vm, "a private page");
}

/* --- races --- */

struct toucher {
	const void *page;
	u64 touches;
	bool stop;
};

static int touch_on(void *arg)
{
	struct toucher *t = arg;
	u64 v;

	while (!READ_ONCE(t->stop)) {
		hk_try_load(t->page, &v);
		t->touches++;
		cond_resched();
	}
	return 0;
}

/* The guest counts in a page that another CPU touches all the time: not one is lost. */
static void touched_while_used(struct kunit *test)
{
	unsigned int cpu = hk_other_cpu(test), n;
	struct hk_vm *vm = with_secret(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	struct toucher t = { .page = page_of(vm, FRAME) };
	const u64 x[8] = { 0, FRAME + 8 };
	struct errand *other;
	u64 v;

	other = hk_start_on(test, cpu, touch_on, &t);
	for (n = 0; n < 100; n++) {
		/* ldr x0, [x1]; add x0, x0, #1; str x0, [x1] */
		hk_command2(c, INSN_LDR | 0x91000400UL << 32, INSN_STR | (u64)INSN_NOP << 32, x, n);
		if (hk_run(c).what != HK_DONE)
			break;
	}
	WRITE_ONCE(t.stop, true);
	hk_finish(other);
	KUNIT_EXPECT_EQ(test, n, 100);
	KUNIT_EXPECT_GT(test, t.touches, 0);
	KUNIT_EXPECT_TRUE(test, hk_guest_load(c, FRAME + 8, &v));
	KUNIT_EXPECT_EQ(test, v, 100);
	expect_home(vm, "touched while used");
}

static void accounts(struct kunit *test)
{
	struct accounts before, sealed, after;
	struct hk_vm *vm;

	hk_read_accounts(test, &before);
	vm = with_secret(test);
	take_all(vm);
	hk_read_accounts(test, &sealed);
	KUNIT_EXPECT_GT(test, sealed.n[HYPSEC_ACC_SEAL], before.n[HYPSEC_ACC_SEAL]);
	KUNIT_EXPECT_EQ(test, sealed.n[HYPSEC_ACC_PRIVATE], before.n[HYPSEC_ACC_PRIVATE]);
	hk_vm_end(vm);
	hk_read_accounts(test, &after);
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_SEAL], before.n[HYPSEC_ACC_SEAL]);
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_VM], before.n[HYPSEC_ACC_VM]);
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_VM_S2], before.n[HYPSEC_ACC_VM_S2]);
}

static struct kunit_case pageseal_cases[] = {
	KUNIT_CASE(touched),
	KUNIT_CASE(every_access),
	KUNIT_CASE(taken_away),
	KUNIT_CASE(protected_or_aged),
	KUNIT_CASE(all_of_it),
	KUNIT_CASE(changed),
	KUNIT_CASE(zeroed),
	KUNIT_CASE(older),
	KUNIT_CASE(exchanged),
	KUNIT_CASE(another_vms),
	KUNIT_CASE(still_private),
	KUNIT_CASE(touched_while_used),
	KUNIT_CASE(accounts),
	{}
};

static struct kunit_suite pageseal_suite = {
	.name = "hypsec_pageseal",
	.init = hk_init,
	.test_cases = pageseal_cases,
};
kunit_test_suite(pageseal_suite);
