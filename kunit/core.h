/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites share. They know the core by its calls only, not hypsec-mod/. The names
 * begin with hk_ because they are global in a kernel that has this built in.
 */
#ifndef HYPSEC_KUNIT_CORE_H
#define HYPSEC_KUNIT_CORE_H

#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/types.h>
#include "../hypsec-mod/calls.h"

/* struct kunit_suite.init: skips where there is no EL2 or no core, fails where it is broken. */
int hk_init(struct kunit *test);

/* hvc.S: every register from and to @x[31]; x18 is left alone. */
void hypsec_hvc_full(u64 *x);
void hypsec_smc_full(u64 *x);

/* One call by number. */
struct arm_smccc_res hk_hvc(u64 x0, u64 x1, u64 x2, u64 x3);
struct arm_smccc_res hk_smc(u64 x0, u64 x1, u64 x2, u64 x3);

/* HYPSEC_CALL_LOG: up to 24 characters, NUL terminated; empty: no more. */
int hk_read_log(char text[25]);

/*
 * 1 << @order pages of the host's, for one test. At its end they are taken back
 * from the core; a page that does not come back is never given to the kernel again.
 */
struct page *hk_host_pages(struct kunit *test, unsigned int order);

/* HYPSEC_CALL_PAGE_INFO; a negative status, or enum hypsec_page. @level may be NULL. */
int hk_page_state(phys_addr_t pa, unsigned int *level);

struct accounts {
	u64 n[HYPSEC_ACC_COUNT];
};
void hk_read_accounts(struct kunit *test, struct accounts *a);
/* Pages the core holds, wherever they are accounted. */
u64 hk_pages_held(const struct accounts *a);

/* Calls @fn(@pa, @size, @state, @arg) for each entry of System RAM, until it returns non-zero. */
int hk_walk_ram(int (*fn)(phys_addr_t pa, u64 size, int state, void *arg), void *arg);
/* A page of the region the core was installed in; never donated, never given back. */
phys_addr_t hk_core_page(struct kunit *test);

/*
 * Single accesses that may fault: 0 or -EFAULT. A fault that is not handled as -EFAULT
 * (translation, permission, external abort) hangs or kills this kernel.
 */
enum access {
	ACC_LOAD, ACC_LOAD_BYTE, ACC_LOAD_PAIR, ACC_LOAD_ACQUIRE, ACC_LOAD_EXCLUSIVE,
	ACC_STORE, ACC_STORE_BYTE, ACC_STORE_PAIR, ACC_STORE_RELEASE, ACC_STORE_EXCLUSIVE,
	ACC_DC_CIVAC, ACC_DC_CVAC, ACC_DC_ZVA, ACC_COUNT
};
extern const char *const hk_access_names[ACC_COUNT];
int hk_try_access(enum access what, void *p);
int hk_try_load(const void *p, u64 *v);
int hk_try_store(void *p, u64 v);

/*
 * Starts @fn(@arg) in a thread on CPU @cpu; hk_finish() waits for it and returns what it did. No
 * assertion in between: a test that ends early would leave the thread its stack.
 */
struct errand;
struct errand *hk_start_on(struct kunit *test, unsigned int cpu, int (*fn)(void *arg), void *arg);
int hk_finish(struct errand *e);
/*
 * An online CPU other than the one that the test runs, and from now on stays, on; skips the
 * test if there is none.
 */
unsigned int hk_other_cpu(struct kunit *test);

/* accounts.c, model.c: cases of hypsec_memory. */
void accounts_add_up(struct kunit *test);
void model_random_walk(struct kunit *test);
void model_double_use(struct kunit *test);

/* restart.c: what the target of the stub's SOFT_RESTART found. */
struct restarted {
	u64 currentel, sctlr, daif;
	bool args;		/* its three arguments arrived */
};
void hk_soft_restart(struct kunit *test, struct restarted *at);

#endif
