// SPDX-License-Identifier: GPL-2.0-only
/* What a Realm is told of itself: version, configuration, measurements, the token; its host call. */
#include <openssl/sha.h>
#include "rsi_common.h"
#include "auth/auth.h"

#define IPA_A		(FRAME << PAGE_SHIFT)

static u8 platform_pk[32];

static void platform(void)
{
	struct hypsec_install in = { .source = HYPSEC_EPHEMERAL };
	u8 random[PLATFORM_RANDOM], sk[64], copy[PLATFORM_RANDOM];

	test_fill(random, sizeof(random));
	test_fill(in.measurement, sizeof(in.measurement));
	memcpy(copy, random, sizeof(copy));
	hypsec_ed25519_keypair(platform_pk, sk, copy);
	platform_init(&in, random);
}

static void version(void **state)
{
	static const u64 other[] = { 0, 1, 0xffff, 0x10001, 0x20000, ~0UL, BIT(63) | 0x10000 };

	(void)state;
	assert_int_equal(realm(RSI_VERSION, 0x10000, 0, 0, 0), RSI_SUCCESS);
	assert_int_equal(v->regs.x[1], 0x10000);
	assert_int_equal(v->regs.x[2], 0x10000);
	for (u32 i = 0; i < ARRAY_SIZE(other); i++) {
		assert_int_equal(realm(RSI_VERSION, other[i], 0, 0, 0), RSI_ERROR_INPUT);
		assert_int_equal(v->regs.x[1], 0x10000);
		assert_int_equal(v->regs.x[2], 0x10000);
	}
	assert_int_equal(realm(RSI_FEATURES, ~0UL, 5, 0, 0), RSI_SUCCESS);
	assert_int_equal(v->regs.x[1], 0);
	assert_int_equal(v->regs.x[2], 5);
}

/* Addresses that no call writes to, and none asks KVM for. */
static const u64 bad_page[] = {
	IPA_A + 1, IPA_A + 0x800, IPA_A + 0xff8, TOP, TOP | IPA_A, WINDOW, BIT(40) - PAGE_SIZE,
	BIT(40), BIT(40) | IPA_A, ~0UL, -(u64)PAGE_SIZE, -(u64)SZ_1G,
	0, SZ_1G - PAGE_SIZE, 2 * SZ_1G,		/* no RAM */
};

static void realm_config(void **state)
{
	u8 *page = raw(PAGE_A);

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(bad_page); i++)
		assert_int_equal(realm(RSI_REALM_CONFIG, bad_page[i], 0, 0, 0), RSI_ERROR_INPUT);
	/* KVM has no page: it hears of a write to the frame, and of nothing else. */
	assert_int_equal(realm(RSI_REALM_CONFIG, IPA_A, 0, 0, 0), LEFT);
	assert_int_equal(io.hpfar, IPA_HPFAR(IPA_A));
	assert_int_equal(io.esr & ~ESR_FSC, WRITE);
	assert_int_equal(io.out_mask, 0);
	/* One with the host's bytes in it: none stays. */
	memset(page, 0xee, PAGE_SIZE);
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(realm(RSI_REALM_CONFIG, IPA_A, 0, 0, 0), AGAIN);
	assert_true(private(FRAME, PAGE_A));
	memset(page, 0xee, PAGE_SIZE);
	assert_int_equal(realm(RSI_REALM_CONFIG, IPA_A, 0, 0, 0), RSI_SUCCESS);
	assert_int_equal(((u64 *)page)[0], 40);
	assert_int_equal(((u64 *)page)[1], RSI_HASH_SHA_512);
	assert_true(all_zero(page + 16, PAGE_SIZE - 16));
	assert_true(private(FRAME, PAGE_A));
}

/* The host takes the page away between two calls: it gets ciphertext, and it comes home. */
static void host_takes_the_page(void **state)
{
	(void)state;
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(realm_done(RSI_REALM_CONFIG, IPA_A, 0, 0, 0), RSI_SUCCESS);
	host_touches(PAGE_A);
	assert_true(sealed(FRAME));
	/* Mapped elsewhere in the same VM: what is written to FRAME does not get there. */
	kvm_maps(FRAME, 0);
	kvm_maps(FRAME + 1, PAGE_A);
	assert_int_equal(realm(RSI_REALM_CONFIG, IPA_A, 0, 0, 0), LEFT);
	assert_int_equal(io.hpfar, IPA_HPFAR(IPA_A));
	/* Another page than it was given: that ends the VM, and nothing is written. */
	memset(raw(PAGE_B), 0x11, PAGE_SIZE);
	kvm_maps(FRAME, PAGE_B);
	vm->running = 1;
	assert_int_equal(realm(RSI_REALM_CONFIG, IPA_A, 0, 0, 0), LEFT);
	assert_int_equal(vm->state, VM_DEAD);
	assert_int_equal(realm(RSI_REALM_CONFIG, IPA_A, 0, 0, 0), LEFT);
	assert_int_equal(code, EXIT_IL);
	vm_leave(vm);
}

static void memory_error(void **state)
{
	(void)state;
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(realm(RSI_REALM_CONFIG, IPA_A, 0, 0, 0), AGAIN);
	poison(PAGE_A, 0, 1);
	vm->running = 1;
	assert_int_equal(realm(RSI_REALM_CONFIG, IPA_A, 0, 0, 0), LEFT);
	assert_true(poison_met());
	poison(0, 0, 0);
	assert_int_equal(vm->state, VM_DEAD);
	vm_leave(vm);
}

/* The host's interrupts come before a lock that others hold. */
static void waits(void **state)
{
	static const u32 fn[] = { RSI_MEASUREMENT_READ, RSI_MEASUREMENT_EXTEND,
				  RSI_ATTESTATION_TOKEN_INIT, RSI_REALM_CONFIG, RSI_IPA_STATE_SET,
				  RSI_IPA_STATE_GET };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(fn); i++) {
		u64 a1 = fn[i] >= RSI_REALM_CONFIG ? IPA_A : 1;

		vm->lock.holder = 2;
		irq_after = 3;
		assert_int_equal(realm(fn[i], a1, fn[i] >= RSI_REALM_CONFIG ? IPA_A + PAGE_SIZE : 8,
				       RSI_RIPAS_RAM, 0), LEFT);
		assert_int_equal(code, EXIT_IRQ);
		assert_int_equal(irq_after, -1);
		vm->lock.holder = 0;
	}
}

static void host_call(void **state)
{
	static const u64 bad[] = {
		IPA_A + 1, IPA_A + 8, IPA_A + 128, TOP | IPA_A, WINDOW + 256, BIT(40) + 256, -256UL,
		SZ_1G - 256, 2 * SZ_1G,
	};
	u8 before[PAGE_SIZE], *page = raw(PAGE_A);

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(realm(RSI_HOST_CALL, bad[i], 0, 0, 0), RSI_ERROR_INPUT);
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	guest_fills(FRAME, before);
	/* The last of the page: of it only the answer is written. The host hears nothing. */
	assert_int_equal(realm(RSI_HOST_CALL, IPA_A + 0xf00, 0, 0, 0), RSI_SUCCESS);
	memset(before + 0xf08, 0xff, 8);
	assert_memory_equal(page, before, PAGE_SIZE);
	assert_int_equal(v->pending, SHOW_NOTHING);
}

static void extended(u8 *rem, const u8 *value, u64 size)
{
	u8 in[128] = { 0 };

	memcpy(in, rem, 64);
	memcpy(in + 64, value, size);
	SHA512(in, sizeof(in), rem);
}

static void measurements(void **state)
{
	static const u64 sizes[] = { 0, 1, 31, 32, 63, 64 };
	u8 want[5][64] = { 0 }, got[64];

	(void)state;
	test_fill(vm->pvm->verify.id.vm, 32);
	memcpy(want[0], vm->pvm->verify.id.vm, 32);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 index = 1 + test_rand() % 4;

		test_fill(&v->regs.x[5], 6 * 8);
		assert_int_equal(realm(RSI_MEASUREMENT_EXTEND, index, sizes[i], test_rand(), test_rand()),
				 RSI_SUCCESS);
		extended(want[index], (u8 *)&v->regs.x[3], sizes[i]);
		for (u32 n = 0; n < 5; n++) {
			test_fill(&v->regs.x[5], 8 * 8);
			u64 behind = v->regs.x[9];

			assert_int_equal(realm(RSI_MEASUREMENT_READ, n, 1, 2, 3), RSI_SUCCESS);
			memcpy(got, &v->regs.x[1], 64);
			assert_memory_equal(got, want[n], 64);
			assert_int_equal(v->regs.x[9], behind);
		}
	}
	assert_int_equal(realm(RSI_MEASUREMENT_READ, 5, 0, 0, 0), RSI_ERROR_INPUT);
	assert_int_equal(realm(RSI_MEASUREMENT_READ, ~0UL, 0, 0, 0), RSI_ERROR_INPUT);
	assert_int_equal(realm(RSI_MEASUREMENT_EXTEND, 0, 1, 0, 0), RSI_ERROR_INPUT);
	assert_int_equal(realm(RSI_MEASUREMENT_EXTEND, 5, 1, 0, 0), RSI_ERROR_INPUT);
	assert_int_equal(realm(RSI_MEASUREMENT_EXTEND, BIT(32) + 1, 1, 0, 0), RSI_ERROR_INPUT);
	assert_int_equal(realm(RSI_MEASUREMENT_EXTEND, 1, 65, 0, 0), RSI_ERROR_INPUT);
	assert_int_equal(realm(RSI_MEASUREMENT_EXTEND, 1, BIT(32), 0, 0), RSI_ERROR_INPUT);
	assert_memory_equal(vm->pvm->rem, want[1], 256);
}

static void token_refused(void **state)
{
	(void)state;
	platform();
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_int_equal(realm(RSI_ATTESTATION_TOKEN_CONTINUE, IPA_A, 0, 4096, 0), RSI_ERROR_STATE);
	assert_int_equal(v->regs.x[1], 0);
	assert_int_equal(realm(RSI_ATTESTATION_TOKEN_INIT, 1, 2, 3, 4), RSI_SUCCESS);
	for (u32 i = 0; i < ARRAY_SIZE(bad_page); i++) {
		assert_int_equal(realm(RSI_ATTESTATION_TOKEN_CONTINUE, bad_page[i], 0, 4096, 0),
				 RSI_ERROR_INPUT);
		assert_int_equal(v->regs.x[1], 0);
	}
	static const u64 bad[][2] = { { 4096, 0 }, { 4096, 1 }, { 0, 4097 }, { 1, 4096 }, { 4095, 2 },
				      { ~0UL, 2 }, { 8, ~0UL }, { BIT(63), BIT(63) } };
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(realm(RSI_ATTESTATION_TOKEN_CONTINUE, IPA_A, bad[i][0], bad[i][1], 0),
				 RSI_ERROR_INPUT);
	assert_true(is_zero(PAGE_A));
}

/* The core has no platform key, or has given it up: no token, and none of before. */
static void no_key(void **state)
{
	(void)state;
	v->token_left = 5;
	assert_int_equal(realm(RSI_ATTESTATION_TOKEN_INIT, 1, 2, 3, 4), RSI_ERROR_UNKNOWN);
	assert_int_equal(realm(RSI_ATTESTATION_TOKEN_CONTINUE, IPA_A, 0, 4096, 0), RSI_ERROR_STATE);
}

static void token(void **state)
{
	struct hypsec_token t;
	u8 challenge[64], digest[64], *page = raw(PAGE_A), fill[PAGE_SIZE];
	u64 got = 0;
	int ret;

	(void)state;
	platform();
	vm->pvm->verify.m.flags = HYPSEC_FLAG_RSI;
	test_fill(vm->pvm->verify.id.vm, 32);
	test_fill(vm->pvm->rem, sizeof(vm->pvm->rem));
	test_fill(challenge, sizeof(challenge));
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	/* One that was begun and not fetched is forgotten. */
	assert_int_equal(realm(RSI_ATTESTATION_TOKEN_INIT, 1, 2, 3, 4), RSI_SUCCESS);
	assert_int_equal(realm(RSI_ATTESTATION_TOKEN_CONTINUE, IPA_A, 0, 7, 0), RSI_INCOMPLETE);
	memcpy(&v->regs.x[5], challenge + 32, 32);
	assert_int_equal(realm(RSI_ATTESTATION_TOKEN_INIT, ((u64 *)challenge)[0], ((u64 *)challenge)[1],
			       ((u64 *)challenge)[2], ((u64 *)challenge)[3]), RSI_SUCCESS);
	assert_int_equal(v->regs.x[1], sizeof(t));
	/* Extended since: it is of before. */
	u8 rem[4][64];

	memcpy(rem, vm->pvm->rem, sizeof(rem));
	assert_int_equal(realm(RSI_MEASUREMENT_EXTEND, 2, 8, 1, 2), RSI_SUCCESS);
	guest_fills(FRAME, fill);
	do {
		u64 offset = test_rand() % 4000, size = test_rand() % 90, left = sizeof(t) - got;

		ret = realm(RSI_ATTESTATION_TOKEN_CONTINUE, IPA_A, offset, size, 0);
		assert_int_equal(v->regs.x[1], size < left ? size : left);
		/* Nothing beside what it says it wrote. */
		memcpy((u8 *)&t + got, page + offset, v->regs.x[1]);
		memcpy(fill + offset, page + offset, v->regs.x[1]);
		assert_memory_equal(page, fill, PAGE_SIZE);
		got += v->regs.x[1];
	} while (ret == RSI_INCOMPLETE);
	assert_int_equal(ret, RSI_SUCCESS);
	assert_int_equal(got, sizeof(t));
	assert_int_equal(realm(RSI_ATTESTATION_TOKEN_CONTINUE, IPA_A, 0, 7, 0), RSI_ERROR_STATE);

	assert_memory_equal(&t, "HYSECTOK\1\0\0\0\x50\2\0\0", 16);
	assert_memory_equal(t.challenge, challenge, 64);
	assert_memory_equal(t.rem, rem, sizeof(rem));
	SHA512((u8 *)&t, 336, digest);
	assert_memory_equal(t.report.nonce, digest, 64);
	assert_int_equal(t.report.version, 2);
	assert_int_equal(t.report.flags, HYPSEC_FLAG_RSI);
	assert_memory_equal(t.report.identity, vm->pvm->verify.id.vm, 32);
	assert_int_equal(hypsec_ed25519_verify(t.signature, &t.report, sizeof(t.report), platform_pk),
			 HYPSEC_OK);
	/* What the guest has signed with a nonce of its choice is no token's report. */
	u8 sig[64];

	assert_int_equal(platform_report(&vm->pvm->verify, digest, sig), HYPSEC_OK);
	assert_int_not_equal(hypsec_ed25519_verify(sig, &t.report, sizeof(t.report), platform_pk),
			     HYPSEC_OK);
}

/* Each vCPU has its own; the next one is not given the rest of another's. */
static void token_by_vcpu(void **state)
{
	struct vcpu *first = v;

	(void)state;
	platform();
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	assert_int_equal(realm(RSI_ATTESTATION_TOKEN_INIT, 1, 2, 3, 4), RSI_SUCCESS);
	v = vm->pvm->vcpu[1] = pvm_vcpu_new(vm, vm->pvm, 1);
	assert_int_equal(realm(RSI_ATTESTATION_TOKEN_CONTINUE, IPA_A, 0, 7, 0), RSI_ERROR_STATE);
	v = first;
	assert_int_equal(realm(RSI_ATTESTATION_TOKEN_CONTINUE, IPA_A, 0, 600, 0), RSI_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RSI_TEST(no_key), RSI_TEST(version), RSI_TEST(realm_config), RSI_TEST(host_takes_the_page),
		RSI_TEST(memory_error), RSI_TEST(waits), RSI_TEST(host_call), RSI_TEST(measurements),
		RSI_TEST(token_refused), RSI_TEST(token), RSI_TEST(token_by_vcpu),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
