// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtio-mmio transports (virtio 1.2, 4.2) with a disk, random numbers, and devices that only take
 * what they are given. And, when told to, ones whose registers lie: magic, device, features, status,
 * queues, interrupts and configuration, anything that the guest's kernel reads.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "vmm.h"

#define QUEUE_MAX	128
#define SECTOR		512UL
#define F_VERSION_1	(1UL << 32)
#define F_ACCESS_PLATFORM (1UL << 33)
#define DRIVER_OK	4U
#define STATUS_DRIVER_OK 4
#define CONFIG		0x100
#define IRQ_USED	1
#define IRQ_CONFIG	2
#define DESC_NEXT	1
#define DESC_WRITE	2

struct desc { uint64_t addr; uint32_t len; uint16_t flags, next; };
struct avail { uint16_t flags, idx, ring[]; };
struct used { uint16_t flags, idx; struct { uint32_t id, len; } ring[]; };
struct queue { uint32_t num, ready; uint64_t desc, avail, used; uint16_t seen; };

static struct device {
	uint32_t id;
	bool pci;
	uint64_t features;
	uint8_t config[64];
	char *disk;
	uint64_t disk_size;
	/* what the driver has set, since the last reset */
	uint32_t status, isr, select, feature_select, driver_select;
	struct queue queue[NR_QUEUES];
	uint32_t one_in;	/* of so many answers one is a lie; 0: none is */
} devices[MAX_DEVICES];
int virtio_devices;
unsigned long virtio_lies;
static uint64_t withdrawn;	/* features that devices have no more as soon as a driver resets them */
static uint64_t state;		/* of the liar's random numbers; 0: not one yet */

static const struct { const char *name; uint32_t id; } kinds[] = {
	{ "net", 1 }, { "blk", 2 }, { "console", 3 }, { "rng", 4 }, { "vsock", 19 }, { "fs", 26 },
};

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

bool virtio_on_pci(int device)
{
	return devices[device].pci;
}

uint32_t virtio_number(int device)
{
	return devices[device].id;
}

void virtio_add(const char *name, const char *disk, bool pci)
{
	struct device *d = &devices[virtio_devices];
	struct stat st;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].name, name))
			d->id = kinds[i].id;
	if (!d->id || virtio_devices == MAX_DEVICES) {
		fprintf(stderr, "vmm: no device %s\n", name);
		exit(2);
	}
	virtio_devices++;
	d->pci = pci;
	d->features = F_VERSION_1 | F_ACCESS_PLATFORM;
	if (d->id == 26) {
		memcpy(d->config, "vmm", 4);	/* its tag */
		d->config[36] = 1;		/* request queues */
	}
	if (d->id != 2)
		return;
	fd = open(disk ? disk : "", O_RDWR);
	if (fd < 0 || fstat(fd, &st))
		fail("the disk");
	d->disk_size = (uint64_t)st.st_size / SECTOR * SECTOR;
	d->disk = mmap(NULL, d->disk_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (d->disk == MAP_FAILED)
		fail("the disk");
	memcpy(d->config, &(uint64_t){ d->disk_size / SECTOR }, 8);
}

/* A request that is not as the specification has it is not answered: @data is one buffer. */
static uint8_t disk_io(struct device *d, uint32_t type, uint64_t *at, char *data, uint32_t len)
{
	if (type == 8)
		return snprintf(data, len, "vmm") < 0;
	if (type > 1 || *at > d->disk_size || len > d->disk_size - *at)
		return type == 4 ? 0 : 1;
	if (type)
		memcpy(d->disk + *at, data, len);
	else
		memcpy(data, d->disk + *at, len);
	*at += len;
	return 0;
}

/* One chain of descriptors. Return: bytes written; the guest learns of no other mistake of its. */
static uint32_t serve(struct vmm *v, struct device *d, struct queue *q, uint16_t head)
{
	struct { uint32_t type, reserved; uint64_t sector; } *request = NULL;
	uint32_t written = 0, type = 0;
	uint8_t status = 0;
	uint64_t at = 0;

	for (uint32_t n = 0; n < q->num; n++) {
		struct desc *p = ram_at(v, q->desc + 16UL * (head % q->num), 16), c;
		char *data;

		if (!p)
			break;
		c = *p;
		data = ram_at(v, c.addr, c.len);
		if (!data)
			break;
		if (d->id == 2 && !request && !(c.flags & DESC_WRITE) && c.len >= sizeof(*request)) {
			request = (void *)data;
			type = request->type;
			at = request->sector <= d->disk_size / SECTOR ? request->sector * SECTOR : ~0UL;
		} else if (d->id == 2 && c.flags & DESC_WRITE && !(c.flags & DESC_NEXT) && c.len) {
			*data = (char)status;
		} else if (d->id == 2) {
			status |= disk_io(d, type, &at, data, c.len);
		} else if (c.flags & DESC_WRITE) {
			for (uint32_t i = 0; i < c.len; i++)
				data[i] = (char)rand();
		}
		if (c.flags & DESC_WRITE)
			written += c.len;
		if (!(c.flags & DESC_NEXT))
			break;
		head = c.next;
	}
	return written;
}

static void raise_irq(struct vmm *v, struct device *d, uint32_t why)
{
	d->isr |= why;
	kvm_irq(v, VIRTIO_SPI + (uint32_t)(d - devices), d->isr);
}

static void notified(struct vmm *v, struct device *d, uint32_t n)
{
	struct queue *q = &d->queue[n % NR_QUEUES];
	struct avail *avail = ram_at(v, q->avail, 4 + 2UL * q->num);
	struct used *used = ram_at(v, q->used, 4 + 8UL * q->num);
	bool any = false;

	/* What is received nobody sends here; a disk and random numbers have no such queue. */
	if (!q->ready || !q->num || !avail || !used || (d->id != 2 && d->id != 4 && !(n % 2)))
		return;
	while (q->seen != __atomic_load_n(&avail->idx, __ATOMIC_ACQUIRE)) {
		uint16_t head = avail->ring[q->seen++ % q->num];
		uint32_t len = serve(v, d, q, head);

		used->ring[used->idx % q->num].id = head;
		used->ring[used->idx % q->num].len = len;
		__atomic_store_n(&used->idx, used->idx + 1, __ATOMIC_RELEASE);
		any = true;
	}
	if (any)
		raise_irq(v, d, IRQ_USED);
}

/* How much of a liar it is in its next life: at times it is none. */
void virtio_mood(int device)
{
	devices[device].one_in = state && rnd() % 4 ? 2U << rnd() % 6 : 0;
}

static void reset(struct device *d)
{
	d->status = d->isr = d->select = d->feature_select = d->driver_select = 0;
	memset(d->queue, 0, sizeof(d->queue));
	virtio_mood((int)(d - devices));
}

void virtio_withdraw(void)
{
	withdrawn = F_ACCESS_PLATFORM;
}

void virtio_reset(void)
{
	for (int i = 0; i < virtio_devices; i++)
		reset(&devices[i]);
}

void virtio_lie(uint64_t seed)
{
	state = seed | 1;
	for (int i = 0; i < virtio_devices; i++)
		devices[i].one_in = 8;
}

/* Small numbers are lengths, indices and devices that might be believed. */
static uint32_t lie(uint32_t truth)
{
	static const uint32_t likely[] = { 0, 1, 2, 0xff, 0xffff, 0x10000, 0x7fffffff, ~0U };

	virtio_lies++;
	switch (rnd() % 4) {
	case 0:
		return (uint32_t)rnd();
	case 1:
		return likely[rnd() % 8];
	case 2:
		return rnd() % 512;
	default:
		return truth ^ 1U << rnd() % 32;
	}
}

uint32_t virtio_answer(int device, uint32_t truth)
{
	struct device *d = &devices[device];

	return d->one_in && !(rnd() % d->one_in) ? lie(truth) : truth;
}

static uint32_t get(struct device *d, uint32_t offset)
{
	struct queue *q = &d->queue[d->select % NR_QUEUES];

	switch (offset) {
	case 0x000:
		return 0x74726976;
	case 0x004:
		return 2;
	case 0x008:
		return d->id;
	case 0x010:
		return d->feature_select > 1 ? 0 : (uint32_t)(d->features >> 32 * d->feature_select);
	case 0x034:
		return d->select < NR_QUEUES ? QUEUE_MAX : 0;
	case 0x044:
		return q->ready;
	case 0x060:
		return d->isr;
	case 0x070:
		return d->status;
	default:
		return 0;
	}
}

static void set_half(uint64_t *to, bool high, uint32_t value)
{
	*to = high ? (uint32_t)*to | (uint64_t)value << 32 : *to >> 32 << 32 | value;
}

static void set(struct vmm *v, struct device *d, uint32_t offset, uint32_t value)
{
	struct queue *q = &d->queue[d->select % NR_QUEUES];

	switch (offset) {
	case 0x014:
		d->feature_select = value;
		break;
	case 0x030:
		d->select = value;
		break;
	case 0x038:
		q->num = value <= 32768 ? value : 0;
		break;
	case 0x044:
		q->ready = value;
		q->seen = 0;
		break;
	case 0x050:
		notified(v, d, value);
		break;
	case 0x064:
		d->isr &= ~value;
		raise_irq(v, d, 0);
		break;
	case 0x070:
		d->status = value;
		if (value & DRIVER_OK && !(d->features & F_ACCESS_PLATFORM))
			printf("\nvmm: device %u has a driver, without ACCESS_PLATFORM\n", d->id);
		if (!value) {
			d->features &= ~withdrawn;
			reset(d);
			raise_irq(v, d, 0);
		}
		break;
	case 0x080:
	case 0x084:
		set_half(&q->desc, offset & 4, value);
		break;
	case 0x090:
	case 0x094:
		set_half(&q->avail, offset & 4, value);
		break;
	case 0x0a0:
	case 0x0a4:
		set_half(&q->used, offset & 4, value);
		break;
	}
}

void virtio_access(struct vmm *v, uint64_t offset, uint32_t len, bool write, void *data)
{
	struct device *d = &devices[offset / VIRTIO_STEP];
	uint32_t at = offset % VIRTIO_STEP, value = 0;
	bool lying;

	if (offset / VIRTIO_STEP >= (uint64_t)virtio_devices || len > 4) {
		if (!write)
			memset(data, 0, len);
		return;
	}
	if (write) {
		memcpy(&value, data, len);
		if (at < CONFIG)
			set(v, d, at, value);
		return;
	}
	if (at < CONFIG)
		value = get(d, at);
	else if (at - CONFIG <= sizeof(d->config) - len)
		memcpy(&value, d->config + at - CONFIG, len);
	lying = d->one_in && !(rnd() % d->one_in);
	if (lying)
		value = lie(value);
	memcpy(data, &value, len);
	/* And it has changed, says its interrupt: read it again. */
	if (lying && d->status & STATUS_DRIVER_OK && !(rnd() % 4))
		raise_irq(v, d, IRQ_CONFIG);
}
