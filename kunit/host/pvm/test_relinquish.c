// SPDX-License-Identifier: GPL-2.0-only
/* HYPSEC_GUEST_RELINQUISH: what a guest gives back is gone, and nothing else is. */
#include "test.h"
#include "seal_common.h"
#include "base/check.h"

static int give_back(u64 frame, u64 pages, u64 *done)
{
	int ret = pvm_relinquish(vm, frame << PAGE_SHIFT, pages, done);

	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
	return ret;
}

static void given(u64 frame)
{
	u64 done;

	assert_int_equal(give_back(frame, 1, &done), HYPSEC_OK);
	assert_int_equal(done, 1);
	assert_int_equal(entry(frame), 0);
}

/* It is the host's, zeroed; the guest, too, finds zeros when it comes again. */
static void test_private(void **state)
{
	u8 secret[PAGE_SIZE], other[PAGE_SIZE];

	(void)state;
	kvm_maps(FRAME, PAGE_A);
	kvm_maps(FRAME + 1, PAGE_B);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_int_equal(touch(FRAME + 1), HYPSEC_OK);
	guest_fills(FRAME, secret);
	guest_fills(FRAME + 1, other);
	page_dirtied(PAGE_A);

	counts_reset();
	given(FRAME);
	assert_int_equal(counts.ialluis, 1);	/* what it ran there the host cannot */
	assert_false(tlb_stale(PAGE_A));
	assert_true(is_zero(PAGE_A));
	assert_true(page_is_clean(PAGE_A));
	assert_true(host_can(PAGE_A, true, true));
	assert_int_equal(vm->private_pages, 1);
	assert_int_equal(pool_account(HYPSEC_ACC_PRIVATE), 1);
	/* Its neighbour has lost nothing. */
	assert_true(private(FRAME + 1, PAGE_B));
	assert_memory_equal(raw(PAGE_B), other, PAGE_SIZE);

	/* KVM has it mapped still, and the host has written into it: both mean nothing. */
	memset(raw(PAGE_A), 0x77, PAGE_SIZE);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_true(private(FRAME, PAGE_A));
	assert_true(is_zero(PAGE_A));
	assert_int_equal(vm->private_pages, 2);
	given(FRAME);
	/* Twice is as good as once. */
	given(FRAME);
	assert_int_equal(vm->private_pages, 1);
	/* Another page the next time. */
	kvm_maps(FRAME, PAGE_A + PAGE_SIZE);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_true(private(FRAME, PAGE_A + PAGE_SIZE));
	assert_int_equal(seals, 0);
}

/* Sealed, then forgotten: no copy that the host kept is ever accepted again. */
static void test_sealed(void **state)
{
	u8 secret[PAGE_SIZE], kept[PAGE_SIZE];
	u64 counter;

	(void)state;
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	guest_fills(FRAME, secret);
	host_touches(PAGE_A);
	assert_true(sealed(FRAME));
	counter = frame_counter(entry(FRAME));
	memcpy(kept, raw(PAGE_A), PAGE_SIZE);

	given(FRAME);
	assert_int_equal(vm->private_pages, 0);
	/* The host's page is left as it is: nothing in it is readable. */
	assert_memory_equal(raw(PAGE_A), kept, PAGE_SIZE);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_true(is_zero(PAGE_A));
	/* The counter goes on: zeros here, the secret there, never under one nonce. */
	host_touches(PAGE_A);
	assert_true(frame_counter(entry(FRAME)) > counter);
	assert_int_equal(last.counter, frame_counter(entry(FRAME)));
	memcpy(raw(PAGE_A), kept, PAGE_SIZE);
	assert_int_equal(touch(FRAME), HYPSEC_BAD_SIGNATURE);
}

/* Of a frame that never had a page there is nothing to give, and no table is made for it. */
static void test_untouched(void **state)
{
	u64 tables = pool_account(HYPSEC_ACC_VM_S2), done;

	(void)state;
	given(FRAME);
	assert_int_equal(give_back(FRAME + 512 * 3, 64, &done), HYPSEC_OK);
	assert_int_equal(done, 64);
	assert_int_equal(pool_account(HYPSEC_ACC_VM_S2), tables);
}

static void test_arguments(void **state)
{
	u64 first = SZ_1G >> PAGE_SHIFT, end = 2 * first, done = 5;

	(void)state;
	assert_int_equal(pvm_relinquish(vm, SZ_1G + 8, 1, &done), HYPSEC_INVALID);
	assert_int_equal(done, 0);
	assert_int_equal(give_back(first, 0, &done), HYPSEC_INVALID);
	assert_int_equal(give_back(first, ~0UL, &done), HYPSEC_RANGE);
	assert_int_equal(give_back(first, 1UL << 52, &done), HYPSEC_RANGE);
	assert_int_equal(give_back(first - 1, 2, &done), HYPSEC_RANGE);
	assert_int_equal(give_back(end, 1, &done), HYPSEC_RANGE);
	assert_int_equal(give_back(~0UL >> PAGE_SHIFT, 2, &done), HYPSEC_RANGE);
	assert_int_equal(done, 0);
	/* As far as RAM goes. */
	assert_int_equal(give_back(end - 2, 5, &done), HYPSEC_OK);
	assert_int_equal(done, 2);

	/* No more than 64 pages, and no more than 16 with an interrupt waiting. */
	assert_int_equal(give_back(first, 1000, &done), HYPSEC_OK);
	assert_int_equal(done, 64);
	irq_after = 0;
	assert_int_equal(give_back(first, 1000, &done), HYPSEC_OK);
	assert_int_equal(done, 16);
	irq_after = 2;
	assert_int_equal(give_back(first, 1000, &done), HYPSEC_OK);
	assert_int_equal(done, 48);
	irq_after = -1;

	vm->state = VM_PROTECTING;
	assert_int_equal(give_back(first, 1, &done), HYPSEC_DEAD);
	vm->state = VM_PROTECTED;
	vm_kill(vm, "a test");
	assert_int_equal(give_back(first, 1, &done), HYPSEC_DEAD);
}

#define BLOCK	(GUEST_PAGES + 2 * SZ_2M)
#define BASE	0x40400UL		/* a frame where a block may start */

static void claim_block(void)
{
	*kvm_entry(&id, BASE << PAGE_SHIFT, 2) = (BLOCK | PAGE_RWX) & ~S2_TABLE;
	assert_int_equal(touch(BASE + 7), HYPSEC_OK);
	assert_int_equal(vm->private_pages, PAGES_2M);
	for (u64 i = 0; i < PAGES_2M; i++)
		memset(raw(BLOCK + i * PAGE_SIZE), 0x5e, PAGE_SIZE);
}

/* A block goes whole where it is asked for whole, and leaves no page held. */
static void test_block(void **state)
{
	u64 free, done, i;

	(void)state;
	free = pool_account(HYPSEC_ACC_FREE);
	claim_block();
	counts_reset();
	assert_int_equal(give_back(BASE, 1000, &done), HYPSEC_OK);
	assert_int_equal(done, PAGES_2M);
	assert_int_equal(counts.ialluis, 1);	/* what it ran there the host cannot */
	assert_int_equal(vm->private_pages, 0);
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 0);
	assert_false(tlb_stale(BLOCK));
	assert_int_equal(entry(BASE), 0);
	for (i = 0; i < PAGES_2M; i++) {
		assert_true(is_zero(BLOCK + i * PAGE_SIZE));
		assert_true(host_can(BLOCK + i * PAGE_SIZE, true, true));
	}
	/* All but the tables on the way to it, and its tags'. */
	assert_true(pool_account(HYPSEC_ACC_FREE) + 8 >= free);
	claim_block();

	/* A page of it: the others stay, and are what they were. */
	given(BASE + 5);
	assert_true(is_zero(BLOCK + 5 * PAGE_SIZE));
	assert_true(private(BASE + 4, BLOCK + 4 * PAGE_SIZE));
	assert_true(private(BASE + 6, BLOCK + 6 * PAGE_SIZE));
	assert_int_equal(raw(BLOCK + 6 * PAGE_SIZE)[9], 0x5e);
	assert_int_equal(vm->private_pages, PAGES_2M - 1);
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 0);
	for (i = 0; i < PAGES_2M; i += done)
		assert_int_equal(give_back(BASE + i, PAGES_2M - i, &done), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 0);
}

/* A page of the block is in a slot of another CPU, or the record is in pieces: nothing is lost. */
static void test_block_busy(void **state)
{
	u64 done;

	(void)state;
	claim_block();
	cpu_switch(1);
	assert_non_null(slot_map_private(PA(BLOCK + 3 * PAGE_SIZE), vm->id));
	cpu_switch(0);
	assert_int_equal(give_back(BASE, PAGES_2M, &done), HYPSEC_BUSY);
	assert_int_equal(done, 0);
	assert_int_equal(vm->private_pages, PAGES_2M);
	assert_int_equal(s2_lookup(&vm->s2, BASE << PAGE_SHIFT).size, SZ_2M);
	assert_int_equal(raw(BLOCK)[9], 0x5e);
	/* By the page: up to the one in use, and no other. */
	assert_int_equal(give_back(BASE, 5, &done), HYPSEC_OK);
	assert_int_equal(done, 3);
	assert_true(private(BASE + 4, BLOCK + 4 * PAGE_SIZE));
	assert_int_equal(raw(BLOCK + 4 * PAGE_SIZE)[9], 0x5e);
	assert_true(private(BASE + 3, BLOCK + 3 * PAGE_SIZE));
	assert_int_equal(raw(BLOCK + 3 * PAGE_SIZE)[9], 0x5e);
	assert_int_equal(vm->private_pages, PAGES_2M - 3);
	cpu_switch(1);
	assert_int_equal(slot_unmap(SLOT_PAGE), HYPSEC_OK);
	cpu_switch(0);
	given(BASE + 3);
	given(BASE + 4);
	assert_int_equal(vm->private_pages, PAGES_2M - 5);
}

/*
 * One in the middle of a chunk is in use. The guest is told of what went before it; all that comes
 * behind, private, sealed or never touched, it may keep: nothing of it is gone.
 */
static void test_busy_in_a_chunk(void **state)
{
	u8 secret[6][PAGE_SIZE], now[PAGE_SIZE];
	u64 done, was[6], i;

	(void)state;
	for (i = 0; i < 5; i++) {
		kvm_maps(FRAME + i, BLOCK + i * PAGE_SIZE);
		assert_int_equal(touch(FRAME + i), HYPSEC_OK);
		guest_fills(FRAME + i, secret[i]);
	}
	host_touches(BLOCK);
	host_touches(BLOCK + 3 * PAGE_SIZE);
	for (i = 0; i < 6; i++)
		was[i] = entry(FRAME + i);
	cpu_switch(1);
	assert_non_null(slot_map_private(PA(BLOCK + 2 * PAGE_SIZE), vm->id));
	cpu_switch(0);
	assert_int_equal(give_back(FRAME, 16, &done), HYPSEC_OK);
	assert_int_equal(done, 2);
	assert_int_equal(give_back(FRAME + 2, 14, &done), HYPSEC_BUSY);
	assert_int_equal(done, 0);
	assert_int_equal(entry(FRAME) | entry(FRAME + 1), 0);
	assert_true(is_zero(BLOCK + PAGE_SIZE));
	for (i = 2; i < 6; i++)
		assert_int_equal(entry(FRAME + i), was[i]);
	assert_int_equal(vm->private_pages, 2);
	assert_memory_equal(raw(BLOCK + 2 * PAGE_SIZE), secret[2], PAGE_SIZE);
	assert_memory_equal(raw(BLOCK + 4 * PAGE_SIZE), secret[4], PAGE_SIZE);
	cpu_switch(1);
	assert_int_equal(slot_unmap(SLOT_PAGE), HYPSEC_OK);
	cpu_switch(0);
	/* The sealed one comes home. */
	assert_int_equal(touch(FRAME + 3), HYPSEC_OK);
	memcpy(now, raw(BLOCK + 3 * PAGE_SIZE), PAGE_SIZE);
	assert_memory_equal(now, secret[3], PAGE_SIZE);
	assert_int_equal(give_back(FRAME + 2, 14, &done), HYPSEC_OK);
	assert_int_equal(done, 14);
	assert_int_equal(vm->private_pages, 0);
}

/* Another CPU has the page in a slot: it stays the frame's, with what is in it. */
static void test_busy(void **state)
{
	u8 secret[PAGE_SIZE];
	u64 done, was;

	(void)state;
	kvm_maps(FRAME, PAGE_A);
	kvm_maps(FRAME + 1, PAGE_B);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_int_equal(touch(FRAME + 1), HYPSEC_OK);
	guest_fills(FRAME + 1, secret);
	was = entry(FRAME + 1);
	cpu_switch(1);
	assert_non_null(slot_map_private(PA(PAGE_B), vm->id));
	cpu_switch(0);
	assert_int_equal(give_back(FRAME, 2, &done), HYPSEC_OK);
	assert_int_equal(done, 1);
	assert_int_equal(give_back(FRAME + 1, 1, &done), HYPSEC_BUSY);
	assert_int_equal(done, 0);
	assert_int_equal(entry(FRAME + 1), was);
	assert_memory_equal(raw(PAGE_B), secret, PAGE_SIZE);
	assert_true(private(FRAME + 1, PAGE_B));
	assert_int_equal(vm->private_pages, 1);
	cpu_switch(1);
	assert_int_equal(slot_unmap(SLOT_PAGE), HYPSEC_OK);
	cpu_switch(0);
	given(FRAME + 1);
	assert_true(is_zero(PAGE_B));
	assert_int_equal(vm->private_pages, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAL_TEST(test_private),
		SEAL_TEST(test_sealed),
		SEAL_TEST(test_untouched),
		SEAL_TEST(test_arguments),
		SEAL_TEST(test_busy),
		SEAL_TEST(test_block),
		SEAL_TEST(test_block_busy),
		SEAL_TEST(test_busy_in_a_chunk),
	};

	return cmocka_run_group_tests_name("relinquish", tests, kvm_host_boot, NULL);
}
