// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suite hypsec_stage2: the host's stage 2 as seen by those who live on it. Blocks are
 * split and joined under running CPUs: what stays the host's must never be missed, not
 * even between break and make, and what has left must be gone on every CPU at once.
 */
#include <linux/io.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/sizes.h>
#include "core.h"

#define BLOCK_ORDER	9			/* 2 MiB */
#define BLOCK_PAGES	(1U << BLOCK_ORDER)

static phys_addr_t block_pa(struct kunit *test)
{
	return page_to_phys(hk_host_pages(test, BLOCK_ORDER));
}

static u64 *word(phys_addr_t pa)
{
	return phys_to_virt(pa);
}

static int donate(phys_addr_t pa)
{
	struct arm_smccc_res res;

	return hypsec_call_donate(pa, &res);
}

static int reclaim(phys_addr_t pa)
{
	struct arm_smccc_res res;

	return hypsec_call_reclaim(pa, &res);
}

static unsigned int level_of(phys_addr_t pa)
{
	unsigned int level = 9;

	return hk_page_state(pa, &level) == HYPSEC_PAGE_HOST ? level : 9;
}

/* RAM is mapped in blocks; one page less splits the way to it, and no more. */
static void splits_and_joins(struct kunit *test)
{
	phys_addr_t pa = block_pa(test), page = pa + 37 * PAGE_SIZE;
	unsigned int level = level_of(pa), i;

	KUNIT_ASSERT_LE(test, level, 2);
	for (i = 0; i < BLOCK_PAGES; i++)
		WRITE_ONCE(*word(pa + i * PAGE_SIZE), i);

	KUNIT_ASSERT_EQ(test, donate(page), HYPSEC_OK);
	for (i = 0; i < BLOCK_PAGES; i++) {
		phys_addr_t p = pa + i * PAGE_SIZE;

		if (p == page) {
			KUNIT_EXPECT_EQ(test, hk_page_state(p, NULL), HYPSEC_PAGE_NOT_HOST);
			continue;
		}
		KUNIT_EXPECT_EQ(test, level_of(p), 3);
		KUNIT_EXPECT_EQ(test, READ_ONCE(*word(p)), i);
	}
	KUNIT_ASSERT_EQ(test, reclaim(page), HYPSEC_OK);
	for (i = 0; i < BLOCK_PAGES; i++) {
		phys_addr_t p = pa + i * PAGE_SIZE;

		KUNIT_EXPECT_EQ(test, level_of(p), level);
		KUNIT_EXPECT_EQ(test, READ_ONCE(*word(p)), p == page ? 0 : i);
	}
}

/* The first and the last page of a block, and two in a row: the edges of a table. */
static void edges(struct kunit *test)
{
	phys_addr_t pa = block_pa(test);
	phys_addr_t given[] = { pa, pa + SZ_2M - PAGE_SIZE, pa + PAGE_SIZE };
	unsigned int i, level = level_of(pa);
	u64 v;

	for (i = 0; i < ARRAY_SIZE(given); i++) {
		KUNIT_ASSERT_EQ(test, donate(given[i]), HYPSEC_OK);
		KUNIT_EXPECT_EQ(test, hk_try_load(word(given[i]), &v), -EFAULT);
	}
	KUNIT_EXPECT_EQ(test, hk_try_load(word(pa + 2 * PAGE_SIZE), &v), 0);
	KUNIT_EXPECT_EQ(test, hk_try_load(word(pa + SZ_2M - 2 * PAGE_SIZE), &v), 0);
	for (i = 0; i < ARRAY_SIZE(given); i++)
		KUNIT_ASSERT_EQ(test, reclaim(given[i]), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, level_of(pa), level);
}

/* All 512 pages of a block, then back in the other order. */
static void whole_block(struct kunit *test)
{
	phys_addr_t pa = block_pa(test);
	unsigned int i, level = level_of(pa);
	u64 v;

	for (i = 0; i < BLOCK_PAGES; i++)
		KUNIT_ASSERT_EQ(test, donate(pa + i * PAGE_SIZE), HYPSEC_OK);
	for (i = 0; i < BLOCK_PAGES; i++)
		KUNIT_EXPECT_EQ(test, hk_try_load(word(pa + i * PAGE_SIZE), &v), -EFAULT);
	for (i = BLOCK_PAGES; i--;)
		KUNIT_ASSERT_EQ(test, reclaim(pa + i * PAGE_SIZE), HYPSEC_OK);
	for (i = 0; i < BLOCK_PAGES; i++)
		KUNIT_EXPECT_EQ(test, READ_ONCE(*word(pa + i * PAGE_SIZE)), 0);
	KUNIT_EXPECT_EQ(test, level_of(pa), level);
}

struct remote {
	phys_addr_t pa;
	u64 value;
	int ret;
};

static void remote_load(void *info)
{
	struct remote *r = info;

	r->ret = hk_try_load(word(r->pa), &r->value);
}

/*
 * Every CPU has the translation in its TLB when the page leaves: none may use it
 * afterwards. The same when it comes back: none may go on faulting.
 */
static void stale_translations(struct kunit *test)
{
	phys_addr_t pa = block_pa(test) + 5 * PAGE_SIZE;
	struct remote r = { .pa = pa };
	unsigned int cpu, round;

	hk_other_cpu(test);
	for (round = 0; round < 50; round++) {
		WRITE_ONCE(*word(pa), round + 1);
		for_each_online_cpu(cpu) {
			smp_call_function_single(cpu, remote_load, &r, 1);
			KUNIT_ASSERT_EQ(test, r.ret, 0);
			KUNIT_ASSERT_EQ(test, r.value, round + 1);
		}
		KUNIT_ASSERT_EQ(test, donate(pa), HYPSEC_OK);
		for_each_online_cpu(cpu) {
			smp_call_function_single(cpu, remote_load, &r, 1);
			KUNIT_ASSERT_EQ(test, r.ret, -EFAULT);
			KUNIT_ASSERT_EQ(test, r.value, 0);
		}
		KUNIT_ASSERT_EQ(test, reclaim(pa), HYPSEC_OK);
		for_each_online_cpu(cpu) {
			smp_call_function_single(cpu, remote_load, &r, 1);
			KUNIT_ASSERT_EQ(test, r.ret, 0);
			KUNIT_ASSERT_EQ(test, r.value, 0);
		}
	}
}

struct neighbour {
	phys_addr_t block, page;
	bool stop;
	u64 loops, faults, lost;	/* of what stays the host's */
	u64 seen, refused, wrong;	/* of the page that comes and goes */
};

#define OLD	0x0123456789abcdefUL

/* Reads and writes all around the page, and the page itself, as fast as it can. */
static int live_next_door(void *arg)
{
	struct neighbour *n = arg;
	phys_addr_t p;
	u64 v;

	while (!READ_ONCE(n->stop)) {
		p = n->block + get_random_u32_below(BLOCK_PAGES) * PAGE_SIZE;
		if (p != n->page) {
			if (hk_try_store(word(p), n->loops) || hk_try_load(word(p), &v))
				n->faults++;
			else if (v != n->loops)
				n->lost++;
		}
		if (hk_try_load(word(n->page), &v))
			n->refused++;
		else if (v == OLD || v == 0)
			n->seen++;
		else
			n->wrong++;
		if (!(++n->loops % 1024))
			cond_resched();
	}
	return 0;
}

/*
 * Break-before-make, as a CPU that is in the middle of it sees it: a table replaces
 * a block and a block a table 500 times while another CPU uses the other 511 pages. Not
 * one access of those may fail or be lost; the page itself shows its old contents, zero or
 * a fault, nothing of the core's.
 */
static void accesses_while_donating(struct kunit *test)
{
	struct neighbour n = { .block = block_pa(test) };
	unsigned int cpu = hk_other_cpu(test);
	int status = HYPSEC_OK;
	struct errand *e;
	unsigned int i;

	n.page = n.block + 100 * PAGE_SIZE;
	e = hk_start_on(test, cpu, live_next_door, &n);
	while (!READ_ONCE(n.loops))
		cpu_relax();
	for (i = 0; i < 500 && !status; i++) {
		WRITE_ONCE(*word(n.page), OLD);
		status = donate(n.page);
		if (!status)
			status = reclaim(n.page);
	}
	WRITE_ONCE(n.stop, true);
	hk_finish(e);

	KUNIT_EXPECT_EQ(test, status, HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, i, 500);
	KUNIT_EXPECT_EQ(test, n.faults, 0);
	KUNIT_EXPECT_EQ(test, n.lost, 0);
	KUNIT_EXPECT_EQ(test, n.wrong, 0);
	KUNIT_EXPECT_GT(test, n.seen, 0);
	kunit_info(test, "%llu rounds next door: page seen %llu times, refused %llu times",
		   n.loops, n.seen, n.refused);
}

/* Two CPUs split and join neighbouring blocks of one table at the same time. */
struct splitter {
	phys_addr_t pa;
	unsigned int rounds;
};

static int split_and_join(void *arg)
{
	struct splitter *s = arg;
	unsigned int i;
	int status;

	for (i = 0; i < s->rounds; i++) {
		status = donate(s->pa + (i % BLOCK_PAGES) * PAGE_SIZE);
		if (!status)
			status = reclaim(s->pa + (i % BLOCK_PAGES) * PAGE_SIZE);
		if (status)
			return status;
	}
	return 0;
}

static void two_cpus_split(struct kunit *test)
{
	phys_addr_t pa = page_to_phys(hk_host_pages(test, BLOCK_ORDER + 1));
	struct splitter mine = { pa, 300 }, theirs = { pa + SZ_2M, 300 };
	unsigned int level = level_of(pa), cpu = hk_other_cpu(test);
	struct accounts before, after;
	struct errand *e;
	int ret;

	hk_read_accounts(test, &before);
	e = hk_start_on(test, cpu, split_and_join, &theirs);
	ret = split_and_join(&mine);
	KUNIT_EXPECT_EQ(test, hk_finish(e), 0);
	KUNIT_EXPECT_EQ(test, ret, 0);
	hk_read_accounts(test, &after);
	KUNIT_EXPECT_EQ(test, hk_pages_held(&after), hk_pages_held(&before));
	KUNIT_EXPECT_LE(test, after.n[HYPSEC_ACC_HOST_S2], before.n[HYPSEC_ACC_HOST_S2]);
	KUNIT_EXPECT_EQ(test, level_of(pa), level);
	KUNIT_EXPECT_EQ(test, level_of(pa + SZ_2M), level);
}

/* Sharing changes a leaf's software bit only: nobody loses the page, no block is left split. */
static void sharing_keeps_the_mapping(struct kunit *test)
{
	phys_addr_t pa = block_pa(test), page = pa + 9 * PAGE_SIZE;
	unsigned int level = level_of(pa);
	struct arm_smccc_res res;

	WRITE_ONCE(*word(page), OLD);
	KUNIT_ASSERT_EQ(test, hypsec_call_share(page, &res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, READ_ONCE(*word(page)), OLD);
	KUNIT_EXPECT_EQ(test, hk_page_state(page, NULL), HYPSEC_PAGE_SHARED);
	/* its neighbours are not shared */
	KUNIT_EXPECT_EQ(test, hk_page_state(page + PAGE_SIZE, NULL), HYPSEC_PAGE_HOST);
	KUNIT_EXPECT_EQ(test, hk_page_state(page - PAGE_SIZE, NULL), HYPSEC_PAGE_HOST);
	KUNIT_ASSERT_EQ(test, hypsec_call_unshare(page, &res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, READ_ONCE(*word(page)), OLD);
	KUNIT_EXPECT_EQ(test, level_of(pa), level);
}

struct coverage {
	u64 pages, blocks, bad;
};

static int check_leaf(phys_addr_t pa, u64 size, int state, void *arg)
{
	struct coverage *c = arg;
	int err;
	u64 v;

	/* What is not System RAM to this kernel may have no linear mapping. */
	if (!page_is_ram(PHYS_PFN(pa)) || !page_is_ram(PHYS_PFN(pa + size - 1)))
		return 0;
	err = hk_try_load(word(pa), &v);
	if (err != (state == HYPSEC_PAGE_NOT_HOST ? -EFAULT : 0))
		c->bad++;
	if (!IS_ALIGNED(pa, size))
		c->bad++;
	c->pages += size / PAGE_SIZE;
	c->blocks += size > PAGE_SIZE;
	return 0;
}

/* All of RAM: what the record says, a touch confirms; and most of it is in blocks. */
static void record_and_hardware_agree(struct kunit *test)
{
	struct coverage c = { 0 };

	hk_walk_ram(check_leaf, &c);
	KUNIT_EXPECT_EQ(test, c.bad, 0);
	KUNIT_EXPECT_GT(test, c.blocks, 0);
	KUNIT_EXPECT_GT(test, c.pages, totalram_pages() / 2);
	kunit_info(test, "%llu pages, %llu blocks", c.pages, c.blocks);
}

/* Code is fetched from split blocks too: here, the kernel's own. */
static void fetch_from_a_split_block(struct kunit *test)
{
	phys_addr_t text = __pa_symbol(_printk) & PAGE_MASK;
	unsigned int before = level_of(text);
	struct arm_smccc_res res;

	KUNIT_ASSERT_LE(test, before, 3);
	/* SHARE splits like DONATE, and leaves the page where it is. */
	KUNIT_ASSERT_EQ(test, hypsec_call_share(text, &res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, level_of(text + PAGE_SIZE), 3);
	pr_info("hypsec_kunit: this comes from %pa\n", &text);
	KUNIT_EXPECT_EQ(test, hypsec_call_unshare(text, &res), HYPSEC_OK);
	pr_info("hypsec_kunit: and this\n");
	KUNIT_EXPECT_EQ(test, level_of(text), before);
}

static struct kunit_case stage2_cases[] = {
	KUNIT_CASE(splits_and_joins),
	KUNIT_CASE(edges),
	KUNIT_CASE(whole_block),
	KUNIT_CASE(stale_translations),
	KUNIT_CASE(accesses_while_donating),
	KUNIT_CASE(two_cpus_split),
	KUNIT_CASE(sharing_keeps_the_mapping),
	KUNIT_CASE(record_and_hardware_agree),
	KUNIT_CASE(fetch_from_a_split_block),
	{}
};

static struct kunit_suite stage2_suite = {
	.name = "hypsec_stage2",
	.init = hk_init,
	.test_cases = stage2_cases,
};
kunit_test_suite(stage2_suite);
