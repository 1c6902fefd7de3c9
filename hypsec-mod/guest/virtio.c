// SPDX-License-Identifier: GPL-2.0-only
/*
 * In a protected VM a virtio device works through the memory that is shared with
 * the host, and is one of those that the VM's image names, or it does not work.
 *
 * The boot stub's device tree says which (README). What a device is given to do
 * begins when its driver has agreed on features: that step is ours here.
 */
#define pr_fmt(fmt) "hypsec_dma: " fmt

#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>
#include <linux/swiotlb.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "pool.h"

static struct device_node *pool_node;
/* hypsec_pool_ops work. Never with a kernel that has the same itself (DMA_RESTRICTED_POOL). */
static bool pool_ready;
static DEFINE_MUTEX(gate_lock);

static bool names_pool(struct device_node *node)
{
	struct device_node *region;
	int i;

	for (i = 0; (region = of_parse_phandle(node, "memory-region", i)); i++) {
		of_node_put(region);
		if (region == pool_node)
			return true;
	}
	return false;
}

static bool names_device(struct device_node *node, u32 number)
{
	u32 named;

	return !of_property_read_u32(node, "hypsec,virtio-device", &named) && named == number;
}

static bool in_pool(struct device *dev)
{
	if (IS_ENABLED(CONFIG_DMA_RESTRICTED_POOL))
		return is_swiotlb_for_alloc(dev) && !get_dma_ops(dev) && !device_iommu_mapped(dev);
	return get_dma_ops(dev) == &hypsec_pool_ops;
}

/*
 * Before the device has a driver, so before its first DMA. Where these operations would be passed
 * over, or an address or a cache come between the device and the pool, it is left out.
 */
static void put_in_pool(struct device *dev)
{
	if (IS_ENABLED(CONFIG_DMA_RESTRICTED_POOL) || !pool_ready || get_dma_ops(dev) ||
	    !names_pool(dev->of_node) || !dev_is_dma_coherent(dev) ||
	    device_iommu_mapped(dev) || dev->dma_range_map)
		return;
	set_dma_ops(dev, &hypsec_pool_ops);
	/* Again, as the kernel derives more from it, such as whether to sync. */
	if (dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)))
		set_dma_ops(dev, NULL);
}

/* Why a device must not be used, with the remedy; NULL: it may. Its features are settled. */
static const char *unfit(struct virtio_device *vdev)
{
	struct device *dev = vdev->dev.parent;

	/* The transport's own node: of PCI a function's, and none where the host has added one. */
	if (!names_pool(dev->of_node))
		return "the VM's image has no device here: sign one more, or start the VMM without it";
	if (!names_device(dev->of_node, vdev->id.device))
		return "the VM's image has another device here: give the VMM its devices in the image's order";
	if (!in_pool(dev))
		return "its DMA would go beside the shared pool: its node must be dma-coherent, without dma-ranges or IOMMU";
	if (!__virtio_test_bit(vdev, VIRTIO_F_ACCESS_PLATFORM))
		return "it lacks VIRTIO_F_ACCESS_PLATFORM: start the VMM with iommu_platform=on for it";
	return NULL;
}

/**
 * struct gate - a device's operations, with ours in front
 * @ops: what the device has now
 * @own: what it had
 */
struct gate {
	struct virtio_config_ops ops;
	const struct virtio_config_ops *own;
};

/*
 * The last step before a driver's probe, and the first that can refuse. Judged here, and not as the
 * device appears, because the host may offer other features each time they are read: what is
 * tested is what the driver goes by.
 */
static int gate_features(struct virtio_device *vdev)
{
	const struct gate *gate = container_of(vdev->config, struct gate, ops);
	const char *why = unfit(vdev);

	if (why) {
		dev_err(&vdev->dev, "hypsec_dma: device %u refused: %s\n", vdev->id.device, why);
		return -EPERM;
	}
	return gate->own->finalize_features(vdev);
}

static void gate_device(struct virtio_device *vdev)
{
	struct gate *gate;

	mutex_lock(&gate_lock);
	if (vdev->config->finalize_features != gate_features) {
		gate = kmalloc(sizeof(*gate), GFP_KERNEL | __GFP_NOFAIL);
		gate->own = vdev->config;
		gate->ops = *vdev->config;
		gate->ops.finalize_features = gate_features;
		/* A window into memory of the host's choice, beside the pool. */
		gate->ops.get_shm_region = NULL;
		vdev->config = &gate->ops;
	}
	mutex_unlock(&gate_lock);
}

static void ungate_device(struct virtio_device *vdev)
{
	const struct gate *gate;

	mutex_lock(&gate_lock);
	if (vdev->config->finalize_features == gate_features) {
		gate = container_of(vdev->config, struct gate, ops);
		vdev->config = gate->own;
		kfree(gate);
	}
	mutex_unlock(&gate_lock);
}

static int on_bus(struct notifier_block *nb, unsigned long action, void *data)
{
	struct virtio_device *vdev = dev_to_virtio((struct device *)data);

	if (action == BUS_NOTIFY_ADD_DEVICE) {
		put_in_pool(vdev->dev.parent);
		gate_device(vdev);
	} else if (action == BUS_NOTIFY_REMOVED_DEVICE) {
		ungate_device(vdev);
	}
	return NOTIFY_DONE;
}

/* A device that was there first. In use already, it has rings in private memory: it ends here. */
static int found_on_bus(struct device *dev, void *unused)
{
	struct virtio_device *vdev = dev_to_virtio(dev);

	device_lock(dev);
	if (!dev->driver) {
		put_in_pool(dev->parent);
	} else if (unfit(vdev)) {
		virtio_break_device(vdev);
		virtio_reset_device(vdev);
		dev_err(dev, "hypsec_dma: device %u stopped: in use before this module, outside the shared pool: load it before virtio drivers, from the initramfs\n",
			vdev->id.device);
	}
	gate_device(vdev);
	device_unlock(dev);
	return 0;
}

static struct notifier_block bus_notifier = {
	.notifier_call = on_bus,
};

/* It matches nothing. A driver knows its bus, which the kernel does not export. */
static const struct virtio_device_id no_device[] = { { 0 } };
static struct virtio_driver bus_finder = {
	.driver.name = "hypsec_dma",
	.id_table = no_device,
};

static void __init take_pool(void)
{
	struct reserved_mem *rmem = of_reserved_mem_lookup(pool_node);
	int err = rmem ? hypsec_pool_init(rmem->base, rmem->size) : -ENODEV;

	pool_ready = !err;
	if (err)
		pr_err("the pool %pOF cannot be used (%d): no virtio device works\n",
		       pool_node, err);
	else
		pr_info("devices share %pa bytes at %pa with the host\n", &rmem->size, &rmem->base);
}

static int __init hypsec_dma_init(void)
{
	int err;

	for_each_compatible_node(pool_node, NULL, "restricted-dma-pool")
		if (of_device_is_available(pool_node))
			break;
	if (!pool_node)
		return -ENODEV;
	if (!IS_ENABLED(CONFIG_DMA_RESTRICTED_POOL))
		take_pool();

	err = register_virtio_driver(&bus_finder);
	if (err)
		return err;
	err = bus_register_notifier(bus_finder.driver.bus, &bus_notifier);
	if (err) {
		unregister_virtio_driver(&bus_finder);
		return err;
	}
	return bus_for_each_dev(bus_finder.driver.bus, NULL, NULL, found_on_bus);
}

/* No exit: devices would go on outside the pool. */
module_init(hypsec_dma_init);

MODULE_DESCRIPTION("Devices of a HypSec protected VM work through memory shared with the host");
MODULE_LICENSE("GPL");
