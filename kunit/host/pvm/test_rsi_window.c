// SPDX-License-Identifier: GPL-2.0-only
/* The half of a Realm's address space that its host sees, and where in it there is anything. */
#include "rsi_common.h"

#define IN_WINDOW	((WINDOW >> PAGE_SHIFT) + 5)

/* The share is in the upper half, once, of the signer's size; RAM is not. */
static void share(void **state)
{
	static const struct {
		u64 base, size;
		int status;
	} cases[] = {
		{ POOL, WINDOW_SIZE, HYPSEC_RANGE },			/* RAM, as others share it */
		{ SZ_1G, WINDOW_SIZE, HYPSEC_RANGE },
		{ TOP - SZ_2M, WINDOW_SIZE, HYPSEC_RANGE },
		{ 8 * SZ_1G, WINDOW_SIZE, HYPSEC_RANGE },
		{ BIT(40) - SZ_2M, WINDOW_SIZE, HYPSEC_RANGE },
		{ BIT(40) + SZ_1G, WINDOW_SIZE, HYPSEC_RANGE },
		{ WINDOW + PAGE_SIZE, WINDOW_SIZE, HYPSEC_INVALID },
		{ WINDOW, SZ_2M, HYPSEC_DENIED },
		{ WINDOW, 2 * WINDOW_SIZE, HYPSEC_DENIED },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(pvm_share(vm, cases[i].base, cases[i].size), cases[i].status);
		assert_null(vm->shared);
	}
	assert_int_equal(pvm_add_ram(vm, TOP, SZ_1G), HYPSEC_RANGE);
	assert_int_equal(pvm_add_ram(vm, TOP - SZ_1G, 2 * SZ_1G), HYPSEC_RANGE);
	/* Until then, and outside of it, nothing of that half is the host's to answer. */
	kvm_maps(IN_WINDOW, PAGE_A);
	for (u64 i = 0; i < 2; i++) {
		aborts = 0;
		assert_true(access(READ | SYNDROME, i ? (WINDOW >> PAGE_SHIFT) - 1 : IN_WINDOW));
		assert_true(access(WRITE | SYNDROME, i ? (WINDOW + WINDOW_SIZE) >> PAGE_SHIFT : IN_WINDOW));
		assert_true(access(FETCH, i ? (BIT(40) >> PAGE_SHIFT) - 1 : IN_WINDOW));
		assert_int_equal(aborts, 3);
		if (!i)
			assert_int_equal(pvm_share(vm, WINDOW, WINDOW_SIZE), HYPSEC_OK);
	}
	assert_int_equal(pvm_share(vm, WINDOW, WINDOW_SIZE), HYPSEC_STATE);
	assert_false(entry(IN_WINDOW));
}

/* The upper half begins at its first byte. */
static void from_the_first_byte(void **state)
{
	(void)state;
	assert_int_equal(pvm_share(vm, TOP, WINDOW_SIZE), HYPSEC_OK);
	kvm_maps(TOP >> PAGE_SHIFT, PAGE_A);
	assert_true(access(WRITE, TOP >> PAGE_SHIFT));
	assert_true(has_host_page(TOP >> PAGE_SHIFT, PAGE_A));
}

static void window(void **state)
{
	u64 start = WINDOW, size = WINDOW_SIZE, done;

	(void)state;
	assert_int_equal(pvm_share(vm, WINDOW, WINDOW_SIZE), HYPSEC_OK);
	/* KVM has nothing there: it is told, without a syndrome or what is stored. */
	assert_false(access(WRITE | SYNDROME, IN_WINDOW));
	assert_int_equal(io.esr & ~ESR_FSC, WRITE);
	assert_int_equal(io.hpfar, IPA_HPFAR(IN_WINDOW << PAGE_SHIFT));
	assert_int_equal(io.out_mask, 0);
	raw(PAGE_A)[17] = 0x5a;
	kvm_maps(IN_WINDOW, PAGE_A);
	assert_true(access(WRITE, IN_WINDOW));
	assert_true(has_host_page(IN_WINDOW, PAGE_A));
	assert_int_equal(raw(PAGE_A)[17], 0x5a);
	assert_true(access(FETCH, IN_WINDOW));
	assert_int_equal(aborts, 1);
	/* KVM takes it away, an epoch ends: it goes, and nothing is sealed, returned or counted. */
	kvm_maps(IN_WINDOW, PAGE_B);
	spin_lock(&vm->lock);
	vm_drop_shared(vm, IN_WINDOW << PAGE_SHIFT, PAGE_SIZE);
	spin_unlock(&vm->lock);
	assert_int_equal(pvm_invalidate(vm, &start, &size), HYPSEC_OK);
	assert_false(entry(IN_WINDOW));
	assert_true(access(READ, IN_WINDOW));
	assert_true(has_host_page(IN_WINDOW, PAGE_B));
	assert_int_equal(own_claim(PA(PAGE_B), 50, 1, true), HYPSEC_EPOCH);
	drop_all();
	assert_false(entry(IN_WINDOW));
	assert_int_equal(own_claim(PA(PAGE_B), 50, 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(PAGE_B), 50, 1), HYPSEC_OK);
	assert_int_equal(seals, 0);
	assert_int_equal(pvm_relinquish(vm, WINDOW, 1, &done), HYPSEC_RANGE);
	assert_int_equal(pvm_grant(vm, WINDOW), HYPSEC_RANGE);
	assert_int_equal(vm->private_pages, 0);
}

/* The host has the guest's own private page at the shared alias: it is sealed, as by any touch. */
static void alias_of_private(void **state)
{
	u8 copy[PAGE_SIZE];

	(void)state;
	assert_int_equal(pvm_share(vm, WINDOW, WINDOW_SIZE), HYPSEC_OK);
	kvm_maps(FRAME, PAGE_A);
	assert_true(access(WRITE, FRAME));
	guest_fills(FRAME, copy);
	kvm_maps(IN_WINDOW, PAGE_A);
	assert_true(access(READ, IN_WINDOW));
	assert_true(sealed(FRAME));
	assert_int_not_equal(memcmp(raw(PAGE_A), copy, PAGE_SIZE), 0);
	/* It has what the host has, ciphertext; and the frame has its own again, when asked for. */
	assert_true(access(READ, IN_WINDOW));
	assert_true(has_host_page(IN_WINDOW, PAGE_A));
	assert_true(access(READ, FRAME));
	assert_true(private(FRAME, PAGE_A));
	assert_false(entry(IN_WINDOW));
	assert_memory_equal(raw(PAGE_A), copy, PAGE_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RSI_TEST(share), RSI_TEST(from_the_first_byte), RSI_TEST(window),
		RSI_TEST(alias_of_private),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
