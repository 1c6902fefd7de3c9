// SPDX-License-Identifier: GPL-2.0-only
/* Where the core's generator gets its entropy, with sources that are sound, stuck or absent. */
#include "test.h"
#include <sys/wait.h>
#include <unistd.h>
#include "../../el2-objs/boot/boot_priv.h"
#include "check.h"
#include "crypto.h"
#include "hcall.h"
#include "lock.h"
#include "log.h"
#include "psci.h"

#define HZ	1000UL			/* of the fake counter */
#define SEED	"thirty-two bytes of the host's.."

static struct percpu cpu;
static u64 counter, isar0;
static int locked, rndr_reads, smcs;
static char lines[4096];

/* A source: how it makes the n-th word. */
static u64 (*rndr)(unsigned int n), (*trng)(unsigned int n);
static unsigned int rndr_n, trng_n;
static bool rndr_dry;			/* nothing comes now */
static s64 trng_status;			/* of TRNG_RND64 */
static bool trng_there;
static bool firmware_expected;		/* with a lock held it is not */

u64 *fake_reg(const char *name)
{
	static u64 freq = HZ, other;

	if (strstr(name, "CNTPCT"))
		return &counter;
	if (strstr(name, "CNTFRQ"))
		return &freq;
	if (strstr(name, "ISAR0"))
		return &isar0;
	return &other;
}

struct percpu *this_cpu(void) { return &cpu; }

void spin_lock(struct spinlock *l)
{
	assert_false(locked++);
	l->holder = 1;
}

void spin_unlock(struct spinlock *l)
{
	locked--;
	l->holder = 0;
}

void hlog(const char *fmt, ...)
{
	size_t used = strlen(lines);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(lines + used, sizeof(lines) - used, fmt, ap);
	va_end(ap);
	strcat(lines, "\n");
}

bool hw_rndrrs(u64 *v)
{
	assert_false(locked);
	rndr_reads++;
	*v = rndr_dry ? 0 : rndr(rndr_n++);
	return !rndr_dry;
}

struct smc_res smc_call(u64 x0, u64 x1, u64 x2, u64 x3)
{
	struct smc_res r = { (u64)(s64)SMCCC_NOT_SUPPORTED, 0, 0, 0 };

	/* It may wait for what another CPU does with that lock. */
	assert_false(locked);
	assert_true(firmware_expected);
	assert_int_equal(x2 | x3, 0);
	smcs++;
	if (!trng_there)
		return r;
	switch (x0) {
	case TRNG_VERSION:
		r.x0 = 0x10000;
		break;
	case TRNG_FEATURES:
		r.x0 = x1 == TRNG_RND64 ? 0 : r.x0;
		break;
	case TRNG_RND64:
		assert_true(x1 && x1 <= 192 && x1 % 64 == 0);
		r.x0 = (u64)trng_status;
		if (trng_status)
			break;
		r.x3 = trng(trng_n++);
		if (x1 > 64)
			r.x2 = trng(trng_n++);
		if (x1 > 128)
			r.x1 = trng(trng_n++);
		break;
	}
	return r;
}

static u64 sound(unsigned int n) { (void)n; return test_rand(); }
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

static int boot(void **state)
{
	(void)state;
	test_rand();			/* prints its seed */
	rndr = trng = sound;
	rndr_n = trng_n = 0;
	rndr_dry = trng_there = false;
	firmware_expected = true;
	trng_status = 0;
	isar0 = 0;
	counter = 5;
	rndr_reads = smcs = 0;
	lines[0] = 0;
	return 0;
}

static bool said(const char *text) { return strstr(lines, text); }

static int times(const char *text)
{
	const char *p = lines;
	int n = 0;

	while ((p = strstr(p, text))) {
		n++;
		p++;
	}
	return n;
}

/*
 * The generator's state is the file's own, and once for all boots: each test runs in a process
 * of its own, so that a source that failed in one is new in the next.
 */
static void alone(void (*fn)(void))
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fn();
		fflush(stdout);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void install(void)
{
	assert_int_equal(core_random_seed(SEED, 32), HYPSEC_OK);
}

static void get(u8 *out, size_t n)
{
	assert_int_equal(core_random(out, n), HYPSEC_OK);
}

static void wait_for_reseed(void) { counter += 60 * HZ; }

/* No source but the host's seed: says so, and goes on, always further from it. */
static void none(void)
{
	u8 a[32], b[32], zero[32] = { 0 };

	assert_int_equal(core_random_seed(SEED, 31), HYPSEC_INVALID);
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

static void mixed(u64 features, bool trng_on)
{
	u8 out[2][32];
	int fd[2];

	isar0 = features;
	trng_there = trng_on;
	assert_int_equal(pipe(fd), 0);
	for (int i = 0; i < 2; i++) {
		fflush(stdout);
		if (!fork()) {
			test_seed += i;		/* what the sources give */
			mixed_run(fd[1]);
			_exit(0);
		}
		assert_int_equal(read(fd[0], out[i], 32), 32);
		wait(NULL);
	}
	close(fd[0]);
	close(fd[1]);
	if (features || trng_on)
		assert_memory_not_equal(out[0], out[1], 32);
	else
		assert_memory_equal(out[0], out[1], 32);
}

static void sources_are_mixed(void **state)
{
	(void)state;
	mixed(0, false);		/* the control: the same seed, the same numbers */
	mixed(1UL << 60, false);
	mixed(0, true);
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

#define ALONE(name) static void test_##name(void **state) { (void)state; alone(name); }
ALONE(none)
ALONE(both)
ALONE(mixed_cpus)
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
		cmocka_unit_test_setup(test_none, boot),
		cmocka_unit_test_setup(sources_are_mixed, boot),
		cmocka_unit_test_setup(test_both, boot),
		cmocka_unit_test_setup(test_mixed_cpus, boot),
		cmocka_unit_test_setup(test_bad, boot),
		cmocka_unit_test_setup(test_dry, boot),
	};

	return cmocka_run_group_tests_name("random sources", tests, NULL, NULL);
}
