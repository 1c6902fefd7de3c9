// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the core cannot see, or what would go wrong under it: the end of a VM,
 * hibernation, kexec. Protection depends on none of this: the core ends a VM whose
 * struct kvm is reused, a hibernation image or the next kernel would find
 * ciphertext or nothing. These spare the host the surprise.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/kexec.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/list.h>
#include <linux/mmu_notifier.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/suspend.h>
#include <linux/workqueue.h>
#include <asm/ptrace.h>
#include "hypsec.h"

static int hibernation(struct notifier_block *nb, unsigned long event, void *data)
{
	if (event != PM_HIBERNATION_PREPARE && event != PM_RESTORE_PREPARE)
		return NOTIFY_DONE;
	pr_err("hibernation is refused: the image could not hold the core's memory; use suspend-to-RAM\n");
	return notifier_from_errno(-EPERM);
}

static struct notifier_block pm_nb = { .notifier_call = hibernation };

static void reap(struct work_struct *work);
static DECLARE_DELAYED_WORK(reaper, reap);

#define IDLE_STEPS 1000		/* without a page found: far more than a sound search takes */

/*
 * What is left of VMs that have ended: a vCPU was inside; or they are dead, for a reason of the
 * core's, while their VMM lives on and may let a device write to their memory.
 */
static void reap(struct work_struct *work)
{
	unsigned long last = ULONG_MAX, delay = HZ;
	struct arm_smccc_res res;
	unsigned int idle = 0;
	int status;

	while (!(status = hypsec_call_vm_reap(&res)) && res.a1) {
		idle = res.a1 < last ? 0 : idle + 1;
		last = res.a1;
		if (idle > IDLE_STEPS) {
			/* A page or a vCPU of it is in use: again, but not all the time. */
			delay = HZ / 10;
			break;
		}
		cond_resched();
	}
	hypsec_lost_retire();
	/* A broken core gives nothing back. */
	if (!status)
		queue_delayed_work(system_unbound_wq, &reaper, delay);
}

#ifdef CONFIG_KPROBES
/*
 * The end of a VM is seen twice. kvm_arch_flush_shadow_all(struct kvm *) is called when the
 * memory of the VMM goes away, before its pages do: a VMM that was killed still has the VM's
 * file then. kvm_arch_destroy_vm() is called when the last file is closed.
 *
 * All pages are back, zeroed, before the kernel frees the first of them, with no TLB call for any
 * (exit_mmap()). Later would be too late: the next to use one may be a device, which no table
 * stops, and what it read from a disk would be gone when the page is zeroed, at the first look
 * of a CPU or by the worker.
 *
 * That may take long, and both are called where a thread may sleep: so the probes send it here,
 * as any function it might have called, and from here it goes to the one it meant.
 */
struct detour {
	struct list_head list;
	struct task_struct *task;
	unsigned long kvm;
};

/* Those who come from here: the probes let them through. */
static LIST_HEAD(detours);
static DEFINE_RAW_SPINLOCK(detours_lock);

static void end_vm(unsigned long kvm)
{
	struct arm_smccc_res res;

	while (!hypsec_call_vm_teardown(kvm, &res) && res.a1)
		cond_resched();
	/* For what it could not do: a vCPU inside, which no KVM has left now. */
	hypsec_call_vm_end(kvm, &res);
	/* Before they are free. */
	hypsec_lost_retire();
	mod_delayed_work(system_unbound_wq, &reaper, 0);
}

static bool on_detour(unsigned long kvm)
{
	unsigned long flags;
	struct detour *d;
	bool found = false;

	raw_spin_lock_irqsave(&detours_lock, flags);
	list_for_each_entry(d, &detours, list)
		found |= d->task == current && d->kvm == kvm;
	raw_spin_unlock_irqrestore(&detours_lock, flags);
	return found;
}

/* @function: of the kernel's, by an address of which the compiler knows nothing. */
static __nocfi void end_first(struct kvm *kvm, void *function)
{
	/* Not on the stack: a task that oopses down there never comes back for it. */
	struct detour *d = kmalloc(sizeof(*d), GFP_KERNEL | __GFP_NOFAIL);

	d->task = current;
	d->kvm = (unsigned long)kvm;
	end_vm(d->kvm);
	raw_spin_lock_irq(&detours_lock);
	list_add(&d->list, &detours);
	raw_spin_unlock_irq(&detours_lock);
	((void (*)(struct kvm *))function)(kvm);
	raw_spin_lock_irq(&detours_lock);
	list_del(&d->list);
	raw_spin_unlock_irq(&detours_lock);
	kfree(d);
}

static int ends(struct kprobe *p, struct pt_regs *regs);
static struct kprobe end_probes[] = {
	{ .symbol_name = "kvm_arch_flush_shadow_all", .pre_handler = ends },
	{ .symbol_name = "kvm_arch_destroy_vm", .pre_handler = ends },
};

static void flush_shadow_all(struct kvm *kvm)
{
	end_first(kvm, end_probes[0].addr);
}

static void destroy_vm(struct kvm *kvm)
{
	end_first(kvm, end_probes[1].addr);
}

static int ends(struct kprobe *p, struct pt_regs *regs)
{
	void (*first)(struct kvm *kvm) = p == end_probes ? flush_shadow_all : destroy_vm;

	if (on_detour(regs_get_kernel_argument(regs, 0)))
		return 0;
	instruction_pointer_set(regs, (unsigned long)first);
	return 1;
}

/*
 * The OOM reaper, and process_mrelease(), unmap the memory of a VMM that is being killed and cannot
 * exit: one of its threads waits, uninterruptibly. To KVM that is pages taken from a VM that
 * lives, each of which would be sealed, with KVM's lock held and no reschedule for all of them. The
 * VM cannot run again, so it ends first. Of all who unmap, only they may not block.
 *
 * kvm_mmu_notifier_invalidate_range_start(mmu_notifier, mmu_notifier_range) holds no lock yet. That
 * it must not block is for the sake of the memory that it frees: nothing here waits for any.
 */
static struct {
	struct task_struct *task;
	unsigned long kvm;
} reaping[8];				/* one of the kernel's, and those who call */

static int reaped(struct kprobe *p, struct pt_regs *regs);
static struct kprobe reap_probe = {
	.symbol_name = "kvm_mmu_notifier_invalidate_range_start", .pre_handler = reaped,
};

static __nocfi int end_reaped(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	int (*start)(struct mmu_notifier *mn, const struct mmu_notifier_range *range) =
		(void *)reap_probe.addr;
	struct arm_smccc_res res;
	unsigned int i;
	int ret;

	for (i = 0; READ_ONCE(reaping[i].task) != current; i++)
		;
	/* As end_vm(), where cond_resched() may be said to be a bug. */
	while (!hypsec_call_vm_teardown(reaping[i].kvm, &res) && res.a1) {
		if (need_resched())
			schedule();
	}
	hypsec_call_vm_end(reaping[i].kvm, &res);
	/* Pages that are lost are not waited for: the reaper has its locks. */
	mod_delayed_work(system_unbound_wq, &reaper, 0);
	ret = start(mn, range);
	WRITE_ONCE(reaping[i].task, NULL);
	return ret;
}

static int reaped(struct kprobe *p, struct pt_regs *regs)
{
	struct mmu_notifier *mn = (void *)regs_get_kernel_argument(regs, 0);
	const struct mmu_notifier_range *range = (void *)regs_get_kernel_argument(regs, 1);
	unsigned int i;

	if (mmu_notifier_range_blockable(range))
		return 0;
	for (i = 0; i < ARRAY_SIZE(reaping); i++)
		if (READ_ONCE(reaping[i].task) == current)
			return 0;			/* it comes from end_reaped() */
	for (i = 0; i < ARRAY_SIZE(reaping); i++)
		if (!cmpxchg(&reaping[i].task, NULL, current))
			break;
	if (i == ARRAY_SIZE(reaping))
		return 0;				/* slow, no more */
	reaping[i].kvm = (unsigned long)container_of(mn, struct kvm, mmu_notifier);
	instruction_pointer_set(regs, (unsigned long)end_reaped);
	return 1;
}

static void watch_vms(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(end_probes) && !ret; i++)
		ret = register_kprobe(&end_probes[i]);
	if (ret)
		pr_warn("the end of a VM is not seen (%d): its memory comes back later\n", ret);
	ret = register_kprobe(&reap_probe);
	if (ret)
		pr_warn("that a killed VMM's memory is reaped is not seen (%d): it is sealed first, which may take long\n",
			ret);
}
#else
static void watch_vms(void)
{
	pr_warn("the end of a VM is not seen: no kprobes; its memory comes back later\n");
}
#endif

#ifdef CONFIG_KPROBES
/* Returns from the probed function, before its first instruction, with -EPERM. */
static int refuse(struct pt_regs *regs)
{
	pr_err("kexec is refused: the next kernel would not know of the core; reboot through firmware (a crash kernel, kexec -p, is allowed)\n");
	regs->regs[0] = -EPERM;
	instruction_pointer_set(regs, procedure_link_pointer(regs));
	return 1;
}

/* (entry, nr_segments, segments, flags); no segments: unload */
static int kexec_load(struct kprobe *p, struct pt_regs *regs)
{
	const struct pt_regs *args = (const void *)regs_get_kernel_argument(regs, 0);

	if (!args->regs[1] || args->regs[3] & KEXEC_ON_CRASH)
		return 0;
	return refuse(regs);
}

/* (kernel_fd, initrd_fd, cmdline_len, cmdline, flags) */
static int kexec_file_load(struct kprobe *p, struct pt_regs *regs)
{
	const struct pt_regs *args = (const void *)regs_get_kernel_argument(regs, 0);

	if (args->regs[4] & (KEXEC_FILE_UNLOAD | KEXEC_FILE_ON_CRASH))
		return 0;
	return refuse(regs);
}

/* An image that was loaded before this module: the load was nobody's to refuse. */
static int kexec_run(struct kprobe *p, struct pt_regs *regs)
{
	return refuse(regs);
}

static struct kprobe probes[] = {
	{ .symbol_name = "kernel_kexec", .pre_handler = kexec_run },
	{ .symbol_name = "__arm64_sys_kexec_load", .pre_handler = kexec_load },
	{ .symbol_name = "__arm64_sys_kexec_file_load", .pre_handler = kexec_file_load },
};

static void refuse_kexec(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		ret = register_kprobe(&probes[i]);
		/* -ENOENT: this kernel has no such call to watch */
		if (ret && ret != -ENOENT)
			pr_warn("kexec is not refused: %s (%d)\n", probes[i].symbol_name, ret);
	}
}
#else
static void refuse_kexec(void)
{
	pr_warn("kexec is not refused: no kprobes\n");
}
#endif

void hypsec_watch_init(void)
{
	int ret = register_pm_notifier(&pm_nb);

	if (ret)
		pr_warn("hibernation is not refused (%d)\n", ret);
	refuse_kexec();
	watch_vms();
	/* Of VMs that are dead all the same. */
	queue_delayed_work(system_unbound_wq, &reaper, HZ);
}
