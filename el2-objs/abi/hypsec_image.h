/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protected image: one file that is a valid arm64 boot Image, written by
 * scripts/hypsec-image, entered by a VMM as any kernel, verified by the core.
 *
 *   offset 0		boot stub; its first 64 bytes are the arm64 Image header
 *   manifest_offset	struct hypsec_manifest; stated in the Image header's
 *			two reserved 64-bit words (res2 = HYPSEC_IMAGE_MAGIC,
 *			res3 = manifest_offset), 4 KiB aligned
 *   parts[]		stub, kernel, initrd, command line, each 4 KiB aligned
 *			(the kernel 2 MiB aligned relative to the image base),
 *			disjoint, inside [0, mem_size)
 *   everything else	(gaps, the kernel's bss, and at the end the scratch of
 *			the stub: stack, device tree) is zeroed by the core
 *
 * The manifest, all integers little-endian:
 *
 *   offset size
 *	0    8	magic, "HYSECMAN"
 *	8    4	version of this format, 1; another one is refused
 *     12    4	flags, HYPSEC_FLAG_*; an unknown one is refused, and FLAG_PCI without a
 *		share_size or with FLAG_RSI, or FLAG_CLOCK without a time
 *     16    8	security version: the signer raises it when older images must no
 *		longer run; compared with the installed policy's minimum
 *     24    8	mem_size: bytes of guest memory the image covers, 4 KiB multiple
 *     32    8	entry: offset of the first protected instruction, in the stub
 *     40    8	share_size: bytes that the guest shares with its host for its devices, a
 *		2 MiB multiple, at most HYPSEC_SHARE_MAX; 0: none. Only with FLAG_SHARE.
 *		With FLAG_RSI: a power of 2, at most HYPSEC_RSI_SHARE_MAX, in the upper half
 *		of the address space, where nothing is private
 *     48    8	virtio: for each virtio device of the guest, in its order, the device's
 *		number (virtio 1.2, section 5), 0 after the last; only with share_size. First those
 *		that are virtio-mmio, then, with HYPSEC_VIRTIO_PCI, those on the PCIe bus: some with
 *		FLAG_PCI, and none without (the boot stub refuses it)
 *     56    8	time of signing, seconds since 1970, only with FLAG_CLOCK and never 0 then: the
 *		guest's clock, which is the host's word, is not believed when it is earlier
 *     64   80	stub: offset (8, always 0), size in bytes (8), SHA-512 (64)
 *    144   80	kernel, the same
 *    224   80	initrd; all zero: none
 *    304   80	command line, no NUL needed; all zero: none
 *    384   32	signer: Ed25519 public key (RFC 8032)
 *    416   32	family; all zero: none. Chosen by the signer for all images of one
 *		product, which then have one line of sealing keys
 *    448   64	signature: Ed25519 over bytes 0 to 447; all zero: not signed yet
 *    512 3584	zero, to the end of the page
 *
 * A part's digest covers its bytes and the zeros that follow up to the next 4 KiB
 * multiple. So no byte in [0, mem_size) is the host's choice.
 *
 * Two names are made from it, each the first 32 bytes of a SHA-512:
 *
 *   identity of the VM	  over bytes 0 to 447: the signer, the digests of all that
 *			  runs, flags and security version. A VM that may be
 *			  debugged, or has a console, has another one than its twin.
 *   hash of the signer	  over the 32 bytes of the key
 *
 * Sealing keys (hypsec_attest.h) belong to the identity where the family is zero: then
 * only the very same image has the same key. With a family they belong to signer and
 * family: the product's next image, of the same or a higher security version, has the
 * keys of this one, and so can carry data that was sealed before it was built.
 */
#ifndef HYPSEC_ABI_IMAGE_H
#define HYPSEC_ABI_IMAGE_H

#include "hypsec_abi.h"		/* HYPSEC_FLAG_* */

#define HYPSEC_IMAGE_MAGIC	0x474d494345535948ULL	/* "HYSECIMG" */
#define HYPSEC_MANIFEST_MAGIC	0x4e414d4345535948ULL	/* "HYSECMAN" */
#define HYPSEC_MANIFEST_VERSION	1
#define HYPSEC_MANIFEST_SIGNED	448	/* bytes that are signed, and hashed to the identity */

/* Most bytes of guest memory an image may cover, and a device tree may have */
#define HYPSEC_IMAGE_MAX	(256ULL << 20)
#define HYPSEC_DTB_MAX		(2ULL << 20)
/* Most that a guest shares with its host at once, and virtio devices it may have */
#define HYPSEC_SHARE_MAX	(1ULL << 30)
#define HYPSEC_RSI_SHARE_MAX	(64ULL << 30)
#define HYPSEC_VIRTIO_MAX	8
#define HYPSEC_VIRTIO_PCI	0x80	/* on the PCIe bus */

enum hypsec_part_type {
	HYPSEC_PART_STUB,	/* [0, stub size), without the manifest */
	HYPSEC_PART_KERNEL,
	HYPSEC_PART_INITRD,	/* size 0: none */
	HYPSEC_PART_CMDLINE,	/* size 0: none; no trailing NUL needed */
	HYPSEC_PART_COUNT
};

#define HYPSEC_FLAGS_KNOWN	(HYPSEC_FLAG_DEBUG | HYPSEC_FLAG_SMP | HYPSEC_FLAG_SHARE | \
				 HYPSEC_FLAG_CONSOLE | HYPSEC_FLAG_PCI | HYPSEC_FLAG_RSI | \
				 HYPSEC_FLAG_CLOCK)

struct hypsec_part {			/* 80 bytes */
	__UINT64_TYPE__ offset;			/* bytes from the image base */
	__UINT64_TYPE__ size;			/* bytes */
	__UINT8_TYPE__ sha512[64];
};

struct hypsec_manifest {		/* 512 bytes */
	__UINT64_TYPE__ magic;			/*   0 HYPSEC_MANIFEST_MAGIC */
	__UINT32_TYPE__ version;		/*   8 HYPSEC_MANIFEST_VERSION */
	__UINT32_TYPE__ flags;			/*  12 HYPSEC_FLAG_* */
	__UINT64_TYPE__ security_version;	/*  16 */
	__UINT64_TYPE__ mem_size;		/*  24 bytes of guest memory, 4 KiB multiple */
	__UINT64_TYPE__ entry;			/*  32 offset of the protected entry, in the stub */
	__UINT64_TYPE__ share_size;		/*  40 bytes, 2 MiB multiple, or 0 */
	__UINT8_TYPE__ virtio[HYPSEC_VIRTIO_MAX];	/*  48 virtio device numbers, 0: none */
	__UINT64_TYPE__ signed_at;		/*  56 seconds since 1970, or 0 */
	struct hypsec_part parts[HYPSEC_PART_COUNT];	/* 64 */
	__UINT8_TYPE__ signer[32];		/* 384 Ed25519 public key */
	__UINT8_TYPE__ family[32];		/* 416 */
	__UINT8_TYPE__ signature[64];		/* 448 */
};

#endif
