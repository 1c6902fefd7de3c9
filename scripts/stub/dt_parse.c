// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read a hostile device tree. libfdt checks every offset it follows against
 * the header; the header is checked against the buffer here. Time is bounded
 * by one walk over the nodes and one over the properties of each node.
 */
#include <libfdt.h>
#include "dt_read.h"

#define MAX_DEPTH	8
#define MAX_NODES	4096

static enum dt_error read_memory(const void *fdt, int node, struct dt_cells c,
				 struct vm_desc *d)
{
	enum dt_error e;
	uint32_t n;

	e = dt_read_reg(fdt, node, c, d->ram + d->nr_ram, 1, VM_MAX_RAM - d->nr_ram, &n);
	if (e == DT_OK)
		d->nr_ram += n;
	return e;
}

static enum dt_error read_gic(const void *fdt, int node, struct dt_cells c,
			      struct vm_desc *d)
{
	struct vm_range r[1 + VM_MAX_REDIST + 3];
	uint32_t n, cells, regions = 1;
	enum dt_error e;
	int len;

	if (d->nr_redist)
		return DT_TWICE;
	if (!dt_u32(fdt, node, "#interrupt-cells", &cells) || cells != 3)
		return DT_CELLS;
	if (dt_prop(fdt, node, "#redistributor-regions", &len) &&
	    !dt_u32(fdt, node, "#redistributor-regions", &regions))
		return DT_REG;
	if (regions < 1 || regions > VM_MAX_REDIST)
		return DT_TOO_MANY;
	/* GICC, GICH and GICV may follow; a guest has no use for them. */
	e = dt_read_reg(fdt, node, c, r, 1 + regions, 1 + regions + 3, &n);
	if (e != DT_OK)
		return e;
	d->dist = r[0];
	for (uint32_t i = 0; i < regions; i++)
		d->redist[i] = r[1 + i];
	d->nr_redist = regions;
	return DT_OK;
}

static enum dt_error read_timer(const void *fdt, int node, struct vm_desc *d)
{
	int len;

	if (d->nr_timer)
		return DT_TWICE;
	d->timer_always_on = dt_prop(fdt, node, "always-on", &len);
	return dt_read_irqs(fdt, node, 1, d->timer, VM_TIMER_IRQS, VM_TIMER_IRQS, &d->nr_timer);
}

static enum dt_error read_psci(const void *fdt, int node, struct vm_desc *d)
{
	if (d->psci)
		return DT_TWICE;
	if (!dt_is(fdt, node, "method", "hvc"))
		return DT_PSCI;
	d->psci = true;
	return DT_OK;
}

static enum dt_error read_uart(const void *fdt, int node, struct dt_cells c,
			       struct vm_desc *d)
{
	struct vm_uart *u = &d->uart[d->nr_uarts];
	enum dt_error e;
	uint32_t n;

	if (d->nr_uarts == VM_MAX_UARTS)
		return DT_OK;		/* one more console: not needed */
	e = dt_read_reg(fdt, node, c, &u->reg, 1, 1, &n);
	if (e == DT_OK)
		e = dt_read_irqs(fdt, node, 0, &u->irq, 1, 1, &n);
	if (e == DT_OK)
		d->nr_uarts++;
	return e;
}

static enum dt_error read_cpu(const void *fdt, int node, struct dt_cells c,
			      uint64_t boot_mpidr, struct vm_desc *d)
{
	const fdt32_t *p;
	uint64_t mpidr;
	int len;

	p = dt_prop(fdt, node, "reg", &len);
	if (!p || len != (int)(4 * c.address))
		return DT_REG;
	mpidr = dt_read_number(&p, c.address);
	if (d->nr_cpus < VM_MAX_CPUS) {
		d->mpidr[d->nr_cpus++] = mpidr;
		return DT_OK;
	}
	/* More than the core has: they stay off. */
	d->cpus_left_out++;
	if (mpidr == boot_mpidr)
		d->mpidr[VM_MAX_CPUS - 1] = mpidr;
	return DT_OK;
}

/* Children of the root; buses are not entered, so every address is a CPU's. */
static enum dt_error read_device(const void *fdt, int node, struct dt_cells c,
				 struct vm_desc *d)
{
	if (dt_disabled(fdt, node))
		return DT_OK;
	if (dt_is(fdt, node, "device_type", "memory"))
		return read_memory(fdt, node, c, d);
	if (dt_compatible(fdt, node, "arm,gic-v3"))
		return read_gic(fdt, node, c, d);
	if (dt_compatible(fdt, node, "arm,armv8-timer"))
		return read_timer(fdt, node, d);
	if (dt_compatible(fdt, node, "arm,psci-1.0") ||
	    dt_compatible(fdt, node, "arm,psci-0.2"))
		return read_psci(fdt, node, d);
	if (dt_compatible(fdt, node, "arm,pl011"))
		return read_uart(fdt, node, c, d);
	return DT_OK;
}

static enum dt_error walk(const void *fdt, uint64_t boot_mpidr, struct vm_desc *d)
{
	struct dt_cells root = { 0, 0 }, cpus = { 0, 0 };
	int node, depth = -1, nodes = 0, cpus_depth = 0;
	enum dt_error e = DT_OK;

	for (node = fdt_next_node(fdt, -1, &depth); node >= 0 && depth >= 0;
	     node = fdt_next_node(fdt, node, &depth)) {
		const char *name;
		int len;

		if (depth > MAX_DEPTH)
			return DT_DEPTH;
		if (++nodes > MAX_NODES)
			return DT_NODES;
		if (depth == 0 && nodes != 1)
			return DT_STRUCTURE;
		name = fdt_get_name(fdt, node, &len);
		if (!name)
			return DT_STRUCTURE;

		if (depth == 0) {
			e = dt_read_cells(fdt, node, &root, 1);
		} else if (depth == 1) {
			cpus_depth = 0;
			if (len == 4 && !memcmp(name, "cpus", 4)) {
				if (cpus.address)
					return DT_TWICE;
				cpus_depth = 1;
				e = dt_read_cells(fdt, node, &cpus, 0);
				if (e == DT_OK && cpus.size)
					e = DT_CELLS;
			} else {
				e = read_device(fdt, node, root, d);
			}
		} else if (depth == 2 && cpus_depth) {
			if (dt_is(fdt, node, "device_type", "cpu") &&
			    !dt_disabled(fdt, node))
				e = read_cpu(fdt, node, cpus, boot_mpidr, d);
		}
		if (e != DT_OK)
			return e;
	}
	if (node < 0 && node != -FDT_ERR_NOTFOUND)
		return DT_STRUCTURE;
	return nodes ? DT_OK : DT_STRUCTURE;
}

enum dt_error dt_parse(const void *fdt, size_t size, uint64_t boot_mpidr, struct vm_desc *d)
{
	enum dt_error e;

	memset(d, 0, sizeof(*d));
	if (size < sizeof(struct fdt_header) || fdt_check_header(fdt) ||
	    fdt_version(fdt) < 17 || fdt_totalsize(fdt) > size)
		return DT_HEADER;
	/* libfdt reads the structure block in words and does not ask for this. */
	if (fdt_off_dt_struct(fdt) % 4)
		return DT_HEADER;
	e = walk(fdt, boot_mpidr, d);
	if (e != DT_OK)
		return e;
	if (!d->nr_ram || !d->nr_cpus || !d->nr_redist || !d->nr_timer || !d->psci)
		return DT_MISSING;
	return DT_OK;
}
