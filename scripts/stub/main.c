// SPDX-License-Identifier: GPL-2.0-only
/*
 * The protected half of the boot stub: the image has been verified and is
 * private; the device tree is private too but was written by the host. MMU
 * off, so every access is to Device memory and must be aligned.
 */
#include <libfdt.h>
#include "core.h"
#include "pci.h"
#include "realm.h"
#include "reason.h"
#include "virtio.h"
#include "../../el2-objs/abi/hypsec_guest.h"
#include "../../el2-objs/abi/hypsec_image.h"

/*
 * Scratch: the last bytes of the image's memory, zeroed by the core, never in
 * the file. The device tree grows from its start, the stack from its end.
 * scripts/hypsec-image reserves STUB_SCRATCH behind the kernel's bss.
 */
#define RTCDR		0x000	/* of a PL031: seconds since 1970 */
#define STUB_SCRATCH	0x10000
#define STUB_DTB_SIZE	0x8000

/* arm64 Image header */
struct image_header {
	uint32_t code0, code1;
	uint64_t text_offset, image_size, flags;
	uint64_t res2, manifest_offset, res4;
	uint32_t magic, res5;
};

void stub_enter(uint64_t kernel, uint64_t dtb) __attribute__((noreturn));
uint64_t stub_main(uint64_t dtb, uint64_t dtb_size, uint64_t image);

/* To the first UART, whose address has been checked: dt_check(), or dt_console(). */
static void say(const struct vm_desc *d, const char *s)
{
	volatile uint32_t *reg;

	if (!d->nr_uarts)
		return;
	reg = (volatile uint32_t *)d->uart[0].reg.base;
	reg[0x30 / 4] = 0x101;			/* UARTCR: enable, transmit */
	while (*s)
		reg[0] = (uint8_t)*s++;		/* UARTDR */
}

static void say_number(const struct vm_desc *d, uint64_t v)
{
	char s[24];
	int i = sizeof(s);

	s[--i] = 0;
	do
		s[--i] = '0' + v % 10;
	while (v /= 10);
	say(d, s + i);
}

/* Words by code, not by a table of addresses: the stub is not relocated. */
static uint64_t refuse(const struct vm_desc *d, uint64_t reason)
{
	say(d, "hypsec-stub: refused: ");
	switch (reason) {
#define X(number, name, text) \
	case number: \
		say(d, text); \
		break;
	HYPSEC_REASONS(X)
#undef X
	}
	say(d, " (");
	say_number(d, reason);
	say(d, ")\r\n");
	return reason;
}

static uint64_t mpidr(void)
{
	uint64_t v;

	asm("mrs %0, mpidr_el1" : "=r"(v));
	return v & MPIDR_AFFINITY;
}

static void say_device(const struct vm_desc *d, const char *what, uint32_t number)
{
	say(d, what);
	say_number(d, number);
	say(d, "\r\n");
}

/*
 * Nothing has touched what is shared, and nothing does before the kernel: 0, or a reason.
 * @page: of the image's, to be overwritten
 */
static uint64_t share(const struct hypsec_manifest *m, const struct vm_desc *d,
		      struct vm_range image, struct vm_range dtb, uint64_t page,
		      struct vm_share *s)
{
	bool realm = m->flags & HYPSEC_FLAG_RSI;
	uint64_t reason = 0;
	const uint8_t *list;

	if (realm)
		reason = realm_window(d, s, core_ipa_bits(page), m->share_size, &s->pool);
	else if (!dt_pool(d, image, dtb, m->share_size, &s->pool))
		reason = STUB_POOL;
	if (!reason && core_call(HYPSEC_GUEST_SHARE, s->pool.base, s->pool.size).x0)
		reason = STUB_SHARE;
	if (!reason && realm)
		reason = realm_place(&s->pci, s->pool);
	if (reason)
		return reason;
	reason = virtio_find(s, m->virtio);
	if (reason) {
		say_device(d, "hypsec-stub: virtio-mmio device of number ",
			   m->virtio[s->nr_devices]);
		return reason;
	}
	list = m->virtio + s->nr_devices;
	reason = pci_find(s, list, VM_MAX_DEVICES - s->nr_devices);
	if (reason)
		say_device(d, "hypsec-stub: virtio-pci device of number ",
			   list[s->nr_functions] & ~HYPSEC_VIRTIO_PCI);
	return reason;
}

/*
 * Devices on the PCIe bus come last, and a bus is there for them alone. A console of any kind is
 * one: see console() in dt_build.c.
 */
static bool devices_ok(const struct hypsec_manifest *m)
{
	bool pci = false;

	for (int i = 0; i < HYPSEC_VIRTIO_MAX && m->virtio[i]; i++) {
		uint32_t number = m->virtio[i] & ~HYPSEC_VIRTIO_PCI;

		if (!number || (pci && m->virtio[i] == number) ||
		    (number == VIRTIO_CONSOLE && !(m->flags & HYPSEC_FLAG_CONSOLE)))
			return false;
		pci = m->virtio[i] != number;
	}
	return pci == !!(m->flags & HYPSEC_FLAG_PCI);
}

/* The core checked the manifest; this is what it cannot know: the kernel's bss. */
static bool layout_ok(const struct hypsec_manifest *m,
		      const struct image_header *kernel)
{
	const struct hypsec_part *k = &m->parts[HYPSEC_PART_KERNEL];
	uint64_t end;

	if (m->mem_size < STUB_SCRATCH || k->size < sizeof(*kernel) ||
	    kernel->magic != 0x644d5241 || kernel->text_offset ||
	    kernel->image_size < k->size ||
	    kernel->image_size > m->mem_size - STUB_SCRATCH)
		return false;
	end = k->offset + kernel->image_size;
	if (end > m->mem_size - STUB_SCRATCH)
		return false;
	/* Nothing that is still needed may lie in memory the kernel clears. */
	for (int i = 0; i < HYPSEC_PART_COUNT; i++) {
		const struct hypsec_part *p = &m->parts[i];

		if (i == HYPSEC_PART_KERNEL || !p->size)
			continue;
		if (p->offset < end && k->offset < p->offset + p->size)
			return false;
		if (p->offset + p->size > m->mem_size - STUB_SCRATCH)
			return false;
	}
	return devices_ok(m);
}

/* What was written with the MMU off must not be hidden by an older cache line. */
static void invalidate(uint64_t p, uint64_t size)
{
	uint64_t ctr, line, end = p + size;

	asm("mrs %0, ctr_el0" : "=r"(ctr));
	line = 4UL << (ctr >> 16 & 0xf);
	asm volatile("dmb sy" : : : "memory");
	for (p &= ~(line - 1); p < end; p += line)
		asm volatile("dc ivac, %0" : : "r"(p) : "memory");
	asm volatile("dsb sy" : : : "memory");
}

uint64_t stub_main(uint64_t dtb, uint64_t dtb_size, uint64_t image)
{
	const struct hypsec_manifest *m = manifest();
	const struct hypsec_part *part = m->parts;
	uint64_t kernel = image + part[HYPSEC_PART_KERNEL].offset;
	uint64_t new_dtb = image + m->mem_size - STUB_SCRATCH;
	struct vm_range ours = { image, m->mem_size }, tree = { dtb, dtb_size };
	uint64_t ram = 0, reason;
	struct vm_share shared;
	struct vm_boot boot;
	struct vm_desc d;
	enum dt_error e;

	boot.boot_mpidr = mpidr();
	e = dt_parse((void *)dtb, dtb_size, boot.boot_mpidr, &d);
	if (e == DT_OK)
		e = dt_check(&d, ours, tree, boot.boot_mpidr);
	if (e != DT_OK) {
		if (!dt_console(&d, ours, tree))
			d.nr_uarts = 0;
		return refuse(&d, e);
	}
	if (!layout_ok(m, (void *)kernel))
		return refuse(&d, STUB_LAYOUT);

	if (m->share_size) {
		e = dt_devices((void *)dtb, &d, &shared);
		if (e == DT_OK && m->flags & (HYPSEC_FLAG_PCI | HYPSEC_FLAG_RSI))
			e = dt_pci((void *)dtb, &d, &shared);
		if (e != DT_OK)
			return refuse(&d, e);
	}

	boot.clock.size = 0;
	if (m->flags & HYPSEC_FLAG_CLOCK) {
		e = dt_clock((void *)dtb, &d, m->share_size ? &shared : NULL, &boot.clock);
		if (e != DT_OK)
			return refuse(&d, e);
	}

	for (uint32_t i = 0; i < d.nr_ram; i++) {
		if (core_call(HYPSEC_GUEST_RAM, d.ram[i].base, d.ram[i].size).x0)
			return refuse(&d, STUB_RAM);
		ram += d.ram[i].size;
	}

	boot.share = NULL;
	if (m->share_size) {
		reason = share(m, &d, ours, tree, new_dtb, &shared);
		if (reason)
			return refuse(&d, reason);
		boot.share = &shared;
	}
	/*
	 * A clock that says less than the signer knew is none. It may say another thing the next time
	 * it is read: this catches one that is wrong, user space the one that lies.
	 */
	boot.signed_at = m->signed_at;
	if (boot.clock.size && mmio_read32(boot.clock.base + RTCDR) < boot.signed_at) {
		say(&d, "hypsec-stub: the clock is earlier than the image: left out\r\n");
		boot.clock.size = 0;
	}
	if (!core_seeds(&boot))
		return refuse(&d, STUB_RANDOM);
	if (!core_identity(&boot))
		return refuse(&d, STUB_IDENTITY);
	if (!core_sealing_keys(&boot))
		return refuse(&d, STUB_SEALING);
	boot.smp = m->flags & HYPSEC_FLAG_SMP;
	boot.realm = m->flags & HYPSEC_FLAG_RSI;
	boot.console = m->flags & HYPSEC_FLAG_CONSOLE;
	boot.cmdline = (void *)(image + part[HYPSEC_PART_CMDLINE].offset);
	boot.cmdline_size = part[HYPSEC_PART_CMDLINE].size;
	boot.initrd.base = image + part[HYPSEC_PART_INITRD].offset;
	boot.initrd.size = part[HYPSEC_PART_INITRD].size;
	e = dt_build((void *)new_dtb, STUB_DTB_SIZE, &d, &boot);
	if (e != DT_OK)
		return refuse(&d, e);

	say(&d, "hypsec-stub: protected, ");
	say_number(&d, ram >> 20);
	say(&d, " MiB of RAM, CPUs: ");
	say_number(&d, boot.smp ? d.nr_cpus : 1);
	if (boot.smp && d.cpus_left_out) {
		say(&d, ", left out: ");
		say_number(&d, d.cpus_left_out);
	}
	if (boot.share) {
		say(&d, ", shared with the host: ");
		say_number(&d, shared.pool.size >> 20);
		say(&d, " MiB, devices: ");
		say_number(&d, shared.nr_devices);
		if (shared.nr_functions) {
			say(&d, ", on PCIe: ");
			say_number(&d, shared.nr_functions);
		}
	}
	if (boot.realm)
		say(&d, ", a Realm");
	say(&d, "\r\n");
	invalidate(new_dtb, STUB_DTB_SIZE);
	stub_enter(kernel, new_dtb);
}
