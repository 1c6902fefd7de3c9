// SPDX-License-Identifier: GPL-2.0-only
/*
 * Swap devices that may read a page while it changes. A page of a protected VM is ciphertext
 * when it is on its way to swap. Should the guest touch it meanwhile, the kernel gives the very
 * page back, the core decrypts it in place, and the device reads that; unless the device wants
 * its pages stable, for then the guest gets a copy. Nothing at EL2 sees a device read (DMA is
 * not confined), so this is for the administrator to set.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/blkdev.h>
#include <linux/kprobes.h>
#include <linux/swap.h>
#include <asm/ptrace.h>
#include "hypsec.h"

#ifdef CONFIG_KPROBES
/* _enable_swap_info(struct swap_info_struct *): the last step of swapon(2), with a lock held. */
static int swap_on(struct kprobe *p, struct pt_regs *regs)
{
	const struct swap_info_struct *si = (const void *)regs_get_kernel_argument(regs, 0);

	if (si->flags & SWP_STABLE_WRITES)
		return 0;
	if (si->bdev)
		pr_warn("swap on %pg without stable writes: it may write a protected VM's page in the clear; swapoff, echo 1 > /sys/block/%s/queue/stable_writes, swapon\n",
			si->bdev, si->bdev->bd_disk->disk_name);
	else
		pr_warn("swap on a file system without a block device: it may write a protected VM's page in the clear; use a block device or zram\n");
	return 0;
}

static struct kprobe swap_probe = {
	.symbol_name = "_enable_swap_info",
	.pre_handler = swap_on,
};

void hypsec_swap_init(void)
{
	int ret = IS_ENABLED(CONFIG_SWAP) ? register_kprobe(&swap_probe) : 0;

	if (ret)
		pr_warn("swap devices are not checked (%d): set /sys/block/*/queue/stable_writes to 1 before swapon\n",
			ret);
}
#else
void hypsec_swap_init(void)
{
	if (IS_ENABLED(CONFIG_SWAP))
		pr_warn("swap devices are not checked, no kprobes: set /sys/block/*/queue/stable_writes to 1 before swapon\n");
}
#endif
