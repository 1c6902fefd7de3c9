/* SPDX-License-Identifier: GPL-2.0-only */
/* Access to KVM's structures, by the generated offsets. Only kvm/ includes this. */
#ifndef KVM_LAYOUT_H
#define KVM_LAYOUT_H

#include "base/types.h"
#include "kvm_offsets.h"

/* A field of the struct kvm_vcpu mapped at @p. The host may change it at any time. */
#define KV64(p, off)	(*(volatile u64 *)((u8 *)(p) + (off)))
#define KV32(p, off)	(*(volatile u32 *)((u8 *)(p) + (off)))
#define KV8(p, off)	(*(volatile u8 *)((u8 *)(p) + (off)))
/* Its general registers, and what follows them */
#define REG(p, n)	KV64(p, KVM_VCPU_REGS + (n) * 8)
#define R_SP		31
#define R_PC		32
#define R_PSTATE	33

struct cpu_run;
/* Maps the struct kvm_vcpu at @host and its mmu here; NULL if they cannot be (kvm/lease.c). */
u8 *kvm_lease(struct cpu_run *c, kva_t host);
void kvm_lease_end(struct cpu_run *c);
/* From now on its pages may be given away, until the next kvm_lease(). */
void kvm_lease_rest(struct cpu_run *c);
/*
 * For KVM's calls between two runs: the struct kvm_vcpu at @host if it is leased here, until
 * kvm_lease_unpeek(); NULL if it is not.
 */
u8 *kvm_lease_peek(struct cpu_run *c, kva_t host, bool *rested);
void kvm_lease_unpeek(bool rested);

/* Injects what KVM asks for, or steps over an instruction (kvm/adjust.c). */
void kvm_adjust_pc(u8 *k);
/*
 * If an ordinary VM's vCPU is what a host was shown of a protected one, its pc then, else 0.
 * SHOWN: its VMM has saved that and restores it, with memory that is ciphertext. Run, it would be
 * a busy CPU that never says why. OVER: its VM has ended itself, and KVM does not know yet.
 */
u64 kvm_shown(const u8 *k);
/* A run of the vCPU at @host (kvm/run.c); x1 of the call's result. */
u64 kvm_run_vcpu(kva_t host);

#endif
