// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host side of HypSec: checks, reserves, installs, seals, then serves. The
 * sequence is hypsec_init(), top to bottom; hypsec_install_cpus() holds the point
 * of no return. Up to there a failure leaves the host as it was.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/panic.h>
#include "hypsec.h"
#include "policy.h"

static unsigned long pool_mb;
module_param(pool_mb, ulong, 0444);
MODULE_PARM_DESC(pool_mb, "MiB of memory for the core's tables and objects (default: RAM/128, at least 8)");

static unsigned long debug_uart;
static int fail_cpu = -1;
#ifdef CONFIG_HYPSEC_DEBUG
module_param(fail_cpu, int, 0444);
MODULE_PARM_DESC(fail_cpu, "make the install fail at this CPU, to test that it is undone");
module_param(debug_uart, ulong, 0444);
MODULE_PARM_DESC(debug_uart, "physical address of a PL011 that the core prints on (taints the kernel)");
#endif

static struct hypsec_policy policy;

static int __init take_over(struct hypsec_region *region, u8 *measurement)
{
	int ret;

	ret = region_alloc(region, hypsec_count_cpus(NULL), pool_mb);
	if (ret)
		return ret;
	ret = region_fill(region, &policy, debug_uart, fail_cpu, measurement);
	if (!ret)
		ret = hypsec_install_cpus(region);
	if (ret)
		region_free(region);
	return ret;
}

static int __init hypsec_init(void)
{
	struct hypsec_region region = { };
	u8 measurement[SHA256_DIGEST_SIZE];
	int ret;

	/* The CPUs checked and counted are the CPUs taken. */
	cpu_hotplug_disable();
	ret = hypsec_preflight();
	if (!ret)
		ret = hypsec_policy_load(&policy);
	if (!ret)
		ret = take_over(&region, measurement);
	cpu_hotplug_enable();
	if (ret)
		return ret;

	/* Sealed: from here on nothing may fail the load. */
	if (debug_uart) {
		pr_warn("the core prints on the UART at %#lx: this kernel is for development\n",
			debug_uart);
		add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	}
	hypsec_log_drain();
	hypsec_memory_init();
	hypsec_watch_init();
	hypsec_swap_init();
	if (hypsec_state_init(measurement, &policy))
		pr_warn("no /sys/kernel/security/hypsec: is securityfs enabled?\n");
	pr_info("sealed: %zu MiB at %pa, core measurement (SHA-256) %*phN, DMA: not confined\n",
		region.size >> 20, &region.base, SHA256_DIGEST_SIZE, measurement);
	return 0;
}

/*
 * Built in: every boot CPU is up and KVM is not. There is no exit: EL2 is not
 * given back, and a host that could stop the core could read what it protects.
 */
subsys_initcall(hypsec_init);

MODULE_DESCRIPTION("HypSec: protects virtual machines from the host kernel");
MODULE_LICENSE("GPL");
