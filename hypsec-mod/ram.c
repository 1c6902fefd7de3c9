// SPDX-License-Identifier: GPL-2.0-only
/* The RAM map, as the kernel's resource tree has it. */
#include <linux/ioport.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include "hypsec.h"

struct walk {
	struct hypsec_ram *ram;
	u32 nr;
};

static int add_ram(struct resource *res, void *arg)
{
	u64 base = PAGE_ALIGN(res->start), end = (res->end + 1) & PAGE_MASK;
	struct walk *w = arg;

	if (base >= end)
		return 0;
	/* The walk goes upwards: a range either extends the last or follows it. */
	if (w->nr && w->ram[w->nr - 1].base + w->ram[w->nr - 1].size == base) {
		w->ram[w->nr - 1].size += end - base;
		return 0;
	}
	if (w->nr == HYPSEC_MAX_RAM)
		return -E2BIG;
	w->ram[w->nr].base = base;
	w->ram[w->nr++].size = end - base;
	return 0;
}

/**
 * hypsec_ram_map() - the System RAM ranges, sorted, disjoint
 * @ram: room for HYPSEC_MAX_RAM
 * @nr: how many were filled
 *
 * Return: 0, -E2BIG too many, -ENOENT none.
 */
int hypsec_ram_map(struct hypsec_ram *ram, u32 *nr)
{
	struct walk w = { .ram = ram };
	int ret;

	ret = walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				  0, U64_MAX, &w, add_ram);
	*nr = w.nr;
	if (ret == -E2BIG)
		return ret;
	return w.nr ? 0 : -ENOENT;
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
