// SPDX-License-Identifier: GPL-2.0-only
/*
 * platform=wait: everything is prepared and measured, then user space, still trusted,
 * hands the platform secret in, once, and says when to seal. README has the sequence
 * with a TPM. Without it the core draws a secret of its own, and says so to guests.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/security.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "hypsec.h"

/* Judged at the install: the kernel goes on after a parameter that cannot be set. */
static char *platform;
module_param(platform, charp, 0);
MODULE_PARM_DESC(platform, "secret for guests' sealing keys: ephemeral (default), or wait for one in securityfs before the seal");

static enum {
	WAIT_SECRET,
	WAIT_SEAL,
	DONE,
	FAILED,
} stage = DONE;
static DEFINE_MUTEX(lock);
static struct hypsec_region *region;

/**
 * hypsec_platform_wanted() - what does the parameter ask for?
 * @wait: out: a secret will be handed in
 *
 * Return: 0, or -errno with the reason in the log: nothing may be installed.
 */
int hypsec_platform_wanted(bool *wait)
{
	*wait = platform && !strcmp(platform, "wait");
	if (!*wait && platform && strcmp(platform, "ephemeral")) {
		pr_err("platform=%s is unknown; give ephemeral or wait\n", platform);
		return -EINVAL;
	}
	if (*wait && !IS_ENABLED(CONFIG_HYPSEC_ATTEST)) {
		pr_err("platform=wait: this core is built without keys for guests (CONFIG_HYPSEC_ATTEST)\n");
		return -EOPNOTSUPP;
	}
	/* Who unsealed the secret leaves copies behind: in its heap, in the TPM's driver. */
	if (*wait && !want_init_on_free()) {
		pr_err("platform=wait leaves copies of the secret in freed memory; boot with init_on_free=1\n");
		return -EPERM;
	}
	return 0;
}

/* What goes before the core's answer; NULL: ask the core. */
const char *hypsec_platform_stage(void)
{
	switch (READ_ONCE(stage)) {
	case WAIT_SECRET:
		return "waiting for the platform secret";
	case WAIT_SEAL:
		return "waiting for the seal";
	case FAILED:
		return "failed";
	default:
		return NULL;
	}
}

static ssize_t secret_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct hypsec_install *in;
	ssize_t ret = len;

	if (len != HYPSEC_SECRET_SIZE || *pos)
		return -EINVAL;
	mutex_lock(&lock);
	if (stage != WAIT_SECRET) {
		ret = -EPERM;
		goto out;
	}
	/* Straight into what becomes the core's, which wipes it: no copy of ours. */
	in = region->install;
	if (copy_from_user(in->secret, buf, len))
		ret = -EFAULT;
	else if (!memchr_inv(in->secret, 0, len))
		ret = -EINVAL;
	if (ret < 0) {
		memzero_explicit(in->secret, sizeof(in->secret));
		goto out;
	}
	in->source = HYPSEC_PLATFORM;
	WRITE_ONCE(stage, WAIT_SEAL);
out:
	mutex_unlock(&lock);
	return ret;
}

static ssize_t seal_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	int ret = -EPERM;

	mutex_lock(&lock);
	if (stage == WAIT_SEAL) {
		region_clean_install(region);
		ret = hypsec_take_over(region);
		WRITE_ONCE(stage, ret ? FAILED : DONE);
	}
	mutex_unlock(&lock);
	return ret ?: len;
}

static const struct file_operations secret_fops = {
	.owner = THIS_MODULE,
	.write = secret_write,
	.llseek = noop_llseek,
};

static const struct file_operations seal_fops = {
	.owner = THIS_MODULE,
	.write = seal_write,
	.llseek = noop_llseek,
};

/**
 * hypsec_platform_wait() - offer the two files, then let user space go on
 * @r: filled region, stays
 * @dir: /sys/kernel/security/hypsec
 *
 * Return: 0 or -errno.
 */
int hypsec_platform_wait(struct hypsec_region *r, struct dentry *dir)
{
	struct dentry *secret, *seal;

	region = r;
	secret = securityfs_create_file("platform_secret", 0200, dir, NULL, &secret_fops);
	if (IS_ERR(secret))
		return PTR_ERR(secret);
	seal = securityfs_create_file("seal", 0200, dir, NULL, &seal_fops);
	if (IS_ERR(seal)) {
		securityfs_remove(secret);
		return PTR_ERR(seal);
	}
	mutex_lock(&lock);
	WRITE_ONCE(stage, WAIT_SECRET);
	mutex_unlock(&lock);
	return 0;
}
