// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host can do to a sealed frame: give back anything but the page that was sealed last
 * for it. Each is refused before the guest sees a byte, and costs that VM alone.
 */
#include "seal_common.h"

static u8 plain[PAGE_SIZE], cipher[PAGE_SIZE], older[PAGE_SIZE];

/* @frame has known contents, which are sealed in @page. */
static void seal_in(u64 frame, u64 page)
{
	kvm_maps(frame, page);
	assert_int_equal(touch(frame), HYPSEC_OK);
	guest_fills(frame, plain);
	host_touches(page);
	assert_true(sealed(frame));
	memcpy(cipher, raw(page), PAGE_SIZE);
}

/* Whatever is in @page is not what @frame wants. */
static void refused(u64 frame, u64 page)
{
	u64 before = entry(frame);
	u64 private_before = pool_account(HYPSEC_ACC_PRIVATE);

	assert_int_equal(touch(frame), HYPSEC_BAD_SIGNATURE);
	assert_int_equal(entry(frame), before);
	assert_int_equal(own_lookup(PA(page)).state, PG_HOST);
	assert_true(host_can(page, true, true));
	assert_true(is_zero(page));
	assert_true(page_is_clean(page));
	assert_int_equal(pool_account(HYPSEC_ACC_PRIVATE), private_before);
	assert_int_equal(vm->private_pages, 0);
	assert_true(frame_counter(before));
}

static void bit_flips(void **state)
{
	(void)state;
	seal_in(FRAME, PAGE_A);
	for (int i = 0; i < 200; i++) {
		u64 bit = test_rand() % (PAGE_SIZE * 8);

		memcpy(raw(PAGE_A), cipher, PAGE_SIZE);
		raw(PAGE_A)[bit / 8] ^= 1 << bit % 8;
		refused(FRAME, PAGE_A);
	}
	/* Zeros, as a fresh page; the contents in clear, as the guest had them. */
	memset(raw(PAGE_A), 0, PAGE_SIZE);
	refused(FRAME, PAGE_A);
	memcpy(raw(PAGE_A), plain, PAGE_SIZE);
	refused(FRAME, PAGE_A);
	/* A refusal changes nothing of the record: the right one still is. */
	memcpy(raw(PAGE_A), cipher, PAGE_SIZE);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
}

static void rollback(void **state)
{
	(void)state;
	seal_in(FRAME, PAGE_A);
	memcpy(older, cipher, PAGE_SIZE);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(touch(FRAME), HYPSEC_OK);
		if (i & 1)
			guest_fills(FRAME, plain);	/* or the guest has only read it */
		host_touches(PAGE_A);
		memcpy(cipher, raw(PAGE_A), PAGE_SIZE);
		memcpy(raw(PAGE_A), older, PAGE_SIZE);
		refused(FRAME, PAGE_A);
		memcpy(raw(PAGE_A), cipher, PAGE_SIZE);
	}
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
}

static void another_frames(void **state)
{
	(void)state;
	seal_in(FRAME, PAGE_A);
	memcpy(older, cipher, PAGE_SIZE);
	seal_in(FRAME + 1, PAGE_B);
	memcpy(raw(PAGE_A), cipher, PAGE_SIZE);
	memcpy(raw(PAGE_B), older, PAGE_SIZE);
	refused(FRAME, PAGE_A);
	refused(FRAME + 1, PAGE_B);
	/* The page of one frame for both: the second to come has no page. */
	memcpy(raw(PAGE_A), older, PAGE_SIZE);
	kvm_maps(FRAME + 1, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_int_equal(touch(FRAME + 1), HYPSEC_DENIED);
	assert_true(private(FRAME, PAGE_A));
}

/* The same frame of two VMs, with the same counter. */
static void another_vms(void **state)
{
	(void)state;
	seal_in(FRAME, PAGE_A);
	memcpy(older, cipher, PAGE_SIZE);
	new_vm(40);
	v = make_protected(vm);
	seal_in(FRAME, PAGE_B);
	assert_int_equal(last.counter, 1);
	memcpy(raw(PAGE_B), older, PAGE_SIZE);
	refused(FRAME, PAGE_B);
	/* Were their keys the same, who they are would still differ. */
	memcpy(raw(PAGE_B), cipher, PAGE_SIZE);
	assert_int_equal(seal_open(&vm->pvm->seal, FRAME, 1, raw(PAGE_B)), HYPSEC_OK);
	memcpy(raw(PAGE_B), cipher, PAGE_SIZE);
	vm->pvm->seal.tags[0].vmid++;
	assert_int_equal(seal_open(&vm->pvm->seal, FRAME, 1, raw(PAGE_B)), HYPSEC_BAD_SIGNATURE);
	vm->pvm->seal.tags[0].vmid--;
}

/* Pages that are not the host's to give, for a frame that is sealed. */
static void not_the_hosts(void **state)
{
	(void)state;
	seal_in(FRAME, PAGE_A);
	kvm_maps(FRAME, REGION);
	assert_int_equal(touch(FRAME), HYPSEC_DENIED);
	kvm_maps(FRAME, DEVICE);
	assert_int_equal(touch(FRAME), HYPSEC_DENIED);
	assert_int_equal(own_donate(PA(PAGE_B)), HYPSEC_OK);
	kvm_maps(FRAME, PAGE_B);
	assert_int_equal(touch(FRAME), HYPSEC_DENIED);
	assert_int_equal(own_reclaim(PA(PAGE_B)), HYPSEC_OK);
	/* Not writable: it may be shared with others, so KVM is asked for its own. */
	*kvm_entry(&id, FRAME << PAGE_SHIFT, 3) = (PAGE_A | PAGE_RWX) & ~S2_W;
	assert_int_equal(touch(FRAME), HYPSEC_EXIT);
	assert_true(sealed(FRAME));
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
}

/* The guest's fault ends it, with a reason; its neighbours' memory is as it was. */
static void ends_the_vm(void **state)
{
	enum vcpu_exit code = EXIT_TRAP;
	struct vm *first = vm;
	struct vcpu *first_vcpu = v;
	(void)state;

	seal_in(FRAME, PAGE_A);
	raw(PAGE_A)[0] ^= 1;
	vm_ref(first);
	new_vm(40);
	v = make_protected(vm);
	seal_in(FRAME, PAGE_B);
	first_vcpu->esr = (u64)EC_DABT_LOW << ESR_EC_SHIFT | FSC_TRANS | 3;
	first_vcpu->hpfar = FRAME << 4;
	assert_false(pvm_abort(first_vcpu, &code));
	assert_int_equal(code, EXIT_IL);
	assert_int_equal(first->state, VM_DEAD);
	assert_string_equal(first->end_reason, "the host gave back another page than it was given");
	vm_put(first);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_memory_equal(raw(PAGE_B), plain, PAGE_SIZE);
}

/* Another CPU has broken the core; this one sees it no sooner than it must. */
static void breaks(const char *op)
{
	if (!strcmp(op, "dmb ishld") || !strcmp(op, "dmb ish"))
		core_broken = true;
}

/* Keys that a broken core is erasing: nothing leaves under half a key, nor is a copy left. */
static void broken_core(void **state)
{
	(void)state;
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	watched_key = vm->pvm->seal.key;
	core_broken = true;
	expect_assert_failure(seal_page(&vm->pvm->seal, FRAME, raw(PAGE_A)));
	core_broken = false;
	assert_int_equal(seals, 0);
	assert_int_equal(copies_wiped, 1);
	/* It broke after the key was read, and before the look at core_broken: in this order. */
	barrier_hook = breaks;
	expect_assert_failure(seal_page(&vm->pvm->seal, FRAME, raw(PAGE_A)));
	barrier_hook = NULL;
	core_broken = false;
	assert_int_equal(seals, 0);
	assert_int_equal(copies_wiped, 2);
	watched_key = NULL;
}

/* Of a VM that is locked and alive: its tables and its key are there. */
static void alive_and_locked(void **state)
{
	u64 is;
	(void)state;

	seal_in(FRAME, PAGE_A);
	is = entry(FRAME);
	expect_assert_failure((void)!pvm_unseal(vm, IPA(FRAME << PAGE_SHIFT), is, PA(PAGE_A)));
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	expect_assert_failure((void)!pvm_seal(vm, FRAME, PA(PAGE_A)));
	spin_lock(&vm->lock);
	for (volatile u32 s = VM_NONE; s <= VM_DEAD; s++) {
		if (s == VM_PROTECTING || s == VM_PROTECTED)
			continue;
		vm->state = s;
		expect_assert_failure((void)!pvm_seal(vm, FRAME, PA(PAGE_A)));
		expect_assert_failure((void)!pvm_unseal(vm, IPA(FRAME << PAGE_SHIFT), is,
							PA(PAGE_B)));
	}
	vm->state = VM_PROTECTED;
	expect_assert_failure((void)!pvm_unseal(vm, IPA(FRAME << PAGE_SHIFT), 0, PA(PAGE_B)));
	spin_unlock(&vm->lock);
	assert_true(private(FRAME, PAGE_A));
}

/* As many pages as there are nonces, and none after the last. */
static void nonces_end(void **state)
{
	(void)state;
	vm->pvm->seal.counter = SEAL_COUNTER_MAX - 1;
	seal_in(FRAME, PAGE_A);
	assert_int_equal(last.counter, SEAL_COUNTER_MAX);
	assert_int_equal(frame_counter(entry(FRAME)), SEAL_COUNTER_MAX);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
	expect_assert_failure(seal_page(&vm->pvm->seal, FRAME, raw(PAGE_A)));
	assert_int_equal(seals, 1);
}

/* No page for one of its tables: the host is told what to give, and has the other one back. */
static void no_memory(void **state)
{
	struct seal *s = pool_alloc(HYPSEC_ACC_VM);
	const u16 other = POOL_OWNERS - 1;	/* a VM that has nothing else */
	(void)state;

	for (unsigned int left = 0; left < 3; left++) {
		u64 before;

		hog_unreserved();
		hog_give(left);
		before = pool_account(HYPSEC_ACC_SEAL);
		assert_int_equal(seal_init(s, other, 48), left < 2 ? HYPSEC_NO_MEMORY : HYPSEC_OK);
		if (left == 2) {
			assert_false(all_zero(s->key, sizeof(s->key)));
			seal_free(s);
			assert_true(all_zero(s->key, sizeof(s->key)));
		}
		while (trash_step(64))
			;
		assert_int_equal(pool_account(HYPSEC_ACC_SEAL), before);
		/* Nor is any of it still that VM's. */
		expect_assert_failure(share_charge(other, -1));
		share_charge(other, 1);
		hog_none();
		page_zero(s);
	}
	/* Nor is there a VM without a key of its own. */
	random_status = HYPSEC_STATE;
	assert_int_equal(seal_init(s, other, 48), HYPSEC_STATE);
	random_status = HYPSEC_OK;
	while (trash_step(64))
		;
	page_zero(s);
	pool_free(s, HYPSEC_ACC_VM);
}

/* Past the last frame there is no table: what lies there is neither written nor freed. */
static void frames_end(void **state)
{
	struct seal *s = pool_alloc(HYPSEC_ACC_VM);
	(void)state;

	expect_assert_failure((void)!seal_init(s, vm->id, 49));
	assert_true(all_zero(s + 1, PAGE_SIZE - sizeof(*s)));
	assert_int_equal(seal_reserve(s, SEAL_FRAMES - 1), HYPSEC_OK);
	expect_assert_failure((void)!seal_reserve(s, SEAL_FRAMES));
	expect_assert_failure((void)!seal_reserve(s, ~0UL));
	memset(s + 1, 0xa5, PAGE_SIZE - sizeof(*s));
	seal_free(s);
	while (trash_step(64))
		;
	page_zero(s);
	pool_free(s, HYPSEC_ACC_VM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAL_TEST(bit_flips),
		SEAL_TEST(rollback),
		SEAL_TEST(another_frames),
		SEAL_TEST(another_vms),
		SEAL_TEST(not_the_hosts),
		SEAL_TEST(ends_the_vm),
		SEAL_TEST(broken_core),
		SEAL_TEST(alive_and_locked),
		SEAL_TEST(nonces_end),
		SEAL_TEST(no_memory),
		SEAL_TEST(frames_end),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
