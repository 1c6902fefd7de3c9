// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that comes after the core has its map of RAM. What firmware had named is RAM
 * already; any other the core takes for a device: the host could not execute from it, nor a
 * protected VM live in it. So it does not come online. (Nothing here protects: the map does.)
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/memory.h>
#include <linux/mm.h>
#include "hypsec.h"
#include "ranges.h"

static struct hypsec_ram known[HYPSEC_MAX_RAM];
static u32 nr_known;

static int memory_event(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct memory_notify *mem = data;
	u64 base, end;

	if (event != MEM_GOING_ONLINE)
		return NOTIFY_DONE;
	base = PFN_PHYS(mem->start_pfn);
	end = base + PFN_PHYS(mem->nr_pages);
	/* Pairs with hypsec_hotplug_known(). */
	if (ranges_have(known, smp_load_acquire(&nr_known), base, end))
		return NOTIFY_OK;
	pr_err("memory at %#llx to %#llx is refused: firmware did not name it before HypSec was installed; have it there at boot, or named as hot-pluggable (ACPI SRAT, \"hotpluggable\" in the device tree)\n",
	       base, end - 1);
	return notifier_from_errno(-EPERM);
}

static struct notifier_block memory_nb = { .notifier_call = memory_event };

/* From now on none comes online, until hypsec_hotplug_known(). */
int hypsec_hotplug_begin(void)
{
	nr_known = 0;
	return register_memory_notifier(&memory_nb);
}

void hypsec_hotplug_known(const struct hypsec_ram *ram, u32 nr)
{
	u32 i, joined = 0;

	/* Memory may come as a piece of several. */
	for (i = 0; i < nr; i++)
		ranges_add(known, &joined, HYPSEC_MAX_RAM, ram[i].base, ram[i].base + ram[i].size);
	/* Whoever sees the number sees the ranges. */
	smp_store_release(&nr_known, joined);
}

/* The install failed. */
void hypsec_hotplug_end(void)
{
	unregister_memory_notifier(&memory_nb);
}
