// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies of a secret that the code makes for a moment are erased, the whole of each. (What a
 * compiler spills to a stack is not seen here: vcpu/README.)
 */
#include "test.h"
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include "auth/auth.h"
#include "own/own.h"
#include "pool/pool.h"

#define WIPES	16

static struct { u8 data[512]; size_t n; } wiped[WIPES];
static unsigned int nr_wiped;

void __real_hypsec_wipe(void *p, size_t len);
void __wrap_hypsec_wipe(void *p, size_t len);

void __wrap_hypsec_wipe(void *p, size_t len)
{
	assert_true(nr_wiped < WIPES && len <= sizeof(wiped[0].data));
	memcpy(wiped[nr_wiped].data, p, len);
	wiped[nr_wiped++].n = len;
	__real_hypsec_wipe(p, len);
}

void dcache_clean_inval_poc(const void *va, size_t n)
{
	(void)va;
	(void)n;
}

static bool was_wiped(const u8 *secret, size_t n)
{
	for (unsigned int i = 0; i < nr_wiped; i++)
		if (wiped[i].n == n && !memcmp(wiped[i].data, secret, n))
			return true;
	return false;
}

static void generator(void **state)
{
	static struct hypsec_random r;
	u8 key[RANDOM_KEY_SIZE], entropy[48], buf[sizeof(key) + sizeof(entropy)], digest[64];
	u8 out[RANDOM_BUFFER_SIZE];
	(void)state;

	for (int i = 0; i < 3; i++) {
		test_fill(entropy, sizeof(entropy));
		memcpy(buf, r.key, sizeof(r.key));
		memcpy(buf + sizeof(r.key), entropy, sizeof(entropy));
		SHA512(buf, sizeof(buf), digest);
		nr_wiped = 0;
		assert_int_equal(hypsec_random_seed(&r, entropy, sizeof(entropy)), HYPSEC_OK);
		assert_true(was_wiped(digest, sizeof(digest)));
		assert_true(was_wiped(digest, sizeof(key)));	/* the key until the refill */
		memcpy(key, r.key, sizeof(key));
		nr_wiped = 0;
		assert_int_equal(hypsec_random_get(&r, out, r.left), HYPSEC_OK);
		assert_memory_not_equal(key, r.key, sizeof(key));
		assert_true(was_wiped(key, sizeof(key)));
	}
}

static void sources(void **state)
{
	static struct hypsec_health h;
	u8 piece[48], digest[64];
	(void)state;

	test_fill(piece, sizeof(piece));
	nr_wiped = 0;
	assert_null(hypsec_health_test(&h, piece, sizeof(piece)));
	SHA512(piece, sizeof(piece), digest);
	assert_true(was_wiped(digest, sizeof(digest)));
}

static void sealing(void **state)
{
	static struct hypsec_install in;
	static struct image_verify v;
	struct hypsec_sealing_key key;
	u8 random[PLATFORM_RANDOM];
	bool found = false;
	(void)state;

	in.source = HYPSEC_PLATFORM;
	test_fill(in.secret, sizeof(in.secret));
	test_fill(random, sizeof(random));
	platform_init(&in, random);
	v.m.security_version = 1;
	nr_wiped = 0;
	assert_int_equal(platform_sealing_key(&v, 1, &key), HYPSEC_OK);
	for (unsigned int i = 0; i < nr_wiped; i++)
		found |= wiped[i].n == SHA512_SIZE &&
			 !memcmp(wiped[i].data, key.key, sizeof(key.key));
	assert_true(found);
}

/* A hash's state is of what was hashed. */
static void hash_state(void **state)
{
	struct hypsec_sha512 h;
	u8 digest[64];
	(void)state;

	hypsec_sha512_init(&h);
	hypsec_sha512_update(&h, "secret", 6);
	hypsec_sha512_final(&h, digest);
	assert_true(all_zero(&h, sizeof(h)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generator),
		cmocka_unit_test(sources),
		cmocka_unit_test(sealing),
		cmocka_unit_test(hash_state),
	};

	return cmocka_run_group_tests_name("wipes", tests, NULL, NULL);
}
