// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every CPU gives up EL2, all or none. While all are stopped with interrupts
 * off, each says good-bye to whatever uses EL2 (cpu_pm_enter(): KVM puts the hyp
 * stub back, as it does before a CPU sleeps), enters the core through the stub's
 * SOFT_RESTART, and comes back under it. Then one CPU seals: the point of no
 * return. cpu_pm_exit() has KVM set itself up again: on the core's answers, or,
 * if anything failed before the seal, really.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/cpu_pm.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <linux/stop_machine.h>
#include <asm/cputype.h>
#include <asm/virt.h>
#include "bringup.h"
#include "hypsec.h"

static unsigned int cpu_index[NR_CPUS];		/* of a CPU in hypsec_install.mpidr[] */

struct install {
	const struct hypsec_region *region;
	unsigned int nr;
	atomic_t arrived;	/* CPUs that have reached the next barrier, summed */
	atomic_t error;		/* the first one, as an enum hypsec_status */
	const char *where;	/* and what failed */
};

/* HVC at the stub: x0-x17 may change (SMCCC 1.0). */
static u64 stub_call(u64 id, u64 a1, u64 a2, u64 a3, u64 a4)
{
	register u64 x0 asm("x0") = id;
	register u64 x1 asm("x1") = a1;
	register u64 x2 asm("x2") = a2;
	register u64 x3 asm("x3") = a3;
	register u64 x4 asm("x4") = a4;

	asm volatile("hvc #0"
		     : "+r" (x0), "+r" (x1), "+r" (x2), "+r" (x3), "+r" (x4)
		     : : "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
		     "x14", "x15", "x16", "x17", "cc", "memory");
	return x0;
}

/*
 * SOFT_RESTART branches at EL2 to x1 with x2-x4 as its arguments; the core
 * returns here as from any HVC.
 */
static int enter_core(struct install *i, unsigned int index)
{
	const struct hypsec_region *r = i->region;
	const struct hypsec_bundle *b = (const void *)hypsec_bundle_start;
	u64 percpu = r->cpu_areas + (index + 1) * HYPSEC_CPU_AREA - PAGE_SIZE;
	u64 install = index ? 0 : r->base + b->image_size;

	return stub_call(HVC_SOFT_RESTART, r->base + b->entry_install, percpu, r->tables,
			 install);
}

static void fail(struct install *i, int status, const char *where)
{
	if (!atomic_cmpxchg(&i->error, 0, status))
		WRITE_ONCE(i->where, where);
}

/* All CPUs meet; true if none has failed so far. */
static bool meet(struct install *i, unsigned int barrier)
{
	atomic_inc(&i->arrived);
	while (atomic_read_acquire(&i->arrived) < (int)(barrier * i->nr))
		cpu_relax();
	return !atomic_read(&i->error);
}

static int install_cpu(void *arg)
{
	struct install *i = arg;
	unsigned int index = cpu_index[smp_processor_id()];
	struct arm_smccc_res res;
	bool paused, inside = false;
	int ret;

	ret = cpu_pm_enter();
	paused = !ret;
	if (ret)
		fail(i, ret, "a driver refused to let go of the CPU (cpu_pm_enter)");
	else if (stub_call(HVC_RESET_VECTORS, 0, 0, 0, 0))
		fail(i, -EBUSY, "EL2 did not go back to Linux's hyp stub; who owns it?");

	if (meet(i, 1) && index == 0) {
		ret = enter_core(i, index);
		inside = !ret;
		if (ret)
			fail(i, ret, "the core did not start");
	}
	if (meet(i, 2) && index != 0) {
		ret = enter_core(i, index);
		inside = !ret;
		if (ret)
			fail(i, ret, "the core did not take every CPU");
	}
	if (meet(i, 3) && index == 0) {
		/* If it says yes, nothing that follows can fail. */
		ret = hypsec_call_seal(&res);
		if (ret)
			fail(i, ret, "the core did not seal");
	}
	if (!meet(i, 4) && inside)
		hypsec_call_leave(&res);
	if (paused)
		cpu_pm_exit();
	return 0;
}

static void read_mpidr(void *arg)
{
	unsigned long *mpidr = arg;

	mpidr[cpu_index[smp_processor_id()]] = read_cpuid_mpidr() & MPIDR_HWID_BITMASK;
}

/**
 * hypsec_count_cpus() - the CPUs that the core will know
 * @mpidr: NULL, or room for HYPSEC_MAX_CPUS: those online first
 * @taken: out: how many are online, and will be taken
 *
 * Return: how many with those that are present and offline, at most HYPSEC_MAX_CPUS.
 */
unsigned int hypsec_count_cpus(unsigned long *mpidr, u32 *taken)
{
	unsigned int cpu, nr = 0;
	u64 id;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		if (nr < HYPSEC_MAX_CPUS)
			cpu_index[cpu] = nr++;
	}
	*taken = nr;
	for_each_present_cpu(cpu) {
		if (cpu_online(cpu) || nr == HYPSEC_MAX_CPUS || !hypsec_cpu_mpidr(cpu, &id))
			continue;
		if (mpidr)
			mpidr[nr] = id;
		nr++;
	}
	if (mpidr)
		on_each_cpu(read_mpidr, mpidr, 1);
	cpus_read_unlock();
	return nr;
}

/**
 * hypsec_install_cpus() - take every CPU and seal, or leave all as it was
 * @r: filled region
 *
 * Context: CPU hotplug is disabled since hypsec_count_cpus().
 * Return: 0: sealed, for good. -errno: nothing has changed, the reason is in the log.
 */
int hypsec_install_cpus(struct hypsec_region *r)
{
	struct install i = { .region = r, .nr = r->install->nr_taken };
	int ret;

	ret = stop_machine(install_cpu, &i, cpu_online_mask);
	if (ret) {
		pr_err("the CPUs could not be stopped (%d); try again\n", ret);
		return ret;
	}
	if (atomic_read(&i.error)) {
		pr_err("not installed, the host is as it was: %s (%d)\n", i.where,
		       atomic_read(&i.error));
		return -EIO;
	}
	return 0;
}
