// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which of the host's virtio-mmio transports are the devices that the image names? Their registers
 * are the host's word and may say another thing each time: what is asked here is for a clear
 * refusal. What protects is that a device is bound to the pool, whatever it turns out to be.
 */
#include "reason.h"
#include "virtio.h"

/* Virtio 1.2, 4.2.2 */
#define MAGIC_VALUE		0x000
#define VERSION			0x004
#define DEVICE_ID		0x008
#define DEVICE_FEATURES		0x010
#define DEVICE_FEATURES_SEL	0x014

#define MAGIC			0x74726976	/* "virt" */
#define ACCESS_PLATFORM		(1U << 1)	/* feature 33, of those from 32 on */

/* Without ACCESS_PLATFORM a driver gives its device plain addresses, past the pool. */
static uint64_t check(uint64_t base)
{
	if (mmio_read32(base + MAGIC_VALUE) != MAGIC)
		return STUB_NO_DEVICE;
	if (mmio_read32(base + VERSION) != 2)
		return STUB_LEGACY_DEVICE;
	mmio_write32(base + DEVICE_FEATURES_SEL, 1);
	if (!(mmio_read32(base + DEVICE_FEATURES) & ACCESS_PLATFORM))
		return STUB_PLAIN_DEVICE;
	return 0;
}

uint64_t virtio_find(struct vm_share *s, const uint8_t number[VM_MAX_DEVICES])
{
	uint32_t id[VM_MAX_TRANSPORTS];
	uint64_t reason = 0;

	for (uint32_t i = 0; i < s->nr_transports; i++)
		id[i] = mmio_read32(s->transport[i].reg.base + DEVICE_ID);

	for (s->nr_devices = 0; s->nr_devices < VM_MAX_DEVICES && number[s->nr_devices] &&
	     !(number[s->nr_devices] & HYPSEC_VIRTIO_PCI);
	     s->nr_devices++) {
		uint32_t n = number[s->nr_devices], at = VM_MAX_TRANSPORTS;

		/* QEMU gives the first -device the highest address, and so on down. */
		for (uint32_t i = 0; i < s->nr_transports; i++)
			if (id[i] == n && (at == VM_MAX_TRANSPORTS ||
					   s->transport[i].reg.base > s->transport[at].reg.base))
				at = i;
		if (at == VM_MAX_TRANSPORTS)
			return STUB_NO_DEVICE;
		reason = check(s->transport[at].reg.base);
		if (reason)
			return reason;
		id[at] = 0;			/* no device has this number */
		s->device[s->nr_devices].transport = at;
		s->device[s->nr_devices].number = n;
	}
	return 0;
}
