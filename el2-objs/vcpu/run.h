/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of vcpu/ share with each other and with kvm/. */
#ifndef VCPU_RUN_H
#define VCPU_RUN_H

#include "vcpu/vcpu.h"
#include "base/sysreg.h"
#include "vm/vm.h"

#define __always_inline inline __attribute__((always_inline))

/*
 * The EL1&0 registers a guest and the host take turns with, whatever the CPU.
 * SCTLR_EL1 and TCR_EL1 are apart: they are loaded last (speculative AT). So is PAR_EL1:
 * read_par() reads it. In pairs that lie together in our structures, and nearly all in KVM's, for
 * one access to memory for the two.
 */
#define EL1_STATE(X2, X) \
	X2(CPACR_EL1, CONTEXTIDR_EL1) X2(TTBR0_EL1, TTBR1_EL1) X2(AFSR0_EL1, AFSR1_EL1) \
	X2(ESR_EL1, MAIR_EL1) X2(FAR_EL1, VBAR_EL1) X2(TPIDR_EL0, TPIDRRO_EL0) \
	X2(TPIDR_EL1, CNTKCTL_EL1) X2(MDSCR_EL1, SPSR_EL1) X2(SP_EL1, ELR_EL1) X(AMAIR_EL1)

#define HCRX_SMPME	SR_BIT(5)
#define HCRX_MSCEn	SR_BIT(11)
#define HCRX_TCR2En	SR_BIT(14)
#define HCRX_EnFPM	SR_BIT(23)

#define TCR_EPD0	SR_BIT(7)
#define TCR_EPD1	SR_BIT(23)

#define DEBUG_REGS 16
struct debug_regs {			/* as KVM's struct kvm_guest_debug_arch */
	u64 bcr[DEBUG_REGS], bvr[DEBUG_REGS], wcr[DEBUG_REGS], wvr[DEBUG_REGS];
};

/* The host's side of a CPU while a guest is loaded. */
struct host_state {
	u64 sr[GSR_COUNT];
	u64 apkey[10];
	/* Only the core writes these, and the same each time: read at the CPU's first run. */
	bool traps_known;
	u64 hcr, mdcr, cptr, vbar, cnthctl, hcrx, vpidr;
	u64 fgt[FGT_COUNT];
	u64 cntvoff;
	u64 rgsr, gcr;
	u64 pmuserenr;
	u64 zcr_el1, zcr_el2, fpmr;
	u64 mdccint, icc_sre;
	struct debug_regs debug;
};

/* One page per CPU, made at install. */
struct cpu_run {
	struct host_state host;		/* first: pairs are loaded and stored near the start only */
	struct vcpu vcpu;		/* of the ordinary VM that runs here */
	const struct cpu_feat *feat;
	/* kvm/lease.c: the vCPU KVM has loaded on this CPU, or had last; 0: none known */
	struct {
		kva_t vcpu, mmu, kvm;
		u8 *vcpu_map, *mmu_map, *kvm_map;
		bool held;		/* its slots do not rest */
		u64 poffset;
		u64 fgu[FGT_COUNT];
	} lease;
};
_Static_assert(sizeof(struct cpu_run) <= PAGE_SIZE, "one page per CPU");

/*
 * Registers of features that few guests use, or that come and go, cost the others one look at
 * v->extra, which controls.c sets.
 */
static inline bool vcpu_extra(u64 hcr, u64 hcrx)
{
	return (hcr & (HCR_VSE | HCR_ATA)) || (hcrx & (HCRX_TCR2En | HCRX_EnFPM));
}

/* A protected guest's registers are in its own struct vcpu, never with the host. */
static inline bool vcpu_private(const struct vcpu *v)
{
	return v->r == &v->regs;
}

/* This CPU's. */
static inline struct cpu_run *cpu_run(void)
{
	return this_cpu()->run;
}

/* --- enter.S --- */
/* Loads x0-x30 and SP_EL0 from @r, ERETs, and saves them there at the next exception. */
u64 guest_enter(struct vcpu_regs *r);
/* Takes a pending SError here: EXIT_SERROR_PENDING, or 0. */
u64 guest_serror(void);
/* AT S1E1R (or S1E1A) of the loaded guest: PAR_EL1's value; it has F set if that faulted. */
u64 guest_at(u64 va, bool s1e1a);
extern const char guest_vectors[];

/* --- fpsimd.S --- */
void fp_save(struct fp_state *f);
void fp_load(const struct fp_state *f);
void fp_clear(void);
/* @ffr: where FFR lies in KVM's buffer, after 32 Z of VL and 16 P of VL/8 bytes */
void sve_save(void *ffr, void *fpsr);
void sve_load(const void *ffr, const void *fpsr);
u64 sve_vl(void);			/* bytes, with ZCR_EL2 as it is */

/*
 * --- switch.c --- A run, in order: vcpu_begin(); the caller loads the guest's
 * EL1 registers; vcpu_run_guest(); the caller saves them; vcpu_end().
 */
typedef bool (*exit_handler)(struct vcpu *v, enum vcpu_exit *code);
void vcpu_begin(struct vcpu *v, struct cpu_run *c);
enum vcpu_exit vcpu_run_guest(struct vcpu *v, struct cpu_run *c, u64 sctlr, u64 tcr,
			      exit_handler handler);
void vcpu_end(struct vcpu *v, struct cpu_run *c);

/* --- fp.c, debug.c, timer.c, gic.c: load for the guest, unload for the host --- */
bool fp_trap(struct vcpu *v, struct cpu_run *c);
void fp_unload(struct vcpu *v, struct cpu_run *c);
void pmu_load(struct vcpu *v);
void pmu_unload(const struct vcpu *v);
void debug_load(struct vcpu *v, struct cpu_run *c);
void debug_unload(struct vcpu *v, struct cpu_run *c);
void timer_load(const struct vcpu *v, struct host_state *h);
void timer_unload(struct vcpu *v, const struct host_state *h);
void gic_load(struct vcpu *v, struct cpu_run *c);
void gic_unload(struct vcpu *v, const struct cpu_run *c);
u32 gic_aprs(const struct cpu_run *c);	/* registers of active priorities, of each group */
void gic_save_aprs(struct gic_state *g, const struct cpu_run *c);
void gic_load_aprs(const struct gic_state *g, const struct cpu_run *c);
void gic_clear_lrs(const struct cpu_run *c);

#endif
