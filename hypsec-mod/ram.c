// SPDX-License-Identifier: GPL-2.0-only
/*
 * The maps that the core gets: what is RAM, and what else the host executes from. Both are as
 * firmware and the kernel's resource tree have them before the seal. Afterwards no range is
 * taken for memory on the host's word: it could be a device.
 */
#include <linux/acpi.h>
#include <linux/efi.h>
#include <linux/ioport.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/of_address.h>
#include <linux/slab.h>
#include <asm/cpufeature.h>
#include "hypsec.h"
#include "plug.h"
#include "ranges.h"

struct walk {
	struct hypsec_ram *ram;
	u32 nr;
};

static int add_ram(struct resource *res, void *arg)
{
	struct walk *w = arg;

	return ranges_add(w->ram, &w->nr, HYPSEC_MAX_RAM, PAGE_ALIGN(res->start),
			  (res->end + 1) & PAGE_MASK);
}

static int cut_device(struct resource *res, void *arg)
{
	if (!(res->flags & IORESOURCE_SYSRAM))
		plug_cut(arg, res->start, res->end + 1);
	return 0;
}

#ifdef CONFIG_ACPI
static void add_acpi(struct plug *p)
{
	struct acpi_table_header *srat, *nfit;

	if (acpi_disabled || ACPI_FAILURE(acpi_get_table(ACPI_SIG_SRAT, 0, &srat)))
		return;
	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_NFIT, 0, &nfit)))
		nfit = NULL;
	plug_acpi(p, srat, nfit);
	if (nfit)
		acpi_put_table(nfit);
	acpi_put_table(srat);
}
#else
static void add_acpi(struct plug *p)
{
}
#endif

static void add_device_tree(struct plug *p)
{
	struct device_node *np;
	struct resource res;
	int i;

	for_each_node_by_type(np, "memory") {
		if (!of_property_read_bool(np, "hotpluggable") || !of_device_is_available(np))
			continue;
		for (i = 0; !of_address_to_resource(np, i, &res); i++)
			plug_add(p, res.start, res.end + 1);
	}
}

/*
 * Memory that firmware says may be plugged in. What the resource tree has there now and
 * is not RAM stays what it is. Return: as plug_join().
 */
static u64 add_pluggable(struct hypsec_ram *ram, u32 *nr, u64 *lost)
{
	struct plug p = { .r = kcalloc(HYPSEC_MAX_RAM, sizeof(*p.r), GFP_KERNEL),
			  .limit = hypsec_pa_limit() };
	u64 later;

	if (!p.r)
		return 0;
	add_acpi(&p);
	add_device_tree(&p);
	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_MEM, 0, U64_MAX, &p, cut_device);
	later = plug_join(&p, ram, nr);
	*lost = p.lost;
	kfree(p.r);
	return later;
}

/* The end of what the core can address: four levels of 4 KiB. */
u64 hypsec_pa_limit(void)
{
	u32 parange = cpuid_feature_extract_unsigned_field(
		read_sanitised_ftr_reg(SYS_ID_AA64MMFR0_EL1), ID_AA64MMFR0_EL1_PARANGE_SHIFT);

	return BIT_ULL(min_t(u32, id_aa64mmfr0_parange_to_phys_shift(parange), 48));
}

/**
 * hypsec_ram_map() - System RAM and what firmware says may be plugged in, sorted, disjoint
 * @ram: room for HYPSEC_MAX_RAM
 * @nr: how many were filled
 * @later: bit n: ram[n] is not System RAM yet
 * @lost: bytes of memory that may be plugged in and have no place in the map
 *
 * Return: 0, -E2BIG System RAM is too many ranges, -ENOENT there is none.
 */
int hypsec_ram_map(struct hypsec_ram *ram, u32 *nr, u64 *later, u64 *lost)
{
	struct walk w = { .ram = ram };
	int ret;

	*lost = 0;
	ret = walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				  0, U64_MAX, &w, add_ram);
	*nr = w.nr;
	if (ret == -E2BIG)
		return ret;
	if (!w.nr)
		return -ENOENT;
	*later = add_pluggable(ram, nr, lost);
	return 0;
}

/**
 * hypsec_exec_map() - what the host executes from that is not RAM
 * @exec: room for HYPSEC_MAX_EXEC
 * @nr: how many were filled
 * @ram: from hypsec_ram_map(): stays out
 * @nr_ram: how many
 *
 * UEFI's runtime code, and persistent or specific-purpose memory, which programs are mapped from
 * where a file system is on it (DAX). All of it memory by firmware's word, never a device: the CPU
 * fetches from it ahead.
 * Return: 0, -E2BIG it is more ranges than that: the first are there.
 */
int hypsec_exec_map(struct hypsec_ram *exec, u32 *nr, const struct hypsec_ram *ram, u32 nr_ram)
{
	efi_memory_desc_t *md;
	int ret = 0;
	u32 i;

	*nr = 0;
	if (!efi_enabled(EFI_MEMMAP) || !efi.memmap.map)
		return 0;
	for_each_efi_memory_desc(md) {
		u64 base = PAGE_ALIGN(md->phys_addr);
		u64 end = (md->phys_addr + (md->num_pages << EFI_PAGE_SHIFT)) & PAGE_MASK;

		if (!(md->attribute & EFI_MEMORY_WB) || end > hypsec_pa_limit())
			continue;
		if (md->type != EFI_RUNTIME_SERVICES_CODE && md->type != EFI_PERSISTENT_MEMORY &&
		    !(md->attribute & EFI_MEMORY_SP))
			continue;
		ret = ranges_add(exec, nr, HYPSEC_MAX_EXEC, base, end) ?: ret;
	}
	for (i = 0; i < nr_ram; i++) {
		while (ranges_cut(exec, nr, HYPSEC_MAX_EXEC, ram[i].base,
				  ram[i].base + ram[i].size)) {
			(*nr)--;
			ret = -E2BIG;
		}
	}
	return ret;
}

static int add_bytes(struct resource *res, void *arg)
{
	*(u64 *)arg += resource_size(res);
	return 0;
}

u64 hypsec_ram_bytes(void)
{
	u64 bytes = 0;

	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0,
			    U64_MAX, &bytes, add_bytes);
	return bytes;
}
