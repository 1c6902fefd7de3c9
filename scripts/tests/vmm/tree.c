// SPDX-License-Identifier: GPL-2.0-only
/* The device tree, in the flattened form of the Devicetree Specification 0.4, version 17. */
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "vmm.h"

#define GIC	1	/* its phandle */
#define SPI	0
#define PPI	1
#define LEVEL	4

static struct {
	uint32_t nodes[2048];
	char names[2048];
	size_t nr_nodes, nr_names;	/* words, bytes */
} t;

static void word(uint32_t v)
{
	if (t.nr_nodes < sizeof(t.nodes) / 4)
		t.nodes[t.nr_nodes] = htobe32(v);
	t.nr_nodes++;
}

static void bytes(const void *data, size_t len)
{
	size_t words = (len + 3) / 4;

	if (t.nr_nodes + words <= sizeof(t.nodes) / 4)
		memcpy(t.nodes + t.nr_nodes, data, len);
	t.nr_nodes += words;
}

static void begin(const char *name)
{
	word(1);
	bytes(name, strlen(name) + 1);
}

static void begin_at(const char *name, uint64_t at)
{
	char s[64];

	snprintf(s, sizeof(s), "%s@%lx", name, at);
	begin(s);
}

static void end(void)
{
	word(2);
}

static void prop(const char *name, const void *data, size_t len)
{
	size_t n = strlen(name) + 1;

	word(3);
	word((uint32_t)len);
	word((uint32_t)t.nr_names);
	bytes(data, len);
	if (t.nr_names + n <= sizeof(t.names))
		memcpy(t.names + t.nr_names, name, n);
	t.nr_names += n;
}

static void prop_str(const char *name, const char *s)
{
	prop(name, s, strlen(s) + 1);
}

static void prop_words(const char *name, const uint32_t *v, int n)
{
	uint32_t be[8 * MAX_DEVICES];

	for (int i = 0; i < n; i++)
		be[i] = htobe32(v[i]);
	prop(name, be, 4 * (size_t)n);
}

static void prop_u32(const char *name, uint32_t v)
{
	prop_words(name, &v, 1);
}

static void reg(uint64_t base, uint64_t size)
{
	const uint32_t v[] = { base >> 32, (uint32_t)base, size >> 32, (uint32_t)size };

	prop_words("reg", v, 4);
}

static void irq(uint32_t number)
{
	const uint32_t v[] = { SPI, number, LEVEL };

	prop_words("interrupts", v, 3);
}

static void cpus(const struct vmm *v)
{
	begin("cpus");
	prop_u32("#address-cells", 1);
	prop_u32("#size-cells", 0);
	for (int i = 0; i < v->cpus; i++) {
		begin_at("cpu", (uint64_t)i);
		prop_str("device_type", "cpu");
		prop_str("compatible", "arm,arm-v8");
		prop_str("enable-method", "psci");
		prop_u32("reg", (uint32_t)i);
		end();
	}
	end();
	begin("psci");
	prop_str("compatible", "arm,psci-0.2");
	prop_str("method", "hvc");
	end();
}

static void gic(const struct vmm *v)
{
	uint64_t base = GICR_BASE((uint64_t)v->cpus);
	const uint32_t r[] = { 0, GICD_BASE, 0, GICD_SIZE,
			       0, (uint32_t)base, 0, (uint32_t)(v->cpus * GICR_SIZE) };
	/* Secure, not secure, virtual, EL2's: all PPIs, active low */
	const uint32_t timer[] = { PPI, 13, 8, PPI, 14, 8, PPI, 11, 8, PPI, 10, 8 };

	begin("intc");
	prop_str("compatible", "arm,gic-v3");
	prop("interrupt-controller", "", 0);
	prop_u32("#interrupt-cells", 3);
	prop_words("reg", r, 8);
	prop_u32("phandle", GIC);
	end();
	begin("timer");
	prop_str("compatible", "arm,armv8-timer");
	prop("always-on", "", 0);
	prop_words("interrupts", timer, 12);
	end();
}

/* INTA of each slot is the interrupt of its device. */
static void pci(void)
{
	const uint32_t ranges[] = { 0x02000000, 0, PCI_BASE, 0, PCI_BASE, 0, PCI_SIZE };
	uint32_t map[8 * MAX_DEVICES] = { 0 };
	int n = 0;

	for (int i = 0; i < virtio_devices; i++) {
		const uint32_t entry[] = { (uint32_t)(i + 1) << 11, 0, 0, 1, GIC,
					   SPI, VIRTIO_SPI + (uint32_t)i, LEVEL };

		if (virtio_on_pci(i))
			memcpy(map + 8 * n++, entry, sizeof(entry));
	}
	if (!n)
		return;
	begin_at("pcie", ECAM_BASE);
	prop_str("compatible", "pci-host-ecam-generic");
	prop_str("device_type", "pci");
	prop_u32("#address-cells", 3);
	prop_u32("#size-cells", 2);
	prop_u32("#interrupt-cells", 1);
	reg(ECAM_BASE, ECAM_SIZE);
	prop_words("bus-range", (const uint32_t[]){ 0, ECAM_BUSES - 1 }, 2);
	prop_words("ranges", ranges, 7);
	prop_words("interrupt-map-mask", (const uint32_t[]){ 0xf800, 0, 0, 7 }, 4);
	prop_words("interrupt-map", map, 8 * n);
	prop("dma-coherent", "", 0);
	end();
}

static void devices(void)
{
	begin_at("uart", UART_BASE);
	prop("compatible", "arm,pl011\0arm,primecell", 24);
	reg(UART_BASE, 0x1000);
	irq(UART_SPI);
	end();
	for (int i = 0; i < virtio_devices; i++) {
		uint64_t base = VIRTIO_BASE + (uint64_t)i * VIRTIO_STEP;

		if (virtio_on_pci(i))
			continue;
		begin_at("virtio_mmio", base);
		prop_str("compatible", "virtio,mmio");
		prop("dma-coherent", "", 0);
		reg(base, VIRTIO_STEP);
		irq(VIRTIO_SPI + (uint32_t)i);
		end();
	}
}

size_t tree_write(const struct vmm *v, void *buf, size_t size)
{
	uint32_t head[14] = { 0xd00dfeed, 0, 56, 0, 40, 17, 16, 0, 0, 0 }, total;

	memset(&t, 0, sizeof(t));
	begin("");
	prop_str("compatible", "linux,dummy-virt");
	prop_u32("#address-cells", 2);
	prop_u32("#size-cells", 2);
	prop_u32("interrupt-parent", GIC);
	begin("chosen");
	end();
	begin_at("memory", RAM_BASE);
	prop_str("device_type", "memory");
	reg(RAM_BASE, v->size);
	end();
	cpus(v);
	gic(v);
	devices();
	pci();
	end();
	word(9);

	total = (uint32_t)(56 + 4 * t.nr_nodes + t.nr_names);
	if (t.nr_nodes > sizeof(t.nodes) / 4 || t.nr_names > sizeof(t.names) || total > size)
		fail("the device tree is too large");
	head[1] = total;
	head[3] = (uint32_t)(56 + 4 * t.nr_nodes);
	head[8] = (uint32_t)t.nr_names;
	head[9] = (uint32_t)(4 * t.nr_nodes);
	for (int i = 0; i < 14; i++)		/* the last four words: nothing is reserved */
		head[i] = htobe32(head[i]);
	memcpy(buf, head, sizeof(head));
	memcpy((char *)buf + 56, t.nodes, 4 * t.nr_nodes);
	memcpy((char *)buf + 56 + 4 * t.nr_nodes, t.names, t.nr_names);
	return total;
}
