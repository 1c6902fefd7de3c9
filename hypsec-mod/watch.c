// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the core cannot see, or what would go wrong under it: the end of a VM,
 * hibernation, kexec. Protection depends on none of this: the core ends a VM whose
 * struct kvm is reused, a hibernation image or the next kernel would find
 * ciphertext or nothing. These spare the host the surprise.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/ftrace.h>
#include <linux/kexec.h>
#include <linux/kprobes.h>
#include <linux/suspend.h>
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

/*
 * The end of a VM: kvm_arch_destroy_vm(struct kvm *), when no vCPU is left to run. By
 * ftrace where there is ftrace, as interrupts stay on there: the core works in
 * steps, and lets them in between.
 */
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
static void vm_gone(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
		    struct ftrace_regs *fregs)
{
	struct arm_smccc_res res;

	hypsec_call_vm_teardown(ftrace_regs_get_argument(fregs, 0), &res);
}

static struct ftrace_ops vm_gone_ops = { .func = vm_gone };

static int watch_vms(void)
{
	static unsigned char name[] = "kvm_arch_destroy_vm";
	int ret = ftrace_set_filter(&vm_gone_ops, name, sizeof(name) - 1, 1);

	return ret ?: register_ftrace_function(&vm_gone_ops);
}
#elif defined(CONFIG_KPROBES)
static int vm_gone(struct kprobe *p, struct pt_regs *regs)
{
	struct arm_smccc_res res;

	hypsec_call_vm_teardown(regs_get_kernel_argument(regs, 0), &res);
	return 0;
}

static struct kprobe vm_gone_probe = {
	.symbol_name = "kvm_arch_destroy_vm",
	.pre_handler = vm_gone,
};

static int watch_vms(void)
{
	return register_kprobe(&vm_gone_probe);
}
#else
static int watch_vms(void)
{
	return -EOPNOTSUPP;
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
	ret = watch_vms();
	if (ret)
		pr_warn("the end of a VM is not seen (%d): its memory comes back later\n", ret);
}
