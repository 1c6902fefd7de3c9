/* SPDX-License-Identifier: GPL-2.0-only */
/* Access to KVM's structures, by the generated offsets. Only kvm/ includes this. */
#ifndef KVM_LAYOUT_H
#define KVM_LAYOUT_H

#include "types.h"
#include "kvm_offsets.h"

/* A field of the struct kvm_vcpu mapped at @p. The host may change it at any time. */
#define KV64(p, off)	(*(volatile u64 *)((u8 *)(p) + (off)))
#define KV32(p, off)	(*(volatile u32 *)((u8 *)(p) + (off)))
#define KV8(p, off)	(*(volatile u8 *)((u8 *)(p) + (off)))

struct cpu_run;
/* Maps the struct kvm_vcpu at @host and its mmu here; NULL if they cannot be (kvm/lease.c). */
u8 *kvm_lease(struct cpu_run *c, kva_t host);
void kvm_lease_end(struct cpu_run *c);

/* Injects what KVM asks for, or steps over an instruction (kvm/adjust.c). */
void kvm_adjust_pc(u8 *k);
/* A run of the vCPU at @host (kvm/run.c); x1 of the call's result. */
u64 kvm_run_vcpu(kva_t host);

#endif
