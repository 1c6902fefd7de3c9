// SPDX-License-Identifier: GPL-2.0-only
/*
 * A protected VM starts beside an ordinary one that is busy: after each drop of the shadows that
 * one has all its pages again before the claim is retried. How many drops that takes.
 */
#include "shadow_common.h"

#define BLOCKS	6		/* of 2 MiB, with pages of both VMs in them */
#define PAGES	16		/* of each VM in each of them */
#define CLAIM_TRIES 4		/* as pvm/fault.c */
#define OTHER	50

static unsigned int drops;

static u64 page_of(unsigned int block, unsigned int i, bool other)
{
	return GUEST_PAGES + block * SZ_2M + (2 * i + other) * PAGE_SIZE;
}

static void busy(void)
{
	unsigned int i;

	for (i = 0; i < BLOCKS * PAGES; i++)
		maps(READ | FSC_TRANS | 3, IPA0 + i * PAGE_SIZE, page_of(i / PAGES, i % PAGES, false),
		     PAGE_SIZE, S2_R | S2_W | WB);
}

static int claim(u64 pa, u64 frame, u64 size)
{
	int ret = HYPSEC_EPOCH, tries;

	for (tries = 0; tries < CLAIM_TRIES && ret == HYPSEC_EPOCH; tries++) {
		ret = size == SZ_2M ? own_claim_block(PA(pa), OTHER, frame) :
				      own_claim(PA(pa), OTHER, frame, true);
		if (ret != HYPSEC_EPOCH)
			break;
		drops++;
		drop_all();
		busy();
	}
	return ret;
}

/* The worst that a host can give: pages of both in each block. */
static void test_pages(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < BLOCKS * PAGES; i++)
		*kvm_entry(&id, IPA0 + i * PAGE_SIZE, 3) =
			page_of(i / PAGES, i % PAGES, false) | PAGE_RWX;
	busy();
	drops = 0;
	for (i = 0; i < BLOCKS * PAGES; i++)
		assert_int_equal(claim(page_of(i / PAGES, i % PAGES, true), i, PAGE_SIZE), HYPSEC_OK);
	/* One for each block: its pages have a stamp each from then on. */
	assert_int_equal(drops, BLOCKS);
	/* The ordinary VM's are stamped: it has them all the time. */
	for (i = 0; i < BLOCKS * PAGES; i++) {
		assert_true(mapped(IPA0 + i * PAGE_SIZE));
		assert_int_equal(own_claim(PA(page_of(i / PAGES, i % PAGES, false)), OTHER, i, true),
				 HYPSEC_EPOCH);
	}
	for (i = 0; i < BLOCKS * PAGES; i++)
		assert_int_equal(own_return(PA(page_of(i / PAGES, i % PAGES, true)), OTHER, i),
				 HYPSEC_OK);
	/* And what was split is joined. */
	for (i = 0; i < BLOCKS; i++)
		assert_int_equal(s2_lookup(&host_s2, page_of(i, 0, false)).level, 2);
}

/* A stamp of 1 GiB for one page in it: the next claims there find neighbours exact. */
static void test_gib(void **state)
{
	u64 gib = 2 * SZ_1G, ours = gib + 7 * SZ_2M;

	(void)state;
	*kvm_entry(&id, IPA0, 3) = gib | PAGE_RWX;
	maps(READ | FSC_TRANS | 3, IPA0, gib, PAGE_SIZE, S2_R | S2_W | WB);
	assert_int_equal(s2_lookup(&host_s2, gib).level, 1);
	assert_int_equal(own_claim_block(PA(ours), OTHER, 0), HYPSEC_EPOCH);
	assert_int_equal(s2_lookup(&host_s2, gib).level, 2);
	assert_int_equal(s2_lookup(&host_s2, ours).level, 2);
	assert_int_equal(own_claim(PA(ours + PAGE_SIZE), OTHER, 0, true), HYPSEC_EPOCH);
	assert_int_equal(s2_lookup(&host_s2, ours).level, 3);
	assert_int_equal(s2_lookup(&host_s2, gib).level, 2);
	/* Split, it is still stamped, all of it. */
	assert_int_equal(own_claim_block(PA(ours + 9 * SZ_2M), OTHER, 0), HYPSEC_EPOCH);
	drop_all();
	maps(READ | FSC_TRANS | 3, IPA0, gib, PAGE_SIZE, S2_R | S2_W | WB);
	assert_int_equal(own_claim(PA(gib), OTHER, 0, true), HYPSEC_EPOCH);
	spin_lock(&host_s2_lock);
	s2_merge(&host_s2, gib, 0);
	s2_merge(&host_s2, ours, 0);
	spin_unlock(&host_s2_lock);
	assert_int_equal(s2_lookup(&host_s2, gib).level, 1);
}

/* No memory for that: the claim needs it anyway, and asks for it before anything is dropped. */
static void test_no_memory(void **state)
{
	u64 pa = page_of(0, 0, true);

	(void)state;
	*kvm_entry(&id, IPA0, 3) = page_of(0, 0, false) | PAGE_RWX;
	maps(READ | FSC_TRANS | 3, IPA0, page_of(0, 0, false), PAGE_SIZE, S2_R | S2_W | WB);
	hog_unreserved();
	assert_int_equal(own_claim(PA(pa), OTHER, 0, true), HYPSEC_NO_MEMORY);
	assert_int_equal(s2_lookup(&host_s2, pa).level, 2);
	hog_none();
	assert_int_equal(own_claim(PA(pa), OTHER, 0, true), HYPSEC_EPOCH);
	drop_all();
	assert_int_equal(own_claim(PA(pa), OTHER, 0, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(pa), OTHER, 0), HYPSEC_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_pages),
		TEST(test_gib),
		TEST(test_no_memory),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
