// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ownership of pages: every operation on a page in every state, with every view of
 * the page looked at after each call; races at every point where another CPU
 * could come in; epochs; bad arguments; random sequences against a model.
 */
#include "test.h"
#include "machine.h"
#include "boot.h"
#include "check.h"
#include "../../el2-objs/mem/transitions.h"

#define PAGE		(MEM_BASE + 5 * SZ_2M + 7 * PAGE_SIZE)	/* in a 2 MiB block */
#define DEVICE_PAGE	DEVICE
#define VM		3
#define FRAME		0x4321

static u64 start[HYPSEC_ACC_COUNT];
static u64 donated;

static int boot(void **state)
{
	unsigned int i;

	(void)state;
	machine_reset(4);
	machine_boot();
	for (i = 0; i < HYPSEC_ACC_COUNT; i++)
		start[i] = pool_account(i);
	return 0;
}

/* --- the views --- */

static u64 total(void)
{
	u64 n = 0;
	unsigned int i;

	for (i = 0; i < HYPSEC_ACC_COUNT; i++) {
		if (i != HYPSEC_ACC_PRIVATE && i != HYPSEC_ACC_SHARED)
			n += pool_account(i);
	}
	return n;
}

static bool all_bytes(u64 pa, u8 v)
{
	u8 *p = raw(pa);

	return p[0] == v && !memcmp(p, p + 1, PAGE_SIZE - 1);
}

/* What everybody sees of a page of memory in state @s, private to {@vm, @frame}. */
static void check_views(u64 pa, u8 s, u16 vm, u64 frame)
{
	bool host = s == PG_HOST || s == PG_SHARED;
	struct page_info pi = own_lookup(PA(pa));
	u16 other;
	void *p;

	assert_int_equal(pi.state, s == PG_SHARED ? PG_HOST : s);
	assert_int_equal(pi.shared, s == PG_SHARED);
	assert_int_equal(pi.vm, s == PG_PRIVATE ? vm : 0);
	assert_int_equal(pi.frame, s == PG_PRIVATE ? frame : 0);

	assert_int_equal(host_can(pa, false, false), host);
	assert_int_equal(host_can(pa, true, true), host);
	assert_int_equal(tlb_stale(pa), false);

	p = slot_map(SLOT_COPY, PA(pa + 5), 7);
	assert_int_equal(p != NULL, host);
	if (p) {
		assert_int_equal(*(u8 *)p, raw(pa)[5]);
		slot_unmap(SLOT_COPY);
	}
	for (other = 1; other < 6; other++) {
		p = slot_map_private(PA(pa), other);
		assert_int_equal(p != NULL, s == PG_PRIVATE && other == vm);
		if (p)
			slot_unmap(SLOT_PAGE);
	}
	assert_true(slots_empty());
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_false(this_cpu()->pool_reserve);
	if (s == PG_DONATED)
		assert_int_equal(*(u8 *)core_va(PA(pa)), raw(pa)[0]);
}

/* --- bringing a page to a state, and back --- */

static u64 in_state(u8 s)
{
	u64 pa = PAGE;

	switch (s) {
	case PG_NONE:
		return DEVICE_PAGE;
	case PG_CORE:
		return REGION + IMAGE_SIZE + 40 * PAGE_SIZE;
	case PG_SHARED:
		assert_int_equal(own_share(PA(pa)), HYPSEC_OK);
		break;
	case PG_DONATED:
		assert_int_equal(own_donate(PA(pa)), HYPSEC_OK);
		donated++;
		break;
	case PG_PRIVATE:
		assert_int_equal(own_claim(PA(pa), VM, FRAME, true), HYPSEC_OK);
		break;
	case PG_MOVING:
		assert_int_equal(s2_split(&host_s2, pa, 3), HYPSEC_OK);
		s2_replace(&host_s2, pa, s2_lookup(&host_s2, pa).pte, ANN_MOVING);
		break;
	}
	return pa;
}

static void back_to_host(u64 pa, u8 s, u16 vm, u64 frame)
{
	switch (s) {
	case PG_SHARED:
		assert_int_equal(own_unshare(PA(pa)), HYPSEC_OK);
		break;
	case PG_DONATED:
		assert_int_equal(own_reclaim(PA(pa)), HYPSEC_OK);
		donated--;
		break;
	case PG_PRIVATE:
		assert_int_equal(own_return(PA(pa), vm, frame), HYPSEC_OK);
		break;
	case PG_MOVING:
		s2_replace(&host_s2, pa, ANN_MOVING, pa | S2_R | S2_W | S2_MEMATTR_WB |
			   S2_SH_INNER | S2_AF | S2_TABLE | S2_VALID);
		assert_int_equal(own_share(PA(pa)), HYPSEC_OK);	/* joins the block */
		assert_int_equal(own_unshare(PA(pa)), HYPSEC_OK);
		break;
	}
}

static int run_op(enum own_op op, u64 pa, u16 vm, u64 frame)
{
	switch (op) {
	case OWN_DONATE:
		return own_donate(PA(pa));
	case OWN_RECLAIM:
		return own_reclaim(PA(pa));
	case OWN_SHARE:
		return own_share(PA(pa));
	case OWN_UNSHARE:
		return own_unshare(PA(pa));
	case OWN_CLAIM:
		return own_claim(PA(pa), vm, frame, true);
	case OWN_RETURN:
		return own_return(PA(pa), vm, frame);
	default:
		fail();
		return 0;
	}
}

/* The rules once more, in other words than the table's. */
static int expected(enum own_op op, u8 s, u8 cond, u8 *to)
{
	bool slot = cond & IF_IN_SLOT, stamped = cond & IF_STAMPED, same = cond & IF_SAME;

	*to = s;
	if (s == PG_NONE)
		return HYPSEC_RANGE;
	if (s == PG_MOVING)
		return HYPSEC_BUSY;
	if (s == PG_CORE)
		return HYPSEC_DENIED;
	switch (op) {
	case OWN_DONATE:
	case OWN_CLAIM:
		if (s == PG_SHARED)
			return HYPSEC_BUSY;
		if (op == OWN_CLAIM && s == PG_PRIVATE && same)
			return HYPSEC_OK;
		if (s != PG_HOST)
			return HYPSEC_DENIED;
		if (slot)
			return HYPSEC_BUSY;
		if (stamped)
			return HYPSEC_EPOCH;
		*to = op == OWN_DONATE ? PG_DONATED : PG_PRIVATE;
		return HYPSEC_OK;
	case OWN_RECLAIM:
		if (s != PG_DONATED)
			return HYPSEC_DENIED;
		if (!(cond & IF_FREE))
			return HYPSEC_BUSY;
		*to = PG_HOST;
		return HYPSEC_OK;
	case OWN_SHARE:
		if (s == PG_SHARED)
			return HYPSEC_STATE;
		if (s != PG_HOST)
			return HYPSEC_DENIED;
		*to = PG_SHARED;
		return HYPSEC_OK;
	case OWN_UNSHARE:
		if (s == PG_HOST)
			return HYPSEC_STATE;
		if (s != PG_SHARED)
			return HYPSEC_DENIED;
		if (slot)
			return HYPSEC_BUSY;
		*to = PG_HOST;
		return HYPSEC_OK;
	case OWN_RETURN:
		if (s != PG_PRIVATE || !same)
			return HYPSEC_DENIED;
		if (slot)
			return HYPSEC_BUSY;
		*to = PG_HOST;
		return HYPSEC_OK;
	default:
		fail();
		return 0;
	}
}

/* Empties the free pool up to and with the donated page; gives it back. */
static void *hog[2048];
static unsigned int hogged;

static void hog_all(void)
{
	pool_reserve_open();
	while ((hog[hogged] = pool_alloc(HYPSEC_ACC_VM)))
		hogged++;
	pool_reserve_close();
}

static void hog_none(void)
{
	while (hogged)
		pool_free(hog[--hogged], HYPSEC_ACC_VM);
}

static void set_stamp(u64 pa)
{
	bool ram = false;

	assert_int_equal(own_stamp(PA(pa), PAGE_SIZE, &ram), PAGE_SIZE);
	assert_true(ram);
}

static void new_epoch(void)
{
	own_epoch_end(own_epoch_begin());
}

/* A new epoch, and none of the left-over stamps that would count again later. */
static void clear_stamps(void)
{
	u64 pa;

	new_epoch();
	for (pa = MEM_BASE + 4 * SZ_2M; pa < MEM_BASE + 12 * SZ_2M; pa += PAGE_SIZE) {
		u64 pte = s2_lookup(&host_s2, pa).pte;

		if ((pte & S2_VALID) && (pte & S2_SW))
			s2_replace(&host_s2, pa, pte, pte & ~S2_SW);
	}
}

/* One operation on a page in one state under one condition. */
static void try(enum own_op op, u8 s, u8 cond)
{
	u64 pa = in_state(s), before = total(), shared = pool_account(HYPSEC_ACC_SHARED),
	    private = pool_account(HYPSEC_ACC_PRIVATE);
	u16 vm = cond & IF_SAME ? VM : VM + 1;
	bool mem = s != PG_NONE, data = s == PG_HOST || s == PG_SHARED;
	int status, want;
	u8 to;

	if (data) {
		memset(raw(pa), 0xa5, PAGE_SIZE);
		page_dirtied(pa);
	}
	if (cond & IF_STAMPED)
		set_stamp(pa);
	if (cond & IF_IN_SLOT) {
		/* Another CPU has it mapped. */
		cpu_switch(1);
		if (s == PG_PRIVATE)
			assert_non_null(slot_map_private(PA(pa), VM));
		else
			assert_non_null(slot_map(SLOT_VCPU, PA(pa - PAGE_SIZE), 2 * PAGE_SIZE));
		cpu_switch(0);
	}
	if (s == PG_DONATED && !(cond & IF_FREE))
		hog_all();

	want = expected(op, s, cond, &to);
	status = run_op(op, pa, vm, FRAME);
	assert_int_equal(status, want);

	if (cond & IF_IN_SLOT) {
		cpu_switch(1);
		slot_unmap(s == PG_PRIVATE ? SLOT_PAGE : SLOT_VCPU);
		cpu_switch(0);
	}
	if (mem)
		check_views(pa, to, to == PG_PRIVATE ? (s == PG_PRIVATE ? VM : vm) : 0, FRAME);

	/* Contents: gone if it changed hands, else untouched. */
	if (data && (to == PG_PRIVATE || to == PG_DONATED || (s == PG_PRIVATE && to == PG_HOST)))
		assert_true(all_bytes(pa, 0));
	else if (data)
		assert_true(all_bytes(pa, 0xa5));
	if ((s == PG_PRIVATE || s == PG_DONATED) && to == PG_HOST)
		assert_true(all_bytes(pa, 0) && page_is_clean(pa));
	if (to == PG_PRIVATE && s == PG_HOST)
		assert_true(page_is_clean(pa));

	/* Accounts: exactly the page that moved. */
	assert_int_equal(pool_account(HYPSEC_ACC_PRIVATE) - private,
			 (to == PG_PRIVATE) - (s == PG_PRIVATE));
	assert_int_equal(pool_account(HYPSEC_ACC_SHARED) - shared,
			 (to == PG_SHARED) - (s == PG_SHARED));
	assert_int_equal(total() - before, (to == PG_DONATED) - (s == PG_DONATED));
	donated += (to == PG_DONATED) - (s == PG_DONATED);

	hog_none();
	clear_stamps();
	if (mem)
		back_to_host(pa, to, s == PG_PRIVATE ? VM : vm, FRAME);
}

static void test_every_operation_in_every_state(void **state)
{
	unsigned int op, s, i, seen = 0;

	(void)state;
	for (op = 0; op < OWN_COUNT; op++) {
		for (s = 0; s < PG_COUNT; s++) {
			static const u8 conds[] = {
				IF_ALWAYS, IF_IN_SLOT, IF_STAMPED, IF_STAMPED | IF_IN_SLOT,
				IF_SAME, IF_SAME | IF_IN_SLOT, IF_FREE,
			};

			for (i = 0; i < ARRAY_SIZE(conds); i++) {
				u8 c = conds[i];

				/* What cannot be: a stamp on, or a slot of, what is not the host's. */
				if ((c & IF_STAMPED) && s != PG_HOST && s != PG_SHARED)
					continue;
				if ((c & IF_IN_SLOT) && s != PG_HOST && s != PG_SHARED &&
				    s != PG_PRIVATE)
					continue;
				try(op, s, c);
				seen++;
			}
		}
	}
	assert_int_equal(seen, OWN_COUNT * (3 * PG_COUNT + 2 * 3 + 2 * 2));
	/* Nothing is left over: not a page, not a table. */
	assert_int_equal(donated, 0);
	for (i = 0; i < HYPSEC_ACC_COUNT; i++)
		assert_int_equal(pool_account(i), start[i]);
	assert_int_equal(s2_lookup(&host_s2, PAGE).level, 2);
}

/* The table has one answer for everything, and says nothing twice. */
static void test_table_is_complete(void **state)
{
	unsigned int op, s, i, k;

	(void)state;
	for (op = 0; op < OWN_COUNT; op++) {
		for (s = 0; s < PG_COUNT; s++) {
			unsigned int last = 0;

			for (i = 0; i < ARRAY_SIZE(transitions); i++) {
				const struct transition *t = &transitions[i];

				if (t->op != op || t->from != s)
					continue;
				assert_false(last);	/* rows after ALWAYS are dead */
				last = t->condition == IF_ALWAYS;
				if (t->status != HYPSEC_OK)
					assert_int_equal(t->to, t->from);
				for (k = 0; k < i; k++)
					assert_false(transitions[k].op == op &&
						     transitions[k].from == s &&
						     transitions[k].condition == t->condition);
			}
			assert_true(last);
		}
	}
}

static void test_bad_arguments(void **state)
{
	static const struct { u64 pa; int status; } bad[] = {
		{ PAGE + 1, HYPSEC_INVALID }, { PAGE + 0x800, HYPSEC_INVALID },
		{ ~0UL, HYPSEC_INVALID }, { ~0UL << 12, HYPSEC_RANGE },
		{ 1UL << 44, HYPSEC_RANGE }, { 1UL << 52, HYPSEC_RANGE }, { 1UL << 63, HYPSEC_RANGE },
		{ PAGE | 1UL << 48, HYPSEC_RANGE }, { PAGE | 1UL << 56, HYPSEC_RANGE },
		{ 0, HYPSEC_RANGE }, { DEVICE, HYPSEC_RANGE },
		{ MEM_BASE - PAGE_SIZE, HYPSEC_RANGE }, { RAM_END, HYPSEC_RANGE },
		{ 0x200005000UL, HYPSEC_RANGE },
		{ REGION, HYPSEC_DENIED }, { REGION + REGION_SIZE - PAGE_SIZE, HYPSEC_DENIED },
	};
	static const struct { u16 vm; u64 frame; } owner[] = {
		{ 0, FRAME }, { 256, FRAME }, { 257, FRAME }, { 0xffff, FRAME },
		{ VM, 1UL << 36 }, { VM, ~0UL }, { VM, FRAME | 1UL << 36 }, { VM, FRAME | 1UL << 52 },
	};
	unsigned int i, op;

	(void)state;
	counts_reset();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (op = 0; op < OWN_COUNT; op++)
			assert_int_equal(run_op(op, bad[i].pa, VM, FRAME), bad[i].status);
	}
	for (i = 0; i < ARRAY_SIZE(owner); i++)
		assert_int_equal(own_claim(PA(PAGE), owner[i].vm, owner[i].frame, true),
				 HYPSEC_INVALID);
	assert_int_equal(counts.pte + counts.zva, 0);

	/* An owner that an annotation would cut down to another's name. */
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	for (i = 0; i < ARRAY_SIZE(owner); i++)
		assert_int_equal(own_return(PA(PAGE), owner[i].vm, owner[i].frame), HYPSEC_INVALID);
	assert_int_equal(own_return(PA(PAGE), VM + 1, FRAME), HYPSEC_DENIED);
	assert_int_equal(own_return(PA(PAGE), VM, FRAME + 1), HYPSEC_DENIED);
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME + 1, true), HYPSEC_DENIED);
	check_views(PAGE, PG_PRIVATE, VM, FRAME);
	assert_int_equal(own_return(PA(PAGE), VM, FRAME), HYPSEC_OK);
	/* The largest frame there is. */
	assert_int_equal(own_claim(PA(PAGE), 255, (1UL << 36) - 1, true), HYPSEC_OK);
	check_views(PAGE, PG_PRIVATE, 255, (1UL << 36) - 1);
	assert_int_equal(own_return(PA(PAGE), 255, (1UL << 36) - 1), HYPSEC_OK);
}

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

/* --- epochs --- */

static void test_stamp(void **state)
{
	u64 block = ALIGN_DOWN(PAGE, SZ_2M), gib = 2 * SZ_1G;
	bool ram;

	(void)state;
	/* The largest block around the page that is all HOST. */
	assert_int_equal(own_stamp(PA(gib + 5 * PAGE_SIZE), SZ_1G, &ram), SZ_1G);
	assert_true(ram);
	assert_int_equal(own_stamp(PA(PAGE), SZ_2M, &ram), SZ_2M);
	assert_int_equal(own_stamp(PA(PAGE), SZ_1G, &ram), SZ_2M);	/* the region is near */
	clear_stamps();
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_OK);
	assert_int_equal(own_stamp(PA(PAGE + PAGE_SIZE), SZ_2M, &ram), PAGE_SIZE);
	assert_int_equal(own_stamp(PA(PAGE), SZ_2M, &ram), HYPSEC_DENIED);
	assert_int_equal(own_stamp(PA(PAGE), PAGE_SIZE, &ram), HYPSEC_DENIED);
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

	/* Not RAM: no stamp, and no more than there is no RAM in. */
	assert_int_equal(own_stamp(PA(DEVICE), SZ_1G, &ram), SZ_1G);
	assert_false(ram);
	assert_int_equal(own_stamp(PA(RAM_END), SZ_1G, &ram), SZ_2M);
	assert_false(ram);
	assert_int_equal(own_stamp(PA(0x200005000UL), SZ_2M, &ram), PAGE_SIZE);
	assert_false(ram);
	assert_int_equal(own_stamp(PA(0x200004000UL), SZ_2M, &ram), PAGE_SIZE);
	assert_true(ram);
	assert_int_equal(own_stamp(PA(REGION), PAGE_SIZE, &ram), HYPSEC_DENIED);
	assert_int_equal(own_stamp(PA(REGION + SZ_2M), SZ_1G, &ram), HYPSEC_DENIED);
	assert_int_equal(own_stamp(PA(PAGE + 1), PAGE_SIZE, &ram), HYPSEC_INVALID);
	assert_int_equal(own_stamp(PA(PAGE), 2 * PAGE_SIZE, &ram), HYPSEC_INVALID);
	assert_int_equal(own_stamp(PA(PAGE), 0, &ram), HYPSEC_INVALID);
	assert_int_equal(own_stamp(PA(1UL << 44), PAGE_SIZE, &ram), HYPSEC_RANGE);
	assert_int_equal(own_stamp(PA(~0UL << 12), SZ_1G, &ram), HYPSEC_RANGE);
	clear_stamps();
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
	for (i = 0; i < 15; i++)
		new_epoch();
	assert_int_equal(own_donate(PA(PAGE)), HYPSEC_EPOCH);
	new_epoch();
	assert_int_equal(own_donate(PA(PAGE)), HYPSEC_OK);
	assert_int_equal(own_reclaim(PA(PAGE)), HYPSEC_OK);
	set_stamp(PAGE);
	for (i = 0; i < 14; i++)
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
	check_views(PAGE, PG_HOST, 0, 0);
	assert_true(all_bytes(PAGE, 0xa5));
	hog_none();

	/* All but the reserve is used: a page can be given, and helps. */
	while (pool_account(HYPSEC_ACC_FREE) > POOL_RESERVE)
		assert_non_null(hog[hogged++] = pool_alloc(HYPSEC_ACC_VM));
	assert_null(pool_alloc(HYPSEC_ACC_VM));
	assert_int_equal(own_claim(PA(PAGE), VM, FRAME, true), HYPSEC_NO_MEMORY);
	assert_int_equal(own_donate(PA(PAGE)), HYPSEC_OK);
	assert_int_equal(own_donate(PA(PAGE + PAGE_SIZE)), HYPSEC_OK);
	assert_int_equal(own_donate(PA(PAGE + 2 * PAGE_SIZE)), HYPSEC_OK);
	assert_non_null(hog[hogged++] = pool_alloc(HYPSEC_ACC_VM));
	hog_none();
	assert_int_equal(own_reclaim(PA(PAGE)), HYPSEC_OK);
	assert_int_equal(own_reclaim(PA(PAGE + PAGE_SIZE)), HYPSEC_OK);
	assert_int_equal(own_reclaim(PA(PAGE + 2 * PAGE_SIZE)), HYPSEC_OK);
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), start[HYPSEC_ACC_FREE]);
}

/* --- random sequences --- */

#define PAGES	64
#define EPOCH_PAGES_BASE (MEM_BASE + 9 * SZ_2M - 32 * PAGE_SIZE)	/* across two blocks */

static void test_random(void **state)
{
	static struct { u8 s; u16 vm; u64 frame; u32 stamp; } m[PAGES];
	unsigned int n, i, ok = 0;
	u32 now = 1;

	(void)state;
	for (i = 0; i < PAGES; i++)
		m[i].s = PG_HOST;
	for (n = 0; n < 6000; n++) {
		enum own_op op = test_rand() % OWN_COUNT;
		u64 pa;
		u16 vm;
		u64 frame;
		u8 cond = 0, to;
		int status, want;

		i = test_rand() % PAGES;
		pa = EPOCH_PAGES_BASE + i * PAGE_SIZE;
		if (test_rand() % 8 == 0 && (m[i].s == PG_HOST || m[i].s == PG_SHARED)) {
			set_stamp(pa);
			/* The whole block, if it is one. */
			for (to = 0; to < PAGES; to++) {
				u64 q = EPOCH_PAGES_BASE + to * PAGE_SIZE;

				if (s2_lookup(&host_s2, q).level == 2 &&
				    ALIGN_DOWN(q, SZ_2M) == ALIGN_DOWN(pa, SZ_2M))
					m[to].stamp = now;
			}
			m[i].stamp = now;
		}
		if (test_rand() % 40 == 0) {
			clear_stamps();
			now++;
		}
		vm = m[i].s == PG_PRIVATE && test_rand() % 4 ? m[i].vm : 1 + test_rand() % 5;
		frame = m[i].s == PG_PRIVATE && test_rand() % 4 ? m[i].frame : test_rand() % 9;
		if (m[i].s == PG_PRIVATE && vm == m[i].vm && frame == m[i].frame)
			cond |= IF_SAME;
		if (m[i].stamp == now)
			cond |= IF_STAMPED;
		cond |= IF_FREE;
		want = expected(op, m[i].s, cond, &to);
		cpu_switch(test_rand() % FAKE_CPUS);
		status = run_op(op, pa, vm, frame);
		assert_int_equal(status, want);
		if (status == HYPSEC_OK && to != m[i].s) {
			ok++;
			if (to == PG_PRIVATE) {
				m[i].vm = vm;
				m[i].frame = frame;
			}
			if (to != PG_SHARED && m[i].s != PG_SHARED)
				m[i].stamp = 0;
			m[i].s = to;
		}
		check_views(pa, m[i].s, m[i].vm, m[i].frame);
		if (n % 100 == 0) {
			for (i = 0; i < PAGES; i++)
				check_views(EPOCH_PAGES_BASE + i * PAGE_SIZE, m[i].s, m[i].vm,
					    m[i].frame);
		}
	}
	assert_in_range(ok, 500, 6000);
	cpu_switch(0);
	clear_stamps();
	for (i = 0; i < PAGES; i++)
		back_to_host(EPOCH_PAGES_BASE + i * PAGE_SIZE, m[i].s, m[i].vm, m[i].frame);
	for (i = 0; i < HYPSEC_ACC_COUNT; i++)
		assert_int_equal(pool_account(i), start[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_complete),
		cmocka_unit_test(test_every_operation_in_every_state),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_claim_keeps),
		cmocka_unit_test(test_no_zva),
		cmocka_unit_test(test_races_while_moving),
		cmocka_unit_test(test_steps_of_a_handover),
		cmocka_unit_test(test_stamp),
		cmocka_unit_test(test_epochs),
		cmocka_unit_test(test_donate_unwinds),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
