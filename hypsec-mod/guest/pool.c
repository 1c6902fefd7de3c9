// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory that a protected VM shares with its host, as the only memory its
 * devices see: rings live in it, and every buffer is a copy in it. All that is
 * ever in it is public; what is here keeps anything else out of it.
 *
 * Longer than other files: who has a granule, what it is a copy of and when it is cleared is one table
 * under one lock, and all that a driver may call has to keep to it.
 */
#include <linux/genalloc.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/version.h>
#include <linux/vmalloc.h>

#include "pool.h"

/* No two mappings are in one granule: what a device is given ends in zeros, not in another's. */
#define GRANULE_SHIFT	11
#define GRANULE		(1UL << GRANULE_SHIFT)
/* Drivers split what is longer; long ones need as much of the pool in one piece. */
#define MAPPING_MAX	SZ_256K
/* Free slots that are kept at hand of each size of KEPT_SIZES: 1 granule, 2 granules. */
#define KEPT		64
#define KEPT_SIZES	2

/**
 * struct lent - what a granule is lent to
 * @private: the memory that it is a copy of
 * @left: bytes of the mapping from here to its end; 0: none, it is free or part of a ring
 *
 * Not in the pool: the host would choose where a copy goes.
 */
struct lent {
	phys_addr_t private;
	size_t left;
};

/**
 * struct kept - free slots of one size, the last one that was given back on top
 *
 * Disks and networks ask for the same again and again. A search for it would cost as much as the copy
 * of 2 KiB.
 */
struct kept {
	raw_spinlock_t lock;
	unsigned int n;
	void *slot[KEPT];
};

static struct kept kept[KEPT_SIZES] = {
	{ .lock = __RAW_SPIN_LOCK_UNLOCKED(kept[0].lock) },
	{ .lock = __RAW_SPIN_LOCK_UNLOCKED(kept[1].lock) },
};

static struct {
	struct gen_pool *gen;
	void *virt;
	phys_addr_t base;
	size_t size;
	struct lent *lent;
} pool __ro_after_init;

int __init hypsec_pool_init(phys_addr_t base, size_t size)
{
	if (!size || !PAGE_ALIGNED(base) || !PAGE_ALIGNED(size))
		return -EINVAL;
	pool.virt = memremap(base, size, MEMREMAP_WB);
	pool.lent = vcalloc(size >> GRANULE_SHIFT, sizeof(*pool.lent));
	pool.gen = gen_pool_create(GRANULE_SHIFT, NUMA_NO_NODE);
	if (!pool.virt || !pool.lent || !pool.gen ||
	    gen_pool_add_virt(pool.gen, (unsigned long)pool.virt, base, size, NUMA_NO_NODE)) {
		if (pool.gen)
			gen_pool_destroy(pool.gen);
		vfree(pool.lent);
		if (pool.virt)
			memunmap(pool.virt);
		return -ENOMEM;
	}
	pool.base = base;
	pool.size = size;
	return 0;
}

/* What it costs, for whoever measures: CPUs that are here at once lose some of it. */
static unsigned long pool_copied, pool_cleared;
module_param_named(copied, pool_copied, ulong, 0444);
MODULE_PARM_DESC(copied, "bytes copied to and from the pool so far");
module_param_named(cleared, pool_cleared, ulong, 0444);
MODULE_PARM_DESC(cleared, "bytes of the pool zeroed so far");

static size_t pool_free_bytes(void)
{
	size_t i, bytes = pool.gen ? gen_pool_avail(pool.gen) : 0;

	for (i = 0; i < KEPT_SIZES; i++)
		bytes += READ_ONCE(kept[i].n) * (i + 1) * GRANULE;
	return bytes;
}

/* Whoever signs an image has to know how much is enough. */
static int get_free(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%zu\n", pool_free_bytes());
}

static const struct kernel_param_ops free_ops = {
	.get = get_free,
};
module_param_cb(free, &free_ops, NULL, 0444);
MODULE_PARM_DESC(free, "bytes of the pool that nothing uses now");

static void copy(void *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	pool_copied += size;
}

static void *clear(void *at, size_t size)
{
	pool_cleared += size;
	return memset(at, 0, size);
}

static struct kept *kept_of(size_t room)
{
	size_t i = (room >> GRANULE_SHIFT) - 1;

	return i < KEPT_SIZES ? &kept[i] : NULL;
}

static void *kept_take(struct kept *k)
{
	void *slot = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&k->lock, flags);
	if (k->n)
		slot = k->slot[--k->n];
	raw_spin_unlock_irqrestore(&k->lock, flags);
	return slot;
}

static bool keep(struct kept *k, void *slot)
{
	unsigned long flags;
	bool room;

	raw_spin_lock_irqsave(&k->lock, flags);
	room = k->n < KEPT;
	if (room)
		k->slot[k->n++] = slot;
	raw_spin_unlock_irqrestore(&k->lock, flags);
	return room;
}

/* What is kept is in nobody's way. */
static unsigned long search(size_t room, genpool_algo_t algo)
{
	unsigned long found = gen_pool_alloc_algo(pool.gen, room, algo, NULL);
	void *slot;
	size_t i;

	if (found)
		return found;
	for (i = 0; i < KEPT_SIZES; i++)
		while ((slot = kept_take(&kept[i])))
			gen_pool_free(pool.gen, (unsigned long)slot, (i + 1) * GRANULE);
	return gen_pool_alloc_algo(pool.gen, room, algo, NULL);
}

static void *slot_alloc(size_t room)
{
	struct kept *k = kept_of(room);
	void *slot = k ? kept_take(k) : NULL;

	return slot ?: (void *)search(room, gen_pool_first_fit);
}

static void slot_free(void *slot, size_t room)
{
	struct kept *k = kept_of(room);

	if (!k || !keep(k, slot))
		gen_pool_free(pool.gen, (unsigned long)slot, room);
}

static void *virt_of(dma_addr_t addr)
{
	return pool.virt + (addr - pool.base);
}

/* The granule of @addr, if the @size bytes from there are of one mapping. */
static struct lent *lent_at(dma_addr_t addr, size_t size)
{
	struct lent *lent;

	if (addr < pool.base || addr - pool.base >= pool.size)
		return NULL;
	lent = &pool.lent[(addr - pool.base) >> GRANULE_SHIFT];
	return addr % GRANULE + size <= lent->left ? lent : NULL;
}

static bool to_device(enum dma_data_direction dir)
{
	return dir == DMA_TO_DEVICE || dir == DMA_BIDIRECTIONAL;
}

static bool from_device(enum dma_data_direction dir)
{
	return dir == DMA_FROM_DEVICE || dir == DMA_BIDIRECTIONAL;
}

static dma_addr_t pool_map(struct device *dev, phys_addr_t phys, size_t size,
			   enum dma_data_direction dir, unsigned long attrs)
{
	size_t room = ALIGN(size, GRANULE), at;
	struct lent *lent;
	dma_addr_t addr;
	void *slot;

	if (!size || size > MAPPING_MAX || !pfn_valid(PHYS_PFN(phys)))
		return DMA_MAPPING_ERROR;
	slot = slot_alloc(room);
	if (!slot) {
		if (!(attrs & DMA_ATTR_NO_WARN))
			dev_warn_ratelimited(dev, "the pool shared with the host is full (%zu bytes wanted, %zu of %zu free): sign a larger one\n",
					     size, pool_free_bytes(), pool.size);
		return DMA_MAPPING_ERROR;
	}
	addr = pool.base + (slot - pool.virt);
	lent = &pool.lent[(addr - pool.base) >> GRANULE_SHIFT];
	for (at = 0; at < size; at += GRANULE)
		lent[at >> GRANULE_SHIFT] = (struct lent){ phys + at, size - at };

	/*
	 * Where the device is to write, the old contents of private memory are nobody's business, and a
	 * short read leaves what is there: zeros, since pool_unmap(), or what the host has put there, as
	 * it could have as the device.
	 */
	if (to_device(dir) && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		copy(slot, phys_to_virt(phys), size);
	return addr;
}

/* A driver that goes by its device's word for a length asks for what was not lent: no panic for that. */
static bool lent_known(struct device *dev, const struct lent *lent)
{
	if (!lent)
		dev_warn_ratelimited(dev, "a copy of what was not lent, or of more\n");
	return lent;
}

static void sync_for_cpu(struct device *dev, dma_addr_t addr, size_t size,
			 enum dma_data_direction dir)
{
	struct lent *lent = lent_at(addr, size);

	if (lent_known(dev, lent) && from_device(dir))
		copy(phys_to_virt(lent->private + addr % GRANULE), virt_of(addr), size);
}

static void sync_for_device(struct device *dev, dma_addr_t addr, size_t size,
			    enum dma_data_direction dir)
{
	struct lent *lent = lent_at(addr, size);

	if (lent_known(dev, lent) && to_device(dir))
		copy(virt_of(addr), phys_to_virt(lent->private + addr % GRANULE), size);
}

static void pool_unmap(struct device *dev, dma_addr_t addr, size_t size,
		       enum dma_data_direction dir, unsigned long attrs)
{
	struct lent *lent = lent_at(addr, size);
	size_t room = ALIGN(size, GRANULE);

	/* A driver's mistake. What it means is not known, so it stays lent. */
	if (WARN_ON_ONCE(!lent || lent->left != size || addr % GRANULE))
		return;
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		sync_for_cpu(dev, addr, size, dir);
	/* In the rest of the last granule nothing of the guest's has been. */
	clear(virt_of(addr), size);
	memset(lent, 0, (room >> GRANULE_SHIFT) * sizeof(*lent));
	slot_free(virt_of(addr), room);
}

static void pool_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
			  enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		pool_unmap(dev, sg_dma_address(sg), sg_dma_len(sg), dir, attrs);
}

static int pool_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		       enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i) {
		sg_dma_address(sg) = pool_map(dev, sg_phys(sg), sg->length, dir, attrs);
		if (sg_dma_address(sg) == DMA_MAPPING_ERROR) {
			pool_unmap_sg(dev, sgl, i, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
			return -EIO;
		}
		sg_dma_len(sg) = sg->length;
	}
	return nents;
}

static void sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl, int nents,
			    enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		sync_for_cpu(dev, sg_dma_address(sg), sg_dma_len(sg), dir);
}

static void sync_sg_for_device(struct device *dev, struct scatterlist *sgl, int nents,
			       enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		sync_for_device(dev, sg_dma_address(sg), sg_dma_len(sg), dir);
}

static void *pool_alloc(struct device *dev, size_t size, dma_addr_t *addr, gfp_t gfp,
			unsigned long attrs)
{
	unsigned long room = PAGE_ALIGN(size), slot;

	if (!room)
		return NULL;
	slot = search(room, gen_pool_first_fit_order_align);
	if (!slot)
		return NULL;
	*addr = pool.base + (slot - (unsigned long)pool.virt);
	return clear((void *)slot, room);
}

static void pool_free(struct device *dev, size_t size, void *virt, dma_addr_t addr,
		      unsigned long attrs)
{
	size_t room = PAGE_ALIGN(size);

	if (WARN_ON_ONCE(!gen_pool_has_addr(pool.gen, (unsigned long)virt, room)))
		return;
	clear(virt, room);
	gen_pool_free(pool.gen, (unsigned long)virt, room);
}

static int pool_supported(struct device *dev, u64 mask)
{
	return mask >= pool.base + pool.size - 1;
}

static u64 pool_required_mask(struct device *dev)
{
	return DMA_BIT_MASK(fls64(pool.base + pool.size - 1));
}

static size_t pool_mapping_max(struct device *dev)
{
	return MAPPING_MAX;
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
static dma_addr_t pool_map_page(struct device *dev, struct page *page, unsigned long offset,
				size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	return pool_map(dev, page_to_phys(page) + offset, size, dir, attrs);
}
#else
static dma_addr_t pool_map_phys(struct device *dev, phys_addr_t phys, size_t size,
				enum dma_data_direction dir, unsigned long attrs)
{
	/* Registers of another device: there is nothing to copy. */
	if (attrs & DMA_ATTR_MMIO)
		return DMA_MAPPING_ERROR;
	return pool_map(dev, phys, size, dir, attrs);
}
#endif

/*
 * No mmap, get_sgtable, alloc_pages_op, map_resource: no virtio driver needs them, and what is not
 * here is refused by the caller.
 */
const struct dma_map_ops hypsec_pool_ops = {
	.alloc = pool_alloc,
	.free = pool_free,
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
	.map_page = pool_map_page,
	.unmap_page = pool_unmap,
#else
	.map_phys = pool_map_phys,
	.unmap_phys = pool_unmap,
#endif
	.map_sg = pool_map_sg,
	.unmap_sg = pool_unmap_sg,
	.sync_single_for_cpu = sync_for_cpu,
	.sync_single_for_device = sync_for_device,
	.sync_sg_for_cpu = sync_sg_for_cpu,
	.sync_sg_for_device = sync_sg_for_device,
	.dma_supported = pool_supported,
	.get_required_mask = pool_required_mask,
	.max_mapping_size = pool_mapping_max,
};
