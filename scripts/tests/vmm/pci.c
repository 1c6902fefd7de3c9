// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCIe bus with virtio functions (virtio 1.2, 4.1), each the one of its slot: what a driver reads
 * and writes in a BAR are the registers of a transport of virtio.c. When that lies, configuration
 * space does too: who is there, bridges, BARs and their sizes, lists of capabilities, interrupts.
 */
#include <string.h>

#include "vmm.h"

#define COMMAND		0x04
#define COMMAND_MEMORY	2
#define BAR0		0x10
#define BAR_SIZE	0x4000U
#define IRQ_LINE	0x3c
#define CAPS		0x40
#define WINDOW		0x84	/* a capability: BAR, offset, length, data */
/* In the BAR, a page each: common configuration, ISR, notifications, the device's own */
#define COMMON_LEN	0x38

static uint8_t config[MAX_DEVICES][256];

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, 4);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static void cap(uint8_t *c, int at, int next, int len, int type, uint32_t offset, uint32_t length)
{
	const uint8_t head[] = { 0x09, (uint8_t)next, (uint8_t)len, (uint8_t)type };

	memcpy(c + at, head, 4);
	put32(c + at + 8, offset);
	put32(c + at + 12, length);
}

void pci_reset(void)
{
	memset(config, 0, sizeof(config));
	for (int i = 0; i < virtio_devices; i++) {
		uint8_t *c = config[i];

		put32(c, (0x1040 + virtio_number(i)) << 16 | 0x1af4);
		put32(c + COMMAND, 1U << 20);		/* has capabilities */
		put32(c + 0x08, 0xff000001);
		put32(c + 0x2c, 0x11001af4);
		c[0x34] = CAPS;
		c[0x3d] = 1;				/* INTA */
		cap(c, 0x40, 0x50, 16, 1, 0, COMMON_LEN);
		cap(c, 0x50, 0x64, 20, 2, 0x2000, 0x1000);
		cap(c, 0x64, 0x74, 16, 3, 0x1000, 1);
		cap(c, 0x74, WINDOW, 16, 4, 0x3000, 0x40);
		cap(c, WINDOW, 0, 20, 5, 0, 0);
	}
}

/* What is at an offset of the common configuration, as registers of a transport; 0: nothing */
static const struct { uint8_t at; uint16_t read, write; } common[] = {
	{ 0x00, 0, 0x014 }, { 0x04, 0x010, 0 }, { 0x08, 0, 0x024 }, { 0x0c, 0, 0x020 },
	{ 0x14, 0x070, 0x070 }, { 0x16, 0, 0x030 }, { 0x18, 0x034, 0x038 }, { 0x1c, 0x044, 0x044 },
	{ 0x20, 0, 0x080 }, { 0x24, 0, 0x084 }, { 0x28, 0, 0x090 }, { 0x2c, 0, 0x094 },
	{ 0x30, 0, 0x0a0 }, { 0x34, 0, 0x0a4 },
};

static void transport(struct vmm *v, int i, uint32_t reg, bool write, uint32_t *value)
{
	virtio_access(v, (uint64_t)i * VIRTIO_STEP + reg, 4, write, value);
}

static void bar(struct vmm *v, int i, uint32_t at, uint32_t len, bool write, void *data)
{
	uint32_t value = 0;

	if (at >= 0x3000) {
		virtio_access(v, (uint64_t)i * VIRTIO_STEP + 0x100 + (at - 0x3000), len, write, data);
		return;
	}
	if (write)
		memcpy(&value, data, len);
	if (at == 0x12)
		value = NR_QUEUES;
	else if (at == 0x10 || at == 0x1a)
		value = 0xffff;			/* no MSI-X */
	else if (at == 0x1000 && !write) {
		transport(v, i, 0x060, false, &value);
		transport(v, i, 0x064, true, &(uint32_t){ ~0U });
	} else if (at == 0x2000 && write)
		transport(v, i, 0x050, true, &value);
	for (size_t k = 0; k < sizeof(common) / sizeof(*common); k++) {
		uint32_t reg = write ? common[k].write : common[k].read;

		if (common[k].at == at && reg)
			transport(v, i, reg, write, &value);
	}
	if (!write)
		memcpy(data, &value, len);
}

void pci_config(struct vmm *v, uint64_t offset, uint32_t len, bool write, void *data)
{
	uint32_t at = offset & 0xfff, value = ~0U;
	int i = (int)(offset >> 15) - 1;	/* slot 0 is nobody's, nor another bus or function */
	uint8_t *c = i >= 0 && i < virtio_devices && virtio_on_pci(i) && !(offset & 0x7000) &&
		     at + len <= 256 ? config[i] : NULL;

	if (len > 4)
		return;
	if (!write) {
		if (c && !at)
			virtio_mood(i);		/* whoever is looking for devices begins here */
		if (c && at == WINDOW + 16 && get32(c + WINDOW + 12) == 4)
			bar(v, i, get32(c + WINDOW + 8), 4, false, &value);
		else if (c)
			memcpy(&value, c + at, len);
		value = virtio_answer(c ? i : 0, value);
		memcpy(data, &value, len);
		return;
	}
	if (!c)
		return;
	if (at == COMMAND || at == IRQ_LINE || (at >= WINDOW + 4 && at < WINDOW + 16))
		memcpy(c + at, data, at == COMMAND ? 2 : at == IRQ_LINE ? 1 : len);
	else if (at == BAR0 && len == 4)
		put32(c + BAR0, get32(data) & ~(BAR_SIZE - 1));
	else if (at == WINDOW + 16 && get32(c + WINDOW + 12) == 4)
		bar(v, i, get32(c + WINDOW + 8), 4, true, data);
}

bool pci_memory(struct vmm *v, uint64_t address, uint32_t len, bool write, void *data)
{
	for (int i = 0; i < virtio_devices; i++) {
		uint64_t at = address - get32(config[i] + BAR0);

		if (virtio_on_pci(i) && config[i][COMMAND] & COMMAND_MEMORY && at < BAR_SIZE && len <= 4) {
			bar(v, i, (uint32_t)at, len, write, data);
			return true;
		}
	}
	return false;
}
