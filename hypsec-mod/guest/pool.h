/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPSEC_GUEST_POOL_H
#define HYPSEC_GUEST_POOL_H

#include <linux/dma-map-ops.h>

/* DMA through the pool, and nowhere else. */
extern const struct dma_map_ops hypsec_pool_ops;

/**
 * hypsec_pool_init() - take the memory that is shared with the host
 * @base: physical address, of a page
 * @size: in bytes, of whole pages
 *
 * Once, before any device has hypsec_pool_ops.
 *
 * Return: 0, -EINVAL, or -ENOMEM.
 */
int hypsec_pool_init(phys_addr_t base, size_t size);

#endif
