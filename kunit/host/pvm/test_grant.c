// SPDX-License-Identifier: GPL-2.0-only
/* Single frames that a protected guest shares, as they are, and takes back, zeroed. */
#include "grant_common.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		SHARED_TEST(refused),
		SHARED_TEST(there_and_back),
		SHARED_TEST(exchanged),
		SHARED_TEST(not_the_hosts),
		SHARED_TEST(not_given),
		SHARED_TEST(no_memory),
		SHARED_TEST(ends_meanwhile),
		SHARED_TEST(sealed_one),
		SHARED_TEST(too_many),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
