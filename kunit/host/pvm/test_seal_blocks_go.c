// SPDX-License-Identifier: GPL-2.0-only
/* Private memory in blocks of 2 MiB: how it goes again, which never needs memory. */
#include "blocks_common.h"

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
		SEAL_TEST(one_page_goes),
		SEAL_TEST(taken_away),
		SEAL_TEST(relinquished),
		SEAL_TEST(end_of_blocks),
		SEAL_TEST(end_of_all),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
