// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 registers that decide what the host may do. The kernel's early boot
 * set them for this CPU and this kernel version; what it chose is read once, while
 * the host is trusted, and written back whenever the host runs, with the core's
 * own on top. Snapshots keep this independent of the kernel's version.
 */
#include "host/host.h"
#include "base/check.h"
#include "base/sysreg.h"
#include "own/own.h"

static bool has_fgt(void)
{
	return read_idreg(ID_AA64MMFR0_EL1, 56) != 0;
}

static bool has_fgt2(void)
{
	return read_idreg(ID_AA64MMFR0_EL1, 56) >= 2;
}

static bool has_spe(void)
{
	/* PMSCR_EL2 is ours only if EL3 lets the EL2 side in: the stub asked P too. */
	return read_idreg(ID_AA64DFR0_EL1, 32) && !(read_sysreg(PMBIDR_EL1) & BIT(4));
}

/* TRFCR_EL2: EL3 may keep it, and no bit tells; a kernel that has a TRBE uses it. */
static bool has_trbe(void)
{
	return read_idreg(ID_AA64DFR0_EL1, 44) && !(read_sysreg(TRBIDR_EL1) & BIT(4));
}

/*
 * One line a register: index in the snapshot, register, condition. CPTR first:
 * it decides whether EL2's own accesses to the ones after it trap.
 */
#define EL2_REGS(X) \
	X(EL2S_CPTR, CPTR_EL2, true) \
	X(EL2S_HSTR, HSTR_EL2, true) \
	X(EL2S_CNTHCTL, CNTHCTL_EL2, true) \
	X(EL2S_CNTVOFF, CNTVOFF_EL2, true) \
	X(EL2S_MDCR, MDCR_EL2, true) \
	X(EL2S_VPIDR, VPIDR_EL2, true) \
	X(EL2S_VMPIDR, VMPIDR_EL2, true) \
	X(EL2S_ICC_SRE, ICC_SRE_EL2, true) \
	X(EL2S_HCRX, HCRX_EL2, read_idreg(ID_AA64MMFR1_EL1, 40)) \
	X(EL2S_HFGRTR, HFGRTR_EL2, has_fgt()) \
	X(EL2S_HFGWTR, HFGWTR_EL2, has_fgt()) \
	X(EL2S_HFGITR, HFGITR_EL2, has_fgt()) \
	X(EL2S_HDFGRTR, HDFGRTR_EL2, has_fgt()) \
	X(EL2S_HDFGWTR, HDFGWTR_EL2, has_fgt()) \
	X(EL2S_HAFGRTR, HAFGRTR_EL2, has_fgt() && read_idreg(ID_AA64PFR0_EL1, 44)) \
	X(EL2S_HDFGRTR2, HDFGRTR2_EL2, has_fgt2()) \
	X(EL2S_HDFGWTR2, HDFGWTR2_EL2, has_fgt2()) \
	X(EL2S_HFGRTR2, HFGRTR2_EL2, has_fgt2()) \
	X(EL2S_HFGWTR2, HFGWTR2_EL2, has_fgt2()) \
	X(EL2S_HFGITR2, HFGITR2_EL2, has_fgt2()) \
	X(EL2S_ZCR, ZCR_EL2, read_idreg(ID_AA64PFR0_EL1, 32) && \
	  !(cpu->el2_snapshot[EL2S_CPTR] & CPTR_TZ)) \
	X(EL2S_SMCR, SMCR_EL2, read_idreg(ID_AA64PFR1_EL1, 24) && \
	  !(cpu->el2_snapshot[EL2S_CPTR] & CPTR_TSM)) \
	X(EL2S_SMPRIMAP, SMPRIMAP_EL2, read_idreg(ID_AA64PFR1_EL1, 24) && \
	  (read_sysreg(SMIDR_EL1) & BIT(15))) \
	X(EL2S_PMSCR, PMSCR_EL2, has_spe()) \
	X(EL2S_TRFCR, TRFCR_EL2, read_idreg(ID_AA64DFR0_EL1, 40) && has_trbe())

/* Of the stub's HCR_EL2: features the host's EL1 and EL0 use directly. */
#define HCR_FROM_STUB	(HCR_API | HCR_APK | HCR_ATA | HCR_ENSCXT | HCR_FIEN | HCR_AMVOFFEN)
/*
 * Ours: stage 2 on, SMC trapped, IMPLEMENTATION DEFINED registers and ACTLR_EL1
 * trapped, as some change the memory system under everyone.
 */
#define HCR_CORE	(HCR_VM | HCR_RW | HCR_TSC | HCR_TIDCP | HCR_TACR)
/*
 * SPE and TRBE write through the EL1 regime, so stage 2 confines their buffers; the
 * host's event counters stop at EL2 (bits that an older CPU lacks are RES0).
 */
#define MDCR_CORE	(MDCR_E2PB | MDCR_E2TB | MDCR_HPMD | MDCR_HCCD)
#define MDCR_FROM_STUB	(MDCR_HPMN | MDCR_HLP | MDCR_MTPME)

/*
 * All that tells two CPUs apart: implementation and revision, and each feature. What is not
 * allocated of the ID space (op0 3, op1 0, CRn 0, CRm 4 to 7) reads as zero.
 */
#define KIND_ROW(X, crm) \
	X(S3_0_C0_C##crm##_0) X(S3_0_C0_C##crm##_1) X(S3_0_C0_C##crm##_2) X(S3_0_C0_C##crm##_3) \
	X(S3_0_C0_C##crm##_4) X(S3_0_C0_C##crm##_5) X(S3_0_C0_C##crm##_6) X(S3_0_C0_C##crm##_7)
#define KIND_REGS(X) X(MIDR_EL1) X(REVIDR_EL1) X(CTR_EL0) X(DCZID_EL0) \
	KIND_ROW(X, 4) KIND_ROW(X, 5) KIND_ROW(X, 6) KIND_ROW(X, 7)

#define X(reg) + 1
_Static_assert(CPU_KIND_REGS == 0 KIND_REGS(X), "struct percpu.kind");
#undef X

void el2_read_kind(u64 *kind)
{
#define X(reg) *kind++ = read_sysreg(reg);
	KIND_REGS(X)
#undef X
}

void __init el2_take_snapshot(struct percpu *cpu, u64 stub_hcr, u64 stub_sctlr)
{
	cpu->stub_hcr = stub_hcr;
	cpu->stub_sctlr = stub_sctlr;
	cpu->stub_vbar = read_sysreg(VBAR_EL2);
	cpu->stub_actlr = read_sysreg(ACTLR_EL2);
	cpu->stub_vtcr = read_sysreg(VTCR_EL2);
	cpu->stub_vttbr = read_sysreg(VTTBR_EL2);
#define X(index, reg, has) \
	cpu->el2_snapshot[index] = (has) ? read_sysreg(reg) : 0;
	EL2_REGS(X)
#undef X
	cpu->host_hcr = HCR_CORE | (stub_hcr & HCR_FROM_STUB);
	cpu->host_mdcr = MDCR_CORE | (cpu->el2_snapshot[EL2S_MDCR] & MDCR_FROM_STUB);
	cpu->host_cntvoff = cpu->el2_snapshot[EL2S_CNTVOFF];
}

static void write_snapshot(const struct percpu *cpu)
{
#define X(index, reg, has) do { \
	if (has) \
		write_sysreg(cpu->el2_snapshot[index], reg); \
	if (index == EL2S_CPTR) \
		isb(); \
} while (0);
	EL2_REGS(X)
#undef X
}

/*
 * What would tell the host of a guest what it executed. The counters of an AMU run in every
 * context and only EL3 stops them; a trace unit is stopped around a guest by TRFCR_EL1
 * (pgt/trace.c), or, where no bit tells that EL3 lets us have that, never programmed.
 */
static u64 host_cptr(void)
{
	return (read_idreg(ID_AA64PFR0_EL1, 44) ? CPTR_TAM : 0) | (has_trbe() ? 0 : CPTR_TTA);
}

void el2_apply_host(const struct percpu *cpu)
{
	write_sysreg(host_vectors, VBAR_EL2);
	write_snapshot(cpu);
	write_sysreg(cpu->el2_snapshot[EL2S_CPTR] | host_cptr(), CPTR_EL2);
	write_sysreg(cpu->host_mdcr, MDCR_EL2);
	write_sysreg(0, ACTLR_EL2);
	write_sysreg(0, ICH_HCR_EL2);
	s2_load(&host_s2);
	write_sysreg(cpu->host_hcr, HCR_EL2);
	isb();
	/*
	 * What this CPU cached for the host before stage 2 was on. For the VMs too: a CPU
	 * that comes up was not there when they were invalidated, and what its TLB holds
	 * after a reset is nothing to rely on.
	 */
	tlbi(alle1);
	dsb(nsh);
	isb();
}

/* A failed install: all that el2_apply_host() changed goes back; no return. */
void install_leave(struct percpu *cpu)
{
	write_snapshot(cpu);
	write_sysreg(cpu->stub_actlr, ACTLR_EL2);
	write_sysreg(cpu->stub_vtcr, VTCR_EL2);
	write_sysreg(cpu->stub_vttbr, VTTBR_EL2);
	write_sysreg(cpu->stub_vbar, VBAR_EL2);
	write_sysreg(cpu->stub_hcr, HCR_EL2);
	isb();
	tlbi(vmalls12e1);
	dsb(nsh);
	isb();
	cpu->online = 0;
	write_sysreg(cpu->trap_elr, ELR_EL2);
	write_sysreg(cpu->trap_spsr, SPSR_EL2);
	el2_leave(cpu, cpu->stub_sctlr);
}
