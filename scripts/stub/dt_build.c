// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write the guest's device tree, node by node, from what was checked. This
 * file is the allow-list: what is not written here does not exist for the
 * kernel. No PCIe, virtio-mmio or ITS: they need memory shared with the host,
 * and nothing is shared yet. No reserved-memory: it could name the kernel.
 */
#include <libfdt.h>
#include "dt.h"

#define PHANDLE_GIC	1
#define PHANDLE_CLOCK	2

/* The PL011's input clock; every VMM's model ignores the baud rate. */
#define UART_CLOCK_HZ	24000000

struct out {
	void *fdt;
	int err;		/* the first error; everything later is skipped */
};

static void begin(struct out *o, const char *name)
{
	if (!o->err)
		o->err = fdt_begin_node(o->fdt, name);
}

/* name@unit-address */
static void begin_at(struct out *o, const char *name, uint64_t unit)
{
	char full[48];
	size_t n = strlen(name);
	int digits = 1;

	while (digits < 16 && unit >> (4 * digits))
		digits++;
	memcpy(full, name, n);
	full[n++] = '@';
	while (digits--)
		full[n++] = "0123456789abcdef"[unit >> (4 * digits) & 0xf];
	full[n] = 0;
	begin(o, full);
}

static void end(struct out *o)
{
	if (!o->err)
		o->err = fdt_end_node(o->fdt);
}

static void put(struct out *o, const char *name, const void *p, size_t n)
{
	if (!o->err)
		o->err = fdt_property(o->fdt, name, p, (int)n);
}

static void put_str(struct out *o, const char *name, const char *s)
{
	put(o, name, s, strlen(s) + 1);
}

static void put_u32(struct out *o, const char *name, uint32_t v)
{
	if (!o->err)
		o->err = fdt_property_u32(o->fdt, name, v);
}

static void put_u64(struct out *o, const char *name, uint64_t v)
{
	if (!o->err)
		o->err = fdt_property_u64(o->fdt, name, v);
}

/* address and size in two cells each, as the root of this tree says */
static void set_range(fdt32_t *c, struct vm_range r)
{
	c[0] = cpu_to_fdt32((uint32_t)(r.base >> 32));
	c[1] = cpu_to_fdt32((uint32_t)r.base);
	c[2] = cpu_to_fdt32((uint32_t)(r.size >> 32));
	c[3] = cpu_to_fdt32((uint32_t)r.size);
}

static void put_irqs(struct out *o, const struct vm_irq *irq, uint32_t n)
{
	fdt32_t c[3 * VM_TIMER_IRQS];

	for (uint32_t i = 0; i < n; i++) {
		c[3 * i] = cpu_to_fdt32(irq[i].type);
		c[3 * i + 1] = cpu_to_fdt32(irq[i].number);
		c[3 * i + 2] = cpu_to_fdt32(irq[i].flags);
	}
	put(o, "interrupts", c, 12 * n);
}

static void build_memory(struct out *o, const struct vm_desc *d)
{
	for (uint32_t i = 0; i < d->nr_ram; i++) {
		fdt32_t reg[4];

		set_range(reg, d->ram[i]);
		begin_at(o, "memory", d->ram[i].base);
		put_str(o, "device_type", "memory");
		put(o, "reg", reg, sizeof(reg));
		end(o);
	}
}

static void build_cpus(struct out *o, const struct vm_desc *d,
		       const struct vm_boot *b)
{
	begin(o, "cpus");
	put_u32(o, "#address-cells", 2);
	put_u32(o, "#size-cells", 0);
	for (uint32_t i = 0; i < d->nr_cpus; i++) {
		if (!b->smp && d->mpidr[i] != b->boot_mpidr)
			continue;
		begin_at(o, "cpu", d->mpidr[i]);
		put_str(o, "device_type", "cpu");
		put_str(o, "compatible", "arm,armv8");
		put_u64(o, "reg", d->mpidr[i]);
		put_str(o, "enable-method", "psci");
		end(o);
	}
	end(o);

	begin(o, "psci");
	put(o, "compatible", "arm,psci-1.0\0arm,psci-0.2", 26);
	put_str(o, "method", "hvc");
	end(o);
}

static void build_gic(struct out *o, const struct vm_desc *d)
{
	fdt32_t reg[4 * (1 + VM_MAX_REDIST)];

	set_range(reg, d->dist);
	for (uint32_t i = 0; i < d->nr_redist; i++)
		set_range(reg + 4 * (1 + i), d->redist[i]);

	begin_at(o, "interrupt-controller", d->dist.base);
	put_str(o, "compatible", "arm,gic-v3");
	put(o, "reg", reg, 16 * (1 + d->nr_redist));
	put_u32(o, "#redistributor-regions", d->nr_redist);
	put(o, "interrupt-controller", "", 0);
	put_u32(o, "#interrupt-cells", 3);
	put_u32(o, "#address-cells", 2);
	put_u32(o, "#size-cells", 2);
	put_u32(o, "phandle", PHANDLE_GIC);
	end(o);
}

static void build_timer(struct out *o, const struct vm_desc *d)
{
	begin(o, "timer");
	put_str(o, "compatible", "arm,armv8-timer");
	put_irqs(o, d->timer, VM_TIMER_IRQS);
	if (d->timer_always_on)
		put(o, "always-on", "", 0);
	end(o);
}

static void build_uarts(struct out *o, const struct vm_desc *d)
{
	fdt32_t clocks[2] = { cpu_to_fdt32(PHANDLE_CLOCK),
			      cpu_to_fdt32(PHANDLE_CLOCK) };

	begin(o, "apb-pclk");
	put_str(o, "compatible", "fixed-clock");
	put_u32(o, "#clock-cells", 0);
	put_u32(o, "clock-frequency", UART_CLOCK_HZ);
	put_str(o, "clock-output-names", "clk24mhz");
	put_u32(o, "phandle", PHANDLE_CLOCK);
	end(o);

	for (uint32_t i = 0; i < d->nr_uarts; i++) {
		fdt32_t reg[4];

		set_range(reg, d->uart[i].reg);
		begin_at(o, "pl011", d->uart[i].reg.base);
		put(o, "compatible", "arm,pl011\0arm,primecell", 24);
		put(o, "reg", reg, sizeof(reg));
		put_irqs(o, &d->uart[i].irq, 1);
		put(o, "clocks", clocks, sizeof(clocks));
		put(o, "clock-names", "uartclk\0apb_pclk", 17);
		end(o);
	}
}

/* /aliases, so that "console = stdout-path" finds its name */
static void build_aliases(struct out *o, const struct vm_desc *d)
{
	char path[32] = "/pl011@";
	uint64_t base = d->uart[0].reg.base;
	int digits = 1, n = 7;

	while (digits < 16 && base >> (4 * digits))
		digits++;
	while (digits--)
		path[n++] = "0123456789abcdef"[base >> (4 * digits) & 0xf];
	path[n] = 0;
	begin(o, "aliases");
	put_str(o, "serial0", path);
	end(o);
}

/*
 * Is there a console? A port's other end is the host's, and whoever reads there, a shell or
 * SysRq, obeys the host. Only a PL011 that is not there is known to be read by nobody.
 */
static bool console(const struct vm_desc *d, const struct vm_boot *b)
{
	return b->console && d->nr_uarts;
}

static void build_chosen(struct out *o, const struct vm_desc *d,
			 const struct vm_boot *b)
{
	void *args;

	begin(o, "chosen");
	if (!o->err)
		o->err = fdt_property_placeholder(o->fdt, "bootargs",
						  (int)b->cmdline_size + 1,
						  &args);
	if (!o->err) {
		memcpy(args, b->cmdline, b->cmdline_size);
		((char *)args)[b->cmdline_size] = 0;
	}
	if (b->initrd.size) {
		put_u64(o, "linux,initrd-start", b->initrd.base);
		put_u64(o, "linux,initrd-end", b->initrd.base + b->initrd.size);
	}
	if (console(d, b))
		put_str(o, "stdout-path", "serial0");
	put(o, "rng-seed", b->seed, sizeof(b->seed));
	put_u64(o, "kaslr-seed", b->kaslr_seed);
	/* For the guest's user space, which cannot make the core's calls */
	put(o, "hypsec,identity", b->identity, sizeof(b->identity));
	put(o, "hypsec,signer", b->signer, sizeof(b->signer));
	put_u64(o, "hypsec,security-version", b->security_version);
	/* Linux shows a property to root only if its name begins so (drivers/of/kobj.c). */
	put(o, "security-hypsec-sealing-keys", b->keys, b->nr_keys * sizeof(b->keys[0]));
	put_str(o, "hypsec,sealing-source", b->platform ? "platform" : "ephemeral");
	end(o);
}

enum dt_error dt_build(void *buf, size_t size, const struct vm_desc *d,
		       const struct vm_boot *b)
{
	struct out o = { buf, 0 };

	if (size > 0x10000000 || b->cmdline_size > size)
		return DT_BUILD;
	o.err = fdt_create(buf, (int)size);
	if (!o.err)
		o.err = fdt_finish_reservemap(buf);

	begin(&o, "");
	put_str(&o, "compatible", "linux,dummy-virt");
	put_str(&o, "model", "HypSec protected VM");
	put_u32(&o, "#address-cells", 2);
	put_u32(&o, "#size-cells", 2);
	put_u32(&o, "interrupt-parent", PHANDLE_GIC);
	build_chosen(&o, d, b);
	if (console(d, b))
		build_aliases(&o, d);
	build_memory(&o, d);
	build_cpus(&o, d, b);
	build_gic(&o, d);
	build_timer(&o, d);
	if (console(d, b))
		build_uarts(&o, d);
	end(&o);

	if (!o.err)
		o.err = fdt_finish(buf);
	return o.err ? DT_BUILD : DT_OK;
}
