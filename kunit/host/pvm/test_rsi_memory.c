// SPDX-License-Identifier: GPL-2.0-only
/*
 * A Realm's memory: the states of its frames. Whatever the guest asks
 * for, no frame of its RAM becomes the host's with anything in it.
 */
#include "rsi_common.h"

#define IPA_A		(FRAME << PAGE_SHIFT)

static int set(u64 base, u64 top, u64 ripas)
{
	return realm(RSI_IPA_STATE_SET, base, top, ripas, 0);
}

/* Is [base, upto) in @ripas, and no more of [base, top) told of? */
static bool is(u64 base, u64 top, u64 ripas, u64 upto)
{
	assert_int_equal(realm(RSI_IPA_STATE_GET, base, top, 0, 0), RSI_SUCCESS);
	return v->regs.x[1] == upto && v->regs.x[2] == ripas;
}

static const u64 bad[][2] = {
	{ IPA_A + 1, IPA_A + PAGE_SIZE }, { IPA_A, IPA_A + 1 }, { IPA_A, IPA_A },
	{ IPA_A + PAGE_SIZE, IPA_A },
	{ IPA_A, TOP + PAGE_SIZE }, { TOP, TOP + PAGE_SIZE }, { WINDOW, WINDOW + PAGE_SIZE },
	{ IPA_A, BIT(40) }, { BIT(40), BIT(40) + PAGE_SIZE }, { IPA_A, -(u64)PAGE_SIZE },
	{ -(u64)PAGE_SIZE, 0 }, { -(u64)SZ_1G, -(u64)PAGE_SIZE }, { ~0UL, ~0UL },
};

static void refused(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(set(bad[i][0], bad[i][1], RSI_RIPAS_RAM), RSI_ERROR_INPUT);
		assert_int_equal(set(bad[i][0], bad[i][1], RSI_RIPAS_EMPTY), RSI_ERROR_INPUT);
		assert_int_equal(realm(RSI_IPA_STATE_GET, bad[i][0], bad[i][1], 0, 0), RSI_ERROR_INPUT);
	}
	for (u64 ripas = 2; ripas < 6; ripas++)
		assert_int_equal(set(IPA_A, IPA_A + PAGE_SIZE, ripas), RSI_ERROR_INPUT);
	assert_int_equal(set(IPA_A, IPA_A + PAGE_SIZE, 0x100), RSI_ERROR_INPUT);
	assert_int_equal(entry(FRAME), 0);
}

static void states(void **state)
{
	u64 end = 2 * SZ_1G;

	(void)state;
	/* Devices below and above RAM, to the half. */
	assert_true(is(0, TOP, RSI_RIPAS_DEV, SZ_1G));
	assert_true(is(0x9000000, 0x9001000, RSI_RIPAS_DEV, 0x9001000));
	assert_true(is(end, TOP, RSI_RIPAS_DEV, TOP));
	assert_true(is(end - PAGE_SIZE, TOP, RSI_RIPAS_RAM, end));
	/* Two ranges of RAM with a hole between. */
	vm->pvm->ram[1] = (struct pvm_range){ 3 * SZ_1G, SZ_2M };
	vm->pvm->nr_ram = 2;
	assert_true(is(end, TOP, RSI_RIPAS_DEV, 3 * SZ_1G));
	assert_true(is(3 * SZ_1G, TOP, RSI_RIPAS_RAM, 3 * SZ_1G + SZ_2M));
	/* What is no RAM does not become it, nor EMPTY: what is before it does. */
	assert_int_equal(set(end, 3 * SZ_1G, RSI_RIPAS_RAM), RSI_SUCCESS);
	assert_int_equal(v->regs.x[1], end);
	assert_int_equal(v->regs.x[2], RSI_REJECT);
	assert_int_equal(set(end, 3 * SZ_1G, RSI_RIPAS_EMPTY), RSI_SUCCESS);
	assert_int_equal(v->regs.x[1], end);
	assert_int_equal(v->regs.x[2], RSI_REJECT);
	assert_int_equal(set(end - PAGE_SIZE, 3 * SZ_1G, RSI_RIPAS_RAM), RSI_SUCCESS);
	assert_int_equal(v->regs.x[1], end);
	assert_int_equal(v->regs.x[2], RSI_REJECT);
}

/* A page with something in it, @copy, and one beside it. */
static void two_frames(u8 *copy)
{
	kvm_maps(FRAME, PAGE_A);
	kvm_maps(FRAME + 1, PAGE_B);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	guest_fills(FRAME, copy);
	assert_int_equal(touch(FRAME + 1), HYPSEC_OK);
}

/* Linux says of all its RAM that it is RAM: nothing of it changes. */
static void ram_stays(void **state)
{
	u8 copy[PAGE_SIZE];
	u64 at = SZ_1G;
	u32 calls = 0;

	(void)state;
	two_frames(copy);
	host_touches(PAGE_B);
	assert_true(sealed(FRAME + 1));
	u64 before = entry(FRAME + 1);

	for (; at < 2 * SZ_1G; calls++) {
		assert_int_equal(set(at, 2 * SZ_1G, RSI_RIPAS_RAM), RSI_SUCCESS);
		assert_int_equal(v->regs.x[2], RSI_ACCEPT);
		assert_true(v->regs.x[1] > at);
		at = v->regs.x[1];
	}
	assert_true(calls < 20);
	assert_true(private(FRAME, PAGE_A));
	assert_memory_equal(raw(PAGE_A), copy, PAGE_SIZE);
	assert_int_equal(entry(FRAME + 1), before);
}

/* Private, sealed, never touched: all are gone, and nobody finds anything there. */
static void empty(void **state)
{
	u8 copy[PAGE_SIZE];
	u64 done;

	(void)state;
	two_frames(copy);
	host_touches(PAGE_B);
	assert_int_equal(set(IPA_A, IPA_A + 3 * PAGE_SIZE, RSI_RIPAS_EMPTY), RSI_SUCCESS);
	assert_int_equal(v->regs.x[1], IPA_A + 3 * PAGE_SIZE);
	assert_int_equal(v->regs.x[2], RSI_ACCEPT);
	assert_int_equal(own_lookup(PA(PAGE_A)).state, PG_HOST);
	assert_true(is_zero(PAGE_A));
	assert_true(page_is_clean(PAGE_A));
	assert_int_equal(vm->private_pages, 0);
	assert_true(is(IPA_A, 2 * SZ_1G, RSI_RIPAS_EMPTY, IPA_A + 3 * PAGE_SIZE));
	assert_true(is(IPA_A - PAGE_SIZE, 2 * SZ_1G, RSI_RIPAS_RAM, IPA_A));
	/* Accesses abort, and the host hears of none, whatever it has there. */
	for (u64 i = 0; i < 3; i++) {
		aborts = 0;
		assert_true(access(READ | SYNDROME, FRAME + i));
		assert_true(access(WRITE | SYNDROME, FRAME + i));
		assert_true(access(FETCH, FRAME + i));
		assert_true(access(WRITE | ESR_CM, FRAME + i));
		assert_int_equal(aborts, 4);
		assert_int_equal(touch(FRAME + i), HYPSEC_BUSY);
		assert_int_equal(entry(FRAME + i), FRAME_EMPTY);
		assert_false(sealed(FRAME + i));
	}
	/* Nor do the core's own writes go there, or RELINQUISH or GRANT make RAM of it. */
	assert_int_equal(realm(RSI_REALM_CONFIG, IPA_A, 0, 0, 0), RSI_ERROR_INPUT);
	assert_int_equal(realm(RSI_HOST_CALL, IPA_A, 0, 0, 0), RSI_ERROR_INPUT);
	assert_int_equal(pvm_relinquish(vm, IPA_A, 3, &done), HYPSEC_RANGE);
	assert_int_equal(done, 0);
	assert_int_equal(pvm_grant(vm, IPA_A), HYPSEC_DENIED);
	assert_int_equal(pvm_revoke(v, IPA_A), HYPSEC_DENIED);
	/* Once more is no change. */
	assert_int_equal(set(IPA_A, IPA_A + PAGE_SIZE, RSI_RIPAS_EMPTY), RSI_SUCCESS);
	assert_int_equal(entry(FRAME), FRAME_EMPTY);
	/* RAM again: zeros, and the sealed page of before is not accepted as what it was. */
	assert_int_equal(set(IPA_A, IPA_A + 2 * PAGE_SIZE, RSI_RIPAS_RAM), RSI_SUCCESS);
	assert_int_equal(v->regs.x[1], IPA_A + 2 * PAGE_SIZE);
	assert_int_equal(entry(FRAME), 0);
	assert_int_equal(entry(FRAME + 2), FRAME_EMPTY);
	memset(raw(PAGE_A), 0xa5, PAGE_SIZE);
	assert_true(access(WRITE, FRAME));
	assert_true(access(READ, FRAME + 1));
	assert_true(private(FRAME, PAGE_A) && private(FRAME + 1, PAGE_B));
	assert_true(is_zero(PAGE_A) && is_zero(PAGE_B));
	/* The end of the VM has nothing to do with what is empty. */
	vm->running = 1;
	vm_kill(vm, "test");
	assert_int_equal(set(IPA_A, IPA_A + PAGE_SIZE, RSI_RIPAS_EMPTY), LEFT);
	assert_int_equal(set(IPA_A, IPA_A + PAGE_SIZE, RSI_RIPAS_RAM), LEFT);
	assert_int_equal(realm(RSI_IPA_STATE_GET, IPA_A, IPA_A + PAGE_SIZE, 0, 0), LEFT);
	vm_leave(vm);
}

/* A long range is done in pieces, with interrupts between them; each call says how far it got. */
static void empty_in_pieces(void **state)
{
	u64 base = SZ_1G + 32 * SZ_2M, top = base + SZ_2M + 3 * PAGE_SIZE, at = base;
	u32 calls = 0;

	(void)state;
	*kvm_entry(&id, base, 2) = ((GUEST_PAGES + SZ_2M) | PAGE_RWX) & ~S2_TABLE;
	assert_true(access(WRITE, (base >> PAGE_SHIFT) + 9));
	assert_int_equal(vm->private_pages, PAGES_2M);
	assert_int_equal(vm->s2.held, 1);
	for (; at < top; calls++) {
		irq_after = calls % 3;
		assert_int_equal(set(at, top, RSI_RIPAS_EMPTY), RSI_SUCCESS);
		assert_int_equal(v->regs.x[2], RSI_ACCEPT);
		assert_true(v->regs.x[1] >= at && v->regs.x[1] <= top);
		at = v->regs.x[1];
	}
	irq_after = -1;
	assert_true(calls >= (top - base) / PAGE_SIZE / 64);
	assert_int_equal(vm->private_pages, 0);
	assert_int_equal(vm->s2.held, 0);
	for (u64 page = 0; page < PAGES_2M; page++) {
		assert_int_equal(own_lookup(PA(GUEST_PAGES + SZ_2M + page * PAGE_SIZE)).state, PG_HOST);
		assert_int_equal(entry((base >> PAGE_SHIFT) + page), FRAME_EMPTY);
	}
	/* KVM has its block still: no block is claimed over what is empty. */
	assert_int_equal(set(base + 7 * PAGE_SIZE, base + 8 * PAGE_SIZE, RSI_RIPAS_RAM), RSI_SUCCESS);
	assert_true(access(WRITE, (base >> PAGE_SHIFT) + 7));
	assert_true(private((base >> PAGE_SHIFT) + 7, GUEST_PAGES + SZ_2M + 7 * PAGE_SIZE));
	assert_int_equal(entry((base >> PAGE_SHIFT) + 8), FRAME_EMPTY);
}

/* No page for a table, with nothing touched yet: it waits, and has lost nothing. */
static void empty_without_memory(void **state)
{
	(void)state;
	hog_all();
	assert_int_equal(set(IPA_A, IPA_A + PAGE_SIZE, RSI_RIPAS_EMPTY), LEFT);
	assert_int_equal(io.esr, HYPSEC_ESR_WAIT);
	assert_int_equal(entry(FRAME), 0);
	hog_none();
	assert_int_equal(set(IPA_A, IPA_A + PAGE_SIZE, RSI_RIPAS_EMPTY), RSI_SUCCESS);
	assert_int_equal(entry(FRAME), FRAME_EMPTY);
}

/* Another CPU of the host's looks at the page, for a moment: the frame is as it was. */
static void empty_while_busy(void **state)
{
	u8 copy[PAGE_SIZE];

	(void)state;
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	guest_fills(FRAME, copy);
	cpu_switch(1);
	assert_non_null(slot_map_private(PA(PAGE_A), vm->id));
	cpu_switch(0);
	assert_int_equal(set(IPA_A, IPA_A + PAGE_SIZE, RSI_RIPAS_EMPTY), RSI_SUCCESS);
	cpu_switch(1);
	assert_int_equal(slot_unmap(SLOT_PAGE), HYPSEC_OK);
	cpu_switch(0);
	assert_int_equal(v->regs.x[1], IPA_A);
	assert_int_equal(v->regs.x[2], RSI_ACCEPT);
	assert_true(private(FRAME, PAGE_A));
	assert_memory_equal(raw(PAGE_A), copy, PAGE_SIZE);
}

/* Every order of calls and touches on a few frames, against a model of what is where. */
static void random_orders(void **state)
{
	enum { NEVER, PRIVATE, SEALED, EMPTY } s[4] = { NEVER, NEVER, NEVER, NEVER };
	u64 page[4], value[4] = { 0 };

	(void)state;
	for (u32 i = 0; i < 4; i++) {
		page[i] = GUEST_PAGES + (20 + i) * PAGE_SIZE;
		kvm_maps(FRAME + i, page[i]);
	}
	for (u32 round = 0; round < 3000; round++) {
		u32 i = test_rand() % 4, n = 1 + test_rand() % (4 - i);
		u64 base = IPA_A + i * PAGE_SIZE, top = base + n * PAGE_SIZE;

		switch (test_rand() % 5) {
		case 0:
			assert_int_equal(set(base, top, RSI_RIPAS_EMPTY), RSI_SUCCESS);
			assert_int_equal(v->regs.x[1], top);
			for (u32 j = i; j < i + n; j++)
				s[j] = EMPTY;
			break;
		case 1:
			assert_int_equal(set(base, top, RSI_RIPAS_RAM), RSI_SUCCESS);
			assert_int_equal(v->regs.x[1], top);
			for (u32 j = i; j < i + n; j++)
				if (s[j] == EMPTY)
					s[j] = NEVER;
			break;
		case 2:
			host_touches(page[i]);
			if (s[i] == PRIVATE)
				s[i] = SEALED;
			else	/* And writes there, unless that is what it must bring back. */
				memset(raw(page[i]), s[i] == SEALED ? raw(page[i])[0] : 0xee,
				       s[i] == SEALED ? 1 : PAGE_SIZE);
			break;
		case 3:
			assert_true(access(WRITE, FRAME + i));
			if (s[i] == EMPTY)
				break;
			if (s[i] == NEVER)
				assert_true(is_zero(page[i]));
			else
				assert_int_equal(*(u64 *)raw(page[i]), value[i]);
			s[i] = PRIVATE;
			value[i] = test_rand();
			*(u64 *)raw(page[i]) = value[i];
			page_dirtied(page[i]);
			break;
		default:
			assert_int_equal(realm(RSI_IPA_STATE_GET, base, top, 0, 0), RSI_SUCCESS);
			for (u32 j = i; j < i + n && (s[j] == EMPTY) == (s[i] == EMPTY); j++)
				base += PAGE_SIZE;
			assert_int_equal(v->regs.x[1], base);
			assert_int_equal(v->regs.x[2], s[i] == EMPTY ? RSI_RIPAS_EMPTY : RSI_RIPAS_RAM);
		}
		for (u32 j = 0; j < 4; j++) {
			assert_int_equal(private(FRAME + j, page[j]), s[j] == PRIVATE);
			assert_int_equal(sealed(FRAME + j), s[j] == SEALED);
			assert_int_equal(entry(FRAME + j) == FRAME_EMPTY, s[j] == EMPTY);
			assert_int_equal(own_lookup(PA(page[j])).state, s[j] == PRIVATE ? PG_PRIVATE : PG_HOST);
		}
		assert_int_equal(vm->state, VM_PROTECTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RSI_TEST(refused), RSI_TEST(states), RSI_TEST(ram_stays), RSI_TEST(empty),
		RSI_TEST(empty_in_pieces), RSI_TEST(empty_without_memory), RSI_TEST(empty_while_busy),
		RSI_TEST(random_orders),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
