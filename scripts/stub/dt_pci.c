// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's PCIe host bridge, of an image that asks for one: ECAM, windows and the interrupts of
 * INTx, each number checked. MSIs are not read: an ITS has its tables in memory that the host sees.
 */
#include "dt_read.h"

#define BUS		0x100000ULL	/* bytes of configuration space of one bus */
#define PAGE		0x1000ULL
#define IO_MAX		0x10000ULL	/* ports: 16 bits */
#define PREFETCH	0x40000000	/* in the first cell of a PCI address */
#define ANY_SLOT	0xf800

/* Windows of the CPU's: sound, and over nothing that is something else. */
static enum dt_error claim(struct vm_range r, uint64_t align, const struct vm_desc *d,
			   const struct vm_share *s)
{
	const struct vm_pci *p = &s->pci;

	if (!r.size || r.base % align || r.size % align || r.size > VM_IPA_LIMIT ||
	    r.base > VM_IPA_LIMIT - r.size)
		return DT_PCI;
	if (dt_meets(d, r))
		return DT_PCI_PLACE;
	for (uint32_t i = 0; i < s->nr_transports; i++)
		if (vm_overlap(s->transport[i].reg, r))
			return DT_PCI_PLACE;
	/* The first that is claimed is the ECAM; then these. */
	if (p->ecam.size && vm_overlap(p->ecam, r))
		return DT_PCI_PLACE;
	for (uint32_t i = 0; i < p->nr_windows; i++)
		if (vm_overlap(p->window[i].cpu, r))
			return DT_PCI_PLACE;
	return DT_OK;
}

static enum dt_error read_ecam(const void *fdt, int node, struct dt_cells c,
			       const struct vm_desc *d, struct vm_share *s)
{
	struct vm_range r;
	const fdt32_t *p;
	enum dt_error e;
	uint32_t n;
	int len;

	p = dt_prop(fdt, node, "bus-range", &len);
	if (!p || len != 8 || fdt32_ld(p) || fdt32_ld(p + 1) > 255)
		return DT_PCI;
	if (dt_read_reg(fdt, node, c, &r, 1, 1, &n) != DT_OK)
		return DT_PCI;
	s->pci.last_bus = fdt32_ld(p + 1);
	/* Linux maps as much as the buses need. */
	if (r.size != (s->pci.last_bus + 1) * BUS)
		return DT_PCI;
	e = claim(r, BUS, d, s);
	if (e == DT_OK)
		s->pci.ecam = r;
	return e;
}

/* Each kind of space once at most. Memory has one address for CPU and bus. */
static enum dt_error read_windows(const void *fdt, int node, struct dt_cells c,
				  const struct vm_desc *d, struct vm_share *s)
{
	int len, entry = 4 * (3 + c.address + 2);
	uint32_t seen = 0;
	const fdt32_t *p;

	p = dt_prop(fdt, node, "ranges", &len);
	if (!p || !len || len % entry || len / entry > VM_MAX_WINDOWS)
		return DT_PCI;
	for (const fdt32_t *end = p + len / 4; p < end;) {
		struct vm_window w;
		enum dt_error e;

		w.space = fdt32_ld(p++);
		w.pci = dt_read_number(&p, 2);
		w.cpu.base = dt_read_number(&p, c.address);
		w.cpu.size = dt_read_number(&p, 2);
		e = claim(w.cpu, PAGE, d, s);
		if (e != DT_OK)
			return e;
		switch (w.space) {
		case VM_PCI_IO:
			if (w.pci || w.cpu.size > IO_MAX)
				return DT_PCI;
			break;
		case VM_PCI_MEM32:
		case VM_PCI_MEM64:
		case VM_PCI_MEM64 | PREFETCH:
			if (w.pci != w.cpu.base || (w.space == VM_PCI_MEM32 &&
						    w.cpu.base + w.cpu.size > 1ULL << 32))
				return DT_PCI;
			break;
		default:
			return DT_PCI;
		}
		if (seen & 1U << (w.space >> 24 & 3))
			return DT_PCI;
		seen |= 1U << (w.space >> 24 & 3);
		s->pci.window[s->pci.nr_windows++] = w;
	}
	return seen & 1U << (VM_PCI_MEM32 >> 24) ? DT_OK : DT_PCI;
}

/* The GIC of the same tree: what an interrupt-map has to name, and how many cells it then has. */
static bool read_gic(const void *fdt, uint32_t *phandle, uint32_t *cells)
{
	int len, node;

	for (node = fdt_first_subnode(fdt, 0); node >= 0; node = fdt_next_subnode(fdt, node)) {
		if (dt_disabled(fdt, node) || !dt_compatible(fdt, node, "arm,gic-v3"))
			continue;
		*cells = 0;
		if (dt_prop(fdt, node, "#address-cells", &len) &&
		    !dt_u32(fdt, node, "#address-cells", cells))
			return false;
		return *cells <= 2 && dt_u32(fdt, node, "phandle", phandle);
	}
	return false;
}

/* INTx: {slot, 0, 0} {pin} {GIC} {unused} {interrupt}; the slot's upper bits may be masked off. */
static enum dt_error read_intx(const void *fdt, int node, struct vm_pci *pci)
{
	uint32_t gic, cells, entry;
	const fdt32_t *p;
	int len;

	if (!read_gic(fdt, &gic, &cells))
		return DT_PCI;
	p = dt_prop(fdt, node, "interrupt-map-mask", &len);
	if (!p || len != 16 || fdt32_ld(p) & ~ANY_SLOT || fdt32_ld(p + 1) || fdt32_ld(p + 2) ||
	    fdt32_ld(p + 3) != 7)
		return DT_PCI;
	pci->mask = fdt32_ld(p);

	entry = 5 + cells + 3;
	p = dt_prop(fdt, node, "interrupt-map", &len);
	if (!p || !len || len % (4 * entry) || len / (4 * entry) > VM_MAX_INTX)
		return DT_PCI;
	for (const fdt32_t *end = p + len / 4; p < end; p += entry) {
		struct vm_intx *x = &pci->intx[pci->nr_intx];

		x->slot = fdt32_ld(p);
		x->pin = fdt32_ld(p + 3);
		if (x->slot & ~pci->mask || fdt32_ld(p + 1) || fdt32_ld(p + 2) || x->pin < 1 ||
		    x->pin > 4 || fdt32_ld(p + 4) != gic ||
		    !dt_read_irq(p + 5 + cells, 0, &x->irq))
			return DT_PCI;
		for (uint32_t i = 0; i < pci->nr_intx; i++)
			if (pci->intx[i].slot == x->slot && pci->intx[i].pin == x->pin)
				return DT_PCI;
		pci->nr_intx++;
	}
	return DT_OK;
}

static enum dt_error read_bridge(const void *fdt, int node, struct dt_cells root,
				 const struct vm_desc *d, struct vm_share *s)
{
	uint32_t address, size, interrupt;
	enum dt_error e;

	if (!dt_u32(fdt, node, "#address-cells", &address) || address != 3 ||
	    !dt_u32(fdt, node, "#size-cells", &size) || size != 2 ||
	    !dt_u32(fdt, node, "#interrupt-cells", &interrupt) || interrupt != 1)
		return DT_PCI;
	e = read_ecam(fdt, node, root, d, s);
	if (e == DT_OK)
		e = read_windows(fdt, node, root, d, s);
	return e == DT_OK ? read_intx(fdt, node, &s->pci) : e;
}

enum dt_error dt_pci(const void *fdt, const struct vm_desc *d, struct vm_share *s)
{
	struct dt_cells root;
	enum dt_error e;
	int node;

	if (dt_read_cells(fdt, 0, &root, 1) != DT_OK)
		return DT_CELLS;
	for (node = fdt_first_subnode(fdt, 0); node >= 0; node = fdt_next_subnode(fdt, node)) {
		if (dt_disabled(fdt, node) || !dt_compatible(fdt, node, "pci-host-ecam-generic"))
			continue;
		if (s->pci.ecam.size)
			return DT_PCI;		/* a second one */
		e = read_bridge(fdt, node, root, d, s);
		if (e != DT_OK)
			return e;
	}
	return s->pci.ecam.size ? DT_OK : DT_PCI;
}
