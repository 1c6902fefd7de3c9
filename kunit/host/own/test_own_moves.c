// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a page changes hands: contents and caches, every step of the tables, what
 * another CPU can do meanwhile, and failures on the way.
 */
#include "own_common.h"
#include "host/host.h"

/* A claim that keeps the contents: for an image. Again: the contents stay. */
static void test_claim_keeps(void **state)
{
	u8 *p = raw(PAGE);

	(void)state;
	test_fill(p, PAGE_SIZE);
	p[17] = 0x77;
	page_dirtied(PAGE);
	counts_reset();
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, false), HYPSEC_OK);
	assert_int_equal(p[17], 0x77);
	assert_true(page_is_clean(PAGE));
	assert_int_equal(counts.ialluis, 1);	/* no code that was not checked */
	assert_int_equal(counts.zva, 0);
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	assert_int_equal(p[17], 0x77);
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
	assert_true(all_bytes(PAGE, 0));

	/* Where instruction caches are coherent, they are left alone. */
	write_sysreg(4UL << 16 | BIT(29), CTR_EL0);
	counts_reset();
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, false), HYPSEC_OK);
	assert_int_equal(counts.ialluis, 0);
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
	write_sysreg(4UL << 16, CTR_EL0);
}

static int leaves_a_secret(void *page, void *arg)
{
	memset(page, 0x5e, PAGE_SIZE);
	page_dirtied(PAGE);
	return *(int *)arg;
}

/* What was made of it and is not to be: the host gets none of it. */
static void test_open_refused(void **state)
{
	int status = HYPSEC_BAD_SIGNATURE;
	(void)state;

	assert_int_equal(own_open(PA(PAGE), VM, FRAME, leaves_a_secret, &status), status);
	assert_true(all_bytes(PAGE, 0));
	assert_true(page_is_clean(PAGE));
	check_views(PAGE, PG_HOST, 0, 0);
	assert_int_equal(pool_account(HYPSEC_ACC_PRIVATE), start[HYPSEC_ACC_PRIVATE]);
	status = HYPSEC_OK;
	assert_int_equal(own_open(PA(PAGE), VM, FRAME, leaves_a_secret, &status), status);
	assert_true(all_bytes(PAGE, 0x5e));
	assert_true(page_is_clean(PAGE));
	check_views(PAGE, PG_PRIVATE, VM, FRAME);
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
}

/* Without DC ZVA. */
static void test_no_zva(void **state)
{
	(void)state;
	memset(raw(PAGE), 0xa5, PAGE_SIZE);
	write_sysreg(BIT(4) | 4, DCZID_EL0);
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	assert_true(all_bytes(PAGE, 0));
	raw(PAGE)[100] = 1;
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
	assert_true(all_bytes(PAGE, 0));
	write_sysreg(4, DCZID_EL0);
}

/*
 * What another CPU can do while a page is between two owners: nothing but wait. Run
 * at each line that is zeroed or cleaned, when no lock is held.
 */
static unsigned int races;
static bool in_race;

static void race(const char *op, u64 pa)
{
	unsigned int k;

	(void)op;
	if (in_race || (pa & PAGE_MASK) != PAGE || (pa & 0x7c0))
		return;
	in_race = true;
	races++;
	cpu_switch(2);
	assert_int_equal(own_lookup(PA(PAGE)).state, PG_MOVING);
	assert_false(host_can(PAGE, false, false));
	assert_false(tlb_stale(PAGE));
	assert_null(slot_map(SLOT_COPY, PA(PAGE), 1));
	assert_null(slot_map_private(PA(PAGE), VM));
	for (k = 0; k < OWN_COUNT; k++)
		assert_int_equal(run_op(k, PAGE, VM, FRAME), HYPSEC_BUSY);
	/* A neighbour in the same block can change hands meanwhile. */
	assert_int_equal(own_claim(PA(PAGE + PAGE_SIZE), VM + 1, 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(PAGE + PAGE_SIZE), VM + 1, 1), HYPSEC_OK);
	/* The host's access is retried, not refused. */
	injected = touched = 0;
	write_sysreg(0x24UL << 26 | 0x07, ESR_EL2);
	write_sysreg(PAGE >> 8, HPFAR_EL2);
	write_sysreg(PAGE & ~PAGE_MASK, FAR_EL2);
	host_abort(0x24UL << 26 | 0x07);
	assert_int_equal(injected + touched, 0);
	cpu_switch(0);
	in_race = false;
}

static void test_races_while_moving(void **state)
{
	(void)state;
	memset(raw(PAGE), 0xa5, PAGE_SIZE);
	races = 0;
	dc_hook = race;
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	assert_in_range(races, 2, 1000);
	races = 0;
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
	assert_in_range(races, 2, 1000);
	races = 0;
	assert_int_equal(own_donate(PA(PAGE)), HYPSEC_OK);
	assert_in_range(races, 1, 1000);
	races = 0;
	assert_int_equal(own_reclaim(PA(PAGE)), HYPSEC_OK);
	assert_in_range(races, 1, 1000);
	dc_hook = NULL;
	check_views(PAGE, PG_HOST, 0, 0);
	assert_int_equal(pool_account(HYPSEC_ACC_HOST_S2), start[HYPSEC_ACC_HOST_S2]);
}

/*
 * At every write of an entry during a hand-over, the host reaches nothing but
 * its own pages, and all of these that are not just being broken.
 */
static unsigned int pte_steps;

static void host_view(u64 *ptep, u64 old, u64 new)
{
	u64 pa;

	(void)ptep, (void)old, (void)new;
	pte_steps++;
	for (pa = MEM_BASE; pa < MEM_BASE + 64 * SZ_2M; pa += SZ_2M / 4) {
		struct s2_leaf l = s2_lookup(&host_s2, pa);

		if (!(l.pte & 1))
			continue;
		assert_int_equal((l.pte & S2_ADDR) + (pa & (l.size - 1)), pa);
		assert_false(pa >= REGION && pa < REGION + REGION_SIZE);
	}
}

static void test_steps_of_a_handover(void **state)
{
	(void)state;
	pte_hook = host_view;
	pte_steps = 0;
	counts_reset();
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	/* Break, make (2 MiB to 4 KiB), moving, private; the slot's two are not counted. */
	assert_int_equal(pte_steps, 4);
	assert_int_equal(counts.ipas2e1is, 2);
	assert_int_equal(counts.civac, PAGE_SIZE / 64);
	pte_steps = 0;
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
	/* Moving, host; break, make of the joined block. */
	assert_int_equal(pte_steps, 4);
	pte_hook = NULL;
}

/* --- failures on the way --- */

static void test_donate_unwinds(void **state)
{
	(void)state;
	memset(raw(PAGE), 0xa5, PAGE_SIZE);
	el2_map_fails = true;
	assert_int_equal(own_donate(PA(PAGE)), HYPSEC_NO_MEMORY);
	el2_map_fails = false;
	check_views(PAGE, PG_HOST, 0, 0);
	assert_true(all_bytes(PAGE, 0xa5));
	assert_int_equal(pool_account(HYPSEC_ACC_HOST_S2), start[HYPSEC_ACC_HOST_S2]);
}

static void test_no_memory(void **state)
{
	(void)state;
	hog_all();
	memset(raw(PAGE), 0xa5, PAGE_SIZE);
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_NO_MEMORY);
	assert_int_equal(own_share(PA(PAGE)), HYPSEC_NO_MEMORY);
	assert_int_equal(own_donate(PA(PAGE)), HYPSEC_NO_MEMORY);	/* not even the reserve */
	/*
	 * The first device in a 512 GiB without one needs a table: the access is tried again until
	 * there is a page for it. A broken core gets none.
	 */
	injected = log_lines = 0;
	write_sysreg((8UL << 40 >> PAGE_SHIFT) << 4, HPFAR_EL2);
	host_abort(0x24UL << 26 | 0x05);
	assert_int_equal(log_lines, 1);
	host_abort(0x24UL << 26 | 0x05);
	assert_int_equal(injected, 0);
	assert_int_equal(log_lines, 1);		/* a host that tries for ever does not fill the log */
	assert_false(host_can(8UL << 40, false, false));
	assert_true(pool_wanted());
	core_broken = true;
	host_abort(0x24UL << 26 | 0x05);
	assert_int_equal(injected, 1);
	core_broken = false;
	check_views(PAGE, PG_HOST, 0, 0);
	assert_true(all_bytes(PAGE, 0xa5));
	hog_none();
	host_abort(0x24UL << 26 | 0x05);
	assert_int_equal(injected, 1);
	assert_true(host_can(8UL << 40, true, false));
	start[HYPSEC_ACC_HOST_S2]++;
	start[HYPSEC_ACC_FREE]--;

	/* All but the reserve is used: a page can be given, and helps. */
	hog_unreserved();
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), POOL_RESERVE);
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_NO_MEMORY);
	assert_int_equal(own_donate(PA(PAGE)), HYPSEC_OK);
	assert_int_equal(own_donate(PA(PAGE + PAGE_SIZE)), HYPSEC_OK);
	assert_int_equal(own_donate(PA(PAGE + 2 * PAGE_SIZE)), HYPSEC_OK);
	assert_true(hog_one());
	hog_none();
	assert_int_equal(own_reclaim(PA(PAGE)), HYPSEC_OK);
	assert_int_equal(own_reclaim(PA(PAGE + PAGE_SIZE)), HYPSEC_OK);
	assert_int_equal(own_reclaim(PA(PAGE + 2 * PAGE_SIZE)), HYPSEC_OK);
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), start[HYPSEC_ACC_FREE]);
}

/*
 * A CPU is about to take a lock when another one donates a page. What it has translated till then
 * may say that nothing is mapped there.
 */
static void donates(const struct spinlock *l)
{
	(void)l;
	lock_hook = NULL;
	cpu_switch(0);
	assert_int_equal(own_donate(PA(PAGE)), HYPSEC_OK);
	cpu_resume(1);
}

static void test_donated_meanwhile(void **state)
{
	u64 *page;

	(void)state;
	assert_int_equal(own_donate(PA(PAGE + PAGE_SIZE)), HYPSEC_OK);	/* splits the block */
	cpu_switch(1);
	hog_all();
	pool_reserve_open();
	lock_hook = donates;
	page = pool_alloc(HYPSEC_ACC_VM);
	assert_ptr_equal(page, core_va(PA(PAGE)));
	page[7] = 1;
	pool_free(page, HYPSEC_ACC_VM);
	assert_int_equal(own_reclaim(PA(PAGE)), HYPSEC_OK);

	/* One that is freed joins it. */
	assert_int_equal(own_donate(PA(PAGE + 2 * PAGE_SIZE)), HYPSEC_OK);
	pool_reserve_open();
	page = pool_alloc(HYPSEC_ACC_VM);
	assert_ptr_equal(page, core_va(PA(PAGE + 2 * PAGE_SIZE)));
	lock_hook = donates;
	pool_free(page, HYPSEC_ACC_VM);
	assert_int_equal(own_reclaim(PA(PAGE + 2 * PAGE_SIZE)), HYPSEC_OK);
	assert_int_equal(own_reclaim(PA(PAGE)), HYPSEC_OK);

	lock_hook = donates;
	assert_int_equal(own_reclaim(PA(PAGE)), HYPSEC_OK);
	pool_reserve_close();
	hog_none();
	cpu_switch(0);
	assert_int_equal(own_reclaim(PA(PAGE + PAGE_SIZE)), HYPSEC_OK);
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), start[HYPSEC_ACC_FREE]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claim_keeps),
		cmocka_unit_test(test_open_refused),
		cmocka_unit_test(test_no_zva),
		cmocka_unit_test(test_races_while_moving),
		cmocka_unit_test(test_steps_of_a_handover),
		cmocka_unit_test(test_donate_unwinds),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_donated_meanwhile),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
