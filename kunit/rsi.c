// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_rsi: a guest that is an Arm CCA Realm: its one conduit, what it is told, its frames, and
 * the half of its address space that is the host's.
 */
#include "share.h"
#include "../el2-objs/abi/hypsec_attest.h"
#include "../el2-objs/abi/hypsec_rsi.h"

#define TOP		GUEST_UPPER
/* KVM's entries of it are those of the pool: hk_image_rsi(). */
#define WINDOW		(TOP + POOL)
#define IN_WINDOW	(TOP + POOL_FRAME)
#define ABORT_CUR(ec)	((u64)(ec) << ESR_EC_SHIFT | ESR_IL | FSC_EXTABT)

/* By SMC; the results are in res[0] to res[7]. */
static u64 smc(struct hk_vcpu *c, u64 fn, u64 x1, u64 x2, u64 x3)
{
	const u64 x[8] = { fn, x1, x2, x3, 0, 0x5555, 0x6666, 0x7777 };
	struct hk_exit e = hk_exec(c, INSN_SMC, x);

	KUNIT_EXPECT_EQ_MSG(c->vm->test, e.what, HK_DONE, "call %llx, ESR %llx", fn, e.esr);
	KUNIT_EXPECT_EQ_MSG(c->vm->test, c->res[11], PUPPET_SVC, "call %llx", fn);
	KUNIT_EXPECT_EQ_MSG(c->vm->test, c->res[13], 20, "call %llx", fn);
	if (fn != RSI_MEASUREMENT_READ)		/* x8 */
		hk_expect_kept(c, "RSI");
	return e.what == HK_DONE ? c->res[0] : ~0UL;
}

static struct hk_vm *realm(struct kunit *test)
{
	struct hk_vm *vm = hk_vm_new(test);

	hk_image_rsi(vm);
	KUNIT_ASSERT_EQ(test, hk_protect(vm, GUEST_IMAGE, GUEST_DTB).what, HK_HELLO);
	KUNIT_ASSERT_EQ(test, smc(&vm->vcpu[0], HYPSEC_GUEST_RAM, GUEST_IMAGE,
				  GUEST_END - GUEST_IMAGE, 0), HYPSEC_OK);
	return vm;
}

/* The guest's @insn at @ipa ends with an abort of the core's, that its host does not hear of. */
static void expect_abort(struct hk_vm *vm, u32 insn, u64 ipa, const char *when)
{
	const u64 x[8] = { 0x1234, ipa, 0, 0, 0, 0, 0, ipa };
	struct hk_vcpu *c = &vm->vcpu[0];
	u64 ec = insn == BLR_X7 ? ESR_ELx_EC_IABT_CUR : EC_DABT_CUR;

	KUNIT_EXPECT_EQ_MSG(vm->test, hk_exec(c, insn, x).what, HK_DONE, "%s", when);
	KUNIT_EXPECT_EQ_MSG(vm->test, c->res[11] & ~ESR_WNR, ABORT_CUR(ec), "%s", when);
	KUNIT_EXPECT_EQ_MSG(vm->test, c->res[12], ipa, "%s", when);
}

static void expect_aborts(struct hk_vm *vm, u64 ipa, const char *when)
{
	expect_abort(vm, INSN_LDR, ipa, when);
	expect_abort(vm, INSN_STR, ipa, when);
	expect_abort(vm, BLR_X7, ipa, when);
}

static void one_conduit(struct kunit *test)
{
	static const u64 fn[] = { RSI_VERSION, RSI_REALM_CONFIG, HYPSEC_GUEST_VERSION, 0x84000000, 7 };
	struct hk_vm *vm = realm(test), *other = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	unsigned int i;
	u64 nr;

	for (i = 0; i < ARRAY_SIZE(fn); i++) {
		const u64 x[8] = { fn[i], RSI_VERSION_1_0, 2, 3, 4, 5, 6, 7 };

		KUNIT_EXPECT_EQ(test, hk_exec(c, INSN_HVC, x).what, HK_DONE);
		/* Unknown, at the instruction, and nothing has changed. */
		KUNIT_EXPECT_EQ(test, c->res[11], ESR_IL);
		KUNIT_EXPECT_EQ(test, c->res[13], 0);
		KUNIT_EXPECT_EQ(test, c->res[8], 0);
		KUNIT_EXPECT_EQ(test, memcmp(c->res, x, sizeof(x)), 0);
	}
	KUNIT_EXPECT_EQ(test, smc(c, RSI_VERSION, RSI_VERSION_1_0, 0, 0), RSI_SUCCESS);
	KUNIT_EXPECT_EQ(test, c->res[1], RSI_VERSION_1_0);
	KUNIT_EXPECT_EQ(test, c->res[2], RSI_VERSION_1_0);
	KUNIT_EXPECT_EQ(test, smc(c, RSI_VERSION, RSI_VERSION_1_0 + 1, 0, 0), RSI_ERROR_INPUT);
	KUNIT_EXPECT_EQ(test, smc(c, 0x84000000, 0, 0, 0), 0x10001);
	/* Nobody else has it, by either. */
	for (nr = RSI_VERSION; nr <= RSI_HOST_CALL; nr++) {
		KUNIT_EXPECT_EQ(test, smc(&other->vcpu[0], nr, RSI_VERSION_1_0, 0, 0), ~0UL);
		KUNIT_EXPECT_EQ(test, hk_call(&other->vcpu[0], nr, RSI_VERSION_1_0, 0, 0), ~0UL);
	}
}

static void config(struct kunit *test)
{
	static const u64 bad[] = { FRAME + 1, TOP, WINDOW, IN_WINDOW, POOL, TOP | FRAME, -PAGE_SIZE };
	u64 *page = share_pages(test, 0), got;
	struct hk_vm *vm = realm(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	struct hk_exit e;
	const u64 x[8] = { RSI_REALM_CONFIG, GUEST_FREE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, smc(c, RSI_REALM_CONFIG, bad[i], 0, 0), RSI_ERROR_INPUT,
				    "%llx", bad[i]);
	/* No page: KVM is asked for one, and the call made again. The host's bytes are gone. */
	e = hk_exec(c, INSN_SMC, x);
	KUNIT_ASSERT_EQ(test, e.what, HK_TRAP);
	KUNIT_EXPECT_EQ(test, e.ipa, GUEST_FREE);
	KUNIT_EXPECT_EQ(test, e.esr & ~ESR_FSC, SHARE_WRITE);
	hk_map(vm, GUEST_FREE, page);
	KUNIT_ASSERT_EQ(test, hk_run(c).what, HK_DONE);
	KUNIT_EXPECT_EQ(test, c->res[0], RSI_SUCCESS);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_NOT_HOST);
	share_expect_load(vm, GUEST_FREE, GUEST_IPA_BITS, "width");
	share_expect_load(vm, GUEST_FREE + 8, RSI_HASH_SHA_512, "hash");
	for (i = 16; i < PAGE_SIZE; i += 504)
		share_expect_load(vm, GUEST_FREE + i, 0, "rest");
	/* The host looks: ciphertext, and the page comes home for the next call. */
	KUNIT_EXPECT_NE(test, READ_ONCE(page[0]), GUEST_IPA_BITS);
	KUNIT_EXPECT_EQ(test, smc(c, RSI_HOST_CALL, GUEST_FREE + 256, 0, 0), RSI_SUCCESS);
	KUNIT_EXPECT_TRUE(test, hk_guest_load(c, GUEST_FREE + 264, &got));
	KUNIT_EXPECT_EQ(test, got, ~0UL);
	share_expect_load(vm, GUEST_FREE, GUEST_IPA_BITS, "home");
}

static void frames(struct kunit *test)
{
	u64 *page = share_pages(test, 0);
	struct hk_vm *vm = realm(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	u64 at, pages = hk_vm_pages(vm);

	hk_map(vm, GUEST_FREE, page);
	KUNIT_EXPECT_TRUE(test, hk_guest_store(c, GUEST_FREE, SECRET));
	/* RAM to RAM, of all that is RAM, as a kernel does at boot: in as many calls as it takes. */
	for (at = GUEST_IMAGE; at < GUEST_END; at = c->res[1]) {
		KUNIT_ASSERT_EQ(test, smc(c, RSI_IPA_STATE_SET, at, GUEST_END, RSI_RIPAS_RAM), RSI_SUCCESS);
		KUNIT_ASSERT_EQ(test, c->res[2], RSI_ACCEPT);
		KUNIT_ASSERT_GT(test, c->res[1], at);
	}
	share_expect_load(vm, GUEST_FREE, SECRET, "still");
	KUNIT_EXPECT_EQ(test, smc(c, RSI_IPA_STATE_GET, PUPPET_MBOX, GUEST_END, 0), RSI_SUCCESS);
	KUNIT_EXPECT_EQ(test, c->res[1], GUEST_IMAGE);
	KUNIT_EXPECT_EQ(test, c->res[2], RSI_RIPAS_DEV);

	KUNIT_EXPECT_EQ(test, smc(c, RSI_IPA_STATE_SET, GUEST_FREE, GUEST_FREE + 2 * PAGE_SIZE,
				  RSI_RIPAS_EMPTY), RSI_SUCCESS);
	KUNIT_EXPECT_EQ(test, c->res[1], GUEST_FREE + 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, c->res[2], RSI_ACCEPT);
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_HOST);
	KUNIT_EXPECT_NULL(test, memchr_inv(page, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, hk_vm_pages(vm), pages);
	expect_aborts(vm, GUEST_FREE, "empty");
	expect_aborts(vm, GUEST_FREE + PAGE_SIZE, "empty, never touched");
	KUNIT_EXPECT_EQ(test, smc(c, RSI_IPA_STATE_GET, GUEST_FREE, GUEST_END, 0), RSI_SUCCESS);
	KUNIT_EXPECT_EQ(test, c->res[1], GUEST_FREE + 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, c->res[2], RSI_RIPAS_EMPTY);
	KUNIT_EXPECT_EQ(test, smc(c, RSI_REALM_CONFIG, GUEST_FREE, 0, 0), RSI_ERROR_INPUT);
	KUNIT_EXPECT_EQ(test, smc(c, HYPSEC_GUEST_RELINQUISH, GUEST_FREE, 1, 0), STATUS(HYPSEC_RANGE));
	KUNIT_EXPECT_EQ(test, smc(c, HYPSEC_GUEST_GRANT, FRAME, 0, 0), STATUS(HYPSEC_DENIED));

	memset(page, 0xa5, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, smc(c, RSI_IPA_STATE_SET, GUEST_FREE, GUEST_FREE + PAGE_SIZE,
				  RSI_RIPAS_RAM), RSI_SUCCESS);
	share_expect_load(vm, GUEST_FREE, 0, "RAM again");
	KUNIT_EXPECT_EQ(test, hk_page_state(__pa(page), NULL), HYPSEC_PAGE_NOT_HOST);
	expect_aborts(vm, GUEST_FREE + PAGE_SIZE, "its neighbour");
}

static void window(struct kunit *test)
{
	u64 *page = share_pages(test, 1), *next = page + PAGE_SIZE / 8, pages;
	struct hk_vm *vm = realm(test);
	struct hk_vcpu *c = &vm->vcpu[0];

	hk_map(vm, POOL_FRAME, page);
	expect_aborts(vm, IN_WINDOW, "not shared yet");
	KUNIT_EXPECT_EQ(test, smc(c, HYPSEC_GUEST_SHARE, GUEST_END - PUPPET_SHARE, PUPPET_SHARE, 0),
			STATUS(HYPSEC_RANGE));
	KUNIT_EXPECT_EQ(test, smc(c, HYPSEC_GUEST_SHARE, WINDOW, PUPPET_SHARE, 0), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, smc(c, HYPSEC_GUEST_SHARE, WINDOW, PUPPET_SHARE, 0), STATUS(HYPSEC_STATE));
	pages = hk_vm_pages(vm);
	share_expect_shared(vm, IN_WINDOW, page, "shared");
	expect_abort(vm, BLR_X7, IN_WINDOW, "never executed");
	expect_aborts(vm, WINDOW + PUPPET_SHARE, "behind it");
	expect_aborts(vm, WINDOW - 8, "before it");
	expect_aborts(vm, TOP | FRAME, "an alias of RAM");
	/* Another page: KVM's call has the first one out, and no more of it is seen. */
	hk_map(vm, POOL_FRAME, next);
	ps_flush_ipa(vm, IN_WINDOW);
	share_expect_shared(vm, IN_WINDOW, next, "another page");
	hk_unmap(vm, POOL_FRAME);
	ps_flush_ipa(vm, IN_WINDOW);
	share_expect_asked(vm, INSN_STR, IN_WINDOW, SECRET, SHARE_WRITE | FSC_TRANS | 3);
	hk_map(vm, POOL_FRAME, page);
	share_expect_done(vm);
	/* It stores behind the frame's first word. */
	KUNIT_EXPECT_EQ(test, READ_ONCE(page[1]), SECRET);
	/* A private page of its own, there: sealed, as by the host's touch. */
	hk_map(vm, GUEST_FREE, next);
	KUNIT_EXPECT_TRUE(test, hk_guest_store(c, GUEST_FREE, SECRET));
	hk_map(vm, POOL_FRAME, next);
	ps_flush_ipa(vm, IN_WINDOW);
	KUNIT_EXPECT_TRUE(test, hk_guest_load(c, IN_WINDOW, &pages));
	KUNIT_EXPECT_NE(test, pages, SECRET);
	share_expect_load(vm, GUEST_FREE, SECRET, "home");
}

static void measured(struct kunit *test)
{
	u64 *page = share_pages(test, 0), rem[7], got, at = 0, n;
	struct hk_vm *vm = realm(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	struct hypsec_token token;

	KUNIT_EXPECT_EQ(test, smc(c, RSI_MEASUREMENT_READ, 2, 0, 0), RSI_SUCCESS);
	KUNIT_EXPECT_NULL(test, memchr_inv(&c->res[1], 0, sizeof(rem)));
	KUNIT_EXPECT_EQ(test, smc(c, RSI_MEASUREMENT_EXTEND, 2, 8, 0xabc), RSI_SUCCESS);
	KUNIT_EXPECT_EQ(test, smc(c, RSI_MEASUREMENT_READ, 2, 0, 0), RSI_SUCCESS);
	memcpy(rem, &c->res[1], sizeof(rem));
	KUNIT_EXPECT_NOT_NULL(test, memchr_inv(rem, 0, sizeof(rem)));
	KUNIT_EXPECT_EQ(test, smc(c, RSI_MEASUREMENT_READ, 5, 0, 0), RSI_ERROR_INPUT);

	hk_map(vm, GUEST_FREE, page);
	KUNIT_EXPECT_EQ(test, smc(c, RSI_ATTESTATION_TOKEN_CONTINUE, GUEST_FREE, 0, 8), RSI_ERROR_STATE);
	KUNIT_EXPECT_EQ(test, smc(c, RSI_ATTESTATION_TOKEN_INIT, 1, 2, 3), RSI_SUCCESS);
	KUNIT_ASSERT_EQ(test, c->res[1], sizeof(token));
	KUNIT_EXPECT_EQ(test, smc(c, RSI_ATTESTATION_TOKEN_CONTINUE, IN_WINDOW, 0, 8), RSI_ERROR_INPUT);
	KUNIT_EXPECT_EQ(test, smc(c, RSI_ATTESTATION_TOKEN_CONTINUE, GUEST_FREE, 8, PAGE_SIZE),
			RSI_ERROR_INPUT);
	do {
		u64 ret = smc(c, RSI_ATTESTATION_TOKEN_CONTINUE, GUEST_FREE, 16, 200);

		n = c->res[1];
		KUNIT_ASSERT_EQ(test, n, min(200UL, sizeof(token) - at));
		KUNIT_EXPECT_EQ(test, ret, at + n < sizeof(token) ? RSI_INCOMPLETE : RSI_SUCCESS);
		for (u64 i = 0; i < n; i += 8) {
			KUNIT_ASSERT_TRUE(test, hk_guest_load(c, GUEST_FREE + 16 + i, &got));
			memcpy((u8 *)&token + at + i, &got, 8);
		}
		at += n;
	} while (at < sizeof(token));
	KUNIT_EXPECT_EQ(test, token.magic, HYPSEC_TOKEN_MAGIC);
	KUNIT_EXPECT_EQ(test, token.report.version, HYPSEC_REPORT_TOKEN);
	KUNIT_EXPECT_EQ(test, token.challenge[0], 1);
	KUNIT_EXPECT_EQ(test, token.challenge[16], 3);
	KUNIT_EXPECT_EQ(test, memcmp(token.rem[1], rem, sizeof(rem)), 0);
	KUNIT_EXPECT_EQ(test, smc(c, RSI_MEASUREMENT_READ, 0, 0, 0), RSI_SUCCESS);
	KUNIT_EXPECT_EQ(test, memcmp(token.report.identity, &c->res[1], 32), 0);
}

static struct kunit_case rsi_cases[] = {
	KUNIT_CASE(one_conduit),
	KUNIT_CASE(config),
	KUNIT_CASE(frames),
	KUNIT_CASE(window),
	KUNIT_CASE(measured),
	{}
};

static struct kunit_suite rsi_suite = {
	.name = "hypsec_rsi",
	.init = hk_init,
	.test_cases = rsi_cases,
};
kunit_test_suite(rsi_suite);
