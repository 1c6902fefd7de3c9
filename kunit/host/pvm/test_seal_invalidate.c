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
	u64 start = frame << PAGE_SHIFT, size = pages * PAGE_SIZE;
	int ret = pvm_invalidate(vm, &start, &size);

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
	u64 base = 0x40400UL, pages = GUEST_PAGES + SZ_2M, start = base << PAGE_SHIFT, size = SZ_2M;
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
		ret = pvm_invalidate(vm, &start, &size);
		assert_int_equal(start + size, (base + 512) << PAGE_SHIFT);
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

/* One part of a call: an interrupt is there at the first look. What is left is in the arguments. */
static int part(u64 *start, u64 *size)
{
	int ret;

	irq_after = 0;
	ret = pvm_invalidate(vm, start, size);
	irq_after = -1;
	assert_int_equal(this_cpu()->ranks_held, 0);
	return ret;
}

/* Two calls at once, which KVM makes: a look at a memslot's range waits for no lock of its. */
static void two_calls(void **state)
{
	u64 base[2] = { 0x40600UL, 0x40800UL }, pages = GUEST_PAGES + 2 * SZ_2M, start[2], size[2];
	int ret[2] = { HYPSEC_RESTART, HYPSEC_RESTART };
	(void)state;

	for (int k = 0; k < 2; k++) {
		for (int i = 0; i < 256; i++) {
			kvm_maps(base[k] + i, pages + (256 * k + i) * PAGE_SIZE);
			assert_int_equal(touch(base[k] + i), HYPSEC_OK);
		}
		kvm_maps(base[k] + 200, 0);
		start[k] = base[k] << PAGE_SHIFT;
		size[k] = SZ_2M;
	}
	/* Each gets on, however often the other comes between. */
	for (int i = 0; i < 64; i++)
		if (ret[i % 2] == HYPSEC_RESTART)
			ret[i % 2] = part(&start[i % 2], &size[i % 2]);
	assert_int_equal(ret[0] | ret[1], HYPSEC_OK);
	assert_true(sealed(base[0] + 200) && sealed(base[1] + 200));
	assert_int_equal(seals, 2);
}

/* The same range twice at once: what the second is about is not what the first has seen. */
static void same_range(void **state)
{
	u64 base = 0x40600UL, pages = GUEST_PAGES + 2 * SZ_2M;
	u64 start = base << PAGE_SHIFT, size = SZ_2M;
	(void)state;

	for (int i = 0; i < 256; i++) {
		kvm_maps(base + i, pages + i * PAGE_SIZE);
		assert_int_equal(touch(base + i), HYPSEC_OK);
	}
	/* Write-protected, say. */
	assert_int_equal(part(&start, &size), HYPSEC_RESTART);
	kvm_maps(base, 0);
	assert_int_equal(invalidate(base, 512), HYPSEC_OK);
	assert_true(sealed(base));
}

/* Ranges of any size and place: as far as the VM's addresses go, in bounded steps. */
static void ranges(void **state)
{
	static const u64 misses[][2] = {
		{ 0, 0 }, { BIT(28), BIT(40) }, { ~0UL >> PAGE_SHIFT, BIT(40) },
		{ FRAME - 512, 512 }, { FRAME + 1, 512 },
	};
	(void)state;

	give(FRAME, PAGE_A);
	kvm_maps(FRAME, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(misses); i++)
		assert_int_equal(invalidate(misses[i][0], misses[i][1]), HYPSEC_OK);
	assert_true(private(FRAME, PAGE_A));
	assert_int_equal(invalidate(0, BIT(40)), HYPSEC_OK);
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
		SEAL_TEST(same_range),
		SEAL_TEST(ranges),
		SEAL_TEST(other_vms),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
