// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every operation on a page in every state, with every view of the page looked at
 * after each call; bad arguments.
 */
#include "own_model.h"
#include "host/host.h"

#define DEVICE_PAGE	DEVICE

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

/* Brings a page to a state. */
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
	case PG_LOST:
		assert_int_equal(s2_split(&host_s2, pa, 3), HYPSEC_OK);
		s2_replace(&host_s2, pa, s2_lookup(&host_s2, pa).pte,
			   s == PG_LOST ? ANN_LOST : ANN_MOVING);
		break;
	}
	return pa;
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
		assert_int_equal(slot_unmap(s == PG_PRIVATE ? SLOT_PAGE : SLOT_VCPU), HYPSEC_OK);
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

/* An owner is a VM of 12 bits and a frame of 36: a page is of one pair, and no other's. */
static void test_owners(void **state)
{
	static const u16 vm[] = { 1, 255, 256, 300, 0x800, 0xfff };
	static const u64 frame[] = { 0, FRAME, 1UL << 35, (1UL << 36) - 1 };
	const u64 block = ALIGN_DOWN(PAGE, SZ_2M);
	unsigned int i, k, bit;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vm); i++) {
		for (k = 0; k < ARRAY_SIZE(frame); k++) {
			assert_int_equal(own_claim(PA(PAGE), vm[i], frame[k], true), HYPSEC_OK);
			check_views(PAGE, PG_PRIVATE, vm[i], frame[k]);
			for (bit = 0; bit < 16; bit++)
				assert_int_not_equal(own_return(PA(PAGE), vm[i] ^ BIT(bit), frame[k]),
						     HYPSEC_OK);
			for (bit = 0; bit < 64; bit++)
				assert_int_not_equal(own_return(PA(PAGE), vm[i], frame[k] ^ BIT(bit)),
						     HYPSEC_OK);
			check_views(PAGE, PG_PRIVATE, vm[i], frame[k]);
			back_to_host(PAGE, PG_PRIVATE, vm[i], frame[k]);
		}
		/* A block, whose pages count up; and a page of it, which splits it. */
		assert_int_equal(own_claim_block(PA(block), vm[i], (1UL << 36) - PAGES_2M), HYPSEC_OK);
		for (bit = 0; bit < 16; bit++)
			assert_int_not_equal(own_return_block(PA(block), vm[i] ^ BIT(bit),
							      (1UL << 36) - PAGES_2M), HYPSEC_OK);
		check_views(block + 511 * PAGE_SIZE, PG_PRIVATE, vm[i], (1UL << 36) - 1);
		assert_int_equal(own_return(PA(block + 511 * PAGE_SIZE), vm[i], (1UL << 36) - 1),
				 HYPSEC_OK);
		check_views(block + 510 * PAGE_SIZE, PG_PRIVATE, vm[i], (1UL << 36) - 2);
		for (k = 0; k < 511; k++)
			assert_int_equal(own_return(PA(block + k * PAGE_SIZE), vm[i],
						    (1UL << 36) - PAGES_2M + k), HYPSEC_OK);
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
		{ RAM_BASE - PAGE_SIZE, HYPSEC_RANGE }, { RAM_END, HYPSEC_RANGE },
		{ RAM_FAR + 0x5000, HYPSEC_RANGE },
		{ REGION, HYPSEC_DENIED }, { REGION + REGION_SIZE - PAGE_SIZE, HYPSEC_DENIED },
	};
	static const struct { u16 vm; u64 frame; } owner[] = {
		{ 0, FRAME }, { 4096, FRAME }, { 4097, FRAME }, { 0xffff, FRAME },
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
	/* A device that the host has mapped is still nobody's. */
	write_sysreg((DEVICE >> PAGE_SHIFT) << 4, HPFAR_EL2);
	host_abort(0x24UL << 26 | 0x05);
	assert_true(host_can(DEVICE, true, false));
	for (op = 0; op < OWN_COUNT; op++)
		assert_int_equal(run_op(op, DEVICE, VM, FRAME), HYPSEC_RANGE);
	assert_null(slot_map(SLOT_COPY, PA(DEVICE), 8));
	start[HYPSEC_ACC_FREE] = pool_account(HYPSEC_ACC_FREE);
	start[HYPSEC_ACC_HOST_S2] = pool_account(HYPSEC_ACC_HOST_S2);

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_complete),
		cmocka_unit_test(test_every_operation_in_every_state),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_bad_arguments),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
