// SPDX-License-Identifier: GPL-2.0-only
/* The core's one random generator, seeded by the host while it was trusted. */
#include "boot_priv.h"
#include "crypto.h"
#include "lock.h"

static struct hypsec_random generator;
static struct spinlock lock = SPINLOCK(RANK_RANDOM);

int core_random_seed(const void *entropy, size_t n)
{
	int ret;

	spin_lock(&lock);
	ret = hypsec_random_seed(&generator, entropy, n);
	spin_unlock(&lock);
	return ret;
}

int core_random(void *out, size_t n)
{
	int ret;

	spin_lock(&lock);
	ret = hypsec_random_get(&generator, out, n);
	spin_unlock(&lock);
	return ret;
}
