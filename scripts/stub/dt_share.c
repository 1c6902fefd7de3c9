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

/* Linux takes devices in the order of their nodes: /dev/vda is the first disk of the image's. */
static void build_virtio(struct dt_out *o, const struct vm_transport *t, uint32_t number)
{
	fdt32_t reg[4];

	dt_set_range(reg, t->reg);
	dt_begin_at(o, "virtio_mmio", t->reg.base);
	dt_put_str(o, "compatible", "virtio,mmio");
	dt_put(o, "reg", reg, sizeof(reg));
	dt_put_irqs(o, &t->irq, 1);
	dt_put(o, "dma-coherent", "", 0);
	dt_put_u32(o, "memory-region", PHANDLE_POOL);
	dt_put_u32(o, "hypsec,virtio-device", number);
	dt_end(o);
}

void dt_build_share(struct dt_out *o, const struct vm_boot *b)
{
	const struct vm_share *s = b->share;

	if (!s || !s->pool.size)
		return;
	build_pool(o, s->pool);
	for (uint32_t i = 0; i < s->nr_devices; i++)
		build_virtio(o, &s->transport[s->device[i].transport], s->device[i].number);
}
