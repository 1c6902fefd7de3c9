// SPDX-License-Identifier: GPL-2.0-only
/*
 * Private memory in blocks of 2 MiB: taken at once where KVM has them so, split for a page and
 * never for want of memory, joined again.
 */
#include "seal_common.h"
#include "check.h"

#define BASE	0x40400UL		/* a frame where a block may start */
#define BLOCK	(GUEST_PAGES + 2 * SZ_2M)

static u8 plain[PAGE_SIZE];

static void kvm_maps_block(u64 frame, u64 pa)
{
	*kvm_entry(&id, frame << PAGE_SHIFT, 2) = pa ? (pa | PAGE_RWX) & ~S2_TABLE : 0;
}

static u8 vm_level(u64 frame)
{
	return s2_lookup(&vm->s2, frame << PAGE_SHIFT).level;
}

static u8 host_level(u64 pa)
{
	return s2_lookup(&host_s2, pa).level;
}

/* Every page of the block is the frame's, for the record and for the guest. */
static void is_block(u64 pa)
{
	for (u64 i = 0; i < PAGES_2M; i++) {
		struct page_info pi = own_lookup(PA(pa + i * PAGE_SIZE));
		struct s2_leaf leaf = s2_lookup(&vm->s2, (BASE + i) << PAGE_SHIFT);

		assert_int_equal(pi.state, PG_PRIVATE);
		assert_int_equal(pi.vm, vm->id);
		assert_int_equal(pi.frame, BASE + i);
		assert_int_equal((leaf.pte & S2_ADDR) + (i * PAGE_SIZE & (leaf.size - 1)),
				 pa + i * PAGE_SIZE);
		assert_false(host_can(pa + i * PAGE_SIZE, false, false));
	}
}

static void claimed_at_once(void **state)
{
	(void)state;
	kvm_maps_block(BASE, BLOCK);
	memset(raw(BLOCK), 0x77, SZ_2M);
	counts_reset();
	assert_int_equal(touch(BASE + 77), HYPSEC_OK);
	is_block(BLOCK);
	assert_int_equal(vm_level(BASE), 2);
	assert_int_equal(host_level(BLOCK), 2);
	assert_int_equal(vm->private_pages, PAGES_2M);
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 2);
	for (int i = 0; i < PAGES_2M; i++) {
		assert_true(is_zero(BLOCK + i * PAGE_SIZE));
		assert_true(page_is_clean(BLOCK + i * PAGE_SIZE));
	}
	/* One entry was taken from the host: one invalidation, not 512. */
	assert_true(counts.ipas2e1is < 8);
	/* Its neighbours are the host's. */
	assert_true(host_can(BLOCK - PAGE_SIZE, true, true));
	assert_true(host_can(BLOCK + SZ_2M, true, true));
}

/* In a GiB of KVM's, and by the page where a block is not to be had. */
static void by_the_page(void **state)
{
	u64 page = BLOCK + 5 * PAGE_SIZE;
	(void)state;

	kvm_maps_block(BASE, BLOCK);
	/* A page of it is another VM's. */
	assert_int_equal(own_claim(PA(BLOCK), 50, 1, true), HYPSEC_OK);
	assert_int_equal(touch(BASE + 5), HYPSEC_OK);
	assert_true(private(BASE + 5, page));
	assert_int_equal(vm->private_pages, 1);
	assert_int_equal(own_return(PA(BLOCK), 50, 1), HYPSEC_OK);
	/* A frame of it has been touched; what it holds stays. */
	guest_fills(BASE + 5, plain);
	assert_int_equal(touch(BASE + 6), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 2);
	assert_memory_equal(raw(page), plain, PAGE_SIZE);
	/* Not all of it is RAM of the guest's. */
	vm->pvm->ram[0].size = ((BASE + 512 + 511) << PAGE_SHIFT) - SZ_1G;
	kvm_maps_block(BASE + 512, BLOCK + SZ_2M);
	assert_int_equal(touch(BASE + 512), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 3);
	/* An image is being verified: pages of one block are zeroed or kept. */
	vm->pvm->ram[0].size = SZ_1G;
	vm->state = VM_PROTECTING;
	kvm_maps_block(BASE + 1024, BLOCK + 2 * SZ_2M);
	assert_int_equal(touch(BASE + 1024), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 4);
	vm->state = VM_PROTECTED;
	/* A slot of another CPU holds a page in it, and then one whose neighbour it is. */
	kvm_maps_block(BASE + 1536, BLOCK + 3 * SZ_2M);
	cpu_switch(1);
	assert_non_null(slot_map(SLOT_COPY, PA(BLOCK + 3 * SZ_2M + 9 * PAGE_SIZE), 8));
	cpu_switch(0);
	assert_int_equal(touch(BASE + 1536), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 5);
	assert_int_equal(touch(BASE + 1536 + 9), HYPSEC_BUSY);
	cpu_switch(1);
	slot_unmap(SLOT_COPY);
	cpu_switch(0);
	/* No page to hold for its split: nothing has changed. */
	kvm_maps_block(BASE + 2048, BLOCK + 4 * SZ_2M);
	hog_unreserved();
	for (int i = 0; i < 4; i++) {
		assert_int_equal(touch(BASE + 2048), HYPSEC_NO_MEMORY);
		assert_int_equal(vm->private_pages, 5);
		assert_int_equal(pool_account(HYPSEC_ACC_HELD), 0);
		assert_true(host_can(BLOCK + 4 * SZ_2M, true, true));
		hog_give(1);
	}
	assert_int_equal(touch(BASE + 2048), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 5 + PAGES_2M);
	hog_none();
	/* KVM's block is not where the frame would lie in one. */
	*kvm_entry(&id, SZ_1G + (64UL << 21), 2) = ((BLOCK + 5 * SZ_2M) | PAGE_RWX) & ~S2_TABLE;
	assert_int_equal(touch((SZ_1G + (64UL << 21)) >> PAGE_SHIFT), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 5 + 2 * PAGES_2M);
}

/*
 * All tables are there, but not the pages for its split: the host is told, or the VM would wait
 * for ever.
 */
static void waits(void **state)
{
	(void)state;
	kvm_maps_block(BASE, BLOCK);
	assert_int_equal(s2_split(&vm->s2, BASE << PAGE_SHIFT, 2), HYPSEC_OK);
	assert_int_equal(seal_reserve(&vm->pvm->seal, BASE), HYPSEC_OK);
	assert_int_equal(seal_reserve(&vm->pvm->seal, BASE + PAGES_2M / 2), HYPSEC_OK);
	hog_unreserved();
	assert_int_equal(own_donate(PA(PAGE_A)), HYPSEC_OK);
	assert_false(pool_wanted());
	assert_int_equal(touch(BASE), HYPSEC_NO_MEMORY);
	assert_true(pool_wanted());
	hog_give(2);
	assert_int_equal(touch(BASE), HYPSEC_OK);
	is_block(BLOCK);
	hog_none();
	assert_int_equal(own_reclaim(PA(PAGE_A)), HYPSEC_OK);
}

/* A shadow maps the block: all of it is dropped from there first. */
static void stamped(void **state)
{
	bool ram;
	(void)state;

	spin_lock(&vm->lock);
	assert_int_equal(own_stamp(PA(BLOCK + PAGE_SIZE), SZ_2M, &ram), SZ_2M);
	spin_unlock(&vm->lock);
	assert_int_equal(own_claim_block(PA(BLOCK), 50, BASE), HYPSEC_EPOCH);
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 0);
	kvm_maps_block(BASE, BLOCK);
	assert_int_equal(touch(BASE), HYPSEC_OK);	/* pvm_claim() drops the shadows */
	assert_int_equal(vm_level(BASE), 2);
	assert_int_equal(own_claim_block(PA(BLOCK + PAGE_SIZE), 50, BASE), HYPSEC_INVALID);
	assert_int_equal(own_claim_block(PA(BLOCK + SZ_2M), 50, BASE + 1), HYPSEC_INVALID);
	assert_int_equal(own_claim_block(PA(REGION), 50, BASE), HYPSEC_DENIED);
	assert_int_equal(own_return_block(PA(BLOCK), 50, BASE), HYPSEC_DENIED);
	assert_int_equal(own_return_block(PA(BLOCK), vm->id, BASE + 512), HYPSEC_DENIED);
	is_block(BLOCK);
}

/* A power-off may come at any time, of a core that broke: each private page is found then. */
static void is_recorded(u64 *ptep, u64 old, u64 new)
{
	struct s2_leaf l = s2_lookup(&host_s2, BLOCK);

	(void)ptep;
	(void)old;
	(void)new;
	assert_int_not_equal(own_decode(&l).state, PG_NONE);
}

/* The host touches one page when there is no memory left at all. */
static void one_page_goes(void **state)
{
	u64 page = BLOCK + 100 * PAGE_SIZE;
	(void)state;

	kvm_maps_block(BASE, BLOCK);
	assert_int_equal(touch(BASE), HYPSEC_OK);
	for (u64 i = 0; i < PAGES_2M; i++)
		memset(raw(BLOCK + i * PAGE_SIZE), (int)(i ^ 0x5a), PAGE_SIZE);
	hog_all();
	host_touches(page);
	assert_true(sealed(BASE + 100));
	assert_int_equal(own_lookup(PA(page)).state, PG_HOST);
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 0);
	assert_int_equal(vm->private_pages, PAGES_2M - 1);
	for (u64 i = 0; i < PAGES_2M; i++) {
		if (i == 100)
			continue;
		assert_true(private(BASE + i, BLOCK + i * PAGE_SIZE));
		assert_int_equal(raw(BLOCK + i * PAGE_SIZE)[9], (u8)(i ^ 0x5a));
	}
	/* It comes home without a table more, and what was one block is one again. */
	pte_hook = is_recorded;
	assert_int_equal(touch(BASE + 100), HYPSEC_OK);
	pte_hook = NULL;
	assert_int_equal(raw(page)[9], 100 ^ 0x5a);
	is_block(BLOCK);
	assert_int_equal(vm_level(BASE), 2);
	assert_int_equal(host_level(BLOCK), 2);
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 2);
	host_touches(page);
	assert_true(sealed(BASE + 100));
	/* From another page it does not. */
	memcpy(raw(PAGE_A), raw(page), PAGE_SIZE);
	kvm_maps_block(BASE, 0);
	for (u64 i = 0; i < PAGES_2M; i++)
		kvm_maps(BASE + i, i == 100 ? PAGE_A : BLOCK + i * PAGE_SIZE);
	hog_none();
	assert_int_equal(touch(BASE + 100), HYPSEC_OK);
	assert_int_equal(vm_level(BASE), 3);
	assert_int_equal(host_level(BLOCK), 3);
	assert_true(private(BASE + 100, PAGE_A));
}

static void flush_block(void)
{
	u64 start = BASE << PAGE_SHIFT, size = SZ_2M;

	assert_int_equal(pvm_invalidate(vm, &start, &size), HYPSEC_OK);
}

/* KVM takes away all of it, or the half that its own split left. */
static void taken_away(void **state)
{
	(void)state;
	kvm_maps_block(BASE, BLOCK);
	assert_int_equal(touch(BASE), HYPSEC_OK);
	counts_reset();
	flush_block();
	assert_int_equal(vm_level(BASE), 2);
	kvm_maps_block(BASE, 0);
	for (u64 i = 0; i < PAGES_2M; i++)
		kvm_maps(BASE + i, i < 256 ? BLOCK + i * PAGE_SIZE : 0);
	flush_block();
	assert_int_equal(seals, 256);
	for (u64 i = 0; i < PAGES_2M; i++)
		assert_int_equal(sealed(BASE + i), i >= 256);
	kvm_maps_block(BASE, 0);
	flush_block();
	assert_int_equal(seals, 512);
	assert_int_equal(vm->private_pages, 0);
	assert_int_equal(host_level(BLOCK), host_level(BLOCK + SZ_2M));
}

/* The guest gives one back; then all the others, while there is no memory. */
static void relinquished(void **state)
{
	u64 done, at = 0;
	(void)state;

	kvm_maps_block(BASE, BLOCK);
	assert_int_equal(touch(BASE), HYPSEC_OK);
	hog_all();
	assert_int_equal(pvm_relinquish(vm, (BASE + 9) << PAGE_SHIFT, 1, &done), HYPSEC_OK);
	assert_int_equal(entry(BASE + 9), 0);
	assert_true(host_can(BLOCK + 9 * PAGE_SIZE, true, true));
	assert_true(private(BASE + 8, BLOCK + 8 * PAGE_SIZE));
	assert_int_equal(vm->private_pages, PAGES_2M - 1);
	for (; at < PAGES_2M; at += done) {
		assert_int_equal(pvm_relinquish(vm, (BASE + at) << PAGE_SHIFT, PAGES_2M - at, &done),
				 HYPSEC_OK);
		assert_true(done);
	}
	assert_int_equal(vm->private_pages, 0);
	assert_int_equal(host_level(BLOCK), host_level(BLOCK + SZ_2M));
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 0);
	hog_none();
}

/*
 * Another vCPU has the lock, and may be about to zero 2 MiB, with more of them before this one: an
 * interrupt does not wait for that.
 */
static void lock_is_held(void **state)
{
	(void)state;
	kvm_maps_block(BASE, BLOCK);
	cpu_switch(1);
	spin_lock(&vm->lock);
	cpu_switch(0);
	irq_after = 3;
	assert_int_equal(touch(BASE), HYPSEC_BUSY);
	core_broken = true;		/* it will never be free */
	assert_int_equal(touch(BASE), HYPSEC_BUSY);
	core_broken = false;
	cpu_switch(1);
	spin_unlock(&vm->lock);
	cpu_switch(0);
	irq_after = 0;
	assert_int_equal(touch(BASE), HYPSEC_OK);
	is_block(BLOCK);
}

/* The end: blocks come back whole, or by the page that the host touches. */
static void end_of_blocks(void **state)
{
	unsigned int calls = 0;
	(void)state;

	kvm_maps_block(BASE, BLOCK);
	kvm_maps_block(BASE + 512, BLOCK + SZ_2M);
	assert_int_equal(touch(BASE), HYPSEC_OK);
	assert_int_equal(touch(BASE + 512), HYPSEC_OK);
	memset(raw(BLOCK), 0x5e, 2 * SZ_2M);
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 4);
	vm_kill(vm, "a test");
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 2);
	hog_all();
	host_touches(BLOCK + 7 * PAGE_SIZE);
	assert_true(is_zero(BLOCK + 7 * PAGE_SIZE));
	assert_int_equal(vm->private_pages, 2 * PAGES_2M - 1);
	hog_none();
	while (vm_teardown(id.kvm) == HYPSEC_RESTART)
		calls++;
	assert_true(calls >= PAGES_2M / 64);
	assert_int_equal(vm->private_pages, 0);
	for (int i = 0; i < 2 * PAGES_2M; i++) {
		assert_true(is_zero(BLOCK + i * PAGE_SIZE));
		assert_true(host_can(BLOCK + i * PAGE_SIZE, true, true));
	}
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 0);
	new_vm(40);
}

/* While CPU 1 gives a block back CPU 0 wants all to be back, and is told so only when it is. */
static unsigned int told;

static void other_cpu(const char *op, u64 pa)
{
	(void)op;
	(void)pa;
	if (own_peek(PA(BLOCK)).state != PG_MOVING)
		return;
	dc_hook = NULL;
	cpu_switch(0);
	for (told = 0; told < 2000; told++)
		if (vm_teardown(id.kvm) != HYPSEC_RESTART)
			break;
	cpu_switch(1);
}

static void end_of_all(void **state)
{
	(void)state;
	kvm_maps_block(BASE, BLOCK);
	assert_int_equal(touch(BASE), HYPSEC_OK);
	kvm_maps(BASE + 512, PAGE_A);
	assert_int_equal(touch(BASE + 512), HYPSEC_OK);
	vm_kill(vm, "a test");
	cpu_switch(1);
	dc_hook = other_cpu;
	while (dc_hook)
		vm_reap_step();
	cpu_switch(0);
	assert_int_equal(told, 2000);
	while (vm_teardown(id.kvm) == HYPSEC_RESTART)
		;
	assert_int_equal(vm->private_pages, 0);
	new_vm(40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAL_TEST(claimed_at_once),
		SEAL_TEST(by_the_page),
		SEAL_TEST(waits),
		SEAL_TEST(stamped),
		SEAL_TEST(one_page_goes),
		SEAL_TEST(taken_away),
		SEAL_TEST(relinquished),
		SEAL_TEST(lock_is_held),
		SEAL_TEST(end_of_blocks),
		SEAL_TEST(end_of_all),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
