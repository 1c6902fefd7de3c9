// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameters signers= and signers_file=. They are only remembered when they
 * are set, and judged at the install: a parameter of the kernel's command line that
 * cannot be set is a line in the log, and the kernel would go on with any signer.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/kernel.h>
#include <linux/kernel_read_file.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>
#include "policy.h"

/* A module's arguments and the command line stay where they are until after init. */
static const char *signers, *signers_file;
static bool twice;

static int remember(const char *val, const struct kernel_param *kp)
{
	const char **text = kp->arg;

	twice |= !!*text;
	*text = val ?: "";
	return 0;
}

static const struct kernel_param_ops ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,	/* "signers" without "=" is remembered too */
	.set = remember,
};

module_param_cb(signers, &ops, &signers, 0);
MODULE_PARM_DESC(signers, "who may sign protected VMs: any, or HASH[:MINIMUM],... (default: any)");
module_param_cb(signers_file, &ops, &signers_file, 0);
MODULE_PARM_DESC(signers_file, "path of a file with more of the same, one or more a line");

static int load_file(struct hypsec_policy *p, const char *path)
{
	void *text = NULL;
	ssize_t len;
	int ret;

	len = kernel_read_file_from_path(path, 0, &text, SZ_64K, NULL, READING_POLICY);
	if (len < 0) {
		pr_err("signers_file=%s cannot be read (%zd); name a file of 1 to 65536 bytes that is there before HypSec, or use signers=\n",
		       path, len);
		return len;
	}
	ret = hypsec_policy_parse(p, "signers_file", text, len);
	vfree(text);
	return ret;
}

/**
 * hypsec_policy_load() - the policy that the parameters ask for
 * @p: all zero
 *
 * Return: 0, or -errno with the reason in the log: nothing may be installed.
 */
int hypsec_policy_load(struct hypsec_policy *p)
{
	int ret = 0;

	if (twice) {
		pr_err("signers= or signers_file= is given twice; give each once\n");
		return -EINVAL;
	}
	p->any = !signers && !signers_file;
	if (signers)
		ret = hypsec_policy_parse(p, "signers=", signers, strlen(signers));
	if (!ret && signers_file)
		ret = load_file(p, signers_file);
	return ret;
}
