// SPDX-License-Identifier: GPL-2.0-only
/* Frames that are shared one by one, in use: blocks, the host's own calls, what is flushed. */
#include "grant_common.h"

/* Of a block one page goes; and a block that the host gives is not claimed over a frame. */
static void in_blocks(void **state)
{
	u64 base = 0x40400UL, pages = GUEST_PAGES + SZ_2M;

	(void)state;
	*kvm_entry(&id, IPA_OF(base), 2) = (pages | PAGE_RWX) & ~S2_TABLE;
	assert_int_equal(touch(base), HYPSEC_OK);
	assert_int_equal(vm->s2.held, 1);
	assert_int_equal(grant(IPA_OF(base + 9)), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 511);
	assert_true(access(WRITE, base + 9));
	assert_true(has_host_page(base + 9, pages + 9 * PAGE_SIZE));
	assert_true(private(base + 8, pages + 8 * PAGE_SIZE));
	assert_true(private(base + 10, pages + 10 * PAGE_SIZE));
	assert_int_equal(revoke(IPA_OF(base + 9)), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 512);
	assert_int_equal(vm->s2.held, 1);

	base = 0x40600UL;
	pages += SZ_2M;
	assert_int_equal(grant(IPA_OF(base + 9)), HYPSEC_OK);
	*kvm_entry(&id, IPA_OF(base), 2) = (pages | PAGE_RWX) & ~S2_TABLE;
	assert_int_equal(touch(base), HYPSEC_OK);
	assert_true(private(base, pages));
	assert_int_equal(own_lookup(PA(pages + 9 * PAGE_SIZE)).state, PG_HOST);
	/* Another vCPU faulted there just before. */
	assert_int_equal(touch(base + 9), HYPSEC_BUSY);
	assert_int_equal(own_lookup(PA(pages + 9 * PAGE_SIZE)).state, PG_HOST);
	/* Around it KVM's pages are not taken for shared ones. */
	assert_true(access(READ, base + 9));
	assert_true(has_host_page(base + 9, pages + 9 * PAGE_SIZE));
	assert_int_equal(entry(base + 10), 0);
	assert_int_equal(entry(base + 8), 0);
}

/* They go with an epoch, and with KVM's calls, each by itself. */
static void is_a_cache(void **state)
{
	u64 start = IPA_OF(FRAME), size = 2 * PAGE_SIZE;

	(void)state;
	fill(FRAME - 1, PAGE_B + PAGE_SIZE);
	fill(FRAME + 1, PAGE_B);
	fill(FRAME, PAGE_A);
	assert_int_equal(grant(IPA_OF(FRAME)), HYPSEC_OK);
	assert_true(access(WRITE, FRAME));
	assert_int_equal(own_claim(PA(PAGE_A), 50, 1, true), HYPSEC_EPOCH);
	drop_all();
	assert_int_equal(entry(FRAME), 0);
	assert_true(private(FRAME + 1, PAGE_B));
	assert_int_equal(own_claim(PA(PAGE_A), 50, 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(PAGE_A), 50, 1), HYPSEC_OK);
	assert_true(access(WRITE, FRAME));
	assert_int_equal(pvm_invalidate(vm, &start, &size), HYPSEC_OK);
	assert_true(has_host_page(FRAME, PAGE_A));
	spin_lock(&vm->lock);
	vm_drop_shared(vm, IPA_OF(FRAME - 1), PAGE_SIZE);
	vm_drop_shared(vm, IPA_OF(FRAME + 1), PAGE_SIZE);
	spin_unlock(&vm->lock);
	assert_true(has_host_page(FRAME, PAGE_A));
	assert_true(private(FRAME - 1, PAGE_B + PAGE_SIZE));
	assert_true(private(FRAME + 1, PAGE_B));
	spin_lock(&vm->lock);
	vm_drop_shared(vm, 0, BIT(40));
	spin_unlock(&vm->lock);
	assert_int_equal(entry(FRAME), 0);
	assert_true(private(FRAME - 1, PAGE_B + PAGE_SIZE));
	assert_true(private(FRAME + 1, PAGE_B));
}

/* The first frame that there can be, and the last: an epoch takes them, too. */
static void first_and_last(void **state)
{
	u64 frame[] = { 0, (BIT(40) >> PAGE_SHIFT) - 1 };

	(void)state;
	vm->pvm->ram[0] = (struct pvm_range){ 0, BIT(40) };
	for (unsigned int i = 0; i < ARRAY_SIZE(frame); i++) {
		assert_int_equal(grant(IPA_OF(frame[i])), HYPSEC_OK);
		kvm_maps(frame[i], PAGE_A);
		assert_true(access(WRITE, frame[i]));
		assert_true(has_host_page(frame[i], PAGE_A));
	}
	assert_int_equal(own_claim(PA(PAGE_A), 50, 1, true), HYPSEC_EPOCH);
	drop_all();
	for (unsigned int i = 0; i < ARRAY_SIZE(frame); i++)
		assert_int_equal(entry(frame[i]), 0);
	assert_false(tlb_stale(~0UL));
	assert_int_equal(own_claim(PA(PAGE_A), 50, 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(PAGE_A), 50, 1), HYPSEC_OK);
}

/* What KVM, or the guest, does to one of them costs the others nothing. */
static void one_by_its_address(void **state)
{
	(void)state;
	for (u64 f = FRAME; f < FRAME + 2; f++) {
		kvm_maps(f, f == FRAME ? PAGE_A : PAGE_B);
		assert_int_equal(grant(IPA_OF(f)), HYPSEC_OK);
		assert_true(access(WRITE, f));
	}
	counts_reset();
	spin_lock(&vm->lock);
	vm_drop_shared(vm, IPA_OF(FRAME), PAGE_SIZE);
	spin_unlock(&vm->lock);
	assert_int_equal(entry(FRAME), 0);
	assert_true(has_host_page(FRAME + 1, PAGE_B));
	assert_int_not_equal(counts.ipas2e1is, 0);
	assert_false(tlb_stale(~0UL));
	kvm_maps(FRAME, 0);			/* a claim would begin an epoch */
	assert_int_equal(revoke(IPA_OF(FRAME)), HYPSEC_OK);
	assert_true(has_host_page(FRAME + 1, PAGE_B));
}

/* However many there are: an epoch, or KVM's call, costs one flush for them, with all locks held. */
static void one_flush(void **state)
{
	(void)state;
	for (u64 f = FRAME; f < FRAME + HYPSEC_GRANTS; f++) {
		kvm_maps(f, GUEST_PAGES + SZ_2M + (f - FRAME) * PAGE_SIZE);
		assert_int_equal(grant(IPA_OF(f)), HYPSEC_OK);
		assert_true(access(WRITE, f));
	}
	fill(FRAME - 1, PAGE_A);
	counts_reset();
	drop_all();
	assert_int_equal(counts.ipas2e1is, 0);
	assert_in_range(counts.vmalls12e1is, 1, 2);	/* the second is for errata: pgt/tlb.c */
	for (u64 f = FRAME; f < FRAME + HYPSEC_GRANTS; f++)
		assert_int_equal(entry(f), 0);
	assert_true(private(FRAME - 1, PAGE_A));
	assert_false(tlb_stale(~0UL));
}

/* Behind others that hold the VM's lock neither waits with the host's interrupts masked. */
static void lets_interrupts_in(void **state)
{
	(void)state;
	fill(FRAME, PAGE_A);
	vm->lock.holder = 2;
	irq_after = 3;
	assert_int_equal(pvm_grant(vm, IPA_OF(FRAME)), HYPSEC_BUSY);
	irq_after = 3;
	assert_int_equal(pvm_revoke(v, IPA_OF(FRAME)), HYPSEC_BUSY);
	vm->lock.holder = 0;
	assert_int_equal(irq_after, -1);
	assert_true(private(FRAME, PAGE_A));
	assert_null(vm->shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SHARED_TEST(in_blocks),
		SHARED_TEST(is_a_cache),
		SHARED_TEST(one_flush),
		SHARED_TEST(first_and_last),
		SHARED_TEST(one_by_its_address),
		SHARED_TEST(lets_interrupts_in),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
