// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core's one random generator. The host seeds it while it is trusted. The CPU
 * (RNDRRS) and firmware (TRNG, DEN0098), where they have a source, are mixed in at install and
 * again and again. No source replaces what is there: the new key is a hash of the old
 * one and of what came, so the generator is as good as the best of them.
 */
#include "crypto/crypto.h"
#include "abi/hypsec_abi.h"
#include "abi/hypsec_calls.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/percpu.h"
#include "base/psci.h"
#include "base/smc.h"
#include "base/sysreg.h"

#define PIECE_WORDS	8		/* of each source a time; half of that is a key */
#define START_PIECES	16		/* at install: 1024 samples (SP 800-90B 4.3) */
#define RNDR_TRIES	64		/* a piece; other CPUs may have drained it */
#define TRNG_TRIES	8
#define TRNG_WORDS	3		/* a call */
#define TRNG_1_0	0x10000

#define RESEED_BYTES	65536		/* of output, or */
#define RESEED_SECONDS	60

static struct hypsec_random generator;
static u64 given, seeded_at;		/* bytes since; CNTPCT_EL0 */
static struct spinlock lock = SPINLOCK(RANK_RANDOM);

static bool rndr_get(u64 *w)
{
	unsigned int n = 0, tries;

	for (tries = 0; n < PIECE_WORDS && tries < RNDR_TRIES; tries++)
		n += hw_rndrrs(&w[n]);
	return n == PIECE_WORDS;
}

static bool trng_get(u64 *w)
{
	unsigned int n = 0, tries;

	for (tries = 0; n < PIECE_WORDS && tries < TRNG_TRIES; tries++) {
		unsigned int k = PIECE_WORDS - n < TRNG_WORDS ? PIECE_WORDS - n : TRNG_WORDS;
		struct smc_res r = smc_call(TRNG_RND64, k * 64, 0, 0);

		/* NO_ENTROPY: perhaps next time; anything else: no bits either */
		if (r.x0)
			continue;
		/* The least significant 64 bits are in x3. */
		w[n++] = r.x3;
		if (k > 1)
			w[n++] = r.x2;
		if (k > 2)
			w[n++] = r.x1;
		hypsec_wipe(&r, sizeof(r));
	}
	return n == PIECE_WORDS;
}

enum { RNDR, TRNG, SOURCES };

/* Touched by one CPU at a time: who holds @reseeding. */
static struct source {
	const char *name;
	bool (*get)(u64 *w);
	bool good;		/* gave something, and all that it gave was good */
	bool failed;		/* for ever: a source that was bad once is not asked again */
	bool told;
	struct hypsec_health health;
} sources[SOURCES] = {
	[RNDR] = { .name = "RNDRRS", .get = rndr_get },
	[TRNG] = { .name = "firmware TRNG", .get = trng_get },
};
static bool has_trng __ro_after_seal;
static u32 reseeding;

/* CPUs may differ in FEAT_RNG. */
static bool present(unsigned int id)
{
	return id == TRNG ? has_trng : read_idreg(ID_AA64ISAR0_EL1, 60) != 0;
}

static bool gather(struct source *s, u64 *piece)
{
	const char *why;

	if (!s->get(piece)) {
		/* Not a fault: RNDRRS and TRNG may both be drained by others. */
		if (!s->told)
			hlog("random: %s gave too little (this once)", s->name);
		s->told = true;
		WRITE_ONCE(s->good, false);
		return false;
	}
	why = hypsec_health_test(&s->health, piece, PIECE_WORDS * sizeof(*piece));
	if (why) {
		hlog("random: %s failed its %s test: not used any more", s->name, why);
		s->failed = true;
	}
	WRITE_ONCE(s->good, !why);
	return !why;
}

static void reseed(bool firmware)
{
	u64 piece[SOURCES][PIECE_WORDS] = { { 0 } };
	unsigned int id;
	u32 idle = 0;

	/* One is enough; the others take what the generator has. */
	if (!__atomic_compare_exchange_n(&reseeding, &idle, 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return;
	for (id = 0; id < SOURCES; id++) {
		if (sources[id].failed || !present(id) || (id == TRNG && !firmware))
			continue;
		if (!gather(&sources[id], piece[id]))
			hypsec_wipe(piece[id], sizeof(piece[id]));
	}
	spin_lock(&lock);
	/* With no source at all this is one more step away from the old key. */
	if (hypsec_random_seed(&generator, piece, sizeof(piece)) == HYPSEC_OK) {
		WRITE_ONCE(given, 0);
		WRITE_ONCE(seeded_at, read_sysreg(CNTPCT_EL0));
	}
	spin_unlock(&lock);
	hypsec_wipe(piece, sizeof(piece));
	__atomic_store_n(&reseeding, 0, __ATOMIC_RELEASE);
}

static bool reseed_due(void)
{
	return READ_ONCE(given) >= RESEED_BYTES ||
	       read_sysreg(CNTPCT_EL0) - READ_ONCE(seeded_at) >=
	       RESEED_SECONDS * read_sysreg(CNTFRQ_EL0);
}

/**
 * core_random_seed() - install: the host's seed, then what the machine has
 * @entropy: wiped by the caller
 * @n: bytes, at least 32
 *
 * Return: HYPSEC_OK; HYPSEC_INVALID: too short.
 */
int __init core_random_seed(const void *entropy, size_t n)
{
	unsigned int i;
	int ret;

	spin_lock(&lock);
	ret = hypsec_random_seed(&generator, entropy, n);
	spin_unlock(&lock);
	if (ret)
		return ret;

	has_trng = (s32)smc_call(TRNG_VERSION, 0, 0, 0).x0 >= TRNG_1_0 &&
		   (s32)smc_call(TRNG_FEATURES, TRNG_RND64, 0, 0).x0 >= 0;
	for (i = 0; i < START_PIECES; i++)
		reseed(true);
	hlog("random: the host's seed%s%s", sources[RNDR].good ? ", RNDRRS" : "",
	     sources[TRNG].good ? ", firmware TRNG" : "");
	return HYPSEC_OK;
}

u64 core_random_sources(void)
{
	return (READ_ONCE(sources[RNDR].good) ? HYPSEC_FEAT_RNDR : 0) |
	       (READ_ONCE(sources[TRNG].good) ? HYPSEC_FEAT_TRNG : 0);
}

int core_random(void *out, size_t n)
{
	int ret;

	/*
	 * Firmware is not called with a lock held: how long it takes is not ours to say. A
	 * caller with a lock gets RNDRRS alone, which is an instruction.
	 */
	if (reseed_due())
		reseed(!this_cpu()->ranks_held);
	spin_lock(&lock);
	ret = hypsec_random_get(&generator, out, n);
	WRITE_ONCE(given, given + n);
	spin_unlock(&lock);
	return ret;
}
