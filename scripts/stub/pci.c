// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which functions on the host's PCIe bus are the devices that the image names? Configuration space
 * is the host's word and may say another thing each time: what is asked is for a clear refusal.
 * What protects is that a slot has one number and the pool, whatever it turns out to be, and that
 * others have neither.
 */
#include "pci.h"
#include "reason.h"

#define SUBSYSTEM	0x2c
#define CAPABILITIES	0x34
#define HAS_CAPABILITIES	(1U << 20)	/* in the status, beside the command */
#define CAPABILITIES_MAX	48		/* so many there is room for */
#define CONFIG_SIZE	0x100
#define HEADER_SIZE	0x40

/* Virtio 1.2, 4.1.2 and 4.1.4 */
#define VIRTIO		0x1af4
#define MODERN		0x1040		/* and the device's number */
#define LEGACY		0x1000		/* to 0x103f; the number is the subsystem's */
#define VENDOR_SPECIFIC	0x09
#define COMMON		1		/* where feature bits are: BAR and offset */
#define WINDOW		5		/* to any BAR, by registers here, whether it has an address or not */
#define CAP_BAR		4
#define CAP_OFFSET	8
#define CAP_LENGTH	12
#define CAP_DATA	16		/* of a WINDOW */
#define FEATURE_SELECT	0		/* in COMMON */
#define FEATURES	4

#define ACCESS_PLATFORM	(1U << 1)	/* feature 33, of those from 32 on */

/* The device's number, or 0; @legacy: that of one that is also for drivers from before virtio 1 */
static uint32_t number_of(uint64_t config, bool *legacy)
{
	uint32_t id = mmio_read32(config + PCI_ID), device = id >> 16;

	*legacy = false;
	if ((id & 0xffff) != VIRTIO || device < LEGACY || device >= MODERN + HYPSEC_VIRTIO_PCI ||
	    !pci_is_device(config))
		return 0;
	if (device >= MODERN)
		return device - MODERN;
	*legacy = true;
	return mmio_read32(config + SUBSYSTEM) >> 16;
}

/* A list that the host wrote: no longer than it can be, in its place, whatever it leads to. */
static bool find_capabilities(uint64_t config, uint32_t *common, uint32_t *window)
{
	uint32_t at = mmio_read32(config + PCI_COMMAND) & HAS_CAPABILITIES ?
		      mmio_read32(config + CAPABILITIES) & 0xfc : 0;

	*common = *window = 0;
	for (int n = 0; at && n < CAPABILITIES_MAX; n++) {
		uint32_t head;

		if (at < HEADER_SIZE)
			return false;
		head = mmio_read32(config + at);
		if ((head & 0xff) == VENDOR_SPECIFIC) {
			if (head >> 24 == COMMON && !*common && at + CAP_LENGTH < CONFIG_SIZE)
				*common = at;
			if (head >> 24 == WINDOW && !*window && at + CAP_DATA < CONFIG_SIZE)
				*window = at;
		}
		at = head >> 8 & 0xfc;
	}
	return *common && *window;
}

/* Without ACCESS_PLATFORM a driver gives its device plain addresses. No BAR need be placed. */
static uint64_t check(uint64_t config)
{
	uint32_t common, window, offset;
	uint64_t w;

	if (!find_capabilities(config, &common, &window))
		return STUB_PCI_CONFIG;
	offset = mmio_read32(config + common + CAP_OFFSET);
	w = config + window;
	mmio_write32(w + CAP_BAR, mmio_read32(config + common + CAP_BAR) & 0xff);
	mmio_write32(w + CAP_LENGTH, 4);
	mmio_write32(w + CAP_OFFSET, offset + FEATURE_SELECT);
	mmio_write32(w + CAP_DATA, 1);
	mmio_write32(w + CAP_OFFSET, offset + FEATURES);
	return mmio_read32(w + CAP_DATA) & ACCESS_PLATFORM ? 0 : STUB_PLAIN_DEVICE;
}

uint64_t pci_find(struct vm_share *s, const uint8_t *number, uint32_t max)
{
	uint32_t id[PCI_SLOTS];
	bool legacy[PCI_SLOTS];

	s->nr_functions = 0;
	if (!max || !number[0])
		return 0;			/* nor need there be a bus */
	for (uint32_t i = 0; i < PCI_SLOTS; i++)
		id[i] = number_of(pci_slot(&s->pci, i), &legacy[i]);

	for (; s->nr_functions < max && number[s->nr_functions]; s->nr_functions++) {
		uint32_t n = number[s->nr_functions] & ~HYPSEC_VIRTIO_PCI, at = PCI_SLOTS;
		uint64_t reason = STUB_NO_PCI_DEVICE;

		/* QEMU gives the first -device the lowest slot, and Linux takes them in that order. */
		for (uint32_t i = 0; i < PCI_SLOTS && at == PCI_SLOTS; i++) {
			if (id[i] == n && legacy[i])
				reason = STUB_LEGACY_PCI;
			else if (id[i] == n)
				at = i;
		}
		if (at != PCI_SLOTS)
			reason = check(pci_slot(&s->pci, at));
		if (reason)
			return reason;
		id[at] = 0;			/* no device has this number */
		s->function[s->nr_functions] = (struct vm_function){ at, n };
	}
	return 0;
}
