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
#include "ranges.h"

struct walk {
	struct hypsec_ram *ram;
	u32 nr;
	u64 lost;		/* bytes that had no place */
};

/* Whole pages of [start, end), below what the core can address. */
static void add_plug(struct walk *w, u64 start, u64 end)
{
	u64 base = PAGE_ALIGN(start), top = min(end & PAGE_MASK, hypsec_pa_limit());

	if (base >= start && end > top)
		w->lost += end - max(top, start);
	if (base >= start && base < top && ranges_add(w->ram, &w->nr, HYPSEC_MAX_RAM, base, top))
		w->lost += top - base;
}

static int add_ram(struct resource *res, void *arg)
{
	struct walk *w = arg;

	return ranges_add(w->ram, &w->nr, HYPSEC_MAX_RAM, PAGE_ALIGN(res->start),
			  (res->end + 1) & PAGE_MASK);
}

static int cut_device(struct resource *res, void *arg)
{
	struct walk *w = arg;

	if (res->flags & IORESOURCE_SYSRAM)
		return 0;
	return ranges_cut(w->ram, &w->nr, HYPSEC_MAX_RAM, res->start & PAGE_MASK,
			  PAGE_ALIGN(res->end + 1));
}

#ifdef CONFIG_ACPI
/* SRAT: memory that firmware may add */
static void add_srat(struct walk *w)
{
	const u32 wanted = ACPI_SRAT_MEM_ENABLED | ACPI_SRAT_MEM_HOT_PLUGGABLE;
	const struct acpi_srat_mem_affinity *m;
	struct acpi_table_header *srat;
	const u8 *at, *end;

	if (acpi_disabled || ACPI_FAILURE(acpi_get_table(ACPI_SIG_SRAT, 0, &srat)))
		return;
	at = (const u8 *)srat + sizeof(struct acpi_table_srat);
	end = (const u8 *)srat + srat->length;
	for (; at + sizeof(m->header) <= end; at += m->header.length) {
		m = (const void *)at;
		if (m->header.length < sizeof(m->header) || m->header.length > end - at)
			break;
		if (m->header.type == ACPI_SRAT_TYPE_MEMORY_AFFINITY &&
		    m->header.length >= sizeof(*m) &&
		    (m->flags & (wanted | ACPI_SRAT_MEM_NON_VOLATILE)) == wanted)
			add_plug(w, m->base_address, m->base_address + m->length);
	}
	acpi_put_table(srat);
}
#else
static void add_srat(struct walk *w)
{
}
#endif

static void add_device_tree(struct walk *w)
{
	struct device_node *np;
	struct resource res;
	int i;

	for_each_node_by_type(np, "memory") {
		if (!of_property_read_bool(np, "hotpluggable") || !of_device_is_available(np))
			continue;
		for (i = 0; !of_address_to_resource(np, i, &res); i++)
			add_plug(w, res.start, res.end + 1);
	}
}

/*
 * Memory that firmware says may be plugged in. What the resource tree has there now and
 * is not RAM stays what it is.
 */
static void add_pluggable(struct walk *ram)
{
	struct walk w = { .ram = kcalloc(HYPSEC_MAX_RAM, sizeof(*w.ram), GFP_KERNEL) };
	u32 i;

	if (!w.ram)
		return;
	add_srat(&w);
	add_device_tree(&w);
	ram->lost += w.lost;
	if (walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_MEM, 0, U64_MAX, &w,
				cut_device) == -E2BIG) {
		/* In too many pieces: which of them are devices is not known. */
		for (i = 0; i < w.nr; i++)
			ram->lost += w.ram[i].size;
		w.nr = 0;
	}
	for (i = 0; i < w.nr; i++)
		add_plug(ram, w.ram[i].base, w.ram[i].base + w.ram[i].size);
	kfree(w.ram);
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
 * @lost: NULL, or bytes of memory that may be plugged in and have no place in the map
 *
 * Return: 0, -E2BIG System RAM is too many ranges, -ENOENT there is none.
 */
int hypsec_ram_map(struct hypsec_ram *ram, u32 *nr, u64 *lost)
{
	struct walk w = { .ram = ram };
	int ret;

	ret = walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				  0, U64_MAX, &w, add_ram);
	*nr = w.nr;
	if (ret == -E2BIG)
		return ret;
	if (!w.nr)
		return -ENOENT;
	add_pluggable(&w);
	*nr = w.nr;
	if (lost)
		*lost = w.lost;
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
