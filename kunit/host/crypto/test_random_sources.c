// SPDX-License-Identifier: GPL-2.0-only
/* Where the core's generator gets its entropy, with sources that are sound or absent. */
#include "random_common.h"

/* No source but the host's seed: says so, and goes on, always further from it. */
static void none(void)
{
	u8 a[32], b[32], zero[32] = { 0 };

	assert_int_equal(core_random_seed(SEED, 31), HYPSEC_INVALID);
	assert_int_not_equal(core_random(a, 32), HYPSEC_OK);	/* never without one */
	install();
	assert_string_equal(lines, "random: the host's seed\n");
	assert_int_equal(core_random_sources(), 0);
	assert_int_equal(rndr_reads, 0);
	get(a, 32);
	wait_for_reseed();
	get(b, 32);
	assert_memory_not_equal(a, b, 32);
	assert_memory_not_equal(a, zero, 32);
}

/* Two machines with one seed and other sources have nothing in common. */
static void mixed_run(int fd)
{
	u8 out[32];

	install();
	get(out, 32);
	assert_int_equal(write(fd, out, 32), 32);
}

static void mixed(u64 features, bool trng_on, bool differ)
{
	u8 out[2][32];
	int fd[2];

	isar0 = features;
	trng_there = trng_on;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(fd), 0);
		fflush(stdout);
		if (!fork()) {
			test_seed += i;		/* what the sources give */
			mixed_run(fd[1]);
			_exit(0);
		}
		close(fd[1]);		/* one that dies has said nothing */
		assert_int_equal(read(fd[0], out[i], 32), 32);
		close(fd[0]);
		wait(NULL);
	}
	if (differ)
		assert_memory_not_equal(out[0], out[1], 32);
	else
		assert_memory_equal(out[0], out[1], 32);
}

static void sources_are_mixed(void **state)
{
	(void)state;
	mixed(0, false, false);		/* the control: the same seed, the same numbers */
	mixed(1UL << 60, false, true);
	mixed(0, true, true);
}

/* Gives less than a piece, then nothing. */
static u64 too_little(unsigned int n)
{
	rndr_dry = n >= 5;
	trng_status = n >= 5 ? TRNG_NO_ENTROPY : 0;
	return test_rand();
}

/* What is no piece was not tested: none of it goes into the key. */
static void pieces_are_whole(void **state)
{
	(void)state;
	rndr = trng = too_little;
	mixed(1UL << 60, false, false);
	mixed(0, true, false);
}

/* Firmware whose TRNG is older than the interface is not asked for numbers. */
static void versions(void)
{
	u8 out[32];

	trng_there = true;
	trng_version = 0xffff;
	install();
	get(out, 32);
	assert_int_equal(trng_n, 0);
	assert_int_equal(core_random_sources(), 0);
	trng_version = 0x10001;
	install();
	assert_int_equal(trng_n, 128);
	assert_int_equal(core_random_sources(), HYPSEC_FEAT_TRNG);
}

static void both(void)
{
	u8 out[64];
	int before;

	isar0 = 1UL << 60;
	trng_there = true;
	install();
	assert_string_equal(lines, "random: the host's seed, RNDRRS, firmware TRNG\n");
	assert_int_equal(core_random_sources(), HYPSEC_FEAT_RNDR | HYPSEC_FEAT_TRNG);
	/* 1024 samples of each were tested first. */
	assert_int_equal(rndr_n, 128);
	assert_int_equal(trng_n, 128);

	/* Not at each call; by time; by amount. */
	get(out, 64);
	assert_int_equal(rndr_n, 128);
	wait_for_reseed();
	get(out, 64);
	assert_int_equal(rndr_n, 136);
	assert_int_equal(trng_n, 136);
	for (int i = 0; i < 65536 / 64 - 1; i++)
		get(out, 64);
	assert_int_equal(rndr_n, 136);
	get(out, 64);
	assert_int_equal(rndr_n, 144);

	/* With a lock held firmware is left alone. */
	cpu.ranks_held = BIT(RANK_VM);
	firmware_expected = false;
	before = smcs;
	wait_for_reseed();
	get(out, 64);
	assert_int_equal(smcs, before);
	assert_int_equal(rndr_n, 152);
	assert_int_equal(core_random_sources(), HYPSEC_FEAT_RNDR | HYPSEC_FEAT_TRNG);
}

/* One CPU asks the sources. Another one that comes meanwhile takes what the generator has. */
static void comes(void)
{
	u8 out[8];

	meanwhile = NULL;
	get(out, 8);
}

static void one_asks(void)
{
	u8 out[8];

	isar0 = 1UL << 60;
	trng_there = true;
	install();
	wait_for_reseed();
	meanwhile = comes;
	get(out, 8);
	assert_null(meanwhile);
	assert_int_equal(rndr_n, 136);
	assert_int_equal(trng_n, 136);
	/* And the next one may again. */
	wait_for_reseed();
	get(out, 8);
	assert_int_equal(rndr_n, 144);
}

/* A CPU without it among others that have it. */
static void mixed_cpus(void)
{
	u8 out[8];

	isar0 = 1UL << 60;
	install();
	isar0 = 0;
	wait_for_reseed();
	get(out, 8);
	assert_int_equal(rndr_n, 128);
	assert_false(said("failed"));
	assert_int_equal(core_random_sources(), HYPSEC_FEAT_RNDR);
}

ALONE(none)
ALONE(versions)
ALONE(both)
ALONE(one_asks)
ALONE(mixed_cpus)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_none, boot),
		cmocka_unit_test_setup(sources_are_mixed, boot),
		cmocka_unit_test_setup(pieces_are_whole, boot),
		cmocka_unit_test_setup(test_versions, boot),
		cmocka_unit_test_setup(test_both, boot),
		cmocka_unit_test_setup(test_one_asks, boot),
		cmocka_unit_test_setup(test_mixed_cpus, boot),
	};

	return cmocka_run_group_tests_name("random sources", tests, NULL, NULL);
}
