/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One CPU for kvm/ and vcpu/: a file of system registers by name (fake/sysreg_array.h), a
 * struct cpu_run, a vCPU of KVM's in memory, and a guest that is a C function.
 */
#ifndef FAKE_CPU_H
#define FAKE_CPU_H

#include "pvm_world.h"
#include "vcpu/run.h"
#include "kvm/layout.h"

#define CPU_REGS	320

struct reg_file {
	struct reg_entry { char name[24]; u64 v; } r[CPU_REGS];
	unsigned int n;
};
extern struct reg_file cpu_regs;
/* Two CPUs take turns with the one file of registers: cpu_state is that of cpu_nr. */
#define CPUS		2
extern struct cpu_run cpu_states[CPUS];
extern unsigned int cpu_nr;
void cpu_turn(unsigned int cpu);	/* whose turn it is */
#define cpu_state	cpu_states[cpu_nr]
/* What this CPU is made of. */
#define this_feat	(this_cpu()->feat)
/* KVM's struct kvm_vcpu, all of it the host's to write. */
extern u8 cpu_kvm_vcpu[KVM_VCPU_SIZE];
extern u8 cpu_mmu[64];			/* and its struct kvm_s2_mmu */
/* And more of its memory, for an SVE buffer, at this PA. */
#define CPU_MORE	0x10000UL
#define CPU_MORE_SIZE	(256 * 34 + 32)
extern u8 cpu_more[CPU_MORE_SIZE];

/*
 * CPUs with every feature the core knows, and at random with each erratum; registers zero, but for
 * what a host may have left of its own in those that decide about translation. From here on
 * the order of accesses and barriers is watched (cpu_order.c), and whose translations the TLBs
 * have: guest_enter() fails the test where a vCPU would find another's.
 */
void cpu_new(void);
/* --- cpu_order.c --- */
/* A run begins: what was written before is in force. */
void order_begin(void);
void order_end(void);
/* VTTBR_EL2 is about to be another. */
void order_s2_load(void);
/* An ERET to a guest, and its exit: both are as an ISB. */
void order_enter(void);
void order_leave(void);
/* ZCR_EL2 as it is in force. */
u64 order_vector_length(void);
/* An instruction of FP, or SVE. */
void order_fp(bool sve);
/* A register as it was at the last ISB. */
u64 *cpu_in_force(const char *name);
extern u64 cpu_forced[CPU_REGS];
/* What runs between an entry and the next exit; sets ESR_EL2 and the like; returns EXIT_*. */
extern u64 (*cpu_guest)(struct vcpu_regs *r);
/* Called before each access of a system register by the core, by its name. */
extern void (*cpu_reg_hook)(const char *name);
/* One __kvm_vcpu_run() of @vm by the host's thread @host. */
u64 cpu_run_vcpu(struct vm *vm, kva_t host);
/* vm_get(): there is no VM, as one of that name has ended itself and has not given all back. */
extern bool cpu_vm_over;
/* kvm_lease(): the host names no vCPU of KVM's. */
extern bool cpu_no_lease;
extern unsigned int cpu_fp_clears, cpu_unmaps, cpu_flushes;
/* The vector registers: Z, P and FFR at the current length, and the longest there is, in bytes. */
extern u8 cpu_sve[256 * 34 + 32];
extern u32 cpu_sve_max;
extern u64 cpu_fpsr;
/* Linear-map address of cpu_kvm_vcpu. */
#define CPU_LINEAR	0xffff000080000000UL

#endif
