// SPDX-License-Identifier: GPL-2.0-only
/* Private memory in blocks of 2 MiB: taken at once where KVM has them so, or else by the page. */
#include "blocks_common.h"

static u8 plain[PAGE_SIZE];

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
	vm->pvm->ram[0].size = GUEST_RAM;
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
	assert_int_equal(slot_unmap(SLOT_COPY), HYPSEC_OK);
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
	*kvm_entry(&id, GUEST_RAM + (64UL << 21), 2) = ((BLOCK + 5 * SZ_2M) | PAGE_RWX) & ~S2_TABLE;
	assert_int_equal(touch((GUEST_RAM + (64UL << 21)) >> PAGE_SHIFT), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 5 + 2 * PAGES_2M);
}

bool __real_pa_is_ram(pa_t pa, u64 size);
bool __wrap_pa_is_ram(pa_t pa, u64 size);

static u64 hole;			/* 2 MiB of RAM that are none */

bool __wrap_pa_is_ram(pa_t pa, u64 size)
{
	if (hole && pa.v < hole + SZ_2M && hole < pa.v + size)
		return false;
	return __real_pa_is_ram(pa, size);
}

/* The last 2 MiB before a hole are a block as any. */
static void at_the_end_of_ram(void **state)
{
	(void)state;
	kvm_maps_block(BASE, BLOCK);
	hole = BLOCK + SZ_2M;
	assert_int_equal(touch(BASE), HYPSEC_OK);
	hole = 0;
	is_block(BLOCK);
}

/* All memory first, the VM's tables too: however little there is, nothing fails half way. */
static void first_of_a_gib(void **state)
{
	u64 frame = OTHER_GIB >> PAGE_SHIFT;
	unsigned int tries = 0;
	int ret;

	(void)state;
	vm->pvm->ram[0].size = SZ_1G + OTHER_GIB;
	kvm_maps_block(frame, BLOCK);
	hog_all();
	while ((ret = touch(frame)) != HYPSEC_OK) {
		assert_int_equal(ret, HYPSEC_NO_MEMORY);
		assert_int_equal(vm->private_pages, 0);
		assert_int_equal(pool_account(HYPSEC_ACC_HELD), 0);
		assert_int_equal(own_lookup(PA(BLOCK)).state, PG_HOST);
		assert_in_range(tries++, 0, 40);
		hog_give(1);
	}
	assert_true(tries);
	hog_none();
	assert_int_equal(vm_level(frame), 2);
	assert_int_equal(vm->private_pages, PAGES_2M);
}

/* KVM has a GiB in one piece: the guest gets the 2 MiB of it that the frame lies in. */
static void in_a_gib(void **state)
{
	u64 at = BLOCK >> PAGE_SHIFT;	/* the frame, too: frame and page are the same */
	(void)state;

	*kvm_entry(&id, GUEST_RAM, 1) = (MEM_BASE | PAGE_RWX) & ~S2_TABLE;
	assert_int_equal(touch(at + 300), HYPSEC_OK);
	assert_int_equal(vm->private_pages, PAGES_2M);
	assert_int_equal(vm_level(at), 2);
	for (u64 i = 0; i < PAGES_2M; i++) {
		struct page_info pi = own_lookup(PA(BLOCK + i * PAGE_SIZE));

		assert_int_equal(pi.state, PG_PRIVATE);
		assert_int_equal(pi.frame, at + i);
	}
	assert_int_equal(entry(at) & S2_ADDR, BLOCK);
	/* And the page, where a block is not to be had. */
	assert_int_equal(own_claim(PA(BLOCK + SZ_2M), 50, 1, true), HYPSEC_OK);
	assert_int_equal(touch(at + PAGES_2M + 7), HYPSEC_OK);
	assert_true(private(at + PAGES_2M + 7, BLOCK + SZ_2M + 7 * PAGE_SIZE));
	assert_int_equal(own_return(PA(BLOCK + SZ_2M), 50, 1), HYPSEC_OK);
}

/*
 * The guest has a page in these 2 MiB that lies elsewhere, and now KVM has a block: its other
 * pages are all the host's, so nothing but the VM's own table says that a block would take the
 * guest's page away.
 */
static void beside_a_page(void **state)
{
	(void)state;
	kvm_maps(BASE + 5, PAGE_A);
	assert_int_equal(touch(BASE + 5), HYPSEC_OK);
	guest_fills(BASE + 5, plain);
	kvm_maps_block(BASE, BLOCK);
	assert_int_equal(touch(BASE + 6), HYPSEC_OK);
	assert_int_equal(vm->private_pages, 2);
	assert_int_equal(vm_level(BASE), 3);
	assert_true(private(BASE + 6, BLOCK + 6 * PAGE_SIZE));
	assert_true(private(BASE + 5, PAGE_A));
	assert_memory_equal(raw(PAGE_A), plain, PAGE_SIZE);
	assert_true(host_can(BLOCK, true, true) && host_can(BLOCK + 7 * PAGE_SIZE, true, true));
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 0);
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
	(void)state;

	spin_lock(&vm->lock);
	assert_int_equal(own_stamp(PA(BLOCK + PAGE_SIZE), SZ_2M), SZ_2M);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAL_TEST(claimed_at_once),
		SEAL_TEST(by_the_page),
		SEAL_TEST(at_the_end_of_ram), SEAL_TEST(first_of_a_gib),
		SEAL_TEST(in_a_gib),
		SEAL_TEST(beside_a_page),
		SEAL_TEST(waits),
		SEAL_TEST(stamped),
		SEAL_TEST(lock_is_held),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
