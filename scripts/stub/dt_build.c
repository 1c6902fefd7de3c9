// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write the guest's device tree, node by node, from what was checked. This
 * file is the allow-list, with dt_share.c for an image that shares memory with
 * the host: what is written in neither does not exist for the kernel. No ITS:
 * its tables would need memory shared with the host. No reserved-memory of the
 * host's: it could name the kernel.
 */
#include <libfdt.h>
#include "dt_write.h"

/* The PL011's input clock; every VMM's model ignores the baud rate. */
#define UART_CLOCK_HZ	24000000

static void build_memory(struct dt_out *o, const struct vm_desc *d)
{
	for (uint32_t i = 0; i < d->nr_ram; i++) {
		fdt32_t reg[4];

		dt_set_range(reg, d->ram[i]);
		dt_begin_at(o, "memory", d->ram[i].base);
		dt_put_str(o, "device_type", "memory");
		dt_put(o, "reg", reg, sizeof(reg));
		dt_end(o);
	}
}

static void build_cpus(struct dt_out *o, const struct vm_desc *d,
		       const struct vm_boot *b)
{
	dt_begin(o, "cpus");
	dt_put_u32(o, "#address-cells", 2);
	dt_put_u32(o, "#size-cells", 0);
	for (uint32_t i = 0; i < d->nr_cpus; i++) {
		if (!b->smp && d->mpidr[i] != b->boot_mpidr)
			continue;
		dt_begin_at(o, "cpu", d->mpidr[i]);
		dt_put_str(o, "device_type", "cpu");
		dt_put_str(o, "compatible", "arm,armv8");
		dt_put_u64(o, "reg", d->mpidr[i]);
		dt_put_str(o, "enable-method", "psci");
		dt_end(o);
	}
	dt_end(o);

	dt_begin(o, "psci");
	dt_put(o, "compatible", "arm,psci-1.0\0arm,psci-0.2", 26);
	dt_put_str(o, "method", b->realm ? "smc" : "hvc");
	dt_end(o);
}

static void build_gic(struct dt_out *o, const struct vm_desc *d)
{
	fdt32_t reg[4 * (1 + VM_MAX_REDIST)];

	dt_set_range(reg, d->dist);
	for (uint32_t i = 0; i < d->nr_redist; i++)
		dt_set_range(reg + 4 * (1 + i), d->redist[i]);

	dt_begin_at(o, "interrupt-controller", d->dist.base);
	dt_put_str(o, "compatible", "arm,gic-v3");
	dt_put(o, "reg", reg, 16 * (1 + d->nr_redist));
	dt_put_u32(o, "#redistributor-regions", d->nr_redist);
	dt_put(o, "interrupt-controller", "", 0);
	dt_put_u32(o, "#interrupt-cells", 3);
	dt_put_u32(o, "#address-cells", 2);
	dt_put_u32(o, "#size-cells", 2);
	dt_put_u32(o, "phandle", PHANDLE_GIC);
	dt_end(o);
}

static void build_timer(struct dt_out *o, const struct vm_desc *d)
{
	dt_begin(o, "timer");
	dt_put_str(o, "compatible", "arm,armv8-timer");
	dt_put_irqs(o, d->timer, VM_TIMER_IRQS);
	if (d->timer_always_on)
		dt_put(o, "always-on", "", 0);
	dt_end(o);
}

/* What drives UART and clock; no register of its own. */
static void build_pclk(struct dt_out *o)
{
	dt_begin(o, "apb-pclk");
	dt_put_str(o, "compatible", "fixed-clock");
	dt_put_u32(o, "#clock-cells", 0);
	dt_put_u32(o, "clock-frequency", UART_CLOCK_HZ);
	dt_put_str(o, "clock-output-names", "clk24mhz");
	dt_put_u32(o, "phandle", PHANDLE_CLOCK);
	dt_end(o);
}

/* No interrupt: an alarm would be one more thing for the host to say. */
static void build_clock(struct dt_out *o, struct vm_range r)
{
	fdt32_t reg[4];

	dt_set_range(reg, r);
	dt_begin_at(o, "pl031", r.base);
	dt_put(o, "compatible", "arm,pl031\0arm,primecell", 24);
	dt_put(o, "reg", reg, sizeof(reg));
	dt_put_u32(o, "clocks", PHANDLE_CLOCK);
	dt_put_str(o, "clock-names", "apb_pclk");
	dt_end(o);
}

static void build_uarts(struct dt_out *o, const struct vm_desc *d)
{
	fdt32_t clocks[2] = { cpu_to_fdt32(PHANDLE_CLOCK),
			      cpu_to_fdt32(PHANDLE_CLOCK) };

	for (uint32_t i = 0; i < d->nr_uarts; i++) {
		fdt32_t reg[4];

		dt_set_range(reg, d->uart[i].reg);
		dt_begin_at(o, "pl011", d->uart[i].reg.base);
		dt_put(o, "compatible", "arm,pl011\0arm,primecell", 24);
		dt_put(o, "reg", reg, sizeof(reg));
		dt_put_irqs(o, &d->uart[i].irq, 1);
		dt_put(o, "clocks", clocks, sizeof(clocks));
		dt_put(o, "clock-names", "uartclk\0apb_pclk", 17);
		dt_end(o);
	}
}

/* /aliases, so that "console = stdout-path" finds its name */
static void build_aliases(struct dt_out *o, const struct vm_desc *d)
{
	char path[32] = "/pl011@";
	uint64_t base = d->uart[0].reg.base;
	int digits = 1, n = 7;

	while (digits < 16 && base >> (4 * digits))
		digits++;
	while (digits--)
		path[n++] = "0123456789abcdef"[base >> (4 * digits) & 0xf];
	path[n] = 0;
	dt_begin(o, "aliases");
	dt_put_str(o, "serial0", path);
	dt_end(o);
}

/*
 * Is there a console? A port's other end is the host's, and whoever reads there, a shell or
 * SysRq, obeys the host. Only a PL011 that is not there is known to be read by nobody.
 */
static bool console(const struct vm_desc *d, const struct vm_boot *b)
{
	return b->console && d->nr_uarts;
}

static void build_chosen(struct dt_out *o, const struct vm_desc *d,
			 const struct vm_boot *b)
{
	void *args;

	dt_begin(o, "chosen");
	if (!o->err)
		o->err = fdt_property_placeholder(o->fdt, "bootargs",
						  (int)b->cmdline_size + 1,
						  &args);
	if (!o->err) {
		memcpy(args, b->cmdline, b->cmdline_size);
		((char *)args)[b->cmdline_size] = 0;
	}
	if (b->initrd.size) {
		dt_put_u64(o, "linux,initrd-start", b->initrd.base);
		dt_put_u64(o, "linux,initrd-end", b->initrd.base + b->initrd.size);
	}
	if (console(d, b))
		dt_put_str(o, "stdout-path", "serial0");
	dt_put(o, "rng-seed", b->seed, sizeof(b->seed));
	dt_put_u64(o, "kaslr-seed", b->kaslr_seed);
	/* For the guest's user space, which cannot make the core's calls */
	dt_put(o, "hypsec,identity", b->identity, sizeof(b->identity));
	dt_put(o, "hypsec,signer", b->signer, sizeof(b->signer));
	dt_put_u64(o, "hypsec,security-version", b->security_version);
	/* Linux shows a property to root only if its name begins so (drivers/of/kobj.c). */
	if (b->nr_keys) {
		dt_put(o, "security-hypsec-sealing-keys", b->keys, b->nr_keys * sizeof(b->keys[0]));
		dt_put_str(o, "hypsec,sealing-source", b->platform ? "platform" : "ephemeral");
	}
	/* What the host's clock says may be anything: user space has to hold it to this. */
	if (b->signed_at)
		dt_put_u64(o, "hypsec,signed-at", b->signed_at);
	dt_end(o);
}

enum dt_error dt_build(void *buf, size_t size, const struct vm_desc *d,
		       const struct vm_boot *b)
{
	struct dt_out o = { buf, 0 };

	if (size > 0x10000000 || b->cmdline_size > size)
		return DT_BUILD;
	o.err = fdt_create(buf, (int)size);
	if (!o.err)
		o.err = fdt_finish_reservemap(buf);

	dt_begin(&o, "");
	dt_put_str(&o, "compatible", "linux,dummy-virt");
	dt_put_str(&o, "model", "HypSec protected VM");
	dt_put_u32(&o, "#address-cells", 2);
	dt_put_u32(&o, "#size-cells", 2);
	dt_put_u32(&o, "interrupt-parent", PHANDLE_GIC);
	build_chosen(&o, d, b);
	if (console(d, b))
		build_aliases(&o, d);
	build_memory(&o, d);
	build_cpus(&o, d, b);
	build_gic(&o, d);
	build_timer(&o, d);
	if (console(d, b) || b->clock.size)
		build_pclk(&o);
	if (console(d, b))
		build_uarts(&o, d);
	if (b->clock.size)
		build_clock(&o, b->clock);
	dt_build_share(&o, b);
	dt_end(&o);

	if (!o.err)
		o.err = fdt_finish(buf);
	return o.err ? DT_BUILD : DT_OK;
}
