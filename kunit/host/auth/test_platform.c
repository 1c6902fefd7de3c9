// SPDX-License-Identifier: GPL-2.0-only
/* Sealing keys and reports; OpenSSL has the other opinion on both. */
#include "test.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include "base/types.h"
#include "auth/auth.h"
#include "own/own.h"
#include "pool/pool.h"

static struct hypsec_install in;
static struct image_verify v;
static u8 random_bytes[PLATFORM_RANDOM], secret[HYPSEC_SECRET_SIZE];
static const void *cleaned;

void dcache_clean_inval_poc(const void *va, size_t n)
{
	(void)n;
	cleaned = va;
}

static void start(u64 source)
{
	test_fill(&v.m, sizeof(v.m));
	test_fill(&v.id, sizeof(v.id));
	v.m.security_version = v.id.security_version = 5;
	v.m.flags &= ~(HYPSEC_FLAG_DEBUG | HYPSEC_FLAG_CONSOLE | HYPSEC_FLAG_PCI);
	memset(&in, 0, sizeof(in));
	test_fill(in.measurement, sizeof(in.measurement));
	test_fill(random_bytes, sizeof(random_bytes));
	in.source = source;
	if (source == HYPSEC_PLATFORM)
		test_fill(in.secret, sizeof(in.secret));
	assert_true(platform_valid(&in));
	memcpy(secret, source == HYPSEC_PLATFORM ? in.secret : random_bytes + 32, 32);
	platform_init(&in, random_bytes);
	/* Neither is left where it came from. */
	assert_true(all_zero(in.secret, sizeof(in.secret)));
	assert_true(all_zero(random_bytes, sizeof(random_bytes)));
}

static struct hypsec_sealing_key key(u64 version)
{
	struct hypsec_sealing_key k;

	memset(&k, 0xff, sizeof(k));
	assert_int_equal(platform_sealing_key(&v, version, &k), HYPSEC_OK);
	assert_int_equal(k.reserved, 0);
	assert_false(all_zero(k.key, sizeof(k.key)));
	return k;
}

/* From the text in abi/hypsec_attest.h and not from its struct. */
static void expected(u8 *out, u64 source, u64 version)
{
	u8 msg[128] = { 0 }, mac[64];
	unsigned int n;

	memcpy(msg, "HypSec sealing 1", 16);
	msg[16] = (u8)version;
	msg[24] = (u8)source;
	msg[28] = v.m.flags & 0x19;
	memcpy(msg + 32, v.id.signer, 32);
	memcpy(msg + 64, v.m.family, 32);
	if (all_zero(v.m.family, 32))
		memcpy(msg + 96, v.id.vm, 32);
	assert_non_null(HMAC(EVP_sha512(), secret, 32, msg, 128, mac, &n));
	memcpy(out, mac, 32);
}

static void is_expected(u64 source, u64 version)
{
	struct hypsec_sealing_key k = key(version);
	u8 want[32];

	expected(want, source, version);
	assert_memory_equal(k.key, want, 32);
	assert_int_equal(k.source, source);
}

static void derivation(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		u64 source = i % 2;

		start(source);
		if (i % 3 == 0)
			memset(v.m.family, 0, sizeof(v.m.family));
		v.m.flags ^= i % 5 == 0 ? HYPSEC_FLAG_DEBUG : 0;
		v.m.flags ^= i % 7 == 0 ? HYPSEC_FLAG_CONSOLE : 0;
		v.m.flags ^= i % 11 == 0 ? HYPSEC_FLAG_PCI : 0;
		for (u64 version = 0; version <= 5; version++)
			is_expected(source, version);
	}
}

/* What an image may not have: keys of a newer one, of others, of twins that the host looks into. */
static void apart(void **state)
{
	struct hypsec_sealing_key a, b;
	(void)state;

	start(HYPSEC_PLATFORM);
	memset(&a, 0x77, sizeof(a));
	b = a;
	assert_int_equal(platform_sealing_key(&v, 6, &a), HYPSEC_DENIED);
	assert_int_equal(platform_sealing_key(&v, ~0UL, &a), HYPSEC_DENIED);
	assert_memory_equal(&a, &b, sizeof(a));

	/* The next image of the family has this one's keys, whatever is in it. */
	a = key(5);
	v.m.security_version = v.id.security_version = 6;
	test_fill(v.id.vm, sizeof(v.id.vm));
	test_fill(v.m.parts, sizeof(v.m.parts));
	v.m.flags ^= HYPSEC_FLAG_SMP | HYPSEC_FLAG_SHARE;
	b = key(5);
	assert_memory_equal(&a, &b, sizeof(a));
	b = key(6);
	assert_memory_not_equal(a.key, b.key, 32);
#define OTHER(change) do {						\
		struct image_verify was = v;				\
		change;							\
		b = key(5);						\
		assert_memory_not_equal(a.key, b.key, 32);		\
		v = was;						\
	} while (0)
	OTHER(v.m.flags ^= HYPSEC_FLAG_DEBUG);
	OTHER(v.m.flags ^= HYPSEC_FLAG_CONSOLE);
	OTHER(v.m.flags ^= HYPSEC_FLAG_PCI);
	OTHER(v.id.signer[0] ^= 1);
	OTHER(v.id.signer[31] ^= 0x80);
	OTHER(v.m.family[0] ^= 1);
	OTHER(v.m.family[31] ^= 0x80);
	OTHER(memset(v.m.family, 0, sizeof(v.m.family)));

	/* Without a family only the very same image has it. */
	memset(v.m.family, 0, sizeof(v.m.family));
	a = key(5);
	OTHER(v.id.vm[0] ^= 1);
	OTHER(v.id.vm[31] ^= 0x80);
	OTHER(v.id.signer[7] ^= 1);
	/* And never by naming its identity as family. */
	OTHER(memcpy(v.m.family, v.id.vm, 32));
}

/* An ephemeral secret is another at each boot; the platform's is not. */
static void boots(void **state)
{
	struct hypsec_sealing_key a, b;
	struct image_verify image;
	u8 kept[32], pub[72];
	(void)state;

	start(HYPSEC_EPHEMERAL);
	a = key(5);
	image = v;
	start(HYPSEC_EPHEMERAL);
	v = image;
	b = key(5);
	assert_memory_not_equal(a.key, b.key, 32);

	start(HYPSEC_PLATFORM);
	memcpy(kept, secret, 32);
	image = v;
	a = key(5);
	for (u64 n = 0; n < 3; n++)
		assert_int_equal(platform_piece(0, n, (u64 *)(pub + 24 * n)), HYPSEC_OK);
	memcpy(in.secret, kept, 32);
	test_fill(random_bytes, sizeof(random_bytes));
	platform_init(&in, random_bytes);
	v = image;
	b = key(5);
	assert_memory_equal(&a, &b, sizeof(a));
	/* The platform key is each boot's own. */
	assert_int_equal(platform_piece(0, 0, (u64 *)kept), HYPSEC_OK);
	assert_memory_not_equal(pub, kept, 24);
}

static void install_words(void **state)
{
	(void)state;
	memset(&in, 0, sizeof(in));
	assert_true(platform_valid(&in));
	in.source = HYPSEC_PLATFORM;
	assert_false(platform_valid(&in));
	in.secret[31] = 1;
	assert_true(platform_valid(&in));
	in.source = HYPSEC_EPHEMERAL;
	assert_false(platform_valid(&in));
	for (u64 s = 2; s; s <<= 1) {
		in.source = s;
		assert_false(platform_valid(&in));
		in.source = s | HYPSEC_PLATFORM;
		assert_false(platform_valid(&in));
	}
}

static int openssl_verify(const u8 *pk, const u8 *msg, size_t n, const u8 *sig)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pk, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ret;

	assert_non_null(key);
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key), 1);
	ret = EVP_DigestVerify(ctx, sig, 64, msg, n);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ret;
}

static void report(void **state)
{
	struct hypsec_platform p;
	u8 nonce[64], sig[64], msg[192];
	(void)state;

	for (u64 source = 0; source < 2; source++) {
		start(source);
		for (u64 n = 0; n < 3; n++)
			assert_int_equal(platform_piece(0xabcd, n, (u64 *)((u8 *)&p + 24 * n)),
					 HYPSEC_OK);
		assert_int_equal(platform_piece(0, 3, (u64 *)&p), HYPSEC_RANGE);
		assert_int_equal(platform_piece(0, ~0UL, (u64 *)&p), HYPSEC_RANGE);
		assert_int_equal(p.flags, 0xabcd);
		assert_int_equal(p.source, source);
		assert_memory_equal(p.measurement, in.measurement, 32);

		test_fill(nonce, sizeof(nonce));
		assert_int_equal(platform_report(&v, nonce, sig), HYPSEC_OK);
		/* Written down again, by the offsets of the text. */
		memset(msg, 0, sizeof(msg));
		memcpy(msg, "HYSECREP", 8);
		msg[8] = 1;
		msg[12] = (u8)source;
		msg[16] = 5;
		memcpy(msg + 24, &v.m.flags, 4);
		memcpy(msg + 32, in.measurement, 32);
		memcpy(msg + 64, v.id.vm, 32);
		memcpy(msg + 96, v.id.signer, 32);
		memcpy(msg + 128, nonce, 64);
		assert_int_equal(openssl_verify(p.key, msg, sizeof(msg), sig), 1);
		assert_int_equal(hypsec_ed25519_verify(sig, msg, sizeof(msg), p.key), HYPSEC_OK);
		for (size_t i = 0; i < sizeof(msg); i++) {
			msg[i] ^= 1 << i % 8;
			assert_int_equal(openssl_verify(p.key, msg, sizeof(msg), sig), 0);
			msg[i] ^= 1 << i % 8;
		}
	}
}

/* Before a reset: nothing is left, and nothing more is given. */
static void wiped(void **state)
{
	struct hypsec_sealing_key k = { .source = 7 };
	u8 nonce[64] = { 1 }, sig[64] = { 9 };
	(void)state;

	start(HYPSEC_PLATFORM);
	cleaned = NULL;
	platform_wipe();
	assert_non_null(cleaned);
	assert_true(all_zero(cleaned, 32 + 64));	/* the two secrets come first */
	assert_int_equal(platform_sealing_key(&v, 5, &k), HYPSEC_STATE);
	assert_int_equal(platform_report(&v, nonce, sig), HYPSEC_STATE);
	assert_int_equal(k.source, 7);
	assert_int_equal(sig[0], 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(derivation),
		cmocka_unit_test(apart),
		cmocka_unit_test(boots),
		cmocka_unit_test(install_words),
		cmocka_unit_test(report),
		cmocka_unit_test(wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
