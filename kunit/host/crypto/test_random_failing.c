// SPDX-License-Identifier: GPL-2.0-only
/* Sources of entropy that are stuck, biased, dry, or go wrong at run time. */
#include "random_common.h"

static u64 zeros(unsigned int n) { (void)n; return 0; }
/* Eight different bytes, so no sample repeats. */
static u64 stuck(unsigned int n) { (void)n; return 0x0123456789abcdefUL; }
/* A piece is eight words. */
static u64 stuck_piece(unsigned int n) { return 0x9e3779b97f4a7c15UL * (n % 8 + 1); }
/* Goes wrong after it was tested at install. */
static u64 dies(unsigned int n) { return n < 128 + 24 ? test_rand() : 0; }
/* A bit is one in nine of ten. */
static u64 biased(unsigned int n)
{
	u64 v = 0;

	(void)n;
	for (int i = 0; i < 64; i++)
		v = v << 1 | (test_rand() % 10 != 0);
	return v;
}

static u64 (*bad)(unsigned int n);
static const char *bad_test;

static void bad_rndr(void)
{
	u8 a[32], b[32];
	unsigned int asked;

	isar0 = 1UL << 60;
	trng_there = true;
	rndr = bad;
	install();
	for (int i = 0; i < 200 && !said("failed"); i++) {
		wait_for_reseed();
		get(a, 32);
	}
	assert_int_equal(times(bad_test), 1);
	assert_true(said("RNDRRS failed"));
	assert_int_equal(core_random_sources(), HYPSEC_FEAT_TRNG);
	/* Never again, and the rest goes on. */
	asked = rndr_n;
	get(a, 32);
	wait_for_reseed();
	get(b, 32);
	assert_int_equal(rndr_n, asked);
	assert_memory_not_equal(a, b, 32);
	assert_int_equal(times("failed"), 1);
}

static void bad_trng(void)
{
	u8 a[32];

	trng_there = true;
	trng = bad;
	install();
	for (int i = 0; i < 200 && !said("failed"); i++) {
		wait_for_reseed();
		get(a, 32);
	}
	assert_true(said("firmware TRNG failed"));
	assert_int_equal(core_random_sources(), 0);
}

/* Gives nothing, for a while: bounded tries, one line, and back when it is back. */
static void dry(void)
{
	u8 a[32];
	int before;

	isar0 = 1UL << 60;
	trng_there = true;
	rndr_dry = true;
	trng_status = TRNG_NO_ENTROPY;
	install();
	assert_true(said("random: the host's seed\n"));
	assert_int_equal(times("RNDRRS gave too little"), 1);
	assert_int_equal(times("TRNG gave too little"), 1);
	assert_int_equal(rndr_reads, 16 * 64);
	assert_int_equal(core_random_sources(), 0);

	before = smcs;
	wait_for_reseed();
	get(a, 32);
	assert_int_equal(smcs, before + 8);
	rndr_dry = false;
	trng_status = 0;
	wait_for_reseed();
	get(a, 32);
	assert_int_equal(core_random_sources(), HYPSEC_FEAT_RNDR | HYPSEC_FEAT_TRNG);
	assert_int_equal(times("gave too little"), 2);
}

ALONE(dry)

static void test_bad(void **state)
{
	static const struct { u64 (*f)(unsigned int n); const char *test; } kinds[] = {
		{ zeros, "its repetition count test" },
		{ stuck, "its repeated piece test" },
		{ stuck_piece, "its repeated piece test" },
		{ biased, "test: not used any more" },
		{ dies, "its repetition count test" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		bad = kinds[i].f;
		bad_test = kinds[i].test;
		alone(bad_rndr);
		alone(bad_trng);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_bad, boot),
		cmocka_unit_test_setup(test_dry, boot),
	};

	return cmocka_run_group_tests_name("random sources that fail", tests, NULL, NULL);
}
