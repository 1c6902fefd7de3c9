/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPSEC_PERCPU_H
#define HYPSEC_PERCPU_H

#include "types.h"
#include "mem.h"

struct vm;
struct vcpu;

/* Host general registers as saved by hcall/vectors.S; the offset is fixed: 0. */
struct host_regs {
	u64 x[31];
};

struct slot {
	u64 pa;			/* page aligned; 0 pages: empty */
	u32 pages;
};

struct percpu {
	struct host_regs host;	/* x0-x30 of the trap being served; must be first */
	u64 stack_top;
	u64 guest_frame[16];	/* EL2 callee-saved while a guest runs (asm) */
	u32 id;			/* index in hypsec_install.mpidr[] */
	u32 ranks_held;		/* bit per enum lock_rank */
	u64 mpidr;
	struct slot slot[SLOT_COUNT];
	struct vcpu *running;	/* vCPU loaded in hardware, NULL: the host */
	u64 host_cntvoff;
	/* EL1 entry for the next power-up of this CPU: written by the PSCI relay */
	u32 boot_lock;
	u64 boot_pc, boot_arg;
	u64 suspend_pc, suspend_arg;
	u64 el2_snapshot[32];	/* EL2 registers as the host's early boot left them */
} __attribute__((aligned(64)));

struct percpu *this_cpu(void);		/* TPIDR_EL2 */
struct percpu *cpu_by_id(u32 id);
extern u32 nr_cpus;

#endif
