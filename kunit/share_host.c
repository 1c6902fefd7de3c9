// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_share: what a host does with a page that is shared: KVM's calls, pages that are not its
 * own, pages that it gives to others.
 */
#include "share.h"

/* --- what KVM does with it --- */

#define FN(name)	KVM_HOST_SMCCC_FUNC(__kvm_ ## name)

static const struct kvm_call {
	const char *name;
	u64 fn;
	u64 ipa, b;
} kvm_calls[] = {
	{ "by address", FN(tlb_flush_vmid_ipa), POOL_FRAME, 3 },
	{ "by address, level unknown", FN(tlb_flush_vmid_ipa), POOL_FRAME, 0 },
	{ "a block", FN(tlb_flush_vmid_ipa), POOL, 2 },
	{ "nsh", FN(tlb_flush_vmid_ipa_nsh), POOL_FRAME, 3 },
	{ "a range", FN(tlb_flush_vmid_range), POOL_FRAME, 1 },
	{ "all of it and more", FN(tlb_flush_vmid_range), GUEST_IMAGE,
	  (GUEST_POOL_END - GUEST_IMAGE) / PAGE_SIZE },
	{ "all", FN(tlb_flush_vmid), 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(kvm_calls, kvm_calls, name);

const void *share_next_call(const void *prev, char *desc)
{
	return kvm_calls_gen_params(prev, desc);
}

/* KVM's entry becomes @pte: broken, the call, made. */
static void change(struct hk_vm *vm, const struct kvm_call *k, u64 pte)
{
	u64 *entry = share_pte(vm, POOL_FRAME);

	WRITE_ONCE(*entry, 0);
	ps_flush(vm, k->fn, k->ipa, k->b);
	WRITE_ONCE(*entry, pte);
}

void share_kvms_call(struct kunit *test)
{
	const struct kvm_call *k = test->param_value;
	u64 *page = share_pages(test, 2), *next = page + PAGE_SIZE / 8;
	struct hk_vm *vm = share_pool(test);
	u64 pages = hk_vm_pages(vm), *third = next + PAGE_SIZE / 8, pte;

	hk_map(vm, POOL_FRAME, page);
	share_expect_shared(vm, POOL_FRAME, page, "first");
	pte = *share_pte(vm, POOL_FRAME);
	/* Taken away: the guest has it no more. */
	change(vm, k, 0);
	share_expect_asked(vm, INSN_STR, POOL_FRAME, SECRET, SHARE_WRITE | FSC_TRANS | 3);
	KUNIT_EXPECT_NE(test, page[1], SECRET);
	/* Exchanged, as by migration */
	memcpy(next, page, PAGE_SIZE);
	hk_map(vm, POOL_FRAME, next);
	share_expect_done(vm);
	KUNIT_EXPECT_EQ(test, next[1], SECRET);
	KUNIT_EXPECT_NE(test, page[1], SECRET);
	share_expect_shared(vm, POOL_FRAME, next, "exchanged");
	change(vm, k, pte);
	share_expect_shared(vm, POOL_FRAME, page, "and back");

	/* Merged, or watched: read only. A store is KVM's to answer, here by a copy. */
	change(vm, k, pte & ~BIT(7));
	page[0] = SECRET;
	share_expect_load(vm, POOL_FRAME, SECRET, "read only");
	share_expect_asked(vm, INSN_STR, POOL_FRAME, ~SECRET, SHARE_WRITE | FSC_PERM | 3);
	KUNIT_EXPECT_NE(test, page[1], ~SECRET);
	memcpy(third, page, PAGE_SIZE);
	change(vm, k, pte - __pa(page) + __pa(third));
	share_expect_done(vm);
	KUNIT_EXPECT_EQ(test, third[1], ~SECRET);
	KUNIT_EXPECT_NE(test, page[1], ~SECRET);
	share_expect_shared(vm, POOL_FRAME, third, "copied");

	/* Old: its next use is for KVM to see. */
	change(vm, k, (pte - __pa(page) + __pa(third)) & ~BIT(10));
	share_expect_asked(vm, INSN_LDR, POOL_FRAME, SECRET, SHARE_READ | FSC_ACCESS | 3);
	WRITE_ONCE(*share_pte(vm, POOL_FRAME), pte - __pa(page) + __pa(third));
	share_expect_done(vm);
	/* Nothing was sealed for it. */
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), pages);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_HOST);
}

/* --- a page that is not the host's --- */

void share_anothers(struct kunit *test)
{
	struct hk_vm *other = ps_with_secret(test), *vm = share_pool(test);
	void *page = ps_page(other, FRAME);
	u64 v;

	hk_map(vm, POOL_FRAME, page);
	/* As any touch of the host's: what it sees is ciphertext. */
	KUNIT_EXPECT_TRUE(test, hk_guest_load(&vm->vcpu[0], POOL_FRAME, &v));
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_HOST);
	KUNIT_EXPECT_EQ(test, v, *(u64 *)page);
	ps_expect_ciphertext(test, page, "another's");
	/* It comes home while it is mapped here. */
	ps_expect_home(other, "from the pool");
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_NOT_HOST);
	WRITE_ONCE(*share_pte(vm, POOL_FRAME), 0);
	share_expect_asked(vm, INSN_LDR, POOL_FRAME, SECRET, SHARE_READ | FSC_TRANS | 3);
	ps_expect_home(other, "as it was");
}

void share_its_own(struct kunit *test)
{
	struct hk_vm *vm = share_pool(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	void *page = ps_page(vm, FRAME);
	u64 v;

	KUNIT_ASSERT_TRUE(test, hk_guest_store(c, FRAME, SECRET));
	hk_map(vm, POOL_FRAME, page);
	KUNIT_EXPECT_TRUE(test, hk_guest_load(c, POOL_FRAME, &v));
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_HOST);
	ps_expect_ciphertext(test, page, "its own");
	ps_expect_home(vm, "from its own pool");
	/* Not private and shared at once: it went from there. */
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_NOT_HOST);
	WRITE_ONCE(*share_pte(vm, POOL_FRAME), 0);
	share_expect_asked(vm, INSN_STR, POOL_FRAME, ~SECRET, SHARE_WRITE | FSC_TRANS | 3);
	hk_map(vm, POOL_FRAME, vm->spare);
	share_expect_done(vm);
	ps_expect_home(vm, "as it was");
}

/* The core's: an abort of the guest's, who goes on. */
void share_the_cores(struct kunit *test)
{
	u64 *page = share_pages(test, 0), v;
	const phys_addr_t pa[] = { hk_core_page(test), __pa(page) };
	struct hk_vm *vm = share_pool(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	struct arm_smccc_res res;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, hypsec_call_donate(__pa(page), &res), HYPSEC_OK);
	for (i = 0; i < ARRAY_SIZE(pa); i++) {
		hk_map_pa(vm, POOL_FRAME, pa[i], HK_RW);
		KUNIT_EXPECT_FALSE(test, hk_guest_load(c, POOL_FRAME, &v));
		KUNIT_EXPECT_EQ(test, c->res[10], PUPPET_VECTOR_SYNC);
		KUNIT_EXPECT_EQ(test, c->res[11] & ESR_FSC, FSC_EXTABT);
		KUNIT_EXPECT_FALSE(test, hk_guest_store(c, POOL_FRAME, SECRET));
		KUNIT_EXPECT_EQ(test, hk_page_state(pa[i], NULL), HYPSEC_PAGE_NOT_HOST);
	}
	hk_unmap(vm, POOL_FRAME);
	KUNIT_EXPECT_EQ(test, hypsec_call_reclaim(__pa(page), &res), HYPSEC_OK);
	KUNIT_EXPECT_NULL(test, memchr_inv(page, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_PROTECTED);
}

/* --- a page that leaves the host while it is shared, and KVM says nothing --- */

static void expect_lost(struct hk_vm *vm)
{
	WRITE_ONCE(*share_pte(vm, POOL_FRAME), 0);
	share_expect_asked(vm, INSN_STR, POOL_FRAME, ~SECRET, SHARE_WRITE | FSC_TRANS | 3);
}

void share_donated(struct kunit *test)
{
	u64 *page = share_pages(test, 0);
	struct hk_vm *vm = share_pool(test);
	struct arm_smccc_res res;

	hk_map(vm, POOL_FRAME, page);
	share_expect_shared(vm, POOL_FRAME, page, "first");
	KUNIT_ASSERT_EQ(test, hypsec_call_donate(__pa(page), &res), HYPSEC_OK);
	expect_lost(vm);
	KUNIT_ASSERT_EQ(test, hypsec_call_reclaim(__pa(page), &res), HYPSEC_OK);
	KUNIT_EXPECT_NULL(test, memchr_inv(page, 0, PAGE_SIZE));
	hk_map(vm, POOL_FRAME, page);
	share_expect_done(vm);
	KUNIT_EXPECT_EQ(test, page[1], ~SECRET);
	share_expect_shared(vm, POOL_FRAME, page, "again");
}

void share_claimed(struct kunit *test)
{
	u64 *page = share_pages(test, 0);
	struct hk_vm *other = hk_protected(test), *vm = share_pool(test);

	hk_map(vm, POOL_FRAME, page);
	share_expect_shared(vm, POOL_FRAME, page, "first");
	hk_map(other, GUEST_FREE, page);
	KUNIT_ASSERT_TRUE(test, hk_guest_store(&other->vcpu[0], GUEST_FREE + 8, SECRET));
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_NOT_HOST);
	expect_lost(vm);
	share_expect_load(other, GUEST_FREE + 8, SECRET, "the other VM");
	share_expect_load(other, GUEST_FREE + 16, 0, "and zeros");
}

/* Its end, too, takes nothing from the host. */
void share_ends(struct kunit *test)
{
	u64 *page = share_pages(test, 1), *granted = page + PAGE_SIZE / 8;
	static u64 was[2 * PAGE_SIZE / 8];
	struct accounts before;
	struct hk_vm *vm;

	hk_read_accounts(test, &before);
	vm = share_pool(test);
	hk_map(vm, POOL_FRAME, page);
	share_expect_shared(vm, POOL_FRAME, page, "first");
	hk_map(vm, GUEST_FREE, granted);
	KUNIT_EXPECT_TRUE(test, hk_guest_store(&vm->vcpu[0], GUEST_FREE, ~SECRET));
	KUNIT_EXPECT_EQ(test, hk_call(&vm->vcpu[0], HYPSEC_GUEST_GRANT, GUEST_FREE, 0, 0),
			HYPSEC_OK);
	share_expect_shared(vm, GUEST_FREE, granted, "granted");
	memcpy(was, page, sizeof(was));
	hk_vm_end(vm);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_HOST);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(granted), NULL), HYPSEC_PAGE_HOST);
	KUNIT_EXPECT_EQ(test, memcmp(was, page, sizeof(was)), 0);
	expect_accounts(test, &before);
}
