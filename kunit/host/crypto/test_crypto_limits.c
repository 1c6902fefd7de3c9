// SPDX-License-Identifier: GPL-2.0-only
/* Lengths that no caller has: the library is not asked, and what it refuses ends the core. */
#include "test.h"
#include "base/types.h"
#include "auth/auth.h"
#include "base/check.h"
#include "abi/hypsec_abi.h"
#include "crypto/sodium_api.h"

#define MAX	(1UL << 32)

static u64 asked;		/* the length of the last call */
static int answer;

int __wrap_crypto_aead_chacha20poly1305_ietf_encrypt_detached(
	u8 *c, u8 *mac, unsigned long long *maclen, const u8 *m, unsigned long long mlen,
	const u8 *ad, unsigned long long adlen, const u8 *nsec, const u8 *npub, const u8 *k);
int __wrap_crypto_aead_chacha20poly1305_ietf_decrypt_detached(
	u8 *m, u8 *nsec, const u8 *c, unsigned long long clen, const u8 *mac, const u8 *ad,
	unsigned long long adlen, const u8 *npub, const u8 *k);

int __wrap_crypto_aead_chacha20poly1305_ietf_encrypt_detached(
	u8 *c, u8 *mac, unsigned long long *maclen, const u8 *m, unsigned long long mlen,
	const u8 *ad, unsigned long long adlen, const u8 *nsec, const u8 *npub, const u8 *k)
{
	asked = mlen;
	return 0;
}

int __wrap_crypto_aead_chacha20poly1305_ietf_decrypt_detached(
	u8 *m, u8 *nsec, const u8 *c, unsigned long long clen, const u8 *mac, const u8 *ad,
	unsigned long long adlen, const u8 *npub, const u8 *k)
{
	asked = clen;
	return answer;
}

static void lengths(void **state)
{
	static const u64 fine[] = { 0, 1, PAGE_SIZE, MAX - 1, MAX };
	static const u64 over[] = { MAX + 1, MAX << 1, ~0UL };
	u8 b[32] = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
		asked = ~0UL;
		hypsec_aead_seal(b, b, b, fine[i], b, 0, b, b);
		assert_int_equal(asked, fine[i]);
		asked = ~0UL;
		answer = -1;
		assert_int_equal(hypsec_aead_open(b, b, b, fine[i], b, 0, b, b),
				 HYPSEC_BAD_SIGNATURE);
		assert_int_equal(asked, fine[i]);
		answer = 0;
		assert_int_equal(hypsec_aead_open(b, b, b, fine[i], b, 0, b, b), HYPSEC_OK);
	}
	asked = 5;
	for (size_t i = 0; i < ARRAY_SIZE(over); i++) {
		expect_assert_failure(hypsec_aead_seal(b, b, b, over[i], b, 0, b, b));
		expect_assert_failure((void)!hypsec_aead_open(b, b, b, over[i], b, 0, b, b));
	}
	assert_int_equal(asked, 5);
}

static void misuse(void **state)
{
	(void)state;
	expect_assert_failure(sodium_misuse());
}

/* A seed has enough in it, the first one; and nothing is had before it. */
static void seeds(void **state)
{
	u8 entropy[RANDOM_KEY_SIZE], out[RANDOM_BUFFER_SIZE * 2];
	(void)state;

	test_fill(entropy, sizeof(entropy));
	for (size_t n = 0; n <= sizeof(entropy); n++) {
		struct hypsec_random r = { 0 };
		bool ok = n == sizeof(entropy);

		assert_int_equal(hypsec_random_seed(&r, entropy, n),
				 ok ? HYPSEC_OK : HYPSEC_INVALID);
		assert_int_equal(r.seeded, ok);
		memset(out, 0x5a, sizeof(out));
		assert_int_equal(hypsec_random_get(&r, out, sizeof(out)),
				 ok ? HYPSEC_OK : HYPSEC_STATE);
		assert_int_equal(all_zero(out, sizeof(out)), !ok);
		if (!ok)
			continue;
		/* What has been handed out is not in it, and all of the rest is new. */
		assert_int_equal(r.left, RANDOM_BUFFER_SIZE);
		assert_int_equal(hypsec_random_get(&r, out, 100), HYPSEC_OK);
		assert_int_equal(r.left, RANDOM_BUFFER_SIZE - 100);
		assert_true(all_zero(r.buffer, 100));
		assert_int_equal(hypsec_random_get(&r, out, 0), HYPSEC_OK);
		assert_int_equal(r.left, RANDOM_BUFFER_SIZE - 100);
		/* Up to the last byte of the buffer, and that one; not a byte more is written. */
		memset(out, 0x5a, sizeof(out));
		assert_int_equal(hypsec_random_get(&r, out, RANDOM_BUFFER_SIZE - 101), HYPSEC_OK);
		assert_int_equal(r.left, 1);
		for (size_t i = RANDOM_BUFFER_SIZE - 101; i < sizeof(out); i++)
			assert_int_equal(out[i], 0x5a);
		assert_int_equal(hypsec_random_get(&r, out, 1), HYPSEC_OK);
		assert_int_equal(r.left, RANDOM_BUFFER_SIZE);
		/* More may come, however little. */
		assert_int_equal(hypsec_random_seed(&r, entropy, 0), HYPSEC_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(misuse),
		cmocka_unit_test(seeds),
	};

	return cmocka_run_group_tests_name("crypto limits", tests, NULL, NULL);
}
