// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack.ko: what a hostile kernel at EL1 can do, as ioctls of one device, so
 * that tests can try it from a shell. Loading it gives up the host: it is for
 * test hosts only.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "attack_mod.h"

/* Pages that ATTACK_ALLOC gave out live as long as the open file. */
struct attack_file {
	struct list_head pages;
};

static int attack_open(struct inode *inode, struct file *file)
{
	struct attack_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	INIT_LIST_HEAD(&f->pages);
	file->private_data = f;
	return 0;
}

static int attack_release(struct inode *inode, struct file *file)
{
	struct attack_file *f = file->private_data;
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &f->pages, lru)
		__free_page(page);
	kfree(f);
	return 0;
}

static int attack_alloc(struct attack_file *f, u64 *pa)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	if (!page)
		return -ENOMEM;
	list_add(&page->lru, &f->pages);
	*pa = page_to_phys(page);
	return 0;
}

static int attack_kread(const struct attack_kread *r)
{
	u64 done, n;
	void *buf;
	int ret = 0;

	buf = (void *)__get_free_page(GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	for (done = 0; done < r->len && !ret; done += n) {
		n = min_t(u64, r->len - done, PAGE_SIZE);
		ret = copy_from_kernel_nofault(buf, (void *)(r->addr + done), n);
		if (!ret && copy_to_user(u64_to_user_ptr(r->buf + done), buf, n))
			ret = -EFAULT;
	}
	memzero_explicit(buf, PAGE_SIZE);
	free_page((unsigned long)buf);
	return ret;
}

static int attack_dispatch(struct file *file, unsigned int cmd, void *arg)
{
	switch (cmd) {
	case ATTACK_SCAN:
		return attack_scan(arg);
	case ATTACK_ACCESS:
		return attack_access(arg);
	case ATTACK_CALL:
		return attack_call(arg);
	case ATTACK_VCPU:
		return attack_vcpu(arg);
	case ATTACK_KREAD:
		return attack_kread(arg);
	case ATTACK_FIELD:
		return attack_field(arg);
	case ATTACK_CORRUPT:
		return attack_corrupt(arg);
	case ATTACK_WATCH:
		return attack_watch(arg);
	case ATTACK_RESULT:
		attack_result(arg);
		return 0;
	case ATTACK_ALLOC:
		return attack_alloc(file->private_data, arg);
	default:
		return -ENOTTY;
	}
}

static long attack_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	unsigned int size = _IOC_SIZE(cmd);
	void *arg;
	long ret;

	if (cmd == ATTACK_EXEC)
		return attack_exec(user);
	if (cmd == ATTACK_STOP) {
		attack_stop();
		return 0;
	}
	if (!size || size > PAGE_SIZE)
		return -ENOTTY;
	arg = memdup_user((void __user *)user, size);
	if (IS_ERR(arg))
		return PTR_ERR(arg);
	ret = attack_dispatch(file, cmd, arg);
	if (!ret && copy_to_user((void __user *)user, arg, size))
		ret = -EFAULT;
	kfree_sensitive(arg);
	return ret;
}

/* A process's own view of any physical page: what /dev/mem would give. */
static int attack_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

static const struct file_operations attack_fops = {
	.owner		= THIS_MODULE,
	.open		= attack_open,
	.release	= attack_release,
	.unlocked_ioctl	= attack_ioctl,
	.mmap		= attack_mmap,
};

static struct miscdevice attack_dev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "hypsec-attack",
	.fops	= &attack_fops,
	.mode	= 0600,
};

static int __init attack_init(void)
{
	int ret = attack_hooks_init();

	if (ret)
		return ret;
	ret = misc_register(&attack_dev);
	if (ret)
		attack_hooks_exit();
	return ret;
}

static void __exit attack_exit(void)
{
	misc_deregister(&attack_dev);
	attack_hooks_exit();
}

module_init(attack_init);
module_exit(attack_exit);
MODULE_DESCRIPTION("HypSec test tool: a hostile host kernel");
MODULE_LICENSE("GPL");
