// SPDX-License-Identifier: GPL-2.0-only
/*
 * A protected VM gives free memory back to its host, as with a balloon's free page reporting, but
 * by a call to the core: the frames are given up before the host has their pages, so nothing is
 * lost, whatever the host does. It asks for nothing and is told nothing.
 */
#define pr_fmt(fmt) "hypsec_report: " fmt

#include <linux/arm-smccc.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page_reporting.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>

#include "hypsec_abi.h"
#include "hypsec_guest.h"

static unsigned long given;
module_param(given, ulong, 0444);
MODULE_PARM_DESC(given, "pages of 4 KiB given back so far");

/* HVC or SMC, as for PSCI. No core below: NOT_SUPPORTED, from whoever is. */
static int give(phys_addr_t pa, unsigned long pages)
{
	struct arm_smccc_res res;

	while (pages) {
		arm_smccc_1_1_invoke(HYPSEC_GUEST_RELINQUISH, pa, pages, &res);
		if ((long)res.a0 == HYPSEC_BUSY) {
			cond_resched();
			continue;
		}
		if (res.a0 || !res.a1 || res.a1 > pages)
			return -EIO;
		pages -= res.a1;
		pa += res.a1 * PAGE_SIZE;
		given += res.a1;
	}
	return 0;
}

/* These pages are free, and nobody else has them meanwhile. Given back in part is no harm: they are. */
static int report(struct page_reporting_dev_info *dev, struct scatterlist *sgl, unsigned int nents)
{
	struct scatterlist *sg;
	unsigned int i;
	int err;

	for_each_sg(sgl, sg, nents, i) {
		err = give(page_to_phys(sg_page(sg)), sg->length >> PAGE_SHIFT);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static struct page_reporting_dev_info reporting = {
	.report = report,
};

static int __init hypsec_report_init(void)
{
	struct arm_smccc_res res = {};
	int err;

	BUILD_BUG_ON(PAGE_SIZE != 4096);
	if (arm_smccc_1_1_get_conduit() != SMCCC_CONDUIT_NONE)
		arm_smccc_1_1_invoke(HYPSEC_GUEST_VERSION, &res);
	if (res.a0 || res.a1 != HYPSEC_ABI_VERSION || res.a2 != 1)
		return -ENODEV;
	/* A page that comes back is zero, and would be taken for one that somebody wrote to. */
	if (page_poisoning_enabled()) {
		pr_err("free pages are poisoned (page_poison=1): none is given back\n");
		return -EOPNOTSUPP;
	}
	err = page_reporting_register(&reporting);
	if (err == -EBUSY)
		pr_err("another driver reports free pages\n");
	return err;
}

static void __exit hypsec_report_exit(void)
{
	page_reporting_unregister(&reporting);
}

module_init(hypsec_report_init);
module_exit(hypsec_report_exit);

MODULE_DESCRIPTION("A HypSec protected VM gives free memory back to its host");
MODULE_LICENSE("GPL");
