// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of VMs with a memory error that the core could not erase either, and so gives to nobody. To
 * the kernel they are as good as any, and free when the VMM's memory is; whoever got one then would
 * find no memory there. So the kernel is told, as by firmware that had found the error.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include "hypsec.h"

static void retire(u64 pa)
{
	if (IS_ENABLED(CONFIG_MEMORY_FAILURE))
		memory_failure(PHYS_PFN(pa), 0);	/* says itself what came of it */
	else
		pr_err("a memory error at %#llx, and no CONFIG_MEMORY_FAILURE: whoever is given this page crashes\n",
		       pa);
}

/**
 * hypsec_lost_retire() - tell the kernel of the pages that the core has lost since the last time
 *
 * Context: may sleep. On return it knows of all that were lost before the call.
 */
void hypsec_lost_retire(void)
{
	static DEFINE_MUTEX(lock);
	static unsigned long next;
	struct arm_smccc_res res;
	int status;

	/* Until the last is out of use: another caller may be about to free it. */
	mutex_lock(&lock);
	while (!(status = hypsec_call_lost(next, &res)) || status == HYPSEC_STATE) {
		next++;
		if (!status)
			retire(res.a1);
		cond_resched();
	}
	mutex_unlock(&lock);
}
