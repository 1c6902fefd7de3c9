// SPDX-License-Identifier: GPL-2.0-only
/* Stamps and epochs (own/epoch.c): no page leaves HOST while a shadow may map it. */
#include "own_common.h"

static u64 before[32];

#define STAMPS	127	/* the epochs that a stamp can tell apart */

static void test_stamp(void **state)
{
	u64 block = ALIGN_DOWN(PAGE, SZ_2M), gib = 2 * SZ_1G;
	(void)state;

	counts_reset();
	/* The largest block around the page that is all HOST. */
	assert_int_equal(own_stamp(PA(gib + 5 * PAGE_SIZE), SZ_1G), SZ_1G);
	/* The TLBs need not know. */
	assert_int_equal(counts.pte, 1);
	assert_int_equal(counts.ipas2e1is + counts.vmalle1is + counts.vmalls12e1is, 0);
	/* Not 1 GiB of pages, even if all are the host's: too many to look at. */
	assert_int_equal(s2_split(&host_s2, gib, 3), HYPSEC_OK);
	assert_int_equal(own_stamp(PA(gib + SZ_2M), SZ_1G), SZ_2M);
	s2_merge(&host_s2, gib, 0);
	assert_int_equal(own_stamp(PA(gib), SZ_1G), SZ_1G);
	assert_int_equal(own_stamp(PA(PAGE), SZ_2M), SZ_2M);
	assert_int_equal(own_stamp(PA(PAGE), SZ_1G), SZ_2M);	/* the region is near */
	clear_stamps();
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	assert_int_equal(own_stamp(PA(PAGE + PAGE_SIZE), SZ_2M), PAGE_SIZE);
	assert_int_equal(own_stamp(PA(PAGE), SZ_2M), HYPSEC_DENIED);
	assert_int_equal(own_stamp(PA(PAGE), PAGE_SIZE), HYPSEC_DENIED);
	/* Only that page was stamped. */
	assert_int_equal(own_donate(PA(PAGE + PAGE_SIZE)), HYPSEC_EPOCH);
	assert_int_equal(own_donate(PA(PAGE + 2 * PAGE_SIZE)), HYPSEC_OK);
	assert_int_equal(own_reclaim(PA(PAGE + 2 * PAGE_SIZE)), HYPSEC_OK);
	clear_stamps();
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
	assert_int_equal(s2_lookup(&host_s2, PAGE).level, 2);	/* dead stamps do not split */

	/* A stamp on a block is on all its pages, split or not. */
	set_stamp(block);
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_EPOCH);
	assert_int_equal(s2_split(&host_s2, PAGE, 3), HYPSEC_OK);
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_EPOCH);
	clear_stamps();
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);

	/* One of its pages is mapped, and the block is joined: it is stamped. */
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	set_stamp(PAGE + PAGE_SIZE);
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
	assert_int_equal(s2_lookup(&host_s2, PAGE).level, 2);
	assert_int_equal(own_claim(PA(PAGE + PAGE_SIZE), VM, 1, true), HYPSEC_EPOCH);
	clear_stamps();
	assert_int_equal(own_share(PA(PAGE)), HYPSEC_OK);
	set_stamp(PAGE + PAGE_SIZE);
	assert_int_equal(own_unshare(PA(PAGE)), HYPSEC_OK);
	assert_int_equal(s2_lookup(&host_s2, PAGE).level, 2);
	assert_int_equal(own_claim(PA(PAGE + PAGE_SIZE), VM, 1, true), HYPSEC_EPOCH);
	clear_stamps();

	/* A block that the host has in pages: each of them. */
	clear_stamps();
	assert_int_equal(s2_split(&host_s2, PAGE, 3), HYPSEC_OK);
	assert_int_equal(own_stamp(PA(PAGE), SZ_2M), SZ_2M);
	assert_int_equal(own_donate(PA(block)), HYPSEC_EPOCH);
	assert_int_equal(own_donate(PA(block + 300 * PAGE_SIZE)), HYPSEC_EPOCH);
	assert_int_equal(own_donate(PA(block + 511 * PAGE_SIZE)), HYPSEC_EPOCH);
	clear_stamps();
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
	assert_int_equal(s2_lookup(&host_s2, PAGE).level, 2);

	/* Not RAM: no stamp, and no more than there is no RAM in. */
	assert_int_equal(own_stamp(PA(DEVICE), SZ_1G), SZ_1G);
	assert_int_equal(own_stamp(PA(RAM_END), SZ_1G), SZ_2M);
	assert_int_equal(own_stamp(PA(RAM_FAR + 0x5000), SZ_2M), PAGE_SIZE);
	assert_int_equal(own_stamp(PA(RAM_FAR + 0x4000), SZ_2M), PAGE_SIZE);
	assert_int_equal(own_stamp(PA(REGION), PAGE_SIZE), HYPSEC_DENIED);
	assert_int_equal(own_stamp(PA(REGION + SZ_2M), SZ_1G), HYPSEC_DENIED);
	assert_int_equal(own_stamp(PA(PAGE + 1), PAGE_SIZE), HYPSEC_INVALID);
	assert_int_equal(own_stamp(PA(PAGE), 2 * PAGE_SIZE), HYPSEC_INVALID);
	assert_int_equal(own_stamp(PA(PAGE), 0), HYPSEC_INVALID);
	assert_int_equal(own_stamp(PA(1UL << 44), PAGE_SIZE), HYPSEC_RANGE);
	assert_int_equal(own_stamp(PA(~0UL << 12), SZ_1G), HYPSEC_RANGE);
	clear_stamps();
}

/* A list of pages: each as own_stamp() would have it, whatever the one before was. */
static void test_pages(void **state)
{
	static const u64 attr = S2_R | S2_W | S2_XN | S2_MEMATTR_WB;
	u64 block = ALIGN_DOWN(PAGE, SZ_2M), other = block + SZ_2M;
	const struct { u64 pa; bool ok; } e[] = {
		{ block, true }, { PAGE, false }, { block + 511 * PAGE_SIZE, true },
		{ REGION, false }, { other + 7 * PAGE_SIZE, true }, { other, true },
		{ REGION + REGION_SIZE - PAGE_SIZE, false }, { DEVICE, true },
		{ RAM_END, true }, { RAM_END - PAGE_SIZE, true }, { 1UL << 44, false },
		{ S2_ADDR, false }, { other + 511 * PAGE_SIZE, true }, { PAGE + PAGE_SIZE, true },
	};
	u64 page[ARRAY_SIZE(e)], n, first, i;
	(void)state;

	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	for (first = 0; first < ARRAY_SIZE(e); first++) {
		/* From each on, in either direction, with holes. */
		for (n = 0; n < 4 * ARRAY_SIZE(e); n++) {
			u64 step = n & 1 ? 1 : ARRAY_SIZE(e) - 1;

			for (i = 0; i < ARRAY_SIZE(e); i++)
				page[i] = test_rand() % 4 ?
					  e[(first + i * step) % ARRAY_SIZE(e)].pa | attr : 0;
			memcpy(before, page, sizeof(page));
			own_stamp_pages(page, ARRAY_SIZE(e));
			for (i = 0; i < ARRAY_SIZE(e); i++)
				assert_int_equal(page[i], e[(first + i * step) % ARRAY_SIZE(e)].ok ?
						 before[i] : 0);
			/* Not more than it was told. */
			page[0] = page[1] = block | attr;
			own_stamp_pages(page, 0);
			assert_int_equal(page[0], block | attr);
		}
		assert_false(spin_held(&host_s2_lock));
	}
	clear_stamps();
	/* What it lets pass is stamped, and with it its block; nothing else is. */
	page[0] = (block + PAGE_SIZE) | attr;
	page[1] = PAGE | attr;
	page[2] = other | attr;
	own_stamp_pages(page, 3);
	assert_int_equal(own_claim(PA(block + PAGE_SIZE), VM, 1, true), HYPSEC_EPOCH);
	assert_int_equal(own_claim(PA(other + 9 * PAGE_SIZE), VM, 1, true), HYPSEC_EPOCH);
	assert_int_equal(own_claim(PA(block + 2 * PAGE_SIZE), VM, 1, true), HYPSEC_OK);
	assert_int_equal(own_claim(PA(other + SZ_2M), VM, 2, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(block + 2 * PAGE_SIZE), VM, 1), HYPSEC_OK);
	assert_int_equal(own_return(PA(other + SZ_2M), VM, 2), HYPSEC_OK);
	clear_stamps();
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
}

/*
 * The host's memory after a long life of ordinary VMs that are gone: blocks with stamps of all the
 * epochs there were. A VM that starts on it finds hardly one that counts.
 */
#define HISTORY	40
static void test_history(void **state)
{
	u64 base = MEM_BASE + 20 * SZ_2M;
	unsigned int i, drops = 0;

	(void)state;
	for (i = 0; i < HISTORY; i++) {
		set_stamp(base + i * SZ_2M);
		new_epoch();
	}
	for (i = 0; i < HISTORY; i++) {
		if (own_claim_block(PA(base + i * SZ_2M), VM, i * PAGES_2M) == HYPSEC_EPOCH) {
			drops++;
			new_epoch();
			i--;
		}
	}
	assert_int_equal(drops, 0);
	for (i = 0; i < HISTORY; i++)
		assert_int_equal(own_return_block(PA(base + i * SZ_2M), VM, i * PAGES_2M),
				 HYPSEC_OK);
}

static void test_epochs(void **state)
{
	u32 old, i;

	(void)state;
	/* A mapping made while the old ones are being dropped stays one. */
	set_stamp(PAGE);
	old = own_epoch_begin();
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_EPOCH);
	set_stamp(PAGE + SZ_2M);
	own_epoch_end(old);
	assert_int_equal(own_claim(PA(PAGE + SZ_2M), VM, 1, true), HYPSEC_EPOCH);
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
	clear_stamps();

	/* Numbers come round: an old stamp of the same number is only a false alarm. */
	set_stamp(PAGE);
	for (i = 0; i < STAMPS; i++)
		new_epoch();
	assert_int_equal(own_donate(PA(PAGE)), HYPSEC_EPOCH);
	new_epoch();
	assert_int_equal(own_donate(PA(PAGE)), HYPSEC_OK);
	assert_int_equal(own_reclaim(PA(PAGE)), HYPSEC_OK);
	set_stamp(PAGE);
	for (i = 0; i < STAMPS - 1; i++)
		new_epoch();
	assert_int_equal(own_donate(PA(PAGE)), HYPSEC_OK);
	assert_int_equal(own_reclaim(PA(PAGE)), HYPSEC_OK);
	clear_stamps();

	/* The one in use cannot be declared clean. */
	old = own_epoch_begin();
	expect_assert_failure(own_epoch_end(~0U));
	host_s2_lock.holder = 0;
	this_cpu()->ranks_held = 0;
	own_epoch_end(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamp),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_epochs),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
