/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a boot stub powers its VM off: it says so in the second argument of SYSTEM_OFF, which
 * PSCI ignores, as one of these numbers below a mark that no other caller leaves there. The
 * core logs the number, which is any guest's word; hypsec-mod adds the text, and the stub
 * prints it where it has a console. A number never changes its meaning: a signed image keeps
 * its stub.
 */
#ifndef HYPSEC_ABI_REASON_H
#define HYPSEC_ABI_REASON_H

#define HYPSEC_REASON_MARK	0x68707363	/* bits 63:32 */
#define HYPSEC_REASON_IN_LOG	"gives up, reason "	/* and the number, at a line's end */

/* The host's device tree (scripts/stub/dt.h) */
#define HYPSEC_DT_REASONS(X) \
	X(1, DT_HEADER, "device tree: none, or larger than it says") \
	X(2, DT_STRUCTURE, "device tree: damaged") \
	X(3, DT_DEPTH, "device tree: nodes nested over 8 deep") \
	X(4, DT_NODES, "device tree: over 4096 nodes") \
	X(5, DT_CELLS, "device tree: a number of cells missing or unknown") \
	X(6, DT_REG, "device tree: a reg missing or of a wrong length") \
	X(7, DT_IRQ, "device tree: interrupts missing or wrong") \
	X(8, DT_TOO_MANY, "device tree: more ranges of RAM, a GIC or a UART than are taken") \
	X(9, DT_TWICE, "device tree: a second GIC, timer, PSCI or list of CPUs") \
	X(10, DT_MISSING, "device tree: no RAM, CPU, GICv3, timer or PSCI") \
	X(11, DT_PSCI, "device tree: PSCI is not by HVC") \
	X(12, DT_CPU, "device tree: a CPU is malformed or twice, or this one not listed") \
	X(13, DT_RANGE, "device tree: a range is empty, unaligned, too large or too small") \
	X(14, DT_OVERLAP, "device tree: RAM, GIC or UART overlap") \
	X(15, DT_IMAGE, "device tree: the image or the tree itself is not in RAM") \
	X(16, DT_BUILD, "no room for the guest's own device tree") \
	X(17, DT_VIRTIO, "device tree: a virtio-mmio transport is malformed, or one too many") \
	X(18, DT_VIRTIO_PLACE, "device tree: a virtio-mmio transport lies over something else") \
	X(19, DT_PCI, "device tree: no PCIe host bridge, more than one, or one that is malformed") \
	X(20, DT_PCI_PLACE, "device tree: a PCIe host bridge lies over something else") \
	X(21, DT_CLOCK, "device tree: a clock (PL031) is malformed, or lies over something else")

/* The stub itself (scripts/stub/main.c, head.S) */
#define HYPSEC_REASON_PLACE	32
#define HYPSEC_REASON_EXCEPTION	36
#define HYPSEC_STUB_REASONS(X) \
	X(HYPSEC_REASON_PLACE, STUB_PLACE, "entered where the core did not say") \
	X(33, STUB_LAYOUT, "parts of the image do not fit together") \
	X(34, STUB_RAM, "the core refused a range of RAM") \
	X(35, STUB_RANDOM, "the core has no random numbers") \
	X(HYPSEC_REASON_EXCEPTION, STUB_EXCEPTION, "a fault in the boot stub") \
	X(37, STUB_IDENTITY, "the core does not say who this VM is") \
	X(38, STUB_SEALING, "the core gives no sealing key") \
	X(39, STUB_POOL, "no place for the memory that the image shares: give the VM more RAM") \
	X(40, STUB_SHARE, "the core refused to share memory with the host") \
	X(41, STUB_NO_DEVICE, "a device of the image's is missing: -device virtio-...-device") \
	X(42, STUB_LEGACY_DEVICE, "not virtio 1: QEMU -global virtio-mmio.force-legacy=false") \
	X(43, STUB_PLAIN_DEVICE, "a device would not use the shared memory: iommu_platform=on") \
	X(44, STUB_REALM, "the core says that this VM is no Realm") \
	X(45, STUB_COVER, "more RAM than the shared memory covers: less RAM, or build --share") \
	X(46, STUB_WINDOW, "no place for the shared memory: QEMU -M virt,highmem=on, less RAM") \
	X(47, STUB_NO_IVSHMEM, "no memory to share: -device ivshmem-plain,memdev=...") \
	X(48, STUB_IVSHMEM_SIZE, "the memory to share is not as large as the image says: size=") \
	X(49, STUB_NO_PCI_DEVICE, "an image's device is missing on PCI bus 0: -device virtio-...-pci") \
	X(50, STUB_LEGACY_PCI, "a PCI device is not virtio 1 alone: disable-legacy=on,iommu_platform=on") \
	X(51, STUB_PCI_CONFIG, "a PCI device does not say where its registers are")

#define HYPSEC_REASONS(X) HYPSEC_DT_REASONS(X) HYPSEC_STUB_REASONS(X)

#endif
