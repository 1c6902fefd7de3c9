// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_memory, the long cases. A random walk over pages and calls, against a model of
 * what each page should be: the transition table tries each step alone, this tries the
 * ways between. And two CPUs that want the same page.
 */
#include <linux/prandom.h>
#include <linux/random.h>
#include "core.h"

#define PAGES	48
#define STEPS	20000

enum model { HOST, SHARED, DONATED };

static const struct {
	int status;
	enum model to;
} expected[3][4] = {
	/*		donate			  reclaim */
	[HOST]	  = { { HYPSEC_OK, DONATED },	  { HYPSEC_DENIED, HOST },
	/*		share			  unshare */
		      { HYPSEC_OK, SHARED },	  { HYPSEC_STATE, HOST } },
	[SHARED]  = { { HYPSEC_BUSY, SHARED },	  { HYPSEC_DENIED, SHARED },
		      { HYPSEC_STATE, SHARED },	  { HYPSEC_OK, HOST } },
	[DONATED] = { { HYPSEC_DENIED, DONATED }, { HYPSEC_OK, HOST },
		      { HYPSEC_DENIED, DONATED }, { HYPSEC_DENIED, DONATED } },
};

static int op(unsigned int n, phys_addr_t pa)
{
	struct arm_smccc_res res;

	switch (n) {
	case 0:
		return hypsec_call_donate(pa, &res);
	case 1:
		return hypsec_call_reclaim(pa, &res);
	case 2:
		return hypsec_call_share(pa, &res);
	default:
		return hypsec_call_unshare(pa, &res);
	}
}

static bool agrees(phys_addr_t pa, enum model m, u64 content)
{
	u64 v;
	int err = hk_try_load(phys_to_virt(pa), &v);

	if (m == DONATED)
		return hk_page_state(pa, NULL) == HYPSEC_PAGE_NOT_HOST && err == -EFAULT;
	return hk_page_state(pa, NULL) == (m == SHARED ? HYPSEC_PAGE_SHARED : HYPSEC_PAGE_HOST) &&
	       !err && v == content;
}

void model_random_walk(struct kunit *test)
{
	struct accounts before, after;
	u64 content[PAGES] = { 0 };
	enum model state[PAGES] = { HOST };
	unsigned int i, donated = 0, shared = 0;
	phys_addr_t pa[PAGES];
	struct rnd_state rnd;
	u64 seed = get_random_u64();

	/* In a run that failed, put the number here. */
	kunit_info(test, "seed %#llx", seed);
	prandom_seed_state(&rnd, seed);
	/* half in one block, half anywhere */
	pa[0] = page_to_phys(hk_host_pages(test, 5));
	for (i = 1; i < PAGES; i++)
		pa[i] = i < 32 ? pa[0] + i * PAGE_SIZE : page_to_phys(hk_host_pages(test, 0));
	hk_read_accounts(test, &before);

	for (i = 0; i < STEPS; i++) {
		unsigned int r = prandom_u32_state(&rnd), n = r % PAGES, o = (r >> 8) % 4;
		enum model from = state[n];
		int status;

		if (from != DONATED && !(r >> 16 & 7)) {
			content[n] = r;
			WRITE_ONCE(*(u64 *)phys_to_virt(pa[n]), r);
		}
		status = op(o, pa[n]);
		KUNIT_ASSERT_EQ_MSG(test, status, expected[from][o].status,
				    "step %u: call %u on a page in state %u", i, o, from);
		state[n] = expected[from][o].to;
		donated += (state[n] == DONATED) - (from == DONATED);
		shared += (state[n] == SHARED) - (from == SHARED);
		if (from == DONATED && state[n] == HOST)
			content[n] = 0;

		/* the page itself, and another that nobody touched */
		KUNIT_ASSERT_TRUE_MSG(test, agrees(pa[n], state[n], content[n]), "step %u", i);
		n = (r >> 20) % PAGES;
		KUNIT_ASSERT_TRUE_MSG(test, agrees(pa[n], state[n], content[n]),
				      "step %u, another page", i);
		if (i % 64)
			continue;
		hk_read_accounts(test, &after);
		KUNIT_ASSERT_EQ(test, hk_pages_held(&after) - hk_pages_held(&before), donated);
		KUNIT_ASSERT_EQ(test, after.n[HYPSEC_ACC_SHARED] - before.n[HYPSEC_ACC_SHARED],
				shared);
		cond_resched();
	}
}

struct race {
	phys_addr_t pa;
	atomic_t start;
	int won[2];
	unsigned int rounds;
};

static int racer(struct race *r, unsigned int me)
{
	unsigned int i;
	int status, ret = 0;

	for (i = 0; i < r->rounds; i++) {
		/* Both leave each round together. */
		atomic_inc(&r->start);
		while (atomic_read(&r->start) < 2 * (int)(2 * i + 1))
			cpu_relax();
		status = op(i & 1 ? 1 : 0, r->pa);	/* donate, then reclaim */
		if (status == HYPSEC_OK)
			r->won[me]++;
		else if (status != HYPSEC_DENIED && status != HYPSEC_BUSY && !ret)
			ret = status;		/* go on: the other waits for us */
		atomic_inc(&r->start);
		while (atomic_read(&r->start) < 2 * (int)(2 * i + 2))
			cpu_relax();
	}
	return ret;
}

static int racer_1(void *arg)
{
	return racer(arg, 1);
}

/* Two CPUs give, then take, the same page at once: each time one of them, not both. */
void model_double_use(struct kunit *test)
{
	struct race r = { .rounds = 400 };
	unsigned int cpu = hk_other_cpu(test);
	struct accounts before, after;
	struct errand *e;
	int mine, theirs;

	r.pa = page_to_phys(hk_host_pages(test, 0));
	hk_read_accounts(test, &before);
	e = hk_start_on(test, cpu, racer_1, &r);
	mine = racer(&r, 0);
	theirs = hk_finish(e);
	KUNIT_EXPECT_EQ(test, mine, 0);
	KUNIT_EXPECT_EQ(test, theirs, 0);
	KUNIT_EXPECT_EQ(test, r.won[0] + r.won[1], r.rounds);
	hk_read_accounts(test, &after);
	KUNIT_EXPECT_EQ(test, hk_pages_held(&after), hk_pages_held(&before));
	KUNIT_EXPECT_EQ(test, hk_page_state(r.pa, NULL), HYPSEC_PAGE_HOST);
}
