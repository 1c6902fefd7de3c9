// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_share: single frames that a guest shares, as they are, and takes back, zeroed.
 */
#include "share.h"

#define LAST	(PAGE_SIZE / 8 - 1)		/* word of a page */

static u64 grant(struct hk_vm *vm, u64 ipa)
{
	return hk_call(&vm->vcpu[0], HYPSEC_GUEST_GRANT, ipa, 0, 0);
}

static u64 revoke(struct hk_vm *vm, u64 ipa)
{
	return hk_call(&vm->vcpu[0], HYPSEC_GUEST_REVOKE, ipa, 0, 0);
}

static void expect_page(struct kunit *test, const void *page, int state, const char *when)
{
	KUNIT_EXPECT_EQ_MSG(test, hk_page_state(__pa(page), NULL), state, "%s", when);
}

/* A frame that is private, with something in its first and last word */
static struct hk_vm *with_frame(struct kunit *test, u64 *page)
{
	struct hk_vm *vm = share_vm(test);

	hk_map(vm, GUEST_FREE, page);
	KUNIT_ASSERT_TRUE(test, hk_guest_store(&vm->vcpu[0], GUEST_FREE, SECRET));
	KUNIT_ASSERT_TRUE(test, hk_guest_store(&vm->vcpu[0], GUEST_FREE + 8 * LAST, ~SECRET));
	return vm;
}

void grant_refused(struct kunit *test)
{
	static const struct { u64 ipa; int status; } bad[] = {
		{ GUEST_FREE + 8, HYPSEC_INVALID },
		{ GUEST_IMAGE - PAGE_SIZE, HYPSEC_RANGE },
		{ GUEST_POOL_END, HYPSEC_RANGE },
		{ PUPPET_MBOX, HYPSEC_RANGE },
		{ BIT_ULL(GUEST_IPA_BITS) + GUEST_FREE, HYPSEC_RANGE },
		{ -PAGE_SIZE, HYPSEC_RANGE },
	};
	u64 *page = share_pages(test, 0);
	struct hk_vm *vm = hk_vm_new(test);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, grant(vm, GUEST_FREE), STATUS(HYPSEC_STATE));
	KUNIT_EXPECT_EQ(test, revoke(vm, GUEST_FREE), STATUS(HYPSEC_STATE));
	vm = with_frame(test, page);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, grant(vm, bad[i].ipa), STATUS(bad[i].status));
		KUNIT_EXPECT_EQ(test, revoke(vm, bad[i].ipa), STATUS(bad[i].status));
	}
	expect_page(test, page, HYPSEC_PAGE_NOT_HOST, "refused");
	/* What is not shared stays as it is. */
	KUNIT_EXPECT_EQ(test, revoke(vm, GUEST_FREE), HYPSEC_OK);
	expect_page(test, page, HYPSEC_PAGE_NOT_HOST, "not shared");
	share_expect_load(vm, GUEST_FREE, SECRET, "not shared");
	/* The range is for good. */
	KUNIT_ASSERT_EQ(test, hk_call(&vm->vcpu[0], HYPSEC_GUEST_SHARE, POOL, PUPPET_SHARE, 0),
			HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, grant(vm, POOL_FRAME), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, revoke(vm, POOL_FRAME), STATUS(HYPSEC_DENIED));
	expect_page(test, page, HYPSEC_PAGE_NOT_HOST, "another frame");
}

void grant_and_revoke(struct kunit *test)
{
	u64 *page = share_pages(test, 1), *next = page + PAGE_SIZE / 8, pages;
	const u64 x[8] = { 0, 0, 0, 0, 0, 0, 0, GUEST_FREE };
	struct hk_vm *vm = with_frame(test, page);
	struct accounts before, after;
	struct hk_vcpu *c = &vm->vcpu[0];

	hk_map(vm, GUEST_FREE + PAGE_SIZE, next);
	KUNIT_ASSERT_TRUE(test, hk_guest_store(c, GUEST_FREE + PAGE_SIZE, SECRET));
	hk_watch(c);
	pages = hk_vm_pages(vm);
	hk_read_accounts(test, &before);
	KUNIT_EXPECT_EQ(test, grant(vm, GUEST_FREE), HYPSEC_OK);
	/* Before anybody touches it: the host's, as it was. */
	expect_page(test, page, HYPSEC_PAGE_HOST, "granted");
	KUNIT_EXPECT_EQ(test, page[0], SECRET);
	KUNIT_EXPECT_EQ(test, page[LAST], ~SECRET);
	KUNIT_EXPECT_NULL(test, memchr_inv(&page[1], 0, PAGE_SIZE - 16));
	hk_read_accounts(test, &after);
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_PRIVATE], before.n[HYPSEC_ACC_PRIVATE] - 1);
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), pages - 1);
	share_expect_shared(vm, GUEST_FREE, page, "granted");
	KUNIT_EXPECT_EQ(test, grant(vm, GUEST_FREE), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_RELINQUISH, GUEST_FREE, 1, 0),
			STATUS(HYPSEC_RANGE));
	KUNIT_EXPECT_EQ(test, hk_exec(c, BLR_X7, x).what, HK_DONE);
	KUNIT_EXPECT_EQ(test, c->res[11] >> ESR_EC_SHIFT, ESR_ELx_EC_IABT_CUR);

	KUNIT_EXPECT_EQ(test, revoke(vm, GUEST_FREE), HYPSEC_OK);
	/* The host's access is gone when the call returns. */
	expect_page(test, page, HYPSEC_PAGE_NOT_HOST, "revoked");
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), pages);
	share_expect_load(vm, GUEST_FREE, 0, "revoked");
	share_expect_load(vm, GUEST_FREE + 16, 0, "revoked");
	share_expect_load(vm, GUEST_FREE + 8 * LAST, 0, "revoked");
	KUNIT_EXPECT_TRUE(test, hk_guest_store(c, GUEST_FREE, ~SECRET));
	hk_expect_private(vm, GUEST_FREE, page, ~SECRET);
	ps_expect_ciphertext(test, page, "revoked");
	share_expect_load(vm, GUEST_FREE, ~SECRET, "home");
	/* Its neighbour was not in it. */
	expect_page(test, next, HYPSEC_PAGE_NOT_HOST, "its neighbour");
	share_expect_load(vm, GUEST_FREE + PAGE_SIZE, SECRET, "its neighbour");
}

/* Ciphertext is not what the guest means to show. */
void grant_sealed(struct kunit *test)
{
	u64 *page = share_pages(test, 0);
	struct hk_vm *vm = with_frame(test, page);

	hk_expect_private(vm, GUEST_FREE, page, SECRET);
	KUNIT_EXPECT_EQ(test, grant(vm, GUEST_FREE), STATUS(HYPSEC_BUSY));
	ps_expect_ciphertext(test, page, "not granted");
	share_expect_load(vm, GUEST_FREE, SECRET, "home");
	expect_page(test, page, HYPSEC_PAGE_NOT_HOST, "home");
	KUNIT_EXPECT_EQ(test, grant(vm, GUEST_FREE), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, page[0], SECRET);
	share_expect_shared(vm, GUEST_FREE, page, "granted");
}

void grant_most(struct kunit *test)
{
	u64 *page = share_pages(test, 0), last = GUEST_FREE + HYPSEC_GRANTS * PAGE_SIZE, ipa;
	struct hk_vm *vm = share_vm(test);

	/* None of them has a page yet, but the last. */
	for (ipa = GUEST_FREE; ipa < last; ipa += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, grant(vm, ipa), HYPSEC_OK);
	hk_map(vm, last, page);
	KUNIT_EXPECT_TRUE(test, hk_guest_store(&vm->vcpu[0], last, SECRET));
	KUNIT_EXPECT_EQ(test, grant(vm, last), STATUS(HYPSEC_NO_MEMORY));
	expect_page(test, page, HYPSEC_PAGE_NOT_HOST, "too many");
	KUNIT_EXPECT_EQ(test, revoke(vm, GUEST_FREE + 7 * PAGE_SIZE), HYPSEC_OK);
	/* Private again: that the guest reads is not told. */
	share_expect_asked(vm, INSN_LDR, GUEST_FREE + 7 * PAGE_SIZE, SECRET,
			   SHARE_WRITE | FSC_TRANS | 3);
	hk_map(vm, GUEST_FREE + 7 * PAGE_SIZE, vm->spare);
	share_expect_done(vm);
	expect_page(test, vm->spare, HYPSEC_PAGE_NOT_HOST, "private again");
	KUNIT_EXPECT_EQ(test, grant(vm, last), HYPSEC_OK);
	share_expect_shared(vm, last, page, "room again");
	share_expect_asked(vm, INSN_LDR, GUEST_FREE, SECRET, SHARE_READ | FSC_TRANS | 3);
}

/* Of 2 MiB that were claimed at once one page goes, and comes back. */
void grant_in_block(struct kunit *test)
{
	u64 *block = share_pages(test, 9), *page = block + 9 * PAGE_SIZE / 8, pages, v;
	u64 ipa = POOL + 9 * PAGE_SIZE;
	struct hk_vm *vm = share_vm(test);
	struct hk_vcpu *c = &vm->vcpu[0];

	pages = hk_vm_pages(vm);
	WRITE_ONCE(vm->pmd[POOL >> 21 & 511],
		   __pa(block) | HK_RW | BIT(10) | 3UL << 8 | 0xfUL << 2 | BIT(0));
	KUNIT_ASSERT_TRUE(test, hk_guest_store(c, ipa, SECRET));
	KUNIT_ASSERT_EQ(test, hk_vm_pages(vm), pages + 512);
	KUNIT_EXPECT_EQ(test, grant(vm, ipa), HYPSEC_OK);
	expect_page(test, page, HYPSEC_PAGE_HOST, "granted");
	KUNIT_EXPECT_EQ(test, page[0], SECRET);
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), pages + 511);
	share_expect_shared(vm, ipa, page, "granted");
	/* KVM's entry is a block still; what is around in it is not shared. */
	expect_page(test, page - PAGE_SIZE / 8, HYPSEC_PAGE_NOT_HOST, "before it");
	expect_page(test, page + PAGE_SIZE / 8, HYPSEC_PAGE_NOT_HOST, "after it");
	KUNIT_EXPECT_EQ(test, revoke(vm, ipa), HYPSEC_OK);
	expect_page(test, page, HYPSEC_PAGE_NOT_HOST, "revoked");
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), pages + 512);
	KUNIT_EXPECT_TRUE(test, hk_guest_load(c, ipa + 16, &v));
	KUNIT_EXPECT_EQ(test, v, 0);
	hk_vm_end(vm);
	expect_page(test, page, HYPSEC_PAGE_HOST, "ended");
	KUNIT_EXPECT_NULL(test, memchr_inv(block, 0, SZ_2M));
}

/* The host moves it meanwhile, which is its right; has none when it ends; or another's. */
void grant_exchanged(struct kunit *test)
{
	u64 *page = share_pages(test, 1), *next = page + PAGE_SIZE / 8;
	struct hk_vm *vm = with_frame(test, page);
	const u64 x[8] = { 0, GUEST_FREE };
	struct arm_smccc_res res;

	KUNIT_EXPECT_EQ(test, grant(vm, GUEST_FREE), HYPSEC_OK);
	share_expect_shared(vm, GUEST_FREE, page, "granted");
	hk_unmap(vm, GUEST_FREE);
	memcpy(next, page, PAGE_SIZE);
	hk_map(vm, GUEST_FREE, next);
	share_expect_load(vm, GUEST_FREE, SECRET, "exchanged");
	share_expect_shared(vm, GUEST_FREE, next, "exchanged");
	hk_unmap(vm, GUEST_FREE);
	KUNIT_EXPECT_EQ(test, revoke(vm, GUEST_FREE), HYPSEC_OK);
	expect_page(test, page, HYPSEC_PAGE_HOST, "no page");
	expect_page(test, next, HYPSEC_PAGE_HOST, "no page");
	KUNIT_EXPECT_EQ(test, next[0], SECRET);
	share_expect_asked(vm, INSN_LDR, GUEST_FREE, SECRET, SHARE_WRITE | FSC_TRANS | 3);
	hk_map(vm, GUEST_FREE, next);
	share_expect_done(vm);
	KUNIT_EXPECT_EQ(test, vm->vcpu[0].res[0], 0);
	expect_page(test, next, HYPSEC_PAGE_NOT_HOST, "private again");

	/* It is not shared any more; the page is refused where it is used. */
	KUNIT_EXPECT_EQ(test, grant(vm, GUEST_FREE), HYPSEC_OK);
	hk_map(vm, GUEST_FREE, page);
	KUNIT_ASSERT_EQ(test, hypsec_call_donate(__pa(page), &res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, revoke(vm, GUEST_FREE), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, hk_exec(&vm->vcpu[0], INSN_LDR, x).what, HK_IL);
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
	KUNIT_EXPECT_EQ(test, hypsec_call_reclaim(__pa(page), &res), HYPSEC_OK);
}
