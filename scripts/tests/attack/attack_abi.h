/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between attack.ko and the attack program. Both are test tools that play a
 * hostile host kernel; neither is part of HypSec.
 */
#ifndef ATTACK_ABI_H
#define ATTACK_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define ATTACK_DEVICE		"/dev/hypsec-attack"

/*
 * The secret is named by its bytes XOR this, so that a scan of all memory never
 * finds the scanner's own copy of what it looks for.
 */
#define ATTACK_MASK		0xa5
#define ATTACK_MASK64		0xa5a5a5a5a5a5a5a5ULL
#define ATTACK_SECRET_MIN	16
#define ATTACK_SECRET_MAX	256

/* How a physical page is reached. */
enum attack_alias {
	ATTACK_LINEAR,		/* the kernel's own mapping of all memory */
	ATTACK_NOCACHE,		/* a second mapping, Normal non-cacheable */
	ATTACK_EXECUTABLE,	/* a second mapping, write-back and executable */
};

struct attack_secret {
	__u32 len;
	__u32 pad;
	__u8 masked[ATTACK_SECRET_MAX];
};

/* Searches [start, end) of physical memory, both page aligned. */
struct attack_scan {
	struct attack_secret secret;
	__u64 start, end;
	__u32 alias;
	__u32 pad;
	/* results */
	__u64 hits;		/* whole copies of the secret */
	__u64 words;		/* 8-byte pieces of it, at any alignment */
	__u64 unreadable;	/* pages that faulted */
	__u64 hit_pa[8];	/* where the first ones are */
	__u64 unreadable_pa[8];
};

/* One access of 1, 2, 4 or 8 bytes; -EFAULT when it faulted. */
struct attack_access {
	__u64 pa;		/* or a kernel address if @kernel_va */
	__u64 value;
	__u32 size;
	__u32 alias;
	__u32 kernel_va;
	__u32 write;
};

/* HVC or SMC with x0-x17 as given and as left. */
struct attack_call {
	__u64 x[18];
	__u32 smc;
	__u32 imm;		/* 0, 1 or 0xffff */
};

/* From a vCPU file descriptor in the caller's own table (pidfd_getfd()). */
struct attack_vcpu {
	__s32 fd;
	__u32 vcpu_size;	/* bytes of struct kvm_vcpu */
	__u64 vcpu, kvm, mmu;	/* kernel addresses */
	__u64 sve_state;	/* kernel address or 0 */
	__u32 sve_size;
	__u32 kvm_size;
};

/* Copy kernel memory out; -EFAULT when it faulted. */
struct attack_kread {
	__u64 addr;
	__u64 len;
	__u64 buf;		/* user address */
};

enum attack_base { ATTACK_OF_VCPU, ATTACK_OF_KVM, ATTACK_OF_MMU };

/* A named field; the caller enumerates index 0, 1, ... until -ENOENT. */
struct attack_field {
	__u32 index;
	__u32 base;		/* enum attack_base */
	__u32 offset;
	__u32 size;
	char name[24];
};

/*
 * ATTACK_DURING: changed at entry, and at exit put back where it is still what it
 * was changed to, so that EL2 sees it and the host's own KVM does not trip on it.
 */
enum attack_when { ATTACK_AT_ENTRY, ATTACK_AT_EXIT, ATTACK_DURING };

/*
 * Change a field each time a vCPU of the process enters or has left the guest:
 * new = (old & and) ^ xor, @count times after @skip times, 0 for no limit.
 */
struct attack_corrupt {
	__s32 tgid;
	__u32 when;
	__u32 base;
	__u32 offset;
	__u32 size;
	__u32 ec_plus_1;	/* only exits with this exception class; 0: any */
	__u64 and_mask, xor_mask;
	__u64 skip, count;
};

/* Looks for the secret in what every exit of a process's vCPUs shows. */
struct attack_watch {
	struct attack_secret secret;
	__s32 tgid;
	__u32 pad;
	/* results */
	__u64 exits;
	__u64 words_ctxt;	/* in struct kvm_vcpu's registers */
	__u64 words_live;	/* in the CPU's own SIMD registers */
	__u64 corrupted;	/* times a corruption was applied */
};

#define ATTACK_IOC(n, t)	_IOWR('H', n, t)
#define ATTACK_SCAN		ATTACK_IOC(1, struct attack_scan)
#define ATTACK_ACCESS		ATTACK_IOC(2, struct attack_access)
#define ATTACK_EXEC		_IO('H', 3)	/* argument: physical address */
#define ATTACK_CALL		ATTACK_IOC(4, struct attack_call)
#define ATTACK_VCPU		ATTACK_IOC(5, struct attack_vcpu)
#define ATTACK_KREAD		ATTACK_IOC(6, struct attack_kread)
#define ATTACK_FIELD		ATTACK_IOC(7, struct attack_field)
#define ATTACK_CORRUPT		ATTACK_IOC(8, struct attack_corrupt)
#define ATTACK_WATCH		ATTACK_IOC(9, struct attack_watch)
#define ATTACK_RESULT		ATTACK_IOC(10, struct attack_watch)
#define ATTACK_STOP		_IO('H', 11)
#define ATTACK_ALLOC		ATTACK_IOC(12, __u64)	/* a page of the host: its address */

#endif
