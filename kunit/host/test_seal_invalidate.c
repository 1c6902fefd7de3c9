// SPDX-License-Identifier: GPL-2.0-only
/* KVM's TLB calls: what it has taken away is sealed before they return, and nothing else. */
#include "seal_common.h"

static u8 plain[PAGE_SIZE];

static void give(u64 frame, u64 page)
{
	kvm_maps(frame, page);
	assert_int_equal(touch(frame), HYPSEC_OK);
	guest_fills(frame, plain);
}

static int invalidate(u64 frame, u64 pages)
{
	int ret = pvm_invalidate(vm, frame << PAGE_SHIFT, pages * PAGE_SIZE);

	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
	assert_false(tlb_stale(~0UL));
	return ret;
}

static void one_page(void **state)
{
	(void)state;
	give(FRAME, PAGE_A);
	give(FRAME + 1, PAGE_B);
	/* Still KVM's: write-protected, aged, or nothing at all. */
	assert_int_equal(invalidate(FRAME, 1), HYPSEC_OK);
	*kvm_entry(&id, FRAME << PAGE_SHIFT, 3) &= ~(S2_W | PTE_AF);
	assert_int_equal(invalidate(FRAME, 1), HYPSEC_OK);
	assert_true(private(FRAME, PAGE_A));
	assert_int_equal(seals, 0);
	/* Taken away; its neighbour is another matter. */
	kvm_maps(FRAME, 0);
	kvm_maps(FRAME + 1, 0);
	assert_int_equal(invalidate(FRAME, 1), HYPSEC_OK);
	assert_true(sealed(FRAME));
	assert_int_equal(own_lookup(PA(PAGE_A)).state, PG_HOST);
	assert_true(private(FRAME + 1, PAGE_B));
	/* Nothing is left to do. */
	assert_int_equal(invalidate(FRAME, 1), HYPSEC_OK);
	assert_int_equal(seals, 1);
	/* Another page now. */
	kvm_maps(FRAME + 1, PAGE_A);
	assert_int_equal(invalidate(FRAME + 1, 1), HYPSEC_OK);
	assert_true(sealed(FRAME + 1));
	assert_int_equal(own_lookup(PA(PAGE_B)).state, PG_HOST);
}

/* KVM's marker of an entry that it is changing is no entry. */
static void locked_entry(void **state)
{
	(void)state;
	give(FRAME, PAGE_A);
	*kvm_entry(&id, FRAME << PAGE_SHIFT, 3) = BIT(10);
	assert_int_equal(invalidate(FRAME, 1), HYPSEC_OK);
	assert_true(sealed(FRAME));
}

/* A table of KVM's that is not the host's to show: what it said does not count. */
static void lost_table(void **state)
{
	u64 table;
	(void)state;

	give(FRAME, PAGE_A);
	table = *kvm_entry(&id, FRAME << PAGE_SHIFT, 2) & S2_ADDR;
	assert_int_equal(own_donate(PA(table)), HYPSEC_OK);
	assert_int_equal(invalidate(FRAME, 1), HYPSEC_OK);
	assert_true(sealed(FRAME));
	assert_int_equal(own_reclaim(PA(table)), HYPSEC_OK);
}

/* In a block of KVM's; when it goes all of it goes, in steps, and interrupts come between. */
static void block(void **state)
{
	u64 base = 0x40400UL, pages = GUEST_PAGES + SZ_2M;
	int calls = 0, ret;
	(void)state;

	*kvm_entry(&id, base << PAGE_SHIFT, 2) = (pages | PAGE_RWX) & ~S2_TABLE;
	for (int i = 0; i < 512; i += 3)
		assert_int_equal(touch(base + i), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 512);
	assert_int_equal(invalidate(base, 512), HYPSEC_OK);
	assert_int_equal(seals, 0);
	*kvm_entry(&id, base << PAGE_SHIFT, 2) = 0;
	do {
		unsigned int before = seals;

		irq_after = test_rand() % 4;
		ret = invalidate(base, 512);
		calls++;
		/* It moves on, whatever the host does, and an interrupt waits for one page at most. */
		assert_true(ret == HYPSEC_OK || seals > before || irq_after < 0);
		assert_true(seals - before <= 5);
	} while (ret == HYPSEC_RESTART);
	irq_after = -1;
	assert_int_equal(ret, HYPSEC_OK);
	assert_true(calls > 100);
	assert_int_equal(seals, 512);
	assert_int_equal(vm->private_pages, 0);
	for (int i = 0; i < 512; i++)
		assert_true(sealed(base + i));
}

/* Another call between two parts of one: both are done in full. */
static void two_calls(void **state)
{
	u64 a = 0x40600UL, b = 0x40800UL, pages = GUEST_PAGES + 2 * SZ_2M;
	int ra = HYPSEC_RESTART, rb = HYPSEC_RESTART;
	(void)state;

	for (int i = 0; i < 8; i++) {
		give(a + i, pages + i * PAGE_SIZE);
		give(b + i, pages + (8 + i) * PAGE_SIZE);
		kvm_maps(a + i, 0);
		kvm_maps(b + i, 0);
	}
	while (ra == HYPSEC_RESTART || rb == HYPSEC_RESTART) {
		irq_after = 0;
		if (ra == HYPSEC_RESTART)
			ra = invalidate(a, 512);
		irq_after = 0;
		if (rb == HYPSEC_RESTART)
			rb = invalidate(b, 512);
		irq_after = -1;
		/* Their progress is one: alone they come to an end. */
		if (seals == 16)
			ra = rb = HYPSEC_OK;
	}
	assert_int_equal(invalidate(a, 512) | invalidate(b, 512), HYPSEC_OK);
	for (int i = 0; i < 8; i++)
		assert_true(sealed(a + i) && sealed(b + i));
}

/* Ranges of any size and place: as far as the VM's addresses go, in bounded steps. */
static void ranges(void **state)
{
	(void)state;
	give(FRAME, PAGE_A);
	kvm_maps(FRAME, 0);
	assert_int_equal(pvm_invalidate(vm, 0, 0), HYPSEC_OK);
	assert_int_equal(invalidate(FRAME - 512, 512), HYPSEC_OK);
	assert_int_equal(invalidate(FRAME + 1, 512), HYPSEC_OK);
	assert_int_equal(pvm_invalidate(vm, BIT(40), BIT(52)), HYPSEC_OK);
	assert_int_equal(pvm_invalidate(vm, ~0UL << PAGE_SHIFT, BIT(52)), HYPSEC_OK);
	assert_true(private(FRAME, PAGE_A));
	assert_int_equal(pvm_invalidate(vm, 0, BIT(52)), HYPSEC_OK);
	assert_true(sealed(FRAME));
}

/* VMs that have nothing to seal. */
static void other_vms(void **state)
{
	(void)state;
	give(FRAME, PAGE_A);
	kvm_maps(FRAME, 0);
	vm_kill(vm, "a test");
	assert_int_equal(invalidate(FRAME, 1), HYPSEC_OK);
	new_vm(40);
	assert_int_equal(invalidate(FRAME, 1), HYPSEC_OK);
	assert_int_equal(seals, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAL_TEST(one_page),
		SEAL_TEST(locked_entry),
		SEAL_TEST(lost_table),
		SEAL_TEST(block),
		SEAL_TEST(two_calls),
		SEAL_TEST(ranges),
		SEAL_TEST(other_vms),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
