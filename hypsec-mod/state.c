// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/security/hypsec/, and the core's log. Everything here is the word
 * of the host: good for its administrator, no proof to anybody else.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/security.h>
#include <linux/sizes.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>
#include "hypsec.h"
#include "reason.h"
#include "../el2-objs/abi/hypsec_attest.h"

#define LOG_PERIOD	(HZ / 2)
#define LINE_SIZE	192
#define LOG_CALLS	1024		/* 24 bytes each: more than the core's ring holds */

static u8 core_measurement[SHA256_DIGEST_SIZE];
static const struct hypsec_policy *core_policy;

static int state_show(struct seq_file *m, void *v)
{
	static const char * const names[] = {
		[HYPSEC_PHASE_INSTALL] = "installing",
		[HYPSEC_PHASE_SEALED] = "sealed",
		[HYPSEC_PHASE_BROKEN] = "broken",
	};
	const char *stage = hypsec_platform_stage();
	struct arm_smccc_res res;

	if (stage) {
		seq_printf(m, "%s\n", stage);
		return 0;
	}
	hypsec_log_drain();
	if (hypsec_call_version(&res) || res.a3 >= ARRAY_SIZE(names))
		seq_puts(m, "unknown\n");
	else
		seq_printf(m, "%s\n", names[res.a3]);
	return 0;
}

static int version_show(struct seq_file *m, void *v)
{
	struct arm_smccc_res res;

	if (hypsec_call_version(&res))
		return -EIO;
	seq_printf(m, "%lu.%lu%s%s%s%s%s%s%s%s%s\n", res.a1 >> 16, res.a1 & 0xffff,
		   res.a2 & HYPSEC_FEAT_DEBUG ? " debug" : "",
		   res.a2 & HYPSEC_FEAT_MEM_PROTECT ? " mem-protect" : "",
		   res.a2 & HYPSEC_FEAT_RNDR ? " rndr" : "",
		   res.a2 & HYPSEC_FEAT_TRNG ? " trng" : "",
		   res.a2 & HYPSEC_FEAT_ATTEST ? " attest" : "",
		   res.a2 & HYPSEC_FEAT_SHARE ? " share" : "",
		   res.a2 & HYPSEC_FEAT_RELINQUISH ? " relinquish" : "",
		   res.a2 & HYPSEC_FEAT_RSI ? " rsi" : "",
		   res.a2 & HYPSEC_FEAT_GUEST_DEBUG ? " guest-debug" : "");
	return 0;
}

static int measurement_show(struct seq_file *m, void *v)
{
	seq_printf(m, "sha256:%*phN\n", SHA256_DIGEST_SIZE, core_measurement);
	return 0;
}

static int accounts_show(struct seq_file *m, void *v)
{
	static const char * const names[HYPSEC_ACC_COUNT] = {
		[HYPSEC_ACC_IMAGE] = "image",
		[HYPSEC_ACC_FREE] = "free",
		[HYPSEC_ACC_EL2_S1] = "el2_tables",
		[HYPSEC_ACC_HOST_S2] = "host_tables",
		[HYPSEC_ACC_VM_S2] = "vm_tables",
		[HYPSEC_ACC_VM] = "vm_objects",
		[HYPSEC_ACC_PRIVATE] = "private",
		[HYPSEC_ACC_SHARED] = "shared",
		[HYPSEC_ACC_SEAL] = "seal_records",
		[HYPSEC_ACC_HELD] = "held",
		[HYPSEC_ACC_LOST] = "lost",
	};
	unsigned int i;

	for (i = 0; i < HYPSEC_ACC_COUNT; i++)
		seq_printf(m, "%s %llu\n", names[i], hypsec_account(i));
	return 0;
}

static void show_identity(struct seq_file *m, unsigned int vm)
{
	struct hypsec_identity id;
	struct arm_smccc_res res;
	unsigned long piece[3];
	unsigned int i;

	BUILD_BUG_ON(sizeof(piece) != HYPSEC_IDENTITY_PIECE);
	for (i = 0; i < HYPSEC_IDENTITY_PIECES; i++) {
		if (hypsec_call_vm_identity(vm, i, &res)) {
			seq_puts(m, "- - -");
			return;
		}
		piece[0] = res.a1;
		piece[1] = res.a2;
		piece[2] = res.a3;
		memcpy((u8 *)&id + i * sizeof(piece), piece, sizeof(piece));
	}
	seq_printf(m, "%*phN %*phN %llu", HYPSEC_HASH_SIZE, id.vm, HYPSEC_HASH_SIZE,
		   id.signer, (u64)id.security_version);
}

/* What its signer allows, and how far VM_PROTECT has got, in pages. */
static void show_status(struct seq_file *m, unsigned int vm)
{
	static const struct {
		u32 flag;
		const char *name;
	} flags[] = {
		{ HYPSEC_FLAG_DEBUG, "debug" },
		{ HYPSEC_FLAG_SMP, "smp" },
		{ HYPSEC_FLAG_SHARE, "share" },
		{ HYPSEC_FLAG_CONSOLE, "console" },
		{ HYPSEC_FLAG_PCI, "pci" },
		{ HYPSEC_FLAG_RSI, "rsi" },
		{ HYPSEC_FLAG_CLOCK, "clock" },
	};
	struct arm_smccc_res res;
	char sep = ' ';
	unsigned int i;

	if (hypsec_call_vm_status(vm, &res)) {
		seq_puts(m, " - -\n");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!(res.a1 & flags[i].flag))
			continue;
		seq_printf(m, "%c%s", sep, flags[i].name);
		sep = ',';
	}
	seq_printf(m, "%s %lu/%lu\n", sep == ' ' ? " -" : "", res.a2 / SZ_4K, res.a3 / SZ_4K);
}

static int vms_show(struct seq_file *m, void *v)
{
	static const char * const states[] = {
		[HYPSEC_VM_ORDINARY] = "ordinary",
		[HYPSEC_VM_PROTECTING] = "protecting",
		[HYPSEC_VM_PROTECTED] = "protected",
		[HYPSEC_VM_DEAD] = "dead",
	};
	struct arm_smccc_res res;
	unsigned int id;

	seq_puts(m, "id state private_pages running_vcpus identity signer security_version flags verified\n");
	for (id = 1; hypsec_call_vm_info(id, &res) == HYPSEC_OK; id++) {
		if (res.a1 == HYPSEC_VM_NONE || res.a1 >= ARRAY_SIZE(states))
			continue;
		seq_printf(m, "%u %s %lu %lu ", id, states[res.a1], res.a2, res.a3);
		show_identity(m, id);
		show_status(m, id);
	}
	return 0;
}

/* As the parameters take it. */
static int signers_show(struct seq_file *m, void *v)
{
	u32 i;

	if (core_policy->any)
		seq_puts(m, "any\n");
	for (i = 0; i < core_policy->nr_signers; i++)
		seq_printf(m, "%*phN:%llu\n", HYPSEC_HASH_SIZE, core_policy->signer[i].key_hash,
			   (u64)core_policy->signer[i].min_version);
	return 0;
}

static int read_platform(struct hypsec_platform *p)
{
	struct arm_smccc_res res;
	unsigned long piece[3];
	unsigned int i;

	for (i = 0; i < HYPSEC_PLATFORM_PIECES; i++) {
		int status = hypsec_call_platform(i, &res);

		/* A core without CONFIG_HYPSEC_ATTEST; or broken. */
		if (status)
			return status == HYPSEC_NOT_SUPPORTED ? -EOPNOTSUPP : -EIO;
		piece[0] = res.a1;
		piece[1] = res.a2;
		piece[2] = res.a3;
		memcpy((u8 *)p + i * sizeof(piece), piece, sizeof(piece));
	}
	return 0;
}

static int platform_show(struct seq_file *m, void *v)
{
	struct hypsec_platform p;
	int ret = read_platform(&p);

	if (ret)
		return ret;
	seq_puts(m, p.source == HYPSEC_PLATFORM ? "platform\n" : "ephemeral\n");
	return 0;
}

static int platform_key_show(struct seq_file *m, void *v)
{
	struct hypsec_platform p;
	int ret = read_platform(&p);

	if (ret)
		return ret;
	seq_printf(m, "%*phN\n", (int)sizeof(p.key), p.key);
	return 0;
}

static int dma_show(struct seq_file *m, void *v)
{
	seq_puts(m, "not confined\n");
	return 0;
}

DEFINE_SHOW_ATTRIBUTE(state);
DEFINE_SHOW_ATTRIBUTE(version);
DEFINE_SHOW_ATTRIBUTE(measurement);
DEFINE_SHOW_ATTRIBUTE(accounts);
DEFINE_SHOW_ATTRIBUTE(vms);
DEFINE_SHOW_ATTRIBUTE(signers);
DEFINE_SHOW_ATTRIBUTE(dma);
DEFINE_SHOW_ATTRIBUTE(platform);
DEFINE_SHOW_ATTRIBUTE(platform_key);

struct hypsec_file {
	const char *name;
	const struct file_operations *fops;
};

/* What there is to say before the core answers; the rest comes with the seal. */
static const struct hypsec_file early[] = {
	{ "state", &state_fops },
	{ "measurement", &measurement_fops },
	{ "signers", &signers_fops },
	{ "dma", &dma_fops },
};

static const struct hypsec_file sealed[] = {
	{ "version", &version_fops },
	{ "accounts", &accounts_fops },
	{ "vms", &vms_fops },
	{ "platform", &platform_fops },
	{ "platform_key", &platform_key_fops },
};

static struct dentry *dir;

static int make_files(const struct hypsec_file *file, unsigned int n)
{
	struct dentry *d;

	for (; n; n--, file++) {
		d = securityfs_create_file(file->name, 0444, dir, NULL, file->fops);
		if (IS_ERR(d))
			return PTR_ERR(d);
	}
	return 0;
}

/* Whole lines only; the rest waits for its end. */
void hypsec_log_drain(void)
{
	static DEFINE_MUTEX(lock);
	static char line[LINE_SIZE];
	static unsigned int len;
	struct arm_smccc_res res;
	unsigned int i, calls = 0;

	mutex_lock(&lock);
	/* Bounded, should the core log faster than a slow console prints. */
	while (calls++ < LOG_CALLS && hypsec_call_log(&res) == HYPSEC_OK && res.a1) {
		const unsigned long piece[] = { res.a1, res.a2, res.a3 };
		const char *p = (const char *)piece, *words;

		for (i = 0; i < sizeof(piece) && p[i]; i++) {
			if (p[i] != '\n' && len < sizeof(line) - 1) {
				line[len++] = p[i];
				continue;
			}
			line[len] = '\0';
			words = hypsec_reason_words(line);
			pr_info("core: %s%s%s\n", line, words ? ": " : "", words ?: "");
			len = 0;
		}
	}
	mutex_unlock(&lock);
}

static void log_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(log_timer, log_work);

static void log_work(struct work_struct *work)
{
	hypsec_log_drain();
	schedule_delayed_work(&log_timer, LOG_PERIOD);
}

/**
 * hypsec_state_init() - what can be shown before the seal
 * @measurement: SHA-256 of the core
 * @policy: what the core is installed with; stays
 *
 * Return: the folder, or an ERR_PTR() if the files could not be made.
 */
struct dentry *hypsec_state_init(const u8 *measurement, const struct hypsec_policy *policy)
{
	int ret;

	memcpy(core_measurement, measurement, sizeof(core_measurement));
	core_policy = policy;
	dir = securityfs_create_dir("hypsec", NULL);
	if (IS_ERR(dir))
		return dir;
	ret = make_files(early, ARRAY_SIZE(early));
	return ret ? ERR_PTR(ret) : dir;
}

/* Nothing was installed. */
void hypsec_state_remove(void)
{
	if (!IS_ERR_OR_NULL(dir))
		securityfs_recursive_remove(dir);
}

/**
 * hypsec_state_sealed() - start to log, and show the rest
 *
 * Return: 0, or -errno if the files could not be made (the log works all the same).
 */
int hypsec_state_sealed(void)
{
	schedule_delayed_work(&log_timer, LOG_PERIOD);
	return IS_ERR_OR_NULL(dir) ? -ENOENT : make_files(sealed, ARRAY_SIZE(sealed));
}
