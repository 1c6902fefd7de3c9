// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host side of HypSec: checks, reserves, installs, seals, then serves. The
 * sequence is hypsec_init(), then hypsec_take_over(), which waits for user space with
 * platform=wait; hypsec_install_cpus() holds the point of no return. Up to there a
 * failure leaves the host as it was.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/cpu.h>
#include <linux/err.h>
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

static u8 measurement[SHA256_DIGEST_SIZE];

static int __init prepare(struct hypsec_region *region)
{
	u32 taken;
	int ret;

	ret = region_alloc(region, hypsec_count_cpus(NULL, &taken), pool_mb);
	if (ret)
		return ret;
	ret = region_fill(region, &policy, debug_uart, fail_cpu, measurement);
	if (ret)
		region_free(region);
	return ret;
}

/**
 * hypsec_take_over() - install, seal, and begin to serve
 * @region: filled; freed on failure
 *
 * Ends the time without CPU hotplug that hypsec_init() began.
 * Return: 0: sealed, for good. -errno: the host is as it was.
 */
int hypsec_take_over(struct hypsec_region *region)
{
	int ret;

	ret = hypsec_install_cpus(region);
	if (ret)
		region_free(region);
	cpu_hotplug_enable();
	if (ret)
		return ret;

	/* Sealed: from here on nothing may fail. */
	if (debug_uart) {
		pr_warn("the core prints on the UART at %#lx: this kernel is for development\n",
			debug_uart);
		add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	}
	hypsec_log_drain();
	hypsec_memory_init();
	hypsec_watch_init();
	hypsec_swap_init();
	if (hypsec_state_sealed())
		pr_warn("/sys/kernel/security/hypsec is not complete: is securityfs enabled?\n");
	pr_info("sealed: %zu MiB at %pa, core measurement (SHA-256) %*phN, DMA: not confined\n",
		region->size >> 20, &region->base, SHA256_DIGEST_SIZE, measurement);
	return 0;
}

static int __init hypsec_init(void)
{
	static struct hypsec_region region;
	struct dentry *dir;
	bool wait;
	int ret;

	/* The CPUs checked and counted are the CPUs taken. */
	cpu_hotplug_disable();
	ret = hypsec_preflight();
	if (!ret)
		ret = hypsec_policy_load(&policy);
	if (!ret)
		ret = hypsec_platform_wanted(&wait);
	if (!ret)
		ret = prepare(&region);
	if (ret) {
		cpu_hotplug_enable();
		return ret;
	}

	dir = hypsec_state_init(measurement, &policy);
	if (!wait) {
		ret = hypsec_take_over(&region);
	} else {
		ret = IS_ERR(dir) ? PTR_ERR(dir) : hypsec_platform_wait(&region, dir);
		if (ret) {
			pr_err("platform=wait needs securityfs (%d)\n", ret);
			region_free(&region);
			cpu_hotplug_enable();
		} else {
			pr_info("waiting for the platform secret, core measurement (SHA-256) %*phN\n",
				SHA256_DIGEST_SIZE, measurement);
		}
	}
	if (ret)
		hypsec_state_remove();
	return ret;
}

/*
 * Built in: every boot CPU is up and KVM is not. There is no exit: EL2 is not
 * given back, and a host that could stop the core could read what it protects.
 */
subsys_initcall(hypsec_init);

MODULE_DESCRIPTION("HypSec: protects virtual machines from the host kernel");
MODULE_LICENSE("GPL");
