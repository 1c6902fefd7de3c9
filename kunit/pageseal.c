// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_pageseal: what a host gets of a protected VM's page, by touch or by taking it away as
 * KVM does. pageseal_states.c has every state x operation, pageseal_attack.c what a host gives
 * back instead, pageseal_race.c all CPUs at once.
 */
#include <uapi/linux/psci.h>
#include "pageseal.h"

struct hk_vm *ps_with_secret(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);

	KUNIT_ASSERT_TRUE(test, hk_guest_store(&vm->vcpu[0], FRAME, SECRET));
	KUNIT_ASSERT_EQ(test, hk_page_state(__pa(ps_page(vm, FRAME)), NULL),
			HYPSEC_PAGE_NOT_HOST);
	return vm;
}

void ps_expect_home(struct hk_vm *vm, const char *when)
{
	u64 v = 0, next = 1;

	KUNIT_EXPECT_TRUE_MSG(vm->test, hk_guest_load(&vm->vcpu[0], FRAME, &v), "%s", when);
	KUNIT_EXPECT_EQ_MSG(vm->test, v, SECRET, "%s", when);
	KUNIT_EXPECT_TRUE_MSG(vm->test, hk_guest_load(&vm->vcpu[0], FRAME + 0xff8, &next), "%s",
			      when);
	KUNIT_EXPECT_EQ_MSG(vm->test, next, 0, "%s", when);
	KUNIT_EXPECT_EQ_MSG(vm->test, hk_vm_state(vm), HYPSEC_VM_PROTECTED, "%s", when);
}

void ps_expect_ciphertext(struct kunit *test, const void *page, const char *when)
{
	const u64 *word = page;
	unsigned int i, same = 0;

	for (i = 0; i < PAGE_SIZE / 8; i++)
		same += !word[i] || word[i] == SECRET || word[i] == ~SECRET;
	KUNIT_EXPECT_EQ_MSG(test, same, 0, "%s", when);
}

/* Interrupts on: the core lets them in, and goes on. */
void ps_flush(struct hk_vm *vm, u64 nr, u64 a, u64 b)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(nr, (u64)&vm->kvm->arch.mmu, a, b, &res);
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
	unsigned int i;

	for (i = 0; i < FRAMES; i++)
		WRITE_ONCE(vm->pte[i], 0);
	ps_flush(vm, KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid_range), GUEST_IMAGE, FRAMES);
}

static void touched(struct kunit *test)
{
	struct hk_vm *vm = ps_with_secret(test);
	u64 pages = hk_vm_pages(vm);

	hk_expect_private(vm, FRAME, ps_page(vm, FRAME), SECRET);
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), pages - 1);
	ps_expect_home(vm, "touched");
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), pages);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(ps_page(vm, FRAME)), NULL),
			HYPSEC_PAGE_NOT_HOST);
}

/* By each instruction. A page that was only read comes home, one that was written does not. */
static void every_access(struct kunit *test)
{
	enum access what;

	for (what = 0; what < ACC_COUNT; what++) {
		bool stores = (what >= ACC_STORE && what <= ACC_STORE_EXCLUSIVE) ||
			      what == ACC_DC_ZVA;
		struct hk_vm *vm = ps_with_secret(test);
		void *page = ps_page(vm, FRAME);

		KUNIT_EXPECT_EQ_MSG(test, hk_try_access(what, page), 0, "%s",
				    hk_access_names[what]);
		KUNIT_EXPECT_NE_MSG(test, *(u64 *)page, SECRET, "%s", hk_access_names[what]);
		/* A store-exclusive may fail. */
		if (!stores)
			ps_expect_home(vm, hk_access_names[what]);
		else if (what != ACC_STORE_EXCLUSIVE)
			expect_ends(vm, hk_access_names[what]);
		hk_vm_end(vm);
	}
}

static void taken_away(struct kunit *test)
{
	struct hk_vm *vm = ps_with_secret(test);
	void *page = ps_page(vm, FRAME);
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
	ps_expect_home(vm, "moved");
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_HOST);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(vm->spare), NULL), HYPSEC_PAGE_NOT_HOST);
}

/* Write protection and ageing take nothing away, and seal nothing. */
static void protected_or_aged(struct kunit *test)
{
	struct hk_vm *vm = ps_with_secret(test);
	phys_addr_t pa = __pa(ps_page(vm, FRAME));
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
	ps_expect_home(vm, "write-protected and aged");
}

/* All of a VM, its code too: swapped out and in again. */
static void all_of_it(struct kunit *test)
{
	struct hk_vm *vm = ps_with_secret(test);
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
	ps_expect_home(vm, "all of it");
}

static void accounts(struct kunit *test)
{
	struct accounts before, sealed, after;
	struct hk_vm *vm;

	hk_read_accounts(test, &before);
	vm = ps_with_secret(test);
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

/* The guest resets itself: the next VM under that name runs when all pages are back, not before. */
static void reset(struct kunit *test)
{
	struct hk_vm *vm = ps_with_secret(test);
	const u64 x[8] = { PSCI_0_2_FN_SYSTEM_RESET };
	u64 code = ARM_EXCEPTION_IRQ;
	unsigned int runs;

	KUNIT_ASSERT_EQ(test, hk_exec(&vm->vcpu[0], INSN_HVC, x).what, HK_TRAP);
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
	KUNIT_EXPECT_GT(test, hk_vm_pages(vm), 500);
	/* As KVM resets it, but to address 0: there is nothing. */
	vm->vcpu[0].v->arch.ctxt.regs.pc = 0;
	vm->vcpu[0].v->arch.ctxt.regs.pstate = PSR_MODE_EL1h | PSR_D_BIT | PSR_A_BIT | PSR_I_BIT |
					       PSR_F_BIT;
	for (runs = 0; code == ARM_EXCEPTION_IRQ && runs < 10000; runs++)
		code = hk_vm_run(&vm->vcpu[0]);
	KUNIT_EXPECT_EQ(test, code, ARM_EXCEPTION_TRAP);
	KUNIT_EXPECT_EQ(test, ESR_ELx_EC(vm->vcpu[0].v->arch.fault.esr_el2), ESR_ELx_EC_IABT_LOW);
	KUNIT_EXPECT_GT(test, runs, 1);
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), 0);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(ps_page(vm, FRAME)), NULL), HYPSEC_PAGE_HOST);
	KUNIT_EXPECT_NULL(test, memchr_inv(ps_page(vm, FRAME), 0, PAGE_SIZE));
	hk_vm_end(vm);
}

static struct kunit_case pageseal_cases[] = {
	KUNIT_CASE(touched),
	KUNIT_CASE(every_access),
	KUNIT_CASE(taken_away),
	KUNIT_CASE(protected_or_aged),
	KUNIT_CASE(all_of_it),
	KUNIT_CASE(accounts),
	KUNIT_CASE(reset),
	KUNIT_CASE_PARAM(state_and_operation, next_operation),
	KUNIT_CASE_PARAM(state_and_end, next_end),
	KUNIT_CASE_PARAM(attack, next_attack),
	KUNIT_CASE(read_only),
	KUNIT_CASE(no_entry),
	KUNIT_CASE(forgotten),
	KUNIT_CASE(counted_while_taken),
	KUNIT_CASE(stored_while_sealed),
	KUNIT_CASE(changed_while_opened),
	KUNIT_CASE(remapped_while_opened),
	KUNIT_CASE(relinquished_while_touched),
	KUNIT_CASE(ended_while_touched),
	KUNIT_CASE(tables_reused),
	{}
};

static struct kunit_suite pageseal_suite = {
	.name = "hypsec_pageseal",
	.init = hk_init,
	.test_cases = pageseal_cases,
};
kunit_test_suite(pageseal_suite);
