/* SPDX-License-Identifier: GPL-2.0-only */
/* What runs of both kinds of VM read and write of KVM's struct kvm_vcpu. */
#ifndef KVM_VCPU_H
#define KVM_VCPU_H

#include "kvm/layout.h"
#include "vcpu/run.h"

#define IFLAGS_DONE	(KVM_FLAG_PENDING_EXCEPTION | KVM_FLAG_EXCEPT_MASK | KVM_FLAG_INCREMENT_PC)

static const u16 kvm_sr[GSR_COUNT] = {
#define X(r) [GSR_##r] = KVM_SR_##r,
	GUEST_SYSREGS(X)
#undef X
};

/* The offers in struct vgic_v3_cpu_if, for both kinds of VM. */
static __always_inline void read_gic(u8 *k, struct gic_state *g, const struct cpu_feat *f)
{
	u8 *cpu_if = k + KVM_VCPU_GIC;
	u32 i;

	g->hcr = KV32(cpu_if, KVM_GIC_HCR);
	g->vmcr = KV32(cpu_if, KVM_GIC_VMCR);
	g->sre = KV32(cpu_if, KVM_GIC_SRE) != 0;
	g->vlpi = KV64(cpu_if, KVM_GIC_ITS_VM) != 0;
	g->used_lrs = KV32(cpu_if, KVM_GIC_USED_LRS);
	if (g->used_lrs > f->lrs)
		g->used_lrs = f->lrs;
	for (i = 0; i < g->used_lrs; i++)
		g->lr[i] = KV64(cpu_if, KVM_GIC_LR + i * 8);
}

static inline void write_gic(u8 *k, const struct gic_state *g)
{
	u8 *cpu_if = k + KVM_VCPU_GIC;
	u32 i;

	for (i = 0; i < g->used_lrs; i++)
		KV64(cpu_if, KVM_GIC_LR + i * 8) = g->lr[i];
	if (!g->sre)
		KV32(cpu_if, KVM_GIC_VMCR) = g->vmcr;
}

/* KVM points at one of two sets inside its own structure; nothing else is followed. */
static inline struct debug_regs *read_debug(u8 *k, kva_t host)
{
	u64 off = KVA(KV64(k, KVM_VCPU_DEBUG_PTR)).v - host.v;

	_Static_assert(KVM_DBG_SIZE == sizeof(struct debug_regs) && KVM_DBG_BCR == 0 &&
		       KVM_DBG_BVR == offsetof(struct debug_regs, bvr) &&
		       KVM_DBG_WCR == offsetof(struct debug_regs, wcr) &&
		       KVM_DBG_WVR == offsetof(struct debug_regs, wvr), "KVM's layout");
	if (!(KV8(k, KVM_VCPU_IFLAGS) & KVM_FLAG_DEBUG_DIRTY) ||
	    off > KVM_VCPU_SIZE - KVM_DBG_SIZE || off % 8)
		return NULL;
	return (struct debug_regs *)(k + off);
}

/* ordinary.c: a run of an ordinary @vm's vCPU at @host, mapped at @k. */
enum vcpu_exit kvm_run_ordinary(struct vm *vm, u8 *k, kva_t host, struct cpu_run *c);

#endif
