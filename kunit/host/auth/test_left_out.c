// SPDX-License-Identifier: GPL-2.0-only
/*
 * manifest_check() of a core without what Kconfig lets one leave out: of an image that asks for it
 * nothing runs, whatever else it says.
 */
#include "test.h"
#include "auth/auth.h"

static struct hypsec_manifest asks_for(u32 flags)
{
	struct hypsec_manifest m = {
		.magic = HYPSEC_MANIFEST_MAGIC, .version = HYPSEC_MANIFEST_VERSION, .flags = flags,
		.mem_size = 0x800000, .entry = 0x40,
		.share_size = flags & HYPSEC_FLAG_SHARE ? 0x200000 : 0,
		.signed_at = flags & HYPSEC_FLAG_CLOCK ? 1 : 0,
	};

	m.parts[HYPSEC_PART_STUB] = (struct hypsec_part){ 0, 0x2001, { 1 } };
	m.parts[HYPSEC_PART_KERNEL] = (struct hypsec_part){ 0x200000, 0x300001, { 2 } };
	return m;
}

static enum image_error check(u32 flags)
{
	struct hypsec_manifest m = asks_for(flags);

	return manifest_check(&m, 0x3000, 0x40200000, 1UL << 40);
}

#define LEFT_OUT	(HYPSEC_FLAG_SHARE | HYPSEC_FLAG_PCI | HYPSEC_FLAG_RSI | HYPSEC_FLAG_DEBUG)

static void each_flag(void **state)
{
	(void)state;
	for (u32 flags = 0; flags <= HYPSEC_FLAGS_KNOWN; flags++) {
		if (flags & ~HYPSEC_FLAGS_KNOWN)
			assert_int_equal(check(flags), IMG_FLAGS);
		else
			assert_int_equal(check(flags), flags & LEFT_OUT ? IMG_LEFT_OUT : IMG_OK);
	}
}

/* The secret of a platform is for keys that this core does not make: it is not taken. */
static void no_secret(void **state)
{
	struct hypsec_install in = { .source = HYPSEC_EPHEMERAL };
	struct image_verify v = { .stage = IMAGE_VERIFIED };
	u8 random[PLATFORM_RANDOM], sig[ED25519_SIG_SIZE];
	struct hypsec_sealing_key key;
	u64 val[3];

	(void)state;
	assert_true(platform_valid(&in));
	in.secret[HYPSEC_SECRET_SIZE - 1] = 1;
	assert_false(platform_valid(&in));
	in.source = HYPSEC_PLATFORM;
	assert_false(platform_valid(&in));
	test_fill(random, sizeof(random));
	platform_init(&in, random);
	assert_true(all_zero(random, sizeof(random)));
	assert_int_equal(platform_sealing_key(&v, 0, &key), HYPSEC_NOT_SUPPORTED);
	assert_int_equal(platform_report(&v, random, sig), HYPSEC_NOT_SUPPORTED);
	assert_int_equal(platform_piece(0, 0, val), HYPSEC_NOT_SUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flag),
		cmocka_unit_test(no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
