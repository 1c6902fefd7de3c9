// SPDX-License-Identifier: GPL-2.0-only
/*
 * The part of the guest's device tree that is about memory shared with the host: the one range that
 * the core was told of, as a pool for DMA, and the devices, each bound to it.
 */
#include "dt_write.h"

/* No "no-map": the pool is ordinary memory of the kernel's, which copies to it and from it. */
static void build_pool(struct dt_out *o, struct vm_range pool)
{
	fdt32_t reg[4];

	dt_set_range(reg, pool);
	dt_begin(o, "reserved-memory");
	dt_put_u32(o, "#address-cells", 2);
	dt_put_u32(o, "#size-cells", 2);
	dt_put(o, "ranges", "", 0);
	dt_begin_at(o, "dma-pool", pool.base);
	dt_put_str(o, "compatible", "restricted-dma-pool");
	dt_put(o, "reg", reg, sizeof(reg));
	dt_put_u32(o, "phandle", PHANDLE_POOL);
	dt_end(o);
	dt_end(o);
}

/*
 * Linux takes devices in the order of their nodes: /dev/vda is the first disk of the image's. A
 * Realm's kernel knows itself where the memory of its devices lies.
 */
static void build_virtio(struct dt_out *o, const struct vm_transport *t, uint32_t number,
			 bool realm)
{
	fdt32_t reg[4];

	dt_set_range(reg, t->reg);
	dt_begin_at(o, "virtio_mmio", t->reg.base);
	dt_put_str(o, "compatible", "virtio,mmio");
	dt_put(o, "reg", reg, sizeof(reg));
	dt_put_irqs(o, &t->irq, 1);
	dt_put(o, "dma-coherent", "", 0);
	if (!realm)
		dt_put_u32(o, "memory-region", PHANDLE_POOL);
	dt_put_u32(o, "hypsec,virtio-device", number);
	dt_end(o);
}

static void build_windows(struct dt_out *o, const struct vm_pci *p)
{
	fdt32_t c[7 * VM_MAX_WINDOWS];

	for (uint32_t i = 0; i < p->nr_windows; i++) {
		const struct vm_window *w = &p->window[i];

		c[7 * i] = cpu_to_fdt32(w->space);
		c[7 * i + 1] = cpu_to_fdt32((uint32_t)(w->pci >> 32));
		c[7 * i + 2] = cpu_to_fdt32((uint32_t)w->pci);
		dt_set_range(c + 7 * i + 3, w->cpu);
	}
	dt_put(o, "ranges", c, 28 * p->nr_windows);
}

static void build_intx(struct dt_out *o, const struct vm_pci *p)
{
	const fdt32_t mask[4] = { cpu_to_fdt32(p->mask), 0, 0, cpu_to_fdt32(7) };
	fdt32_t c[10 * VM_MAX_INTX];

	memset(c, 0, sizeof(c));	/* also the GIC's two unused cells */
	for (uint32_t i = 0; i < p->nr_intx; i++) {
		const struct vm_intx *x = &p->intx[i];

		c[10 * i] = cpu_to_fdt32(x->slot);
		c[10 * i + 3] = cpu_to_fdt32(x->pin);
		c[10 * i + 4] = cpu_to_fdt32(PHANDLE_GIC);
		c[10 * i + 7] = cpu_to_fdt32(x->irq.type);
		c[10 * i + 8] = cpu_to_fdt32(x->irq.number);
		c[10 * i + 9] = cpu_to_fdt32(x->irq.flags);
	}
	dt_put_u32(o, "#interrupt-cells", 1);
	dt_put(o, "interrupt-map-mask", mask, sizeof(mask));
	dt_put(o, "interrupt-map", c, 40 * p->nr_intx);
}

/*
 * Linux finds a function's node by slot and function, on the root bus alone. What else the host
 * has on the bus, now or later, has no node and so no pool: it is told addresses of private
 * memory, where the host finds nothing.
 */
static void build_function(struct dt_out *o, const struct vm_function *f)
{
	const fdt32_t reg[5] = { cpu_to_fdt32(f->slot << 11) };

	dt_begin_at(o, "virtio", f->slot);
	dt_put(o, "reg", reg, sizeof(reg));
	dt_put_u32(o, "memory-region", PHANDLE_POOL);
	dt_put_u32(o, "hypsec,virtio-device", f->number);
	dt_end(o);
}

/* No msi-map, no msi-parent: INTx alone. */
static void build_pci(struct dt_out *o, const struct vm_share *s)
{
	const struct vm_pci *p = &s->pci;
	fdt32_t reg[4], buses[2] = { 0, cpu_to_fdt32(p->last_bus) };

	dt_set_range(reg, p->ecam);
	dt_begin_at(o, "pcie", p->ecam.base);
	dt_put_str(o, "compatible", "pci-host-ecam-generic");
	dt_put_str(o, "device_type", "pci");
	dt_put(o, "reg", reg, sizeof(reg));
	dt_put(o, "bus-range", buses, sizeof(buses));
	dt_put_u32(o, "#address-cells", 3);
	dt_put_u32(o, "#size-cells", 2);
	build_windows(o, p);
	build_intx(o, p);
	dt_put(o, "dma-coherent", "", 0);
	for (uint32_t i = 0; i < s->nr_functions; i++)
		build_function(o, &s->function[i]);
	dt_end(o);
}

void dt_build_share(struct dt_out *o, const struct vm_boot *b)
{
	const struct vm_share *s = b->share;

	if (!s || !s->pool.size)
		return;
	if (!b->realm)
		build_pool(o, s->pool);
	for (uint32_t i = 0; i < s->nr_devices; i++)
		build_virtio(o, &s->transport[s->device[i].transport], s->device[i].number,
			     b->realm);
	/* Of a Realm it is where that memory is plugged in: nobody moves it any more. */
	if (s->pci.ecam.size && !b->realm)
		build_pci(o, s);
}
