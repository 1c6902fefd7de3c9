// SPDX-License-Identifier: GPL-2.0-only
/* Of suite hypsec_memory: what the core says of each page, beside what it says of all. */
#include <linux/ioport.h>
#include <linux/string.h>
#include "core.h"

/* Pages of RAM by what the core says of each. */
struct census {
	u64 pages[HYPSEC_PAGE_SHARED + 1];
	u64 unknown;
};

static int count_pages(phys_addr_t pa, u64 size, int state, void *arg)
{
	struct census *c = arg;

	if (state < 0 || state > HYPSEC_PAGE_SHARED || pa & (size - 1))
		c->unknown++;
	else
		c->pages[state] += size >> PAGE_SHIFT;
	return 0;
}

static int count_ram(struct resource *res, void *arg)
{
	*(u64 *)arg += (ALIGN_DOWN(res->end + 1, PAGE_SIZE) - PAGE_ALIGN(res->start)) >> PAGE_SHIFT;
	return 0;
}

/*
 * The accounts are the truth: as many pages are out of reach as the core says it holds, and
 * with the host's, and those it shares, they are all of RAM.
 */
static void expect_sums(struct kunit *test)
{
	struct accounts a, again;
	struct census c;
	u64 ram = 0;
	int tries;

	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0, -1, &ram,
			    count_ram);
	/* hypsec-mod may top the pool up meanwhile: once more, then. */
	for (tries = 0; tries < 3; tries++) {
		memset(&c, 0, sizeof(c));
		hk_read_accounts(test, &a);
		hk_walk_ram(count_pages, &c);
		hk_read_accounts(test, &again);
		if (!memcmp(&a, &again, sizeof(a)))
			break;
	}
	KUNIT_EXPECT_EQ(test, c.unknown, 0);
	KUNIT_EXPECT_EQ(test, c.pages[HYPSEC_PAGE_NOT_HOST],
			hk_pages_held(&a) + a.n[HYPSEC_ACC_PRIVATE] + a.n[HYPSEC_ACC_LOST]);
	KUNIT_EXPECT_EQ(test, c.pages[HYPSEC_PAGE_SHARED], a.n[HYPSEC_ACC_SHARED]);
	KUNIT_EXPECT_EQ(test, c.pages[HYPSEC_PAGE_HOST] + c.pages[HYPSEC_PAGE_SHARED] +
			c.pages[HYPSEC_PAGE_NOT_HOST], ram);
}

void accounts_add_up(struct kunit *test)
{
	struct page *block = hk_host_pages(test, 4);
	phys_addr_t pa = page_to_phys(block);
	struct arm_smccc_res res;
	unsigned int i;

	expect_sums(test);
	for (i = 0; i < 16; i++)
		KUNIT_ASSERT_EQ(test, i % 3 ? hypsec_call_donate(pa + i * PAGE_SIZE, &res) :
				hypsec_call_share(pa + i * PAGE_SIZE, &res), HYPSEC_OK);
	expect_sums(test);
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, i % 3 ? hypsec_call_reclaim(pa + i * PAGE_SIZE, &res) :
				hypsec_call_unshare(pa + i * PAGE_SIZE, &res), HYPSEC_OK);
	expect_sums(test);
}
