/* SPDX-License-Identifier: GPL-2.0-only */
/* The core's generator on a machine whose sources of entropy a test chooses. */
#ifndef HYPSEC_RANDOM_COMMON_H
#define HYPSEC_RANDOM_COMMON_H

#include "test.h"
#include <sys/wait.h>
#include <unistd.h>
#include "install/priv.h"
#include "base/check.h"
#include "crypto/crypto.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/psci.h"

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
static u64 trng_version;
static struct smc_res given;		/* what it gave: erased before anything else goes on */
static bool kept;
static bool firmware_expected;		/* with a lock held it is not */
static void (*meanwhile)(void);		/* on another CPU, while firmware is asked */

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

void __real_hypsec_wipe(void *p, size_t len);
void __wrap_hypsec_wipe(void *p, size_t len);

void __wrap_hypsec_wipe(void *p, size_t len)
{
	if (len == sizeof(given) && !memcmp(p, &given, len))
		kept = false;
	__real_hypsec_wipe(p, len);
}

struct smc_res smc_call(u64 x0, u64 x1, u64 x2, u64 x3)
{
	struct smc_res r = { (u64)(s64)SMCCC_NOT_SUPPORTED, 0, 0, 0 };

	/* It may wait for what another CPU does with that lock. */
	assert_false(locked);
	assert_true(firmware_expected);
	assert_int_equal(x2 | x3, 0);
	assert_false(kept);
	smcs++;
	if (meanwhile)
		meanwhile();
	if (!trng_there)
		return r;
	switch (x0) {
	case TRNG_VERSION:
		r.x0 = trng_version;
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
		given = r;
		kept = true;
		break;
	}
	return r;
}

static inline u64 sound(unsigned int n) { (void)n; return test_rand(); }
static inline int boot(void **state)
{
	(void)state;
	test_rand();			/* prints its seed */
	rndr = trng = sound;
	rndr_n = trng_n = 0;
	rndr_dry = trng_there = false;
	firmware_expected = true;
	trng_status = 0;
	trng_version = 0x10000;
	kept = false;
	isar0 = 0;
	counter = 5;
	rndr_reads = smcs = 0;
	lines[0] = 0;
	return 0;
}

static inline bool said(const char *text) { return strstr(lines, text); }

static inline int times(const char *text)
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
static inline void alone(void (*fn)(void))
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

static inline void install(void)
{
	assert_int_equal(core_random_seed(SEED, 32), HYPSEC_OK);
}

static inline void get(u8 *out, size_t n)
{
	assert_int_equal(core_random(out, n), HYPSEC_OK);
	assert_false(kept);
}

static inline void wait_for_reseed(void) { counter += 60 * HZ; }

#define ALONE(name) static void test_##name(void **state) { (void)state; alone(name); }

#endif
