/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What both sides of the EL1/EL2 boundary share: status codes, account
 * numbers, install parameters. The host's calls are listed in hcalls.def.
 *
 * Calling convention (SMCCC DEN0028, SMC64 fast call by HVC #0): x0 = function
 * id (bit 16, the SVE hint, is ignored), x1-x6 arguments; on return x0 =
 * status, x1-x3 values, x4-x30 preserved.
 */
#ifndef HYPSEC_ABI_H
#define HYPSEC_ABI_H

#define HYPSEC_ABI_MAJOR	1
#define HYPSEC_ABI_MINOR	5

/* -1 to -3 are SMCCC's own. */
enum hypsec_status {
	HYPSEC_OK		= 0,
	HYPSEC_NOT_SUPPORTED	= -1,	/* unknown call, or not in this phase */
	HYPSEC_INVALID		= -3,	/* an argument is malformed */
	HYPSEC_DENIED		= -4,	/* well formed, but the page/VM is not the caller's */
	HYPSEC_BUSY		= -5,	/* in use now; try again */
	HYPSEC_NO_MEMORY	= -6,	/* the core's pool is empty; donate and retry */
	HYPSEC_RANGE		= -7,	/* address outside RAM or of the IPA space */
	HYPSEC_STATE		= -8,	/* the object is not in the state the call needs */
	HYPSEC_UNSIGNED		= -9,	/* image: malformed or missing manifest, no signature */
	HYPSEC_BAD_SIGNATURE	= -10,	/* image: signature or digest wrong */
	HYPSEC_DEAD		= -11,	/* the VM was ended */
	HYPSEC_BROKEN		= -12,	/* the core found itself inconsistent and stopped serving */
	HYPSEC_FAULT		= -13,	/* a memory error, or there is no memory */
	/* Internal, never seen by a caller: */
	HYPSEC_RESTART		= -64,	/* re-execute the call after host interrupts */
	HYPSEC_EPOCH		= -65,	/* drop shadows, then retry the transition */
	HYPSEC_EXIT		= -66,	/* leave the guest: the host must act */
};

/*
 * The pc of a protected vCPU, to its host: not aligned, not canonical, so that no guest's is that
 * for longer than it takes to be a fault. What a VMM saved of a protected VM is known by it when
 * it is restored, and a vCPU that a VMM has reset by its not having it any more.
 */
#define HYPSEC_SHOWN_PC		0x4859505345430001ULL	/* "HYPSEC" */
/* The same of one whose VM has ended itself: KVM is about to stop it. */
#define HYPSEC_OVER_PC		0x4859505345430002ULL

/* Where each page the core holds is accounted (HYPSEC_ACCOUNT). */
enum hypsec_account {
	HYPSEC_ACC_IMAGE,	/* bundle, stacks, per-CPU areas: fixed at install */
	HYPSEC_ACC_FREE,	/* pool, free */
	HYPSEC_ACC_EL2_S1,	/* the core's own tables */
	HYPSEC_ACC_HOST_S2,	/* the host's stage 2 */
	HYPSEC_ACC_VM_S2,	/* shadow stage 2 of all VMs */
	HYPSEC_ACC_VM,		/* VM and vCPU objects */
	HYPSEC_ACC_PRIVATE,	/* pages that belong to protected VMs (not from the pool) */
	HYPSEC_ACC_SHARED,	/* host pages shared with the core */
	HYPSEC_ACC_SEAL,	/* records of sealed frames */
	HYPSEC_ACC_HELD,	/* pool, kept for the split of a block of private pages */
	HYPSEC_ACC_LOST,	/* pages with a memory error that could not be erased: nobody's */
	HYPSEC_ACC_COUNT
};

/*
 * ESR_EL2 as KVM sees it of a vCPU that waits for pages: a WFE, with RV set as no WFE has it, so
 * that hypsec-mod can tell those that wait from those that spin.
 */
#define HYPSEC_ESR_WAIT		0x06000005U

#define HYPSEC_MAX_CPUS		512
#define HYPSEC_MAX_RAM		64	/* RAM ranges: bits of ram_later */
#define HYPSEC_MAX_EXEC		32	/* ranges of other memory that the host executes from */

/* Per CPU: guard page, stack, struct percpu. */
#define HYPSEC_CPU_STACK	0x4000
#define HYPSEC_CPU_AREA		(0x1000 + HYPSEC_CPU_STACK + 0x1000)
/* And of the pool, at install: pages for running vCPUs, for slots, and for what a lost one shows. */
#define HYPSEC_CPU_POOL		0xb000

struct hypsec_ram { __UINT64_TYPE__ base, size; };	/* bytes, 4 KiB multiples */

#define HYPSEC_HASH_SIZE	32	/* first half of SHA-512 */
#define HYPSEC_MAX_SIGNERS	32

/*
 * Whose images may become protected VMs. A signer that is listed, from its
 * minimum version on; with @any also every signer that is not. All zero: nobody.
 */
struct hypsec_policy {
	__UINT32_TYPE__ any, nr_signers;
	struct hypsec_signer {
		__UINT8_TYPE__ key_hash[HYPSEC_HASH_SIZE];
		__UINT64_TYPE__ min_version;
	} signer[HYPSEC_MAX_SIGNERS];
};

/* What an image's signer allows (hypsec_image.h), and HYPSEC_CALL_VM_STATUS shows. */
#define HYPSEC_FLAG_DEBUG	(1U << 0)	/* the host may debug the VM: pvm/debug.c */
#define HYPSEC_FLAG_SMP		(1U << 1)	/* more than one vCPU may start */
#define HYPSEC_FLAG_SHARE	(1U << 2)	/* the guest may share frames with its host */
#define HYPSEC_FLAG_CONSOLE	(1U << 3)	/* guest is shown a UART: the host types there */
#define HYPSEC_FLAG_PCI		(1U << 4)	/* ... a PCIe bus: with what the host has there */
#define HYPSEC_FLAG_RSI		(1U << 5)	/* the guest is an Arm CCA Realm: pvm/rsi.c */
#define HYPSEC_FLAG_CLOCK	(1U << 6)	/* ... a clock, the host's word */

/*
 * Who a protected VM is (hypsec_image.h): what HYPSEC_CALL_VM_IDENTITY and
 * HYPSEC_GUEST_IDENTITY return, in pieces of 24 bytes.
 */
struct hypsec_identity {
	__UINT8_TYPE__ vm[HYPSEC_HASH_SIZE];
	__UINT8_TYPE__ signer[HYPSEC_HASH_SIZE];	/* hash of the key */
	__UINT64_TYPE__ security_version;
};
#define HYPSEC_IDENTITY_PIECE	24
#define HYPSEC_IDENTITY_PIECES	(sizeof(struct hypsec_identity) / HYPSEC_IDENTITY_PIECE)

/* Where the secret came from that sealing keys are made of (hypsec_attest.h). */
enum hypsec_source {
	HYPSEC_EPHEMERAL,	/* drawn by the core at install: gone with this boot */
	HYPSEC_PLATFORM,	/* handed over before the seal: the same at every boot */
};
#define HYPSEC_SECRET_SIZE	32

/*
 * Install parameters, written by the (still trusted) host in pages of the
 * core's region, read by the core once.
 */
#define HYPSEC_INSTALL_SIZE	0x2000
struct hypsec_install {
	__UINT64_TYPE__ magic;		/* HYPSEC_INSTALL_MAGIC */
	__UINT64_TYPE__ region;		/* PA of the core's region, 2 MiB aligned */
	__UINT64_TYPE__ region_size;	/* bytes, 2 MiB multiple */
	__UINT64_TYPE__ image_size;	/* bytes of the bundle at the region's start, page multiple */
	__UINT64_TYPE__ cpu_areas;	/* PA of nr_cpus areas of HYPSEC_CPU_AREA bytes */
	__UINT64_TYPE__ pool;		/* PA where the free pool begins, to the region's end */
	__UINT64_TYPE__ linear_offset;	/* host kernel linear map: VA - PA */
	__UINT64_TYPE__ debug_uart;	/* PA of a PL011 for EL2 output, 0: none (debug builds) */
	__UINT64_TYPE__ seed[4];	/* entropy for the core's generator, wiped by the core */
	__UINT8_TYPE__ secret[HYPSEC_SECRET_SIZE];	/* platform secret, wiped by the core */
	__UINT8_TYPE__ measurement[HYPSEC_HASH_SIZE];	/* SHA-256 of the bundle as built */
	__UINT64_TYPE__ source;		/* enum hypsec_source; with HYPSEC_EPHEMERAL no secret */
	struct hypsec_policy policy;
	__UINT32_TYPE__ nr_cpus, nr_taken, nr_ram, nr_exec;
	__UINT32_TYPE__ vmid_bits;	/* 8, or 16: that all CPUs have; and that come up later */
	/* By index: the first nr_taken are taken at install, the others come up later, or never. */
	__UINT64_TYPE__ mpidr[HYPSEC_MAX_CPUS];	/* a CPU that is not here never comes up */
	struct hypsec_ram ram[HYPSEC_MAX_RAM];	/* sorted, disjoint: all that is ever RAM */
	__UINT64_TYPE__ ram_later;	/* bit n: ram[n] is not there yet, or may never be */
	struct hypsec_ram exec[HYPSEC_MAX_EXEC];	/* sorted, disjoint, no RAM: firmware's code */
};
#define HYPSEC_INSTALL_MAGIC	0x4c4c415453435948ULL

#endif
