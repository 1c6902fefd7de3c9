/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPSEC_STUB_PCI_H
#define HYPSEC_STUB_PCI_H

#include "dt.h"
#include "mmio.h"

/* PCI 3.0, 6.1, of a function 0 on bus 0: where QEMU puts what is given no address */
#define PCI_SLOTS	32
#define PCI_ID		0x00
#define PCI_COMMAND	0x04
#define PCI_HEADER	0x0c		/* in bits 23:16 */

static inline uint64_t pci_slot(const struct vm_pci *p, uint32_t slot)
{
	return p->ecam.base + (slot << 15);
}

/* A device, and no bridge: has it BARs, and capabilities where those of a device are? */
static inline bool pci_is_device(uint64_t config)
{
	return !(mmio_read32(config + PCI_HEADER) >> 16 & 0x7f);
}

/**
 * pci_find() - find the devices that the image names on the PCIe bus
 * @s: its bridge is from dt_pci(); its functions are set, in the order of @number
 * @number: device numbers with HYPSEC_VIRTIO_PCI, 0 after the last
 * @max: there are no more than these
 *
 * Return: 0, or a reason; then device nr_functions of @number is the one.
 */
uint64_t pci_find(struct vm_share *s, const uint8_t *number, uint32_t max);

#endif
