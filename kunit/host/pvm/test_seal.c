// SPDX-License-Identifier: GPL-2.0-only
/* The host touches a private page: what it gets, and how the frame comes home. */
#include "seal_common.h"

static u8 plain[PAGE_SIZE], other[PAGE_SIZE], cipher[PAGE_SIZE];

static void there_and_back(void **state)
{
	u8 tag[16];
	(void)state;

	kvm_maps(FRAME, PAGE_A);
	memset(raw(PAGE_A), 0x77, PAGE_SIZE);		/* what the host had there */
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_true(private(FRAME, PAGE_A));
	assert_true(is_zero(PAGE_A));
	guest_fills(FRAME, plain);

	counts_reset();
	host_touches(PAGE_A);
	/* Nor is what the guest ran there in any instruction cache. */
	assert_int_equal(counts.ialluis, 1);
	assert_int_equal(own_lookup(PA(PAGE_A)).state, PG_HOST);
	assert_true(host_can(PAGE_A, true, true));
	assert_true(page_is_clean(PAGE_A));
	assert_false(tlb_stale(PAGE_A));
	assert_true(sealed(FRAME));
	assert_int_equal(vm->private_pages, 0);
	assert_int_equal(vm->state, VM_PROTECTED);
	assert_int_equal(vm->refs, 1);
	/* OpenSSL makes the same of it, from this key, nonce and {VM, frame}. */
	openssl_seals(cipher, tag, plain);
	assert_memory_equal(raw(PAGE_A), cipher, PAGE_SIZE);
	assert_memory_equal(last.tag, tag, 16);
	assert_memory_equal(last.key, vm->pvm->seal.key, 32);
	assert_int_equal(last.counter, vm->pvm->seal.counter);
	assert_int_equal(last.ad[0], vm->id);
	assert_int_equal(last.ad[1], FRAME);

	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_true(private(FRAME, PAGE_A));
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
	assert_true(page_is_clean(PAGE_A));
	assert_int_equal(vm->private_pages, 1);
	/* Twice in a row nothing more happens. */
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_int_equal(seals, 1);
}

/* Swap, compaction: it comes back in another page, and the first is the host's. */
static void other_page(void **state)
{
	(void)state;
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	guest_fills(FRAME, plain);
	host_touches(PAGE_A);
	memcpy(raw(PAGE_B), raw(PAGE_A), PAGE_SIZE);
	memset(raw(PAGE_A), 0, PAGE_SIZE);
	kvm_maps(FRAME, 0);
	assert_int_equal(touch(FRAME), HYPSEC_EXIT);	/* KVM is asked for a page */
	assert_true(sealed(FRAME));
	kvm_maps(FRAME, PAGE_B);
	counts_reset();
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	/* It may be code, and an instruction cache have something else for PAGE_B. */
	assert_true(counts.ialluis > 0);
	assert_true(private(FRAME, PAGE_B));
	assert_memory_equal(raw(PAGE_B), plain, PAGE_SIZE);
	assert_int_equal(own_lookup(PA(PAGE_A)).state, PG_HOST);
	assert_int_equal(vm->private_pages, 1);
}

/* The same contents never look the same, and no nonce comes twice, whatever happens to frames. */
static void fresh_nonces(void **state)
{
	static u8 latest[3][PAGE_SIZE];
	u64 counter = 0;
	(void)state;

	for (int i = 0; i < 64; i++) {
		u64 n = test_rand() % 3, page = GUEST_PAGES + test_rand() % 16 * PAGE_SIZE;

		/* The host has the frame's latest anywhere. */
		kvm_maps(FRAME + n, page);
		memcpy(raw(page), latest[n], PAGE_SIZE);
		assert_int_equal(touch(FRAME + n), HYPSEC_OK);
		memset(raw(page), 0x42, PAGE_SIZE);
		host_touches(page);
		assert_true(last.counter > counter);
		counter = last.counter;
		for (int k = 0; k < 3; k++)
			assert_memory_not_equal(raw(page), latest[k], PAGE_SIZE);
		memcpy(latest[n], raw(page), PAGE_SIZE);
	}
	assert_int_equal(seals, 64);
	assert_int_equal(counter, 64);
	/* Two VMs have two keys. */
	memcpy(other, vm->pvm->seal.key, 32);
	new_vm(40);
	v = make_protected(vm);
	assert_memory_not_equal(vm->pvm->seal.key, other, 32);
}

/* The host must not be told to wait for memory: at what a claim puts aside it gets its page. */
static void no_memory(void **state)
{
	u64 before[HYPSEC_ACC_COUNT];
	int i, ret;
	(void)state;

	kvm_maps(FRAME, PAGE_A);
	/* Each page that a claim needs may be the one that is missing: nothing has changed then. */
	hog_unreserved();
	for (i = 0; i < 16; i++) {
		for (int a = 0; a < HYPSEC_ACC_COUNT; a++)
			before[a] = pool_account(a);
		ret = touch(FRAME);
		if (ret == HYPSEC_OK)
			break;
		assert_int_equal(ret, HYPSEC_NO_MEMORY);
		assert_int_equal(entry(FRAME), 0);
		assert_int_equal(own_lookup(PA(PAGE_A)).state, PG_HOST);
		assert_int_equal(vm->private_pages, 0);
		assert_int_equal(pool_account(HYPSEC_ACC_PRIVATE), before[HYPSEC_ACC_PRIVATE]);
		hog_none();
		hog_unreserved();
		hog_give(i + 1);
	}
	assert_true(i > 2);
	guest_fills(FRAME, plain);
	hog_all();
	host_touches(PAGE_A);
	assert_true(sealed(FRAME));
	/* Home again it may have to wait, as for any page: the host has its block again. */
	assert_int_equal(touch(FRAME), HYPSEC_NO_MEMORY);
	assert_true(sealed(FRAME));
	hog_none();
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
}

/* 48 bits of address, as much as a VM can have: each frame has its own tag, to the last. */
static void whole_address_space(void **state)
{
	static const u64 frames[] = { 0, 1, BIT(35) - 1, BIT(35), BIT(35) + 1, BIT(36) - 1 };
	static u8 text[ARRAY_SIZE(frames)][PAGE_SIZE];
	u64 records = pool_account(HYPSEC_ACC_SEAL);
	(void)state;

	new_vm(48);
	v = make_protected(vm);
	vm->pvm->ram[0] = (struct pvm_range){ 0, BIT(48) };
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
		kvm_maps(frames[i], GUEST_PAGES + i * PAGE_SIZE);
		assert_int_equal(touch(frames[i]), HYPSEC_OK);
		guest_fills(frames[i], text[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
		host_touches(GUEST_PAGES + i * PAGE_SIZE);
	assert_int_equal(seals, ARRAY_SIZE(frames));
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
		assert_true(sealed(frames[i]));
		assert_int_equal(touch(frames[i]), HYPSEC_OK);
		assert_true(private(frames[i], GUEST_PAGES + i * PAGE_SIZE));
		assert_memory_equal(raw(GUEST_PAGES + i * PAGE_SIZE), text[i], PAGE_SIZE);
	}
	/* What it took is free again, also of the upper half. */
	vm_kill(vm, "a test");
	vm_reap(vm);
	assert_null(vm->pvm);
	while (trash_step(64))
		;
	assert_int_equal(pool_account(HYPSEC_ACC_SEAL), records);
}

/* A page that another CPU is reading waits. */
static void in_use(void **state)
{
	(void)state;
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	guest_fills(FRAME, plain);
	cpu_switch(1);
	assert_non_null(slot_map_private(PA(PAGE_A), vm->id));
	cpu_switch(0);
	host_touches(PAGE_A);
	assert_true(private(FRAME, PAGE_A));
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
	cpu_switch(1);
	assert_int_equal(slot_unmap(SLOT_PAGE), HYPSEC_OK);
	cpu_switch(0);
	host_touches(PAGE_A);
	assert_true(sealed(FRAME));
}

/* VM_PROTECT is at work: what was claimed and is touched is sealed, and comes back as it was. */
static void while_protecting(void **state)
{
	pa_t pa;
	(void)state;

	vm->state = VM_PROTECTING;
	kvm_maps(FRAME, PAGE_A);
	test_fill(plain, PAGE_SIZE);
	memcpy(raw(PAGE_A), plain, PAGE_SIZE);
	assert_int_equal(pvm_claim(v, IPA(FRAME << PAGE_SHIFT), false, &pa), HYPSEC_OK);
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
	host_touches(PAGE_A);
	assert_memory_not_equal(raw(PAGE_A), plain, PAGE_SIZE);
	assert_int_equal(pvm_claim(v, IPA(FRAME << PAGE_SHIFT), true, &pa), HYPSEC_OK);
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
	vm->state = VM_PROTECTED;
}

/* The end: the key is gone at once, what is private comes back zeroed and not sealed. */
static void end_of_the_vm(void **state)
{
	static const u8 nothing[32];
	struct pvm *p = vm->pvm;
	(void)state;

	kvm_maps(FRAME, PAGE_A);
	kvm_maps(FRAME + 1, PAGE_B);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_int_equal(touch(FRAME + 1), HYPSEC_OK);
	guest_fills(FRAME, plain);
	host_touches(PAGE_A);
	memcpy(cipher, raw(PAGE_A), PAGE_SIZE);
	vm->running = 1;		/* a vCPU is inside: the VM's pages of the core stay */
	counts_reset();
	vm_kill(vm, "a test");
	/* Gone from memory, too: of the kill nothing else is cleaned. */
	assert_int_equal(counts.civac, ((u64)p->seal.key % 64 + 32 + 63) / 64);
	assert_ptr_equal(vm->pvm, p);
	assert_memory_equal(p->seal.key, nothing, 32);
	assert_int_equal(touch(FRAME), HYPSEC_DEAD);
	assert_memory_equal(raw(PAGE_A), cipher, PAGE_SIZE);
	host_touches(PAGE_B);
	assert_true(is_zero(PAGE_B));
	assert_int_equal(seals, 1);
	assert_int_equal(vm->private_pages, 0);
	vm->running = 0;
	vm_reap(vm);
	assert_null(vm->pvm);
}

/*
 * A VMM resets the VM: it writes its image where it was, which seals those pages and loses what
 * they held. They are the host's; the others come back zeroed before the next VM of the name is
 * made.
 */
static void reset_by_its_vmm(void **state)
{
	struct vm *next;
	(void)state;

	kvm_maps(FRAME, PAGE_A);
	kvm_maps(FRAME + 1, PAGE_B);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_int_equal(touch(FRAME + 1), HYPSEC_OK);
	guest_fills(FRAME, plain);
	guest_fills(FRAME + 1, other);
	host_touches(PAGE_A);
	test_fill(cipher, PAGE_SIZE);
	memcpy(raw(PAGE_A), cipher, PAGE_SIZE);		/* the image */
	/* pvm/exits.c, end_by_reset() */
	vm->powered_off = true;
	vm_kill(vm, "reset by its VMM");
	vm_put(vm);
	assert_memory_equal(raw(PAGE_B), other, PAGE_SIZE);
	assert_null(kvm_get(&id));	/* the run that gives the page back */
	assert_true(host_can(PAGE_B, true, true));
	assert_true(is_zero(PAGE_B));
	next = kvm_get(&id);
	assert_non_null(next);
	assert_int_equal(next->state, VM_ORDINARY);
	assert_true(host_can(PAGE_A, true, true));
	assert_memory_equal(raw(PAGE_A), cipher, PAGE_SIZE);
	vm = next;			/* for end() */
}

/* Tags are entries of a table that no hardware walks: no TLB is told of them, or could be. */
static void tags_in_no_tlb(void **state)
{
	struct seal *s = pool_alloc(HYPSEC_ACC_VM);
	u64 frame, i;

	(void)state;
	assert_int_equal(seal_init(s, vm->id, 48), HYPSEC_OK);
	for (frame = FRAME; frame < SEAL_FRAMES; frame *= 3) {
		struct s2 *tags = &s->tags[frame / (SEAL_FRAMES / 2)];
		u64 at = (frame % (SEAL_FRAMES / 2)) << (PAGE_SHIFT + 1);

		assert_int_equal(seal_reserve(s, frame), HYPSEC_OK);
		/* As a descriptor it would be valid. */
		memset(s2_entry(tags, at), 0xff, AEAD_TAG_SIZE);
	}
	counts_reset();
	for (i = 0; i < ARRAY_SIZE(s->tags); i++) {
		tlb_flush_vmid(&s->tags[i]);
		tlb_flush_vmid_local(&s->tags[i]);
		tlb_flush_ipa(&s->tags[i], 0);
	}
	seal_free(s);
	assert_int_equal(counts.vttbr, 0);
	assert_int_equal(counts.vmalls12e1is + counts.vmalls12e1 + counts.vmalle1is +
			 counts.ipas2e1is + counts.ripas2e1is, 0);

	assert_int_equal(seal_init(s, vm->id, 39), HYPSEC_OK);
	expect_assert_failure(s2_load(&s->tags[0]));
	assert_int_equal(counts.vttbr, 0);
	seal_free(s);
	page_zero(s);
	pool_free(s, HYPSEC_ACC_VM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAL_TEST(there_and_back),
		SEAL_TEST(other_page),
		SEAL_TEST(fresh_nonces),
		SEAL_TEST(no_memory),
		SEAL_TEST(whole_address_space),
		SEAL_TEST(in_use),
		SEAL_TEST(while_protecting),
		SEAL_TEST(end_of_the_vm),
		SEAL_TEST(reset_by_its_vmm),
		SEAL_TEST(tags_in_no_tlb),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
