// SPDX-License-Identifier: GPL-2.0-only
/*
 * The crypto adapter against published vectors (RFC 8032, FIPS 180-4 examples,
 * RFC 8439) and, on random inputs, against OpenSSL.
 */
#include "test.h"
#include <openssl/evp.h>
#include <openssl/sha.h>
#include "base/types.h"
#include "crypto/crypto.h"
#include "abi/hypsec_abi.h"

struct ed25519_vector {
	const char *sk, *pk, *msg, *sig;
};

/* RFC 8032, section 7.1: TEST 1, 2, 3 and SHA(abc) */
static const struct ed25519_vector rfc8032[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	  "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	  "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	  "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
	{ "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
	  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	  "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
	  "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704" },
};

static void ed25519_rfc8032(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rfc8032); i++) {
		u8 pk[32], msg[65] = { 0 }, sig[64];
		size_t len = test_hex(msg, sizeof(msg), rfc8032[i].msg);

		assert_int_equal(test_hex(pk, 32, rfc8032[i].pk), 32);
		assert_int_equal(test_hex(sig, 64, rfc8032[i].sig), 64);
		assert_int_equal(hypsec_ed25519_verify(sig, msg, len, pk),
				 HYPSEC_OK);
		/* Every single wrong bit is found. */
		for (int bit = 0; bit < 512; bit++) {
			sig[bit / 8] ^= 1 << (bit % 8);
			assert_int_equal(hypsec_ed25519_verify(sig, msg, len, pk),
					 HYPSEC_BAD_SIGNATURE);
			sig[bit / 8] ^= 1 << (bit % 8);
		}
		for (int bit = 0; bit < 256; bit++) {
			pk[bit / 8] ^= 1 << (bit % 8);
			assert_int_equal(hypsec_ed25519_verify(sig, msg, len, pk),
					 HYPSEC_BAD_SIGNATURE);
			pk[bit / 8] ^= 1 << (bit % 8);
		}
		assert_int_equal(hypsec_ed25519_verify(sig, msg, len + 1, pk),
				 HYPSEC_BAD_SIGNATURE);
	}
}

typedef struct {
	const u8 sk[32], pk[32], sig[64];
	const char *m;
} TestData;
#include "ed25519_vectors.h"

static void ed25519_published(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(test_data), 1024);
	/* RFC 8032, 7.1, TEST 1024 */
	assert_memory_equal(test_data[1023].pk, "\x27\x81\x17\xfc\x14\x4c\x72\x34", 8);
	assert_memory_equal(test_data[1023].sig, "\x0a\xab\x4c\x90\x05\x01\xb3\xe2", 8);
	for (size_t n = 0; n < ARRAY_SIZE(test_data); n++) {
		const TestData *t = &test_data[n];
		u8 sig[64];

		assert_int_equal(hypsec_ed25519_verify(t->sig, t->m, n, t->pk), HYPSEC_OK);
		memcpy(sig, t->sig, 64);
		sig[test_rand() % 64] ^= 1 << (test_rand() % 8);
		assert_int_equal(hypsec_ed25519_verify(sig, t->m, n, t->pk),
				 HYPSEC_BAD_SIGNATURE);
		if (n)
			assert_int_equal(hypsec_ed25519_verify(t->sig, t->m, n - 1, t->pk),
					 HYPSEC_BAD_SIGNATURE);
	}
}

static EVP_PKEY *new_key(u8 *pk)
{
	EVP_PKEY *key = NULL;
	u8 sk[32];
	size_t n = 32;

	test_fill(sk, sizeof(sk));
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, sk, 32);
	assert_non_null(key);
	assert_int_equal(EVP_PKEY_get_raw_public_key(key, pk, &n), 1);
	return key;
}

static void sign(EVP_PKEY *key, const u8 *msg, size_t len, u8 *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = 64;

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &n, msg, len), 1);
	assert_int_equal(n, 64);
	EVP_MD_CTX_free(ctx);
}

static void ed25519_openssl(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		u8 msg[600], sig[64], pk[32], other[32];
		size_t len = test_rand() % sizeof(msg);
		EVP_PKEY *key = new_key(pk);

		EVP_PKEY_free(new_key(other));
		test_fill(msg, sizeof(msg));
		sign(key, msg, len, sig);
		assert_int_equal(hypsec_ed25519_verify(sig, msg, len, pk),
				 HYPSEC_OK);
		assert_int_equal(hypsec_ed25519_verify(sig, msg, len, other),
				 HYPSEC_BAD_SIGNATURE);
		if (len) {
			msg[test_rand() % len] ^= 1 << (test_rand() % 8);
			assert_int_equal(hypsec_ed25519_verify(sig, msg, len, pk),
					 HYPSEC_BAD_SIGNATURE);
		}
		EVP_PKEY_free(key);
	}
}

/* A signer must not be able to make one signature that fits many messages. */
static void ed25519_malleable(void **state)
{
	/* The group's order; S + order is the same scalar, not canonical. */
	static const u8 order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
		0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10 };
	u8 pk[32], sig[64], zero_pk[32] = { 1 }, zero_sig[64] = { 1 };
	unsigned int carry = 0;

	(void)state;
	test_hex(pk, 32, rfc8032[0].pk);
	test_hex(sig, 64, rfc8032[0].sig);
	for (int i = 0; i < 32; i++) {
		carry += sig[32 + i] + order[i];
		sig[32 + i] = (u8)carry;
		carry >>= 8;
	}
	assert_int_equal(hypsec_ed25519_verify(sig, "", 0, pk),
			 HYPSEC_BAD_SIGNATURE);
	/* The neutral element as key: R = neutral, S = 0 would fit anything. */
	assert_int_equal(hypsec_ed25519_verify(zero_sig, "any", 3, zero_pk),
			 HYPSEC_BAD_SIGNATURE);
	memset(pk, 0, 32);
	memset(sig, 0, 64);
	assert_int_equal(hypsec_ed25519_verify(sig, "any", 3, pk),
			 HYPSEC_BAD_SIGNATURE);
}

static void sha512_is(const void *msg, size_t len, const char *hex)
{
	struct hypsec_sha512 h;
	u8 want[64], got[64];

	assert_int_equal(test_hex(want, 64, hex), 64);
	hypsec_sha512_init(&h);
	hypsec_sha512_update(&h, msg, len);
	hypsec_sha512_final(&h, got);
	assert_memory_equal(got, want, 64);
}

static void sha512_fips180(void **state)
{
	static const char two[] =
		"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		"hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
	char *million = malloc(1000000);

	(void)state;
	sha512_is("", 0,
		  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
		  "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
	sha512_is("abc", 3,
		  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
	sha512_is(two, sizeof(two) - 1,
		  "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
		  "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
	memset(million, 'a', 1000000);
	sha512_is(million, 1000000,
		  "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
		  "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
	free(million);
}

/* Cut anywhere, and with the state moved elsewhere between the pieces. */
static void sha512_restart(void **state)
{
	u8 msg[3000], want[64], got[64];

	(void)state;
	for (int i = 0; i < 200; i++) {
		size_t len = test_rand() % sizeof(msg), done = 0;
		struct hypsec_sha512 h, copy;

		test_fill(msg, len);
		SHA512(msg, len, want);
		hypsec_sha512_init(&h);
		while (done < len) {
			size_t n = 1 + test_rand() % (len - done);

			hypsec_sha512_update(&h, msg + done, n);
			done += n;
			copy = h;
			memset(&h, 0xa5, sizeof(h));
			h = copy;
		}
		hypsec_sha512_final(&h, got);
		assert_memory_equal(got, want, 64);
		for (size_t j = 0; j < ARRAY_SIZE(h.state); j++)
			assert_int_equal(h.state[j], 0);
	}
}

static void aead_rfc8439(void **state)
{
	static const char text[] =
		"Ladies and Gentlemen of the class of '99: If I could offer you "
		"only one tip for the future, sunscreen would be it.";
	u8 key[32], nonce[12], ad[12], want[114], want_tag[16];
	u8 got[114], tag[16], back[114];

	(void)state;
	assert_int_equal(sizeof(text) - 1, 114);
	for (int i = 0; i < 32; i++)
		key[i] = 0x80 + i;
	test_hex(nonce, 12, "070000004041424344454647");
	test_hex(ad, 12, "50515253c0c1c2c3c4c5c6c7");
	assert_int_equal(test_hex(want, 114,
		"d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
		"3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
		"92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
		"3ff4def08e4b7a9de576d26586cec64b6116"), 114);
	test_hex(want_tag, 16, "1ae10b594f09e26a7e902ecbd0600691");

	hypsec_aead_seal(got, tag, text, 114, ad, 12, nonce, key);
	assert_memory_equal(got, want, 114);
	assert_memory_equal(tag, want_tag, 16);
	assert_int_equal(hypsec_aead_open(back, tag, got, 114, ad, 12, nonce,
					  key), HYPSEC_OK);
	assert_memory_equal(back, text, 114);
}

static void openssl_seal(u8 *dst, u8 *tag, const u8 *src, int len,
			 const u8 *ad, int ad_len, const u8 *nonce,
			 const u8 *key)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	assert_int_equal(EVP_EncryptInit_ex(c, EVP_chacha20_poly1305(), NULL,
					    key, nonce), 1);
	assert_int_equal(EVP_EncryptUpdate(c, NULL, &n, ad, ad_len), 1);
	assert_int_equal(EVP_EncryptUpdate(c, dst, &n, src, len), 1);
	assert_int_equal(EVP_EncryptFinal_ex(c, dst + n, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag),
			 1);
	EVP_CIPHER_CTX_free(c);
}

static void aead_openssl(void **state)
{
	static u8 src[4096], want[4096], page[4096], zero[4096];

	(void)state;
	for (int i = 0; i < 200; i++) {
		u8 key[32], nonce[12], ad[40], tag[16], want_tag[16];
		size_t ad_len = 1 + test_rand() % (sizeof(ad) - 1);
		size_t len = i < 20 ? 4096 : 1 + test_rand() % 4096;
		u8 *victims[] = { page, tag, ad, nonce, key };
		size_t sizes[] = { len, 16, ad_len, 12, 32 };
		unsigned int v = test_rand() % ARRAY_SIZE(victims);
		size_t at = test_rand() % sizes[v];

		test_fill(key, 32);
		test_fill(nonce, 12);
		test_fill(ad, ad_len);
		test_fill(src, len);
		openssl_seal(want, want_tag, src, len, ad, ad_len, nonce, key);

		/* in place, as pages are sealed */
		memcpy(page, src, len);
		hypsec_aead_seal(page, tag, page, len, ad, ad_len, nonce, key);
		assert_memory_equal(page, want, len);
		assert_memory_equal(tag, want_tag, 16);

		/* one wrong bit anywhere: refused, and no plaintext left */
		victims[v][at] ^= 1 << (test_rand() % 8);
		assert_int_equal(hypsec_aead_open(page, tag, page, len, ad,
						  ad_len, nonce, key),
				 HYPSEC_BAD_SIGNATURE);
		assert_memory_equal(page, zero, len);

		if (v != 0)
			continue;
		memcpy(page, want, len);
		assert_int_equal(hypsec_aead_open(page, tag, page, len, ad,
						  ad_len, nonce, key), HYPSEC_OK);
		assert_memory_equal(page, src, len);
	}
}

static void equal_and_wipe(void **state)
{
	u8 a[64], b[64], zero[64] = { 0 };

	(void)state;
	test_fill(a, 64);
	memcpy(b, a, 64);
	assert_true(hypsec_equal(a, b, 64));
	for (int i = 0; i < 64; i++) {
		b[i] ^= 0x80;
		assert_false(hypsec_equal(a, b, 64));
		b[i] ^= 0x80;
	}
	hypsec_wipe(a, 64);
	assert_memory_equal(a, zero, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ed25519_rfc8032),
		cmocka_unit_test(ed25519_published),
		cmocka_unit_test(ed25519_openssl),
		cmocka_unit_test(ed25519_malleable),
		cmocka_unit_test(sha512_fips180),
		cmocka_unit_test(sha512_restart),
		cmocka_unit_test(aead_rfc8439),
		cmocka_unit_test(aead_openssl),
		cmocka_unit_test(equal_and_wipe),
	};

	return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
