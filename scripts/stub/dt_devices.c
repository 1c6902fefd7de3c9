// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of the host's tree a VM needs that shares memory with its host, and only such a one: where
 * its devices are. And where the memory lies that it shares. Of one that wants a clock: where that is.
 */
#include "dt_read.h"

/* Bytes of a virtio-mmio transport's registers: QEMU's, and those of VMMs that give each a page */
#define TRANSPORT	0x200ULL
#define TRANSPORT_MAX	0x10000ULL
#define CLOCK		0x1000ULL	/* of a PL031's */
#define POOL_ALIGN	0x200000ULL
#define LOW		(1ULL << 32)	/* what a device reaches that has 32 address bits */

static enum dt_error read_transport(const void *fdt, int node, struct dt_cells c,
				    const struct vm_desc *d, struct vm_share *s)
{
	struct vm_transport *t = &s->transport[s->nr_transports];
	uint32_t n;

	if (s->nr_transports == VM_MAX_TRANSPORTS ||
	    dt_read_reg(fdt, node, c, &t->reg, 1, 1, &n) != DT_OK ||
	    dt_read_irqs(fdt, node, 0, &t->irq, 1, 1, &n) != DT_OK)
		return DT_VIRTIO;
	if (t->reg.size < TRANSPORT || t->reg.size > TRANSPORT_MAX || t->reg.size % TRANSPORT ||
	    t->reg.base % TRANSPORT || t->reg.base > VM_IPA_LIMIT - t->reg.size)
		return DT_VIRTIO;
	/* A register that is RAM would make private data of what the host answers, and back. */
	if (dt_meets(d, t->reg))
		return DT_VIRTIO_PLACE;
	for (uint32_t i = 0; i < s->nr_transports; i++)
		if (vm_overlap(s->transport[i].reg, t->reg))
			return DT_VIRTIO_PLACE;
	s->nr_transports++;
	return DT_OK;
}

enum dt_error dt_devices(const void *fdt, const struct vm_desc *d, struct vm_share *s)
{
	enum dt_error e = DT_OK;
	struct dt_cells root;
	int node;

	memset(s, 0, sizeof(*s));
	if (dt_read_cells(fdt, 0, &root, 1) != DT_OK)
		return DT_CELLS;
	for (node = fdt_first_subnode(fdt, 0); node >= 0 && e == DT_OK;
	     node = fdt_next_subnode(fdt, node))
		if (!dt_disabled(fdt, node) && dt_compatible(fdt, node, "virtio,mmio"))
			e = read_transport(fdt, node, root, d, s);
	return e;
}

enum dt_error dt_clock(const void *fdt, const struct vm_desc *d, const struct vm_share *s,
		       struct vm_range *clock)
{
	struct dt_cells root;
	uint32_t n;
	int node;

	clock->base = clock->size = 0;
	if (dt_read_cells(fdt, 0, &root, 1) != DT_OK)
		return DT_CELLS;
	node = fdt_first_subnode(fdt, 0);
	while (node >= 0 && (dt_disabled(fdt, node) || !dt_compatible(fdt, node, "arm,pl031")))
		node = fdt_next_subnode(fdt, node);
	if (node < 0)
		return DT_OK;
	if (dt_read_reg(fdt, node, root, clock, 1, 1, &n) != DT_OK || clock->size != CLOCK ||
	    clock->base % CLOCK || clock->base > VM_IPA_LIMIT - CLOCK || dt_meets(d, *clock))
		return DT_CLOCK;
	for (uint32_t i = 0; s && i < s->nr_transports; i++)
		if (vm_overlap(s->transport[i].reg, *clock))
			return DT_CLOCK;
	if (s && s->pci.ecam.size && vm_overlap(s->pci.ecam, *clock))
		return DT_CLOCK;
	for (uint32_t i = 0; s && i < s->pci.nr_windows; i++)
		if (vm_overlap(s->pci.window[i].cpu, *clock))
			return DT_CLOCK;
	return DT_OK;
}

/* The highest place in [start, end) that meets neither of @taken. */
static bool place(uint64_t start, uint64_t end, uint64_t size, const struct vm_range taken[2],
		  uint64_t *base)
{
	struct vm_range p = { 0, size };

	for (int tries = 0; tries < 3; tries++) {
		int i = 0;

		end -= end % POOL_ALIGN;
		if (end < start || end - start < size)
			return false;
		p.base = end - size;
		while (i < 2 && !vm_overlap(p, taken[i]))
			i++;
		if (i == 2) {
			*base = p.base;
			return true;
		}
		end = taken[i].base;		/* below it, and so at most once for each */
	}
	return false;
}

bool dt_pool(const struct vm_desc *d, struct vm_range image, struct vm_range dtb, uint64_t size,
	     struct vm_range *pool)
{
	static const uint64_t limits[] = { LOW, VM_IPA_LIMIT };
	const struct vm_range taken[2] = { image, dtb };
	bool found = false;

	for (int l = 0; l < 2 && !found; l++) {
		for (uint32_t i = 0; i < d->nr_ram; i++) {
			uint64_t end = d->ram[i].base + d->ram[i].size, base;

			if (end > limits[l])
				end = limits[l];
			if (!place(d->ram[i].base, end, size, taken, &base))
				continue;
			if (!found || base > pool->base)
				*pool = (struct vm_range){ base, size };
			found = true;
		}
	}
	return found;
}
