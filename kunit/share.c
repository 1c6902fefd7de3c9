// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_share: frames that a guest shares with its host: the range of its devices, what the host
 * does with it (share_host.c), single frames (share_grant.c), several CPUs (share_race.c).
 */
#include "share.h"

struct hk_vm *share_vm(struct kunit *test)
{
	struct hk_vm *vm = hk_vm_new(test);

	hk_image_share(vm);
	hk_protect_all(vm);
	KUNIT_ASSERT_EQ(test, hk_call(&vm->vcpu[0], HYPSEC_GUEST_RAM, POOL, GUEST_POOL_END - POOL,
				      0), HYPSEC_OK);
	return vm;
}

static u64 share(struct hk_vm *vm, u64 base, u64 size)
{
	return hk_call(&vm->vcpu[0], HYPSEC_GUEST_SHARE, base, size, 0);
}

struct hk_vm *share_pool(struct kunit *test)
{
	struct hk_vm *vm = share_vm(test);

	KUNIT_ASSERT_EQ(test, share(vm, POOL, PUPPET_SHARE), HYPSEC_OK);
	return vm;
}

void *share_pages(struct kunit *test, unsigned int order)
{
	u64 *page = page_address(hk_host_pages(test, order));
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / 8 << order; i++)
		page[i] = 0x1057000000000000 | i;
	return page;
}

void share_expect_asked(struct hk_vm *vm, u32 insn, u64 ipa, u64 v, u64 esr)
{
	const u64 x[8] = { v, ipa + 8 };	/* not that one */
	struct hk_exit e = hk_exec(&vm->vcpu[0], insn, x);
	unsigned int i;

	KUNIT_ASSERT_EQ(vm->test, e.what, HK_TRAP);
	KUNIT_EXPECT_EQ(vm->test, e.esr, esr);
	KUNIT_EXPECT_EQ(vm->test, e.ipa, ipa);
	KUNIT_EXPECT_EQ(vm->test, e.far, 0);
	for (i = 0; i < 31; i++)
		KUNIT_EXPECT_NE_MSG(vm->test, vm->vcpu[0].v->arch.ctxt.regs.regs[i], v, "x%u", i);
}

void share_expect_done(struct hk_vm *vm)
{
	KUNIT_ASSERT_EQ(vm->test, hk_run(&vm->vcpu[0]).what, HK_DONE);
	KUNIT_EXPECT_EQ(vm->test, vm->vcpu[0].res[11], PUPPET_SVC);
}

void share_expect_load(struct hk_vm *vm, u64 ipa, u64 v, const char *when)
{
	u64 got = ~v;

	KUNIT_EXPECT_TRUE_MSG(vm->test, hk_guest_load(&vm->vcpu[0], ipa, &got), "%s", when);
	KUNIT_EXPECT_EQ_MSG(vm->test, got, v, "%s", when);
}

void share_expect_shared(struct hk_vm *vm, u64 ipa, u64 *page, const char *when)
{
	static u64 n;

	KUNIT_EXPECT_TRUE_MSG(vm->test, hk_guest_store(&vm->vcpu[0], ipa + 16, ++n), "%s", when);
	KUNIT_EXPECT_EQ_MSG(vm->test, READ_ONCE(page[2]), n, "%s", when);
	WRITE_ONCE(page[3], ~n);
	share_expect_load(vm, ipa + 24, ~n, when);
	KUNIT_EXPECT_EQ_MSG(vm->test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_HOST, "%s",
			    when);
}

/* --- which range, and when --- */

/* Neither shared nor touched by this look: what is shared is not given back. */
static void expect_not_shared(struct hk_vm *vm, u64 ipa)
{
	KUNIT_EXPECT_EQ(vm->test, hk_call(&vm->vcpu[0], HYPSEC_GUEST_RELINQUISH, ipa, 1, 0),
			HYPSEC_OK);
}

static void refused(struct kunit *test)
{
	static const struct { u64 base, size; int status; } bad[] = {
		{ POOL, 0, HYPSEC_INVALID },
		{ POOL + PAGE_SIZE, PUPPET_SHARE, HYPSEC_INVALID },
		{ POOL + 1, PUPPET_SHARE, HYPSEC_INVALID },
		{ POOL, PUPPET_SHARE - PAGE_SIZE, HYPSEC_INVALID },
		{ -SZ_2M, PUPPET_SHARE, HYPSEC_RANGE },
		{ -SZ_2M, 2 * PUPPET_SHARE, HYPSEC_RANGE },
		{ POOL, -SZ_2M, HYPSEC_RANGE },
		{ POOL, -POOL, HYPSEC_RANGE },
		{ BIT_ULL(GUEST_IPA_BITS), PUPPET_SHARE, HYPSEC_RANGE },
		{ GUEST_POOL_END, PUPPET_SHARE, HYPSEC_RANGE },
		{ GUEST_IMAGE - SZ_2M, PUPPET_SHARE, HYPSEC_RANGE },
		/* The end of one range, and the next */
		{ POOL - SZ_2M, 2 * PUPPET_SHARE, HYPSEC_RANGE },
		{ POOL, 2 * PUPPET_SHARE, HYPSEC_DENIED },
		/* The image; its last page; the tree, which lies alone here */
		{ GUEST_IMAGE, PUPPET_SHARE, HYPSEC_DENIED },
		{ GUEST_IMAGE + SZ_2M, PUPPET_SHARE, HYPSEC_DENIED },
		{ POOL + SZ_2M, PUPPET_SHARE, HYPSEC_DENIED },
	};
	u64 *page = share_pages(test, 0), tree = POOL + SZ_2M + 3 * PAGE_SIZE;
	struct hk_vm *vm = hk_vm_new(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	unsigned int i;

	hk_image_share(vm);
	KUNIT_EXPECT_EQ(test, share(vm, POOL, PUPPET_SHARE), STATUS(HYPSEC_STATE));
	hk_unmap(vm, GUEST_DTB);
	hk_map(vm, tree, vm->dtb);
	KUNIT_ASSERT_EQ(test, hk_protect(vm, GUEST_IMAGE, tree).what, HK_HELLO);
	/* Not RAM yet */
	KUNIT_EXPECT_EQ(test, share(vm, POOL, PUPPET_SHARE), STATUS(HYPSEC_RANGE));
	KUNIT_ASSERT_EQ(test, hk_call(c, HYPSEC_GUEST_RAM, GUEST_IMAGE, POOL - GUEST_IMAGE, 0),
			HYPSEC_OK);
	KUNIT_ASSERT_EQ(test, hk_call(c, HYPSEC_GUEST_RAM, POOL, GUEST_POOL_END - POOL, 0),
			HYPSEC_OK);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ_MSG(test, share(vm, bad[i].base, bad[i].size),
				    STATUS(bad[i].status), "%llx %llx", bad[i].base, bad[i].size);
		expect_not_shared(vm, POOL);
		expect_not_shared(vm, POOL + SZ_2M - PAGE_SIZE);
	}
	/* They are private, as any. */
	hk_map(vm, POOL_FRAME, page);
	KUNIT_EXPECT_TRUE(test, hk_guest_store(c, POOL_FRAME, SECRET));
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_NOT_HOST);
	hk_expect_private(vm, POOL_FRAME, page, SECRET);
	share_expect_load(vm, POOL_FRAME, SECRET, "home");
}

/* Private, sealed, given back: what was in it may be there still. Then once, and for good. */
static void touched_before(struct kunit *test)
{
	u64 *page = share_pages(test, 1), last = POOL + SZ_2M - PAGE_SIZE;
	struct hk_vm *vm = share_vm(test);
	struct hk_vcpu *c = &vm->vcpu[0];

	hk_map(vm, last, page);
	KUNIT_EXPECT_TRUE(test, hk_guest_store(c, last, SECRET));
	KUNIT_EXPECT_EQ(test, share(vm, POOL, PUPPET_SHARE), STATUS(HYPSEC_STATE));
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_NOT_HOST);
	hk_expect_private(vm, last, page, SECRET);
	KUNIT_EXPECT_EQ(test, share(vm, POOL, PUPPET_SHARE), STATUS(HYPSEC_STATE));
	share_expect_load(vm, last, SECRET, "home");
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_RELINQUISH, last, 1, 0), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, share(vm, POOL, PUPPET_SHARE), STATUS(HYPSEC_STATE));
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_HOST);

	KUNIT_EXPECT_EQ(test, share(vm, POOL + SZ_2M, PUPPET_SHARE), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, share(vm, POOL + SZ_2M, PUPPET_SHARE), STATUS(HYPSEC_STATE));
	KUNIT_EXPECT_EQ(test, share(vm, POOL, PUPPET_SHARE), STATUS(HYPSEC_STATE));
	KUNIT_EXPECT_TRUE(test, hk_guest_store(c, last, SECRET));
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_NOT_HOST);
	hk_map(vm, POOL + SZ_2M, page + PAGE_SIZE / 8);
	share_expect_shared(vm, POOL + SZ_2M, page + PAGE_SIZE / 8, "the first of it");
}

/* An image without the flag: its kernel may be taken over, and shares nothing. */
static void not_signed(struct kunit *test)
{
	struct hk_vm *vm = ps_with_secret(test);
	struct hk_vcpu *c = &vm->vcpu[0];

	KUNIT_ASSERT_EQ(test, hk_call(c, HYPSEC_GUEST_RAM, POOL, SZ_2M, 0), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, share(vm, POOL, PUPPET_SHARE), STATUS(HYPSEC_DENIED));
	KUNIT_EXPECT_EQ(test, share(vm, POOL, SZ_2M), STATUS(HYPSEC_DENIED));
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_GRANT, FRAME, 0, 0), STATUS(HYPSEC_DENIED));
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_REVOKE, FRAME, 0, 0), STATUS(HYPSEC_DENIED));
	expect_not_shared(vm, POOL);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(ps_page(vm, FRAME)), NULL), HYPSEC_PAGE_NOT_HOST);
	hk_expect_private(vm, FRAME, ps_page(vm, FRAME), SECRET);
	ps_expect_home(vm, "after it");
}

/* --- whose the page is, and what is shown --- */

static void is_the_hosts(struct kunit *test)
{
	u64 *page = share_pages(test, 1), pages;
	struct hk_vm *vm = share_pool(test);
	struct accounts before, after;

	pages = hk_vm_pages(vm);
	hk_read_accounts(test, &before);
	hk_watch(&vm->vcpu[0]);
	/* The host is told which frame, and whether it is written. Of the rest nothing. */
	share_expect_asked(vm, INSN_LDR, POOL_FRAME, SECRET, SHARE_READ | FSC_TRANS | 3);
	hk_map(vm, POOL_FRAME, page);
	share_expect_done(vm);
	KUNIT_EXPECT_EQ(test, vm->vcpu[0].res[0], page[1]);
	share_expect_asked(vm, INSN_STR, POOL_FRAME + PAGE_SIZE, SECRET,
			   SHARE_WRITE | FSC_TRANS | 3);
	hk_map(vm, POOL_FRAME + PAGE_SIZE, page + PAGE_SIZE / 8);
	share_expect_done(vm);
	KUNIT_EXPECT_EQ(test, READ_ONCE(page[PAGE_SIZE / 8 + 1]), SECRET);
	share_expect_shared(vm, POOL_FRAME, page, "at once");
	hk_read_accounts(test, &after);
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_PRIVATE], before.n[HYPSEC_ACC_PRIVATE]);
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_SEAL], before.n[HYPSEC_ACC_SEAL]);
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), pages);
	/* Nothing to give back, alone or among private ones. */
	KUNIT_EXPECT_EQ(test, hk_call(&vm->vcpu[0], HYPSEC_GUEST_RELINQUISH, POOL_FRAME, 1, 0),
			STATUS(HYPSEC_RANGE));
	KUNIT_EXPECT_EQ(test, hk_call(&vm->vcpu[0], HYPSEC_GUEST_RELINQUISH, POOL, 512, 0),
			STATUS(HYPSEC_RANGE));
	KUNIT_EXPECT_EQ(test, hk_call(&vm->vcpu[0], HYPSEC_GUEST_RELINQUISH, POOL - PAGE_SIZE, 2,
				      0), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, vm->vcpu[0].res[1], 1);
	share_expect_shared(vm, POOL_FRAME, page, "not given back");
}

/* What the host can write it could also have the guest do. */
static void never_executed(struct kunit *test)
{
	u32 *code = share_pages(test, 0);
	struct hk_vm *vm = share_pool(test);
	const u64 x[8] = { 0, 0, 0, 0, 0, 0, 0, POOL_FRAME };
	struct hk_vcpu *c = &vm->vcpu[0];
	unsigned int mapped;

	code[0] = 0xd2800540;		/* mov x0, #42 */
	code[1] = 0xd65f03c0;		/* ret */
	for (mapped = 0; mapped < 3; mapped++) {
		/* Not by the host, by the host, by the guest too */
		if (mapped == 1)
			hk_map(vm, POOL_FRAME, code);
		if (mapped == 2)
			share_expect_shared(vm, POOL_FRAME, (u64 *)code, "as data");
		KUNIT_EXPECT_EQ(test, hk_exec(c, BLR_X7, x).what, HK_DONE);
		KUNIT_EXPECT_EQ(test, c->res[0], 0);
		KUNIT_EXPECT_EQ(test, c->res[10], PUPPET_VECTOR_SYNC);
		KUNIT_EXPECT_EQ(test, c->res[11] >> ESR_EC_SHIFT, ESR_ELx_EC_IABT_CUR);
		KUNIT_EXPECT_EQ(test, c->res[11] & ESR_FSC, FSC_EXTABT);
		KUNIT_EXPECT_EQ(test, c->res[12], POOL_FRAME);
	}
	share_expect_shared(vm, POOL_FRAME, (u64 *)code, "still");
}

static struct kunit_case share_cases[] = {
	KUNIT_CASE(refused),
	KUNIT_CASE(touched_before),
	KUNIT_CASE(not_signed),
	KUNIT_CASE(is_the_hosts),
	KUNIT_CASE(never_executed),
	KUNIT_CASE_PARAM(share_kvms_call, share_next_call),
	KUNIT_CASE(share_anothers),
	KUNIT_CASE(share_its_own),
	KUNIT_CASE(share_the_cores),
	KUNIT_CASE(share_donated),
	KUNIT_CASE(share_claimed),
	KUNIT_CASE(share_ends),
	KUNIT_CASE(grant_refused),
	KUNIT_CASE(grant_and_revoke),
	KUNIT_CASE(grant_sealed),
	KUNIT_CASE(grant_most),
	KUNIT_CASE(grant_in_block),
	KUNIT_CASE(grant_exchanged),
	KUNIT_CASE(share_random_walk),
	KUNIT_CASE(shared_while_taken),
	KUNIT_CASE(granted_while_stored),
	{}
};

static struct kunit_suite share_suite = {
	.name = "hypsec_share",
	.init = hk_init,
	.test_cases = share_cases,
};
kunit_test_suite(share_suite);
