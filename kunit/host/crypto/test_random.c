// SPDX-License-Identifier: GPL-2.0-only
/* The core's random generator. */
#include "test.h"
#include <openssl/evp.h>
#include <openssl/sha.h>
#include "base/types.h"
#include "crypto/crypto.h"
#include "abi/hypsec_abi.h"

static void random_unseeded(void **state)
{
	struct hypsec_random r = { 0 };
	u8 out[16], zero[16] = { 0 };

	(void)state;
	memset(out, 0xff, sizeof(out));
	assert_int_equal(hypsec_random_get(&r, out, 16), HYPSEC_STATE);
	assert_memory_equal(out, zero, 16);
	assert_int_equal(hypsec_random_seed(&r, out, 16), HYPSEC_INVALID);
	assert_int_equal(hypsec_random_get(&r, out, 16), HYPSEC_STATE);
}

/* The stream is what the construction says, computed with OpenSSL. */
static void random_construction(void **state)
{
	struct hypsec_random r = { 0 };
	u8 seed[48], buf[32 + 48], key[64], iv[16] = { 0 }, zero[512] = { 0 };
	u8 stream[512], out[2 * 480], want[2 * 480];
	int n;

	(void)state;
	test_fill(seed, 48);
	memset(buf, 0, 32);
	memcpy(buf + 32, seed, 48);
	SHA512(buf, sizeof(buf), key);
	for (int i = 0; i < 2; i++) {
		EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

		EVP_EncryptInit_ex(c, EVP_chacha20(), NULL, key, iv);
		EVP_EncryptUpdate(c, stream, &n, zero, 512);
		EVP_CIPHER_CTX_free(c);
		memcpy(key, stream, 32);
		memcpy(want + i * 480, stream + 32, 480);
	}
	assert_int_equal(hypsec_random_seed(&r, seed, 48), HYPSEC_OK);
	for (size_t done = 0; done < sizeof(out); ) {
		size_t len = 1 + test_rand() % 100;

		if (len > sizeof(out) - done)
			len = sizeof(out) - done;
		assert_int_equal(hypsec_random_get(&r, out + done, len),
				 HYPSEC_OK);
		done += len;
	}
	assert_memory_equal(out, want, sizeof(out));
}

/* What was handed out is nowhere in the state afterwards. */
static void random_erases(void **state)
{
	struct hypsec_random r = { 0 };
	u8 seed[32], out[24], other[24];

	(void)state;
	test_fill(seed, 32);
	assert_int_equal(hypsec_random_seed(&r, seed, 32), HYPSEC_OK);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(hypsec_random_get(&r, out, 24), HYPSEC_OK);
		assert_null(memmem(&r, sizeof(r), out, 8));
		assert_true(r.left >= 1 && r.left <= RANDOM_BUFFER_SIZE);
	}
	assert_int_equal(hypsec_random_seed(&r, "x", 1), HYPSEC_OK);
	assert_int_equal(hypsec_random_get(&r, other, 24), HYPSEC_OK);
	assert_memory_not_equal(out, other, 24);
	assert_null(memmem(&r, sizeof(r), seed, 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_unseeded),
		cmocka_unit_test(random_construction),
		cmocka_unit_test(random_erases),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
