/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device tree: from the host's, which is hostile input, into a description
 * that holds only what was checked; and from that description into a new tree.
 * No byte of the host's tree reaches the kernel in any other way.
 *
 * dt_*.c need libfdt and nothing else; they also run on the workstation under
 * sanitizers (kunit/host/stub/test_dt*.c).
 */
#ifndef HYPSEC_STUB_DT_H
#define HYPSEC_STUB_DT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../../el2-objs/abi/hypsec_image.h"
#include "../../el2-objs/abi/hypsec_reason.h"

#define VM_MAX_RAM	16
#define VM_MAX_CPUS	128
#define VM_MAX_REDIST	2
#define VM_MAX_UARTS	2
#define VM_TIMER_IRQS	4
#define VM_KEYS		4
#define VM_MAX_TRANSPORTS	32
#define VM_MAX_DEVICES	HYPSEC_VIRTIO_MAX
#define VM_MAX_WINDOWS	3
#define VM_MAX_INTX	32

struct vm_range {
	uint64_t base, size;		/* bytes */
};

/* What a GIC interrupt specifier says: #interrupt-cells = 3 */
struct vm_irq {
	uint32_t type;			/* 0: SPI, 1: PPI */
	uint32_t number;
	uint32_t flags;			/* trigger; of a PPI also a CPU mask */
};

struct vm_uart {
	struct vm_range reg;
	struct vm_irq irq;
};

struct vm_desc {
	uint32_t nr_ram, nr_cpus, nr_redist, nr_uarts, nr_timer;
	uint32_t cpus_left_out;
	bool psci;
	bool timer_always_on;
	struct vm_range ram[VM_MAX_RAM];
	uint64_t mpidr[VM_MAX_CPUS];
	struct vm_range dist;
	struct vm_range redist[VM_MAX_REDIST];
	struct vm_irq timer[VM_TIMER_IRQS];
	struct vm_uart uart[VM_MAX_UARTS];
};

/* A virtio-mmio transport of the host's: there may be a device behind it. */
struct vm_transport {
	struct vm_range reg;
	struct vm_irq irq;
};

struct vm_device {
	uint32_t transport;		/* which of them */
	uint32_t number;		/* what the signer wants there, and nobody else's word */
};

/* A function 0 on bus 0 of the PCIe bridge, and what the signer wants there */
struct vm_function {
	uint32_t slot, number;
};

/* The first cell of a PCI address, and so the kind of a window */
#define VM_PCI_IO	0x01000000
#define VM_PCI_MEM32	0x02000000
#define VM_PCI_MEM64	0x03000000

struct vm_window {
	uint32_t space;
	uint64_t pci;			/* address on the bus */
	struct vm_range cpu;
};

struct vm_intx {
	uint32_t slot, pin;		/* device number << 11; 1 to 4 */
	struct vm_irq irq;
};

/* The host's PCIe host bridge; ecam.size 0: none */
struct vm_pci {
	struct vm_range ecam;
	uint32_t last_bus, nr_windows, nr_intx, mask;
	struct vm_window window[VM_MAX_WINDOWS];
	struct vm_intx intx[VM_MAX_INTX];
};

/* What is shared with the host: only for an image whose manifest says so. */
struct vm_share {
	struct vm_range pool;		/* a Realm's: no RAM, in the upper half */
	uint32_t nr_transports, nr_devices;
	struct vm_transport transport[VM_MAX_TRANSPORTS];
	struct vm_device device[VM_MAX_DEVICES];
	struct vm_pci pci;
	uint32_t nr_functions;
	struct vm_function function[VM_MAX_DEVICES];
};

/* Why a device tree was refused. */
enum dt_error {
	DT_OK,
#define X(number, name, text) name = number,
	HYPSEC_DT_REASONS(X)
#undef X
};

/**
 * dt_parse() - read what we need from a device tree
 * @fdt: 8-byte aligned; must not change while this runs
 * @size: bytes that may be read
 * @boot_mpidr: affinity of the CPU that runs this: it is kept where others are left out
 * @d: all of it is set
 *
 * Checks form only. One pass over the tree, no phandle is followed.
 */
enum dt_error dt_parse(const void *fdt, size_t size, uint64_t boot_mpidr, struct vm_desc *d);

/**
 * dt_check() - does a description make sense?
 * @d: from dt_parse()
 * @image: the protected image
 * @dtb: the device tree @d was read from
 * @boot_mpidr: affinity of the CPU that runs this
 *
 * After DT_OK all ranges are page aligned, do not wrap, and no two overlap.
 */
enum dt_error dt_check(const struct vm_desc *d, struct vm_range image,
		       struct vm_range dtb, uint64_t boot_mpidr);

/**
 * dt_console() - may the first UART be written to, for a last word?
 * @d: from dt_parse(), also where that or dt_check() refused it
 *
 * True: it is no memory of this VM's. What the host has there it may as well be told.
 */
bool dt_console(const struct vm_desc *d, struct vm_range image, struct vm_range dtb);

/**
 * dt_devices() - where the host says devices may be
 * @fdt: the tree that @d was read from
 * @d: after dt_check()
 * @s: all of it is set
 *
 * After DT_OK no two transports overlap, and none is anything that @d has.
 */
enum dt_error dt_devices(const void *fdt, const struct vm_desc *d, struct vm_share *s);

/**
 * dt_pci() - the one PCIe host bridge that the host has
 * @fdt: the tree that @d was read from
 * @d: after dt_check()
 * @s: after dt_devices(); its pci is set
 *
 * After DT_OK no two of its ranges overlap, and none is anything that @d or @s has.
 */
enum dt_error dt_pci(const void *fdt, const struct vm_desc *d, struct vm_share *s);

/**
 * dt_clock() - the first PL031 that the host has
 * @fdt: the tree that @d was read from
 * @d: after dt_check()
 * @s: after dt_devices() and dt_pci(); NULL: nothing is shared
 * @clock: set; size 0: there is none
 *
 * After DT_OK it is nothing that @d or @s has.
 */
enum dt_error dt_clock(const void *fdt, const struct vm_desc *d, const struct vm_share *s,
		       struct vm_range *clock);

/**
 * dt_pool() - a place for what is shared
 * @d: after dt_check()
 * @image: the protected image
 * @dtb: the device tree @d was read from
 * @size: bytes, a 2 MiB multiple
 * @pool: set where there is one
 *
 * In one range of RAM, 2 MiB aligned, beside @image and @dtb: the highest below 4 GiB, else the
 * highest.
 */
bool dt_pool(const struct vm_desc *d, struct vm_range image, struct vm_range dtb, uint64_t size,
	     struct vm_range *pool);

/* Is any of it RAM, the GIC or a UART? */
bool dt_meets(const struct vm_desc *d, struct vm_range r);

static inline bool vm_overlap(struct vm_range a, struct vm_range b)
{
	return a.base < b.base + b.size && b.base < a.base + a.size;
}

/* What the new tree says beyond the description. All trusted. */
struct vm_boot {
	const char *cmdline;		/* not terminated */
	size_t cmdline_size;
	struct vm_range initrd;		/* size 0: none */
	uint8_t seed[64];		/* rng-seed */
	uint64_t kaslr_seed;
	/* who this VM is, by the core: abi/hypsec_image.h */
	uint8_t identity[32], signer[32];
	uint64_t security_version;
	/* its sealing keys: for its own version, then for those before, to 0 */
	uint32_t nr_keys;
	uint8_t keys[VM_KEYS][32];
	bool platform;			/* false: they last until the host's next boot */
	uint64_t boot_mpidr;
	bool smp;			/* false: only the boot CPU is listed */
	bool realm;			/* an Arm CCA Realm: by SMC, and no pool */
	bool console;			/* false: no UART, nothing that names one */
	struct vm_range clock;		/* size 0: none */
	uint64_t signed_at;		/* seconds since 1970; 0: not known */
	const struct vm_share *share;	/* NULL: nothing is shared */
};

/**
 * dt_build() - write a new device tree
 * @buf: 8-byte aligned
 * @size: bytes of @buf
 */
enum dt_error dt_build(void *buf, size_t size, const struct vm_desc *d,
		       const struct vm_boot *b);

#define MPIDR_AFFINITY	0xff00ffffffULL
#define VM_IPA_LIMIT	(1ULL << 48)

#endif
