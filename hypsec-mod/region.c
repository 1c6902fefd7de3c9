// SPDX-License-Identifier: GPL-2.0-only
/* The memory that becomes the core's: found, filled, relocated, measured. */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/elf.h>
#include <linux/gfp.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/psci.h>
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <asm/cacheflush.h>
#include <asm/pgtable-hwdef.h>
#include "hypsec.h"

#define POOL_MIN	SZ_8M
#define POOL_MAX	SZ_2G
/* Level 0, up to two of level 1, and level 2 for POOL_MAX and a straddle */
#define TABLE_PAGES	8
/* Attempts to empty a range of memory; each may migrate many pages. */
#define MAX_TRIES	512

static const struct hypsec_bundle *bundle(void)
{
	return (const struct hypsec_bundle *)hypsec_bundle_start;
}

static bool range_usable(unsigned long pfn, unsigned long pages)
{
	struct page *page = pfn_to_online_page(pfn);
	struct zone *zone;
	unsigned long i;

	if (!page)
		return false;
	zone = page_zone(page);
	for (i = 0; i < pages; i++) {
		page = pfn_to_online_page(pfn + i);
		if (!page || page_zone(page) != zone || PageReserved(page))
			return false;
	}
	return true;
}

/* From the top of RAM down, where the fewest devices need to reach. */
static unsigned long find_pages(unsigned long pages)
{
	const unsigned long step = SZ_2M >> PAGE_SHIFT;
	struct hypsec_ram *ram;
	unsigned long pfn, first, found = 0;
	int tries = 0, i;
	u64 later, lost;
	u32 nr;

	ram = kcalloc(HYPSEC_MAX_RAM, sizeof(*ram), GFP_KERNEL);
	if (!ram || hypsec_ram_map(ram, &nr, &later, &lost)) {
		kfree(ram);
		return 0;
	}
	for (i = nr - 1; i >= 0 && !found; i--) {
		first = ALIGN(ram[i].base >> PAGE_SHIFT, step);
		pfn = (ram[i].base + ram[i].size) >> PAGE_SHIFT;
		if (pfn < pages || (later & BIT_ULL(i)))
			continue;
		pfn = ALIGN_DOWN(pfn - pages, step);
		for (; pfn >= first && pfn && tries < MAX_TRIES; pfn -= step) {
			if (!range_usable(pfn, pages))
				continue;
			tries++;
			if (!alloc_contig_range(pfn, pfn + pages, MIGRATE_MOVABLE,
						GFP_KERNEL | __GFP_NOWARN)) {
				found = pfn;
				break;
			}
			cond_resched();
		}
	}
	kfree(ram);
	return found;
}

/**
 * region_alloc() - find the memory
 * @r: filled
 * @nr_cpus: CPUs that the core will know
 * @pool_mb: wanted pool, 0: by size of RAM
 *
 * Return: 0; -EINVAL: @pool_mb; -ENOMEM. The reason is in the log.
 */
int region_alloc(struct hypsec_region *r, unsigned int nr_cpus, unsigned long pool_mb)
{
	u64 pool = clamp_t(u64, hypsec_ram_bytes() / 128, POOL_MIN, POOL_MAX);
	size_t image = bundle()->image_size, head;
	unsigned long pfn, i;

	if (pool_mb) {
		if (pool_mb < POOL_MIN >> 20 || pool_mb > POOL_MAX >> 20) {
			pr_err("pool_mb=%lu is out of range; give %u to %u\n", pool_mb,
			       POOL_MIN >> 20, POOL_MAX >> 20);
			return -EINVAL;
		}
		pool = (u64)pool_mb << 20;
	}
	head = image + HYPSEC_INSTALL_SIZE + TABLE_PAGES * PAGE_SIZE +
	       nr_cpus * (HYPSEC_CPU_AREA + HYPSEC_CPU_POOL);
	r->size = ALIGN(head + pool, SZ_2M);
	pfn = find_pages(r->size >> PAGE_SHIFT);
	if (!pfn) {
		pr_err("no %zu MiB of contiguous memory; load HypSec earlier, or give a smaller pool_mb\n",
		       r->size >> 20);
		return -ENOMEM;
	}
	for (i = 0; i < r->size >> PAGE_SHIFT; i++)
		hypsec_page_hide(pfn_to_page(pfn + i));

	r->base = PFN_PHYS(pfn);
	r->install = phys_to_virt(r->base + image);
	r->tables = r->base + image + HYPSEC_INSTALL_SIZE;
	r->cpu_areas = r->tables + TABLE_PAGES * PAGE_SIZE;
	memset(phys_to_virt(r->base), 0, r->size);
	return 0;
}

void region_free(struct hypsec_region *r)
{
	unsigned long pfn = PHYS_PFN(r->base), i;

	hypsec_hotplug_end();
	/* The seed for the core's randomness was in it. */
	memzero_explicit(phys_to_virt(r->base), r->size);
	for (i = 0; i < r->size >> PAGE_SHIFT; i++)
		hypsec_page_show(pfn_to_page(pfn + i));
	free_contig_range(pfn, r->size >> PAGE_SHIFT);
}

/* The bundle runs at VA == PA: its only relocations add where it is. */
static int relocate(const struct hypsec_region *r)
{
	u8 *image = phys_to_virt(r->base);
	const Elf64_Rela *rela = (const void *)(hypsec_bundle_start + bundle()->rela);
	u64 i;

	for (i = 0; i < bundle()->rela_count; i++) {
		if (ELF64_R_TYPE(rela[i].r_info) != R_AARCH64_RELATIVE ||
		    rela[i].r_offset > bundle()->file_size - sizeof(u64))
			return -ENOEXEC;
		*(u64 *)(image + rela[i].r_offset) = r->base + rela[i].r_addend;
	}
	return 0;
}

static int table_of(u64 *table, unsigned int index, u64 **next, phys_addr_t *free,
		    phys_addr_t end)
{
	if (!table[index]) {
		if (*free == end)
			return -ENOSPC;
		table[index] = *free | PMD_TYPE_TABLE;
		*free += PAGE_SIZE;
	}
	*next = phys_to_virt(table[index] & GENMASK_ULL(47, 12));
	return 0;
}

/*
 * What each CPU runs on until the core has built its own tables: the region at
 * VA == PA in 2 MiB blocks, nothing else. 48-bit VA, level 0 first.
 */
static int build_tables(const struct hypsec_region *r)
{
	phys_addr_t pa, free = r->tables + PAGE_SIZE;
	u64 *l0 = phys_to_virt(r->tables), *l1, *l2;
	int ret;

	for (pa = r->base; pa < r->base + r->size; pa += SZ_2M) {
		ret = table_of(l0, pa >> 39 & 511, &l1, &free, r->cpu_areas);
		if (!ret)
			ret = table_of(l1, pa >> 30 & 511, &l2, &free, r->cpu_areas);
		if (ret)
			return ret;
		/* Attribute 0 of the core's MAIR_EL2; AP[1] is RES1 at EL2 */
		l2[pa >> 21 & 511] = pa | PMD_TYPE_SECT | PMD_SECT_AF | PMD_SECT_S | BIT(6);
	}
	return 0;
}

static void clean_to_poc(void *start, size_t size)
{
	u64 line = 4 << cpuid_feature_extract_unsigned_field(
		read_sanitised_ftr_reg(SYS_CTR_EL0), CTR_EL0_DminLine_SHIFT);
	u64 va;

	for (va = (u64)start & ~(line - 1); va < (u64)start + size; va += line)
		asm volatile("dc civac, %0" : : "r" (va) : "memory");
	dsb(sy);
}

/* What was written to the install pages since, to memory as region_fill() did the rest. */
void region_clean_install(const struct hypsec_region *r)
{
	clean_to_poc(r->install, HYPSEC_INSTALL_SIZE);
}

/**
 * region_fill() - the bundle, its parameters and first tables, ready to be entered
 * @r: from region_alloc()
 * @policy: who may sign protected VMs; copied
 * @debug_uart: physical address or 0
 * @fail_cpu: the core will not know the CPU with this index; -1: it knows all
 * @measurement: out: SHA-256 of the bundle as built, before relocation
 *
 * Return: 0 or -errno, the reason in the log.
 */
int region_fill(struct hypsec_region *r, const struct hypsec_policy *policy,
		unsigned long debug_uart, int fail_cpu, u8 *measurement)
{
	size_t len = hypsec_bundle_end - hypsec_bundle_start;
	struct hypsec_install *in = r->install;
	u64 later, lost;
	int ret;

	if (bundle()->magic != HYPSEC_BUNDLE_MAGIC || bundle()->file_size != len ||
	    bundle()->rela > len || bundle()->rela_count > len / sizeof(Elf64_Rela) ||
	    bundle()->rela + bundle()->rela_count * sizeof(Elf64_Rela) > len) {
		pr_err("the embedded core is malformed; build the module again\n");
		return -ENOEXEC;
	}
	sha256(hypsec_bundle_start, len, measurement);
	memcpy(phys_to_virt(r->base), hypsec_bundle_start, len);

	in->magic = HYPSEC_INSTALL_MAGIC;
	in->region = r->base;
	in->region_size = r->size;
	in->image_size = bundle()->image_size;
	in->cpu_areas = r->cpu_areas;
	in->linear_offset = (u64)phys_to_virt(r->base) - r->base;
	in->policy = *policy;
	memcpy(in->measurement, measurement, sizeof(in->measurement));
	in->source = HYPSEC_EPHEMERAL;
	in->debug_uart = debug_uart;
	in->nr_cpus = hypsec_count_cpus(in->mpidr, &in->nr_taken);
	if (fail_cpu >= 0 && fail_cpu < in->nr_taken)
		in->mpidr[fail_cpu] = ~0UL;
	in->vmid_bits = get_vmid_bits(read_sanitised_ftr_reg(SYS_ID_AA64MMFR1_EL1));
	in->pool = r->cpu_areas + in->nr_cpus * HYPSEC_CPU_AREA;
	get_random_bytes(in->seed, sizeof(in->seed));
	/* Before the maps are made: nothing comes online that is not in them. */
	ret = hypsec_hotplug_begin();
	if (!ret)
		ret = hypsec_ram_map(in->ram, &in->nr_ram, &later, &lost);
	if (!ret) {
		in->ram_later = later;
		hypsec_hotplug_known(in->ram, in->nr_ram);
		if (hypsec_exec_map(in->exec, &in->nr_exec, in->ram, in->nr_ram))
			pr_warn("firmware's runtime code is in more than %u ranges, not all of which the host may execute; if it does not work, boot with efi=noruntime\n",
				HYPSEC_MAX_EXEC);
		ret = relocate(r);
	}
	if (!ret)
		ret = build_tables(r);
	if (ret) {
		pr_err("the core's memory cannot be prepared (%d)\n", ret);
		return ret;
	}
	clean_to_poc(phys_to_virt(r->base), r->size);
	return 0;
}
