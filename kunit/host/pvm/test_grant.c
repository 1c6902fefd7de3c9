// SPDX-License-Identifier: GPL-2.0-only
/* Single frames that a protected guest shares, as they are, and takes back, zeroed. */
#include "shared_common.h"

#define IPA_OF(frame)	((u64)(frame) << PAGE_SHIFT)

static u8 plain[PAGE_SIZE];

static int grant(u64 ipa)
{
	int ret = pvm_grant(vm, ipa);

	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
	assert_false(tlb_stale(~0UL));
	return ret;
}

static int revoke(u64 ipa)
{
	int ret = pvm_revoke(v, ipa);

	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
	assert_false(tlb_stale(~0UL));
	return ret;
}

/* A private frame with something in it. */
static void fill(u64 frame, u64 page)
{
	kvm_maps(frame, page);
	assert_int_equal(touch(frame), HYPSEC_OK);
	guest_fills(frame, plain);
}

static void refused(void **state)
{
	(void)state;
	fill(FRAME, PAGE_A);
	for (int back = 0; back < 2; back++) {
		int (*call)(u64 ipa) = back ? revoke : grant;

		assert_int_equal(call(IPA_OF(FRAME) + 8), HYPSEC_INVALID);
		assert_int_equal(call(SZ_1G - PAGE_SIZE), HYPSEC_RANGE);
		assert_int_equal(call(2UL * SZ_1G), HYPSEC_RANGE);
		assert_int_equal(call(BIT(40)), HYPSEC_RANGE);
		assert_int_equal(call(-(u64)PAGE_SIZE), HYPSEC_RANGE);
		vm->pvm->flags = 0;
		assert_int_equal(call(IPA_OF(FRAME)), HYPSEC_DENIED);
		vm->pvm->flags = HYPSEC_FLAG_SHARE;
	}
	assert_null(vm->shared);
	/* What is not shared stays as it is, at home or not. */
	assert_int_equal(revoke(IPA_OF(FRAME)), HYPSEC_OK);
	assert_true(private(FRAME, PAGE_A));
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
	host_touches(PAGE_A);
	assert_int_equal(revoke(IPA_OF(FRAME)), HYPSEC_OK);
	assert_true(sealed(FRAME));
	/* The range is for good. */
	assert_int_equal(pvm_share(vm, POOL, POOL_SIZE), HYPSEC_OK);
	assert_int_equal(grant(POOL), HYPSEC_OK);
	assert_int_equal(revoke(POOL), HYPSEC_DENIED);
	assert_int_equal(vm->shared->grants, 0);
	/* With the vCPU that calls inside. */
	vm->running++;
	vm_kill(vm, "test");
	assert_int_equal(grant(IPA_OF(FRAME)), HYPSEC_STATE);
	assert_int_equal(revoke(IPA_OF(FRAME)), HYPSEC_STATE);
	vm_leave(vm);
}

static void there_and_back(void **state)
{
	(void)state;
	fill(FRAME, PAGE_A);
	assert_int_equal(grant(IPA_OF(FRAME)), HYPSEC_OK);
	/* The host's, with what was in it, in memory too; the guest has it by KVM's table. */
	assert_int_equal(own_lookup(PA(PAGE_A)).state, PG_HOST);
	assert_true(host_can(PAGE_A, true, false));
	assert_true(page_is_clean(PAGE_A));
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
	assert_int_equal(vm->private_pages, 0);
	assert_int_equal(seals, 0);
	assert_true(access(WRITE, FRAME));
	assert_true(has_host_page(FRAME, PAGE_A));
	assert_int_equal(grant(IPA_OF(FRAME)), HYPSEC_OK);
	assert_int_equal(vm->shared->grants, 1);

	assert_int_equal(revoke(IPA_OF(FRAME)), HYPSEC_OK);
	assert_true(private(FRAME, PAGE_A));
	assert_true(is_zero(PAGE_A));
	assert_int_equal(vm->private_pages, 1);
	assert_false(vm_shares(vm, IPA_OF(FRAME), PAGE_SIZE));
	/* And it is sealed as any. */
	host_touches(PAGE_A);
	assert_true(sealed(FRAME));
}

/* The host exchanges the page meanwhile, which is its right; or has none when it ends. */
static void exchanged(void **state)
{
	(void)state;
	fill(FRAME, PAGE_A);
	assert_int_equal(grant(IPA_OF(FRAME)), HYPSEC_OK);
	kvm_maps(FRAME, PAGE_B);
	assert_true(access(READ, FRAME));
	assert_true(has_host_page(FRAME, PAGE_B));
	kvm_maps(FRAME, 0);
	assert_int_equal(revoke(IPA_OF(FRAME)), HYPSEC_OK);
	assert_int_equal(entry(FRAME), 0);
	assert_int_equal(own_lookup(PA(PAGE_B)).state, PG_HOST);
	/* The guest goes on: the host is not asked for a page, now or at the next exit. */
	pvm_expose(v, &io);
	assert_int_equal(io.esr | io.hpfar | io.far | io.out_mask, 0);
	kvm_maps(FRAME, PAGE_B);
	assert_true(access(READ, FRAME));
	assert_true(private(FRAME, PAGE_B));
	assert_true(is_zero(PAGE_B));
}

/* A page that is not the host's is for the next access to meet: what was asked for is done. */
static void not_the_hosts(void **state)
{
	(void)state;
	assert_int_equal(grant(IPA_OF(FRAME)), HYPSEC_OK);
	assert_int_equal(own_donate(PA(PAGE_A)), HYPSEC_OK);
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(revoke(IPA_OF(FRAME)), HYPSEC_OK);
	assert_false(vm_shares(vm, IPA_OF(FRAME), PAGE_SIZE));
	assert_int_equal(entry(FRAME), 0);
	assert_int_equal(own_reclaim(PA(PAGE_A)), HYPSEC_OK);
	assert_true(access(READ, FRAME));
	assert_true(private(FRAME, PAGE_A));
	/* So is a sealed one that is not what was sealed: it was not shared. */
	fill(FRAME + 1, PAGE_B);
	host_touches(PAGE_B);
	raw(PAGE_B)[0] ^= 1;
	assert_int_equal(revoke(IPA_OF(FRAME + 1)), HYPSEC_OK);
	assert_true(sealed(FRAME + 1));
	/* What may be gone at the next try is another matter. */
	assert_int_equal(grant(IPA_OF(FRAME)), HYPSEC_OK);
	assert_int_equal(own_share(PA(PAGE_A)), HYPSEC_OK);
	assert_int_equal(revoke(IPA_OF(FRAME)), HYPSEC_BUSY);
	assert_int_equal(entry(FRAME), 0);
	assert_int_equal(own_unshare(PA(PAGE_A)), HYPSEC_OK);
	assert_int_equal(revoke(IPA_OF(FRAME)), HYPSEC_OK);
	assert_true(private(FRAME, PAGE_A));
}

/* Another CPU has the page in a slot, or it has a memory error: what is not done is not said. */
static void not_given(void **state)
{
	(void)state;
	fill(FRAME, PAGE_A);
	cpu_switch(1);
	assert_non_null(slot_map_private(PA(PAGE_A), vm->id));
	cpu_switch(0);
	assert_int_equal(pvm_grant(vm, IPA_OF(FRAME)), HYPSEC_BUSY);
	assert_true(private(FRAME, PAGE_A));
	assert_null(vm->shared);
	cpu_switch(1);
	assert_int_equal(slot_unmap(SLOT_PAGE), HYPSEC_OK);
	cpu_switch(0);
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
	assert_int_equal(grant(IPA_OF(FRAME)), HYPSEC_OK);
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
}

/* It is private again, and there is no memory for its table: the guest makes the call again. */
static void no_memory(void **state)
{
	u64 far = FRAME + PAGES_2M;

	(void)state;
	assert_int_equal(grant(IPA_OF(far)), HYPSEC_OK);
	kvm_maps(far, PAGE_A);
	hog_all();
	assert_int_equal(revoke(IPA_OF(far)), HYPSEC_BUSY);
	assert_false(vm_shares(vm, IPA_OF(far), PAGE_SIZE));
	assert_int_equal(entry(far), 0);
	assert_int_equal(own_lookup(PA(PAGE_A)).state, PG_HOST);
	hog_none();
	assert_int_equal(revoke(IPA_OF(far)), HYPSEC_OK);
	assert_true(private(far, PAGE_A));
	assert_true(is_zero(PAGE_A));
}

static unsigned int vm_locks;

/* The host's root, on another CPU, before the lock is taken for the second time. */
static void ends(const struct spinlock *l)
{
	if (l != &vm->lock || ++vm_locks < 2)
		return;
	lock_hook = NULL;
	cpu_switch(1);
	vm_kill(vm, "test");
	cpu_switch(0);
}

/* The VM ends between the two halves. */
static void ends_meanwhile(void **state)
{
	(void)state;
	assert_int_equal(grant(IPA_OF(FRAME)), HYPSEC_OK);
	kvm_maps(FRAME, PAGE_A);
	vm->running++;
	vm_locks = 0;
	lock_hook = ends;
	assert_int_equal(revoke(IPA_OF(FRAME)), HYPSEC_STATE);
	assert_null(lock_hook);
	assert_int_equal(vm->state, VM_DEAD);
	assert_int_equal(own_lookup(PA(PAGE_A)).state, PG_HOST);
	assert_int_equal(entry(FRAME), 0);
	vm_leave(vm);
}

/* Ciphertext is not what the guest means to show. */
static void sealed_one(void **state)
{
	(void)state;
	fill(FRAME, PAGE_A);
	host_touches(PAGE_A);
	assert_int_equal(grant(IPA_OF(FRAME)), HYPSEC_BUSY);
	assert_true(sealed(FRAME));
	assert_false(vm_shares(vm, IPA_OF(FRAME), PAGE_SIZE));
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_int_equal(grant(IPA_OF(FRAME)), HYPSEC_OK);
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
}

static void too_many(void **state)
{
	u64 last = FRAME + HYPSEC_GRANTS;

	(void)state;
	for (u64 f = FRAME; f < last; f++)
		assert_int_equal(grant(IPA_OF(f)), HYPSEC_OK);
	fill(last, PAGE_A);
	assert_int_equal(grant(IPA_OF(last)), HYPSEC_NO_MEMORY);
	assert_true(private(last, PAGE_A));
	/* Any of them makes room, and no other goes with it. */
	assert_int_equal(revoke(IPA_OF(FRAME + 7)), HYPSEC_OK);
	assert_int_equal(grant(IPA_OF(last)), HYPSEC_OK);
	for (u64 f = FRAME; f <= last; f++)
		assert_int_equal(vm_shares(vm, IPA_OF(f), PAGE_SIZE), f != FRAME + 7);
}

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
		SHARED_TEST(refused), SHARED_TEST(there_and_back), SHARED_TEST(exchanged),
		SHARED_TEST(not_the_hosts), SHARED_TEST(not_given), SHARED_TEST(no_memory),
		SHARED_TEST(ends_meanwhile), SHARED_TEST(sealed_one), SHARED_TEST(too_many),
		SHARED_TEST(in_blocks), SHARED_TEST(is_a_cache), SHARED_TEST(one_flush),
		SHARED_TEST(first_and_last), SHARED_TEST(one_by_its_address),
		SHARED_TEST(lets_interrupts_in),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
