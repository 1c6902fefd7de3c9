// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a memory error has made nobody's. The host's allocator has them still: it is told
 * which, for whoever it gives one to would find no memory there.
 */
#include "own/own.h"
#include "base/check.h"
#include "base/log.h"
#include "pool/pool.h"

#define LOST_KEPT	64		/* the last ones; the host looks once a second */

static u64 lost[LOST_KEPT], nr_lost;

void lost_add(pa_t pa)
{
	CHECK(spin_held(&host_s2_lock));
	lost[nr_lost++ % LOST_KEPT] = pa.v;
	account_add(HYPSEC_ACC_LOST, 1);
	hlog("host: a memory error at %lx in what was a VM's: nobody's from now on", pa.v);
}

int lost_page(u64 n, pa_t *pa)
{
	int ret = HYPSEC_OK;

	spin_lock(&host_s2_lock);
	if (n >= nr_lost)
		ret = HYPSEC_RANGE;
	else if (nr_lost - n > LOST_KEPT)
		ret = HYPSEC_STATE;
	else
		*pa = PA(lost[n % LOST_KEPT]);
	spin_unlock(&host_s2_lock);
	return ret;
}
