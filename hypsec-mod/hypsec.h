/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of hypsec-mod/. */
#ifndef HYPSEC_H
#define HYPSEC_H

#include <linux/types.h>
#include <crypto/sha2.h>
#include "../el2-objs/abi/hypsec_abi.h"
#include "../el2-objs/abi/hypsec_bundle.h"
#include "calls.h"

/* The core, as built: bundle.S */
extern const u8 hypsec_bundle_start[], hypsec_bundle_end[];

/**
 * struct hypsec_region - the memory that becomes the core's
 * @base: physical, 2 MiB aligned
 * @size: bytes, 2 MiB multiple
 * @install: struct hypsec_install, filled by region_fill()
 * @tables: physical address of the first page of the tables that map it at install
 * @cpu_areas: physical, see struct hypsec_install
 *
 * From @base on: bundle, install page, tables, CPU areas, pool.
 */
struct hypsec_region {
	phys_addr_t base;
	size_t size;
	struct hypsec_install *install;
	phys_addr_t tables;
	phys_addr_t cpu_areas;
};

/* preflight.c: nothing is changed; the reason is in the log */
int hypsec_preflight(void);

/* ram.c */
u64 hypsec_pa_limit(void);
int hypsec_ram_map(struct hypsec_ram *ram, u32 *nr, u64 *later, u64 *lost);
int hypsec_exec_map(struct hypsec_ram *exec, u32 *nr, const struct hypsec_ram *ram, u32 nr_ram);
u64 hypsec_ram_bytes(void);

/* hotplug.c */
int hypsec_hotplug_begin(void);
void hypsec_hotplug_known(const struct hypsec_ram *ram, u32 nr);
void hypsec_hotplug_end(void);

/* region.c */
int region_alloc(struct hypsec_region *r, unsigned int nr_cpus, unsigned long pool_mb);
void region_free(struct hypsec_region *r);
int region_fill(struct hypsec_region *r, const struct hypsec_policy *policy,
		unsigned long debug_uart, int fail_cpu, u8 *measurement);
void region_clean_install(const struct hypsec_region *r);

/* main.c */
int hypsec_take_over(struct hypsec_region *region);

/* platform.c */
struct dentry;
int hypsec_platform_wanted(bool *wait);
const char *hypsec_platform_stage(void);
int hypsec_platform_wait(struct hypsec_region *r, struct dentry *dir);

/* install.c */
int hypsec_install_cpus(struct hypsec_region *r);
unsigned int hypsec_count_cpus(unsigned long *mpidr, u32 *taken);

/* state.c */
struct dentry *hypsec_state_init(const u8 *measurement, const struct hypsec_policy *policy);
void hypsec_state_remove(void);
int hypsec_state_sealed(void);
void hypsec_log_drain(void);

/* memory.c */
void hypsec_memory_init(void);
void hypsec_page_hide(struct page *page);
void hypsec_page_show(struct page *page);
u64 hypsec_account(enum hypsec_account acc);

/* lost.c */
void hypsec_lost_retire(void);

/* watch.c */
void hypsec_watch_init(void);

/* swap.c */
void hypsec_swap_init(void);

#endif
