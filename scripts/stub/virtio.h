/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPSEC_STUB_VIRTIO_H
#define HYPSEC_STUB_VIRTIO_H

#include "dt.h"
#include "mmio.h"

#define VIRTIO_CONSOLE	3

/**
 * virtio_find() - find the devices that the image names
 * @s: its transports are from dt_devices(); its devices are set, in the order of @number
 * @number: device numbers (virtio 1.2, section 5), 0 or one with HYPSEC_VIRTIO_PCI after the last
 *
 * Return: 0, or a reason; then device nr_devices of @number is the one.
 */
uint64_t virtio_find(struct vm_share *s, const uint8_t number[VM_MAX_DEVICES]);

#endif
