// SPDX-License-Identifier: GPL-2.0-only
/* Does a description that was well formed also make sense? */
#include "dt.h"

#define PAGE		0x1000ULL
#define GIC_FRAME	0x10000ULL	/* 64 KiB */
#define GICR_SIZE	(2 * GIC_FRAME)	/* of one redistributor, GICv3 */
#define MMIO_MAX	(64ULL << 20)

static bool sane(struct vm_range r, uint64_t align, uint64_t max)
{
	return r.size && r.size <= max && !(r.base % align) &&
	       !(r.size % align) && r.base <= VM_IPA_LIMIT - r.size;
}

/* Also across ranges that are adjacent, as those of NUMA nodes: they come in any order. */
static bool in_ram(const struct vm_desc *d, struct vm_range r)
{
	uint64_t at = r.base;

	for (uint32_t n = 0; n < d->nr_ram; n++) {
		for (uint32_t i = 0; i < d->nr_ram; i++) {
			if (at < d->ram[i].base || at - d->ram[i].base >= d->ram[i].size)
				continue;
			at = d->ram[i].base + d->ram[i].size;
			if (at - r.base >= r.size)
				return true;
		}
	}
	return false;
}

static enum dt_error check_cpus(const struct vm_desc *d, uint64_t boot_mpidr)
{
	bool boot = false;

	for (uint32_t i = 0; i < d->nr_cpus; i++) {
		if (d->mpidr[i] & ~MPIDR_AFFINITY)
			return DT_CPU;
		for (uint32_t j = 0; j < i; j++)
			if (d->mpidr[i] == d->mpidr[j])
				return DT_CPU;
		boot |= d->mpidr[i] == boot_mpidr;
	}
	return boot ? DT_OK : DT_CPU;
}

static enum dt_error check_gic(const struct vm_desc *d)
{
	uint64_t frames = 0;

	if (!sane(d->dist, GIC_FRAME, MMIO_MAX))
		return DT_RANGE;
	for (uint32_t i = 0; i < d->nr_redist; i++) {
		if (!sane(d->redist[i], GIC_FRAME, MMIO_MAX))
			return DT_RANGE;
		frames += d->redist[i].size / GICR_SIZE;
	}
	return frames >= d->nr_cpus ? DT_OK : DT_RANGE;
}

#define MAX_RANGES	(VM_MAX_RAM + 1 + VM_MAX_REDIST + VM_MAX_UARTS)

static uint32_t ranges(const struct vm_desc *d, struct vm_range all[MAX_RANGES])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->nr_ram; i++)
		all[n++] = d->ram[i];
	all[n++] = d->dist;
	for (uint32_t i = 0; i < d->nr_redist; i++)
		all[n++] = d->redist[i];
	for (uint32_t i = 0; i < d->nr_uarts; i++)
		all[n++] = d->uart[i].reg;
	return n;
}

/*
 * All ranges side by side. One address with two meanings is how a host would
 * make the guest write private data to a device, or take a device for memory.
 */
static enum dt_error check_overlap(const struct vm_desc *d)
{
	struct vm_range all[MAX_RANGES];
	uint32_t n = ranges(d, all);

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < i; j++)
			if (vm_overlap(all[i], all[j]))
				return DT_OVERLAP;
	return DT_OK;
}

bool dt_meets(const struct vm_desc *d, struct vm_range r)
{
	struct vm_range all[MAX_RANGES];
	uint32_t n = ranges(d, all);

	while (n--)
		if (vm_overlap(all[n], r))
			return true;
	return false;
}

bool dt_console(const struct vm_desc *d, struct vm_range image, struct vm_range dtb)
{
	return d->nr_uarts && sane(d->uart[0].reg, PAGE, MMIO_MAX) &&
	       !vm_overlap(d->uart[0].reg, image) && !vm_overlap(d->uart[0].reg, dtb);
}

enum dt_error dt_check(const struct vm_desc *d, struct vm_range image,
		       struct vm_range dtb, uint64_t boot_mpidr)
{
	enum dt_error e;

	for (uint32_t i = 0; i < d->nr_ram; i++)
		if (!sane(d->ram[i], PAGE, VM_IPA_LIMIT))
			return DT_RANGE;
	for (uint32_t i = 0; i < d->nr_uarts; i++)
		if (!sane(d->uart[i].reg, PAGE, MMIO_MAX))
			return DT_RANGE;
	e = check_gic(d);
	if (e == DT_OK)
		e = check_cpus(d, boot_mpidr);
	if (e == DT_OK)
		e = check_overlap(d);
	if (e != DT_OK)
		return e;
	if (!image.size || !dtb.size || !in_ram(d, image) || !in_ram(d, dtb) ||
	    vm_overlap(image, dtb))
		return DT_IMAGE;
	return DT_OK;
}
