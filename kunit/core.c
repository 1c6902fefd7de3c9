// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/kthread.h>
#include <asm/asm-extable.h>
#include <asm/sysreg.h>
#include <asm/virt.h>
#include "core.h"

struct arm_smccc_res hk_hvc(u64 x0, u64 x1, u64 x2, u64 x3)
{
	u64 x[31] = { x0, x1, x2, x3 };
	unsigned long flags;

	local_irq_save(flags);
	hypsec_hvc_full(x);
	local_irq_restore(flags);
	return (struct arm_smccc_res){ x[0], x[1], x[2], x[3] };
}

struct arm_smccc_res hk_smc(u64 x0, u64 x1, u64 x2, u64 x3)
{
	u64 x[31] = { x0, x1, x2, x3 };
	unsigned long flags;

	local_irq_save(flags);
	hypsec_smc_full(x);
	local_irq_restore(flags);
	return (struct arm_smccc_res){ x[0], x[1], x[2], x[3] };
}

int hk_init(struct kunit *test)
{
	struct arm_smccc_res res;

	/* An HVC is UNDEFINED without EL2, and goes to this kernel itself under VHE. */
	if (is_kernel_in_hyp_mode())
		kunit_skip(test, "the kernel runs at EL2");
	if (!(read_sysreg(id_aa64pfr0_el1) & ID_AA64PFR0_EL1_EL2_MASK))
		kunit_skip(test, "no EL2");
	if (hypsec_call_version(&res) != HYPSEC_OK)
		kunit_skip(test, "EL2 is not HypSec's");
	KUNIT_ASSERT_EQ(test, res.a1 >> 16, HYPSEC_ABI_MAJOR);
	KUNIT_ASSERT_EQ(test, res.a3, HYPSEC_PHASE_SEALED);
	return 0;
}

int hk_read_log(char text[25])
{
	struct arm_smccc_res res;
	int status = hypsec_call_log(&res);
	u64 words[3] = { res.a1, res.a2, res.a3 };

	memcpy(text, words, 24);
	text[24] = 0;
	return status;
}

int hk_page_state(phys_addr_t pa, unsigned int *level)
{
	struct arm_smccc_res res;
	int status = hypsec_call_page_info(pa, &res);

	if (level)
		*level = res.a2;
	return status ? status : (int)res.a1;
}

struct lent {
	struct page *page;
	unsigned int order;
};

static void take_back(void *data)
{
	struct lent *l = data;
	phys_addr_t pa = page_to_phys(l->page);
	struct arm_smccc_res res;
	bool all = true;
	unsigned int i;

	for (i = 0; i < 1U << l->order; i++, pa += PAGE_SIZE) {
		if (hk_page_state(pa, NULL) == HYPSEC_PAGE_SHARED)
			hypsec_call_unshare(pa, &res);
		if (hk_page_state(pa, NULL) == HYPSEC_PAGE_NOT_HOST)
			hypsec_call_reclaim(pa, &res);
		all &= hk_page_state(pa, NULL) == HYPSEC_PAGE_HOST;
	}
	if (all)
		__free_pages(l->page, l->order);
	else
		pr_warn("hypsec_kunit: page %pa did not come back, lost\n", &pa);
	kfree(l);
}

struct page *hk_host_pages(struct kunit *test, unsigned int order)
{
	struct lent *l = kzalloc(sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->order = order;
	l->page = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
	if (!l->page)
		kfree(l);
	KUNIT_ASSERT_NOT_NULL(test, l->page);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, take_back, l), 0);
	return l->page;
}

void hk_read_accounts(struct kunit *test, struct accounts *a)
{
	struct arm_smccc_res res;
	unsigned int i;

	for (i = 0; i < HYPSEC_ACC_COUNT; i++) {
		KUNIT_ASSERT_EQ(test, hypsec_call_account(i, &res), HYPSEC_OK);
		a->n[i] = res.a1;
	}
}

u64 hk_pages_held(const struct accounts *a)
{
	return a->n[HYPSEC_ACC_IMAGE] + a->n[HYPSEC_ACC_FREE] + a->n[HYPSEC_ACC_EL2_S1] +
	       a->n[HYPSEC_ACC_HOST_S2] + a->n[HYPSEC_ACC_VM_S2] + a->n[HYPSEC_ACC_VM] +
	       a->n[HYPSEC_ACC_SEAL] + a->n[HYPSEC_ACC_HELD];
}

struct walk {
	int (*fn)(phys_addr_t pa, u64 size, int state, void *arg);
	void *arg;
};

static int walk_range(struct resource *res, void *data)
{
	struct walk *w = data;
	phys_addr_t pa = PAGE_ALIGN(res->start), end = ALIGN_DOWN(res->end + 1, PAGE_SIZE);
	unsigned int level;
	int state, ret;
	u64 size;

	for (; pa < end; pa = ALIGN_DOWN(pa, size) + size) {
		state = hk_page_state(pa, &level);
		/* Only of the host's own pages the size of the entry is told. */
		size = state >= HYPSEC_PAGE_HOST ? PAGE_SIZE << (9 * (3 - level)) : PAGE_SIZE;
		ret = w->fn(pa, size, state, w->arg);
		if (ret)
			return ret;
	}
	return 0;
}

int hk_walk_ram(int (*fn)(phys_addr_t pa, u64 size, int state, void *arg), void *arg)
{
	struct walk w = { fn, arg };

	return walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				   0, -1, &w, walk_range);
}

static int is_core(phys_addr_t pa, u64 size, int state, void *arg)
{
	struct arm_smccc_res res;
	phys_addr_t *found = arg;

	if (state != HYPSEC_PAGE_NOT_HOST)
		return 0;
	/* A free donated page could be reclaimed: try, and give it again if so. */
	if (hypsec_call_reclaim(pa, &res) == HYPSEC_OK) {
		hypsec_call_donate(pa, &res);
		return 0;
	}
	*found = pa;
	return 1;
}

phys_addr_t hk_core_page(struct kunit *test)
{
	static phys_addr_t found;

	if (!found)
		hk_walk_ram(is_core, &found);
	KUNIT_ASSERT_NE(test, found, 0);
	return found;
}

/* --- accesses that may fault --- */

#define TRY(insn, in...) \
	asm volatile("1:	" insn "\n2:\n" \
		     _ASM_EXTABLE_KACCESS_ERR(1b, 2b, %w0) \
		     : "+r" (err), "=&r" (a), "=&r" (b) : "r" (p), ##in : "memory")

const char *const hk_access_names[ACC_COUNT] = {
	"ldr", "ldrb", "ldp", "ldar", "ldxr", "str", "strb", "stp", "stlr", "stxr",
	"dc civac", "dc cvac", "dc zva",
};

int hk_try_access(enum access what, void *p)
{
	u64 a, b, v = 0x5a;
	int err = 0;

	switch (what) {
	case ACC_LOAD:
		TRY("ldr %1, [%3]");
		break;
	case ACC_LOAD_BYTE:
		TRY("ldrb %w1, [%3, #3]");
		break;
	case ACC_LOAD_PAIR:
		TRY("ldp %1, %2, [%3]");
		break;
	case ACC_LOAD_ACQUIRE:
		TRY("ldar %1, [%3]");
		break;
	case ACC_LOAD_EXCLUSIVE:
		TRY("ldxr %1, [%3]");
		asm volatile("clrex");
		break;
	case ACC_STORE:
		TRY("str %4, [%3]", "r" (v));
		break;
	case ACC_STORE_BYTE:
		TRY("strb %w4, [%3, #3]", "r" (v));
		break;
	case ACC_STORE_PAIR:
		TRY("stp %4, %4, [%3]", "r" (v));
		break;
	case ACC_STORE_RELEASE:
		TRY("stlr %4, [%3]", "r" (v));
		break;
	case ACC_STORE_EXCLUSIVE:
		/* Without a monitor it may fail without looking at memory: then not a fault. */
		TRY("ldxr %1, [%3]");
		if (!err)
			TRY("stxr %w1, %4, [%3]", "r" (v));
		break;
	case ACC_DC_CIVAC:
		TRY("dc civac, %3");
		break;
	case ACC_DC_CVAC:
		TRY("dc cvac, %3");
		break;
	case ACC_DC_ZVA:
		TRY("dc zva, %3");
		break;
	default:
		err = -EINVAL;
	}
	return err;
}

int hk_try_load(const void *p, u64 *v)
{
	int err = 0;

	asm volatile("1:	ldr %1, [%2]\n2:\n"
		     _ASM_EXTABLE_KACCESS_ERR_ZERO(1b, 2b, %w0, %w1)
		     : "+r" (err), "=&r" (*v) : "r" (p) : "memory");
	return err;
}

int hk_try_store(void *p, u64 v)
{
	int err = 0;

	asm volatile("1:	str %1, [%2]\n2:\n"
		     _ASM_EXTABLE_KACCESS_ERR(1b, 2b, %w0)
		     : "+r" (err) : "r" (v), "r" (p) : "memory");
	return err;
}

/* --- other CPUs --- */

struct errand {
	int (*fn)(void *arg);
	void *arg;
	int ret;
	struct completion done;
};

static int run_errand(void *data)
{
	struct errand *e = data;

	e->ret = e->fn(e->arg);
	complete(&e->done);
	return 0;
}

struct errand *hk_start_on(struct kunit *test, unsigned int cpu, int (*fn)(void *arg), void *arg)
{
	struct errand *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	struct task_struct *t;

	KUNIT_ASSERT_NOT_NULL(test, e);
	e->fn = fn;
	e->arg = arg;
	init_completion(&e->done);
	t = kthread_create(run_errand, e, "hypsec_kunit/%u", cpu);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	kthread_bind(t, cpu);
	wake_up_process(t);
	return e;
}

int hk_finish(struct errand *e)
{
	wait_for_completion(&e->done);
	return e->ret;
}

unsigned int hk_other_cpu(struct kunit *test)
{
	unsigned int cpu;

	cpu = cpumask_next(cpumask_first(cpu_online_mask), cpu_online_mask);
	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "one CPU only");
	/* The thread of this test case, which ends with it. */
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current,
			cpumask_of(cpumask_first(cpu_online_mask))), 0);
	return cpu;
}

MODULE_DESCRIPTION("KUnit tests of HypSec's core, from the kernel above it");
MODULE_LICENSE("GPL");
