// SPDX-License-Identifier: GPL-2.0-only
/* Suite hypsec_memory: pages change hands, or nothing changes at all. */
#include <linux/io.h>
#include <linux/sizes.h>
#include "core.h"

/* The transition table of the core itself: what the host can reach of it is tried here. */
enum op { OP_DONATE, OP_RECLAIM, OP_SHARE, OP_UNSHARE, OP_CLAIM, OP_RETURN };
enum state { ST_NONE, ST_HOST, ST_SHARED, ST_DONATED, ST_CORE, ST_PRIVATE, ST_MOVING, ST_LOST };
enum cond { C_ALWAYS, C_FREE, C_IN_SLOT, C_STAMPED, C_SAME, C_OTHER };

static const struct transition {
	enum op op;
	enum state from;
	enum cond cond;
	int status;
	enum state to;
	const char *name;
} table[] = {
#define T(op, from, cond, status, to) \
	{ OP_##op, ST_##from, C_##cond, status, ST_##to, #op " a " #from " page, " #cond },
#include "../el2-objs/own/transitions.def"
#undef T
};

/* Rows whose state and condition a kernel without VMs can bring about by itself. */
static bool reachable(const struct transition *t)
{
	if (t->op == OP_CLAIM || t->op == OP_RETURN)
		return false;
	if (t->from == ST_PRIVATE || t->from == ST_MOVING || t->from == ST_LOST)
		return false;
	if (t->op == OP_RECLAIM && t->from == ST_DONATED)
		return t->cond == C_FREE;
	return t->cond == C_ALWAYS;
}

static const void *transition_gen(const void *prev, char *desc)
{
	const struct transition *t = prev ? (const struct transition *)prev + 1 : table;

	for (; t < table + ARRAY_SIZE(table); t++) {
		if (reachable(t)) {
			strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
			return t;
		}
	}
	return NULL;
}

static int call(enum op op, phys_addr_t pa)
{
	struct arm_smccc_res res;

	switch (op) {
	case OP_DONATE:
		return hypsec_call_donate(pa, &res);
	case OP_RECLAIM:
		return hypsec_call_reclaim(pa, &res);
	case OP_SHARE:
		return hypsec_call_share(pa, &res);
	default:
		return hypsec_call_unshare(pa, &res);
	}
}

static void fill_page(void *va, u64 v)
{
	u64 *p = va;
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / 8; i++)
		WRITE_ONCE(p[i], v + i);
}

static bool page_is(const void *va, u64 v, u64 step)
{
	const u64 *p = va;
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / 8; i++)
		if (READ_ONCE(p[i]) != v + i * step)
			return false;
	return true;
}

/* Every view of a page that the host has says the same. */
static void expect_state(struct kunit *test, phys_addr_t pa, enum state s, bool filled)
{
	void *va = s == ST_NONE ? NULL : phys_to_virt(pa);
	u64 v;

	switch (s) {
	case ST_HOST:
	case ST_SHARED:
		KUNIT_EXPECT_EQ(test, hk_page_state(pa, NULL),
				s == ST_HOST ? HYPSEC_PAGE_HOST : HYPSEC_PAGE_SHARED);
		KUNIT_EXPECT_EQ(test, hk_try_load(va, &v), 0);
		if (filled)
			KUNIT_EXPECT_TRUE(test, page_is(va, 0x1111, 1));
		KUNIT_EXPECT_EQ(test, hk_try_store(va, v), 0);
		break;
	case ST_DONATED:
	case ST_CORE:
		KUNIT_EXPECT_EQ(test, hk_page_state(pa, NULL), HYPSEC_PAGE_NOT_HOST);
		KUNIT_EXPECT_EQ(test, hk_try_load(va, &v), -EFAULT);
		KUNIT_EXPECT_EQ(test, v, 0);
		KUNIT_EXPECT_EQ(test, hk_try_store(va, 1), -EFAULT);
		break;
	default:
		KUNIT_EXPECT_EQ(test, hk_page_state(pa, NULL), HYPSEC_RANGE);
	}
}

static phys_addr_t page_in(struct kunit *test, enum state s)
{
	struct page *page;
	phys_addr_t pa;

	if (s == ST_NONE)
		return 0x09000000;		/* the UART of the emulator's board */
	if (s == ST_CORE)
		return hk_core_page(test);
	page = hk_host_pages(test, 0);
	pa = page_to_phys(page);
	fill_page(page_address(page), 0x1111);
	if (s == ST_SHARED)
		KUNIT_ASSERT_EQ(test, call(OP_SHARE, pa), HYPSEC_OK);
	if (s == ST_DONATED)
		KUNIT_ASSERT_EQ(test, call(OP_DONATE, pa), HYPSEC_OK);
	return pa;
}

static void transition(struct kunit *test)
{
	const struct transition *t = test->param_value;
	struct accounts before, after;
	phys_addr_t pa = page_in(test, t->from);
	bool filled = t->from == ST_HOST || t->from == ST_SHARED;

	expect_state(test, pa, t->from, filled);
	hk_read_accounts(test, &before);
	KUNIT_EXPECT_EQ(test, call(t->op, pa), t->status);
	hk_read_accounts(test, &after);
	expect_state(test, pa, t->to, filled);

	KUNIT_EXPECT_EQ(test, hk_pages_held(&after) - hk_pages_held(&before),
			(u64)(t->to == ST_DONATED) - (u64)(t->from == ST_DONATED));
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_SHARED] - before.n[HYPSEC_ACC_SHARED],
			(u64)(t->to == ST_SHARED) - (u64)(t->from == ST_SHARED));
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_PRIVATE], before.n[HYPSEC_ACC_PRIVATE]);
}

static void reclaimed_page_is_zero(struct kunit *test)
{
	struct page *page = hk_host_pages(test, 0);
	phys_addr_t pa = page_to_phys(page);

	fill_page(page_address(page), 0xdead);
	KUNIT_ASSERT_EQ(test, call(OP_DONATE, pa), HYPSEC_OK);
	KUNIT_ASSERT_EQ(test, call(OP_RECLAIM, pa), HYPSEC_OK);
	KUNIT_EXPECT_TRUE(test, page_is(page_address(page), 0, 0));
	/* and usable as before */
	fill_page(page_address(page), 0x1111);
	expect_state(test, pa, ST_HOST, true);
}

static void bad_addresses(struct kunit *test)
{
	phys_addr_t pa = page_to_phys(hk_host_pages(test, 0));
	const u64 invalid[] = { pa + 1, pa + 8, pa + PAGE_SIZE - 1, ~0UL, 1UL << 63 | 1,
				(u64)page_address(pfn_to_page(PHYS_PFN(pa))) | 1 };
	const u64 range[] = { 0, 0x08000000, 0x080a0000, 0x09000000, 0x0a000000, 0x10000000,
			      0x4010000000, 1UL << 36, 1UL << 40, 1UL << 44, 1UL << 48,
			      pa | 1UL << 48, pa | 1UL << 52, pa | 1UL << 63, ~0UL << 12,
			      (u64)page_address(pfn_to_page(PHYS_PFN(pa))) };
	struct accounts before, after;
	enum op op;
	unsigned int i;

	hk_read_accounts(test, &before);
	for (op = OP_DONATE; op <= OP_UNSHARE; op++) {
		for (i = 0; i < ARRAY_SIZE(invalid); i++)
			KUNIT_EXPECT_EQ_MSG(test, call(op, invalid[i]), HYPSEC_INVALID, "%llx",
					    invalid[i]);
		for (i = 0; i < ARRAY_SIZE(range); i++)
			if (!page_is_ram(PHYS_PFN(range[i])))
				KUNIT_EXPECT_EQ_MSG(test, call(op, range[i]), HYPSEC_RANGE,
						    "%llx", range[i]);
	}
	for (i = 0; i < ARRAY_SIZE(range); i++)
		if (!page_is_ram(PHYS_PFN(range[i])))
			KUNIT_EXPECT_EQ(test, hk_page_state(range[i], NULL), HYPSEC_RANGE);
	hk_read_accounts(test, &after);
	KUNIT_EXPECT_MEMEQ(test, &after, &before, sizeof(after));
	expect_state(test, pa, ST_HOST, false);
}

static int find_end(phys_addr_t pa, u64 size, int state, void *arg)
{
	*(phys_addr_t *)arg = pa + size;
	return 0;
}

static void out_of_ram(struct kunit *test)
{
	phys_addr_t end = 0;
	enum op op;

	hk_walk_ram(find_end, &end);
	KUNIT_ASSERT_NE(test, end, 0);
	KUNIT_EXPECT_GE(test, hk_page_state(end - PAGE_SIZE, NULL), 0);
	KUNIT_EXPECT_EQ(test, hk_page_state(end, NULL), HYPSEC_RANGE);
	for (op = OP_DONATE; op <= OP_UNSHARE; op++)
		KUNIT_EXPECT_EQ(test, call(op, end), HYPSEC_RANGE);
}

/* What a page in MMIO is for stays possible: the core is not a way to take a device. */
static void mmio_stays_usable(struct kunit *test)
{
	void __iomem *gicd = ioremap(0x08000000, PAGE_SIZE);
	u32 before, after;

	KUNIT_ASSERT_TRUE(test, gicd);
	before = readl(gicd + 4);		/* GICD_TYPER */
	KUNIT_EXPECT_EQ(test, call(OP_DONATE, 0x08000000), HYPSEC_RANGE);
	KUNIT_EXPECT_EQ(test, call(OP_SHARE, 0x08000000), HYPSEC_RANGE);
	after = readl(gicd + 4);
	KUNIT_EXPECT_EQ(test, after, before);
	iounmap(gicd);
}

#define MANY	600		/* more than one group page of the pool holds */

/* Given in one order, taken back in another; at the end nothing is missing. */
static void many_pages(struct kunit *test)
{
	struct page **page = kunit_kcalloc(test, MANY, sizeof(*page), GFP_KERNEL);
	struct accounts before, after;
	unsigned int i, n;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < MANY; i++) {
		page[i] = hk_host_pages(test, 0);
		fill_page(page_address(page[i]), i);
	}
	hk_read_accounts(test, &before);
	for (i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ(test, call(OP_DONATE, page_to_phys(page[i])), HYPSEC_OK);
	hk_read_accounts(test, &after);
	KUNIT_EXPECT_EQ(test, hk_pages_held(&after), hk_pages_held(&before) + MANY);
	KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_SHARED], before.n[HYPSEC_ACC_SHARED]);

	for (i = 0; i < MANY; i++) {
		n = (i * 7) % MANY;		/* 7 and 600 have no common factor */
		KUNIT_ASSERT_EQ(test, call(OP_RECLAIM, page_to_phys(page[n])), HYPSEC_OK);
		KUNIT_ASSERT_TRUE(test, page_is(page_address(page[n]), 0, 0));
	}
	hk_read_accounts(test, &after);
	KUNIT_EXPECT_EQ(test, hk_pages_held(&after), hk_pages_held(&before));
	/* The tables that were split for them are joined again, or free. */
	KUNIT_EXPECT_LE(test, after.n[HYPSEC_ACC_HOST_S2], before.n[HYPSEC_ACC_HOST_S2]);
}

/* A page the core took for a table of its own stays with it until it is free again. */
static void pool_serves_the_tables(struct kunit *test)
{
	struct page *block = hk_host_pages(test, 9), *page;
	struct accounts before, split, after;
	phys_addr_t pa = page_to_phys(block);
	unsigned int level;

	page = hk_host_pages(test, 0);
	KUNIT_ASSERT_EQ(test, call(OP_DONATE, page_to_phys(page)), HYPSEC_OK);
	KUNIT_ASSERT_EQ(test, hk_page_state(pa, &level), HYPSEC_PAGE_HOST);
	hk_read_accounts(test, &before);
	KUNIT_ASSERT_EQ(test, call(OP_DONATE, pa + SZ_1M), HYPSEC_OK);
	hk_read_accounts(test, &split);
	if (level < 3)
		KUNIT_EXPECT_EQ(test, split.n[HYPSEC_ACC_HOST_S2],
				before.n[HYPSEC_ACC_HOST_S2] + 3 - level);
	KUNIT_EXPECT_EQ(test, hk_pages_held(&split), hk_pages_held(&before) + 1);
	KUNIT_ASSERT_EQ(test, call(OP_RECLAIM, pa + SZ_1M), HYPSEC_OK);
	hk_read_accounts(test, &after);
	KUNIT_EXPECT_EQ(test, hk_pages_held(&after), hk_pages_held(&before));
}

static struct kunit_case memory_cases[] = {
	KUNIT_CASE_PARAM(transition, transition_gen),
	KUNIT_CASE(reclaimed_page_is_zero),
	KUNIT_CASE(bad_addresses),
	KUNIT_CASE(out_of_ram),
	KUNIT_CASE(mmio_stays_usable),
	KUNIT_CASE(many_pages),
	KUNIT_CASE(accounts_add_up),
	KUNIT_CASE(model_double_use),
	KUNIT_CASE(pool_serves_the_tables),
	KUNIT_CASE(model_random_walk),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "hypsec_memory",
	.init = hk_init,
	.test_cases = memory_cases,
};
kunit_test_suite(memory_suite);
