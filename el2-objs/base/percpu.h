/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPSEC_PERCPU_H
#define HYPSEC_PERCPU_H

#include "base/types.h"

struct vm;
struct vcpu;
struct cpu_run;

/* Host general registers as saved by host/vectors.S; the offset is fixed: 0. */
struct host_regs {
	u64 x[31];
};

/* own/slot.c */
enum slot_id {			/* per CPU */
	SLOT_COPY,		/* copy_from_host()/copy_to_host() */
	SLOT_WALK,		/* host page-table reads */
	SLOT_VCPU,		/* struct kvm_vcpu, up to SLOT_VCPU_PAGES consecutive pages */
	SLOT_FP,		/* SVE state */
	SLOT_PAGE,		/* a claimed page: zero, hash, return */
	SLOT_BY_CALL,		/* those above are empty whenever the host runs */
	/*
	 * Leases: may stay mapped over returns to the host. The pages are as any in a
	 * slot: HOST, and refused to a claim, until slot_unmap() or slot_rest() on this CPU.
	 */
	SLOT_LEASE_VCPU = SLOT_BY_CALL,	/* struct kvm_vcpu of the vCPU KVM has loaded here */
	SLOT_LEASE_MMU,		/* its struct kvm_s2_mmu */
	SLOT_LEASE_KVM,		/* fields of its struct kvm */
	SLOT_LEASE_TABLE,	/* of KVM's stage 2: vm/walk.c. Held during a walk only */
	SLOT_COUNT
};
#define SLOT_PAGES	8	/* consecutive pages one slot can hold */

struct slot {
	u64 pa;			/* page aligned; 0 pages: empty */
	u32 pages;
	u32 at;			/* in the slot's part of the window: what it uses now, */
	u32 next;		/* and what was not used since the last broadcast TLBI */
};

/* EL2 registers as they were when this CPU was taken: struct percpu.el2_snapshot[]. */
enum el2_snapshot {
	EL2S_CPTR, EL2S_HSTR, EL2S_CNTHCTL, EL2S_CNTVOFF, EL2S_MDCR, EL2S_VPIDR,
	EL2S_VMPIDR, EL2S_ICC_SRE,
	/* 0 where the CPU lacks the feature */
	EL2S_HCRX, EL2S_HFGRTR, EL2S_HFGWTR, EL2S_HFGITR, EL2S_HDFGRTR,
	EL2S_HDFGWTR, EL2S_HAFGRTR, EL2S_HDFGRTR2, EL2S_HDFGWTR2, EL2S_HFGRTR2,
	EL2S_HFGWTR2, EL2S_HFGITR2, EL2S_ZCR, EL2S_SMCR, EL2S_SMPRIMAP,
	EL2S_PMSCR, EL2S_TRFCR,
	EL2S_COUNT
};

#define CPU_ID_REGS 11
#define CPU_KIND_REGS 36

/* SMCCC_ARCH_WORKAROUND_1 to _3, in struct percpu.wa[] */
enum workaround { WA_1, WA_2, WA_3, WA_COUNT };
/* struct percpu.ssbd: firmware has no switch for this CPU; or it is as the host last set it */
enum ssbd { SSBD_NONE, SSBD_UNKNOWN, SSBD_ON, SSBD_OFF };

/* What this CPU has, from its own ID registers: CPUs of one machine may differ. */
struct cpu_feat {
	bool ras, fgt, hcx, pauth, mte, sve, sme, tcr2, s1pie, s1poe, fpmr, fwb;
	bool pmu, amu, ats1a, el0_32, el1_32, spec_at, par_dmb;
	/* What records what the CPU does (pgt/trace.c); as one: 0 if it has none. */
	union {
		struct {
			bool spe, trbe, trf, brbe;
		};
		u32 recorders;
	};
	u8 breakpoints, watchpoints, lrs, pri_bits;
};

/* What pgt/trace.c has stopped, and is to start again. */
struct trace_state {
	u64 pmscr, pmblimitr, trfcr, trblimitr, brbcr;
};

/* vm/walk.c: the table of KVM's that is mapped here, and of whose 2 MiB it is. */
struct walked {
	u64 *map;			/* NULL: none */
	u64 pa;
	const struct vm *vm;
	u64 flushes, ipa;
};

/* base/irq.c, in debug builds: how long the host's interrupts have waited. */
struct masked {
	u64 from;			/* CNTPCT_EL0 */
	u64 esr, x0;			/* the trap being served */
	u64 longest, longest_esr, longest_x0;
};

/*
 * Per CPU. Page aligned; the CPU's EL2 stack ends where this starts, with an
 * unmapped guard page below it, so a CPU that powers up needs one address.
 */
struct percpu {
	struct host_regs host;	/* x0-x30 of the trap being served; must be first */
	u64 stack_top;
	u64 guest_frame[16];	/* EL2 callee-saved while a guest runs (asm) */
	/* ESR, ELR and SPSR_EL2 of the trap being served: host/vectors.S */
	u64 trap_esr, trap_elr, trap_spsr;
	u64 harden;		/* SMC to make when a guest has left (enter.S), 0: none; set once */
	u64 host_hcr;		/* HCR_EL2 while the host runs; fixed at take-over */
	u64 host_mdcr;
	u32 id;			/* index in hypsec_install.mpidr[] */
	u32 ranks_held;		/* bit per enum lock_rank */
	u64 mpidr;
	struct slot slot[SLOT_COUNT];
	u32 slots_open;		/* bit per enum slot_id: mapped */
	struct cpu_run *run;	/* what it runs vCPUs with (vcpu/cpu.c); set once */
	struct vcpu *running;	/* vCPU loaded in hardware, NULL: the host */
	u64 host_cntvoff;
	/* EL1 entry for the next power-up of this CPU: written by the PSCI relay */
	u32 boot_lock;
	u64 boot_pc, boot_arg;
	u64 suspend_pc, suspend_arg;
	u64 el2_snapshot[EL2S_COUNT];
	u64 id_regs[CPU_ID_REGS];	/* by enum pvm_id; set once */
	u64 midr;			/* set once */
	s32 wa[WA_COUNT];		/* ARCH_FEATURES' answers, set once */
	u32 ssbd;			/* enum ssbd */
	u64 kind[CPU_KIND_REGS];	/* host/regs.c; set once */
	bool taken;			/* what the install finds out of a CPU is known */
	u32 sve_vl;			/* of protected guests, bytes; set once */
	bool tlbi_range;		/* FEAT_TLBIRANGE; set once */
	bool sets_af;			/* FEAT_HAFDBS; set once */
	/* the hyp stub's, for a failed install */
	u64 stub_hcr, stub_sctlr, stub_vbar, stub_actlr, stub_vtcr, stub_vttbr;
	u32 online;		/* this CPU runs under the core */
	u32 panicking;
	bool told_refused;	/* the log has it: firmware/psci.c */
	bool pool_reserve;	/* may use the pool's last pages: pool/pool.c */
	u32 slots_lost;		/* bit per enum slot_id: an access through it was aborted */
	struct cpu_feat feat;	/* base/feat.c; set once */
	struct trace_state trace;
	struct vm *last_vm;	/* hint of vm_get() */
	struct walked walked;
	struct masked masked;
} __attribute__((aligned(64)));

/* This CPU's: static inline, or a test's. */
#include <base/this_cpu.h>

/* What this CPU has, into @cpu; once EL2 is set up as it will be. */
void cpu_detect(struct percpu *cpu);

struct percpu *cpu_by_id(u32 id);
extern u32 nr_cpus;

/* A slot that is mapped here has failed: what was read there is worth nothing (own/slot.c). */
static inline bool slots_lost(void)
{
	asm volatile("" ::: "memory");	/* after the accesses before it */
	return unlikely(this_cpu()->slots_lost);
}

#endif
