// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2 control registers for a run. The core's own value is the base; the host
 * adds bits from an allow-list: more traps, or access to what belongs to the
 * guest alone.
 */
#include "vcpu/run.h"

/* As KVM sets them for every guest; a host that clears one is not asked. */
#define HCR_BASE (HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | \
		  HCR_FB | HCR_BSU_IS | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_TSW | \
		  HCR_TLOR | HCR_TID3)

/*
 * Allowed from the host for an ordinary VM. Traps: TWI to TRVM, TTLB*, TERR,
 * TICAB, TOCU. Virtual interrupts: VF, VI, VSE. TEA brings external aborts to
 * EL2, which forwards them.
 */
#define HCR_HOST (HCR_TWI | HCR_TWE | HCR_TID0 | HCR_TID1 | HCR_TID2 | HCR_TID4 | \
		  HCR_TID5 | HCR_TVM | HCR_TRVM | HCR_TPCP | HCR_TPU | HCR_TTLB | \
		  HCR_TTLBIS | HCR_TTLBOS | HCR_TERR | HCR_TEA | HCR_TICAB | HCR_TOCU | \
		  HCR_VF | HCR_VI | HCR_VSE)

/* Breakpoints and their traps; all else of MDCR_EL2 is fixed. */
#define MDCR_HOST (MDCR_TDE | MDCR_TDA)

/* MCE2 is not among them: a guest takes its own MOPS exceptions, as on any CPU change. */
#define HCRX_HOST (HCRX_SMPME | HCRX_MSCEn | HCRX_TCR2En | HCRX_EnFPM)

/*
 * FGT bits of negative polarity (0: trap; Arm ARM D23.2), all other bits trap when
 * they are 1. Where an ordinary guest starts from: no trap, but for the branch
 * record (BRBE) and PMSNEVFR, which hold what other code on the CPU did.
 */
#define NEG_HFGXTR	(GENMASK(63, 52) | BIT(50))
#define NEG_HFGITR	GENMASK(59, 55)
#define NEG_HDFGXTR	GENMASK(62, 59)
static const struct { u64 neg, open; } fgt_base[FGT_COUNT] = {
	[FGT_HFGRTR] = { NEG_HFGXTR, NEG_HFGXTR },
	[FGT_HFGWTR] = { NEG_HFGXTR, NEG_HFGXTR },
	[FGT_HFGITR] = { NEG_HFGITR, GENMASK(59, 57) },
	[FGT_HDFGRTR] = { NEG_HDFGXTR, 0 },
	[FGT_HDFGWTR] = { NEG_HDFGXTR, 0 },
};

static u64 mdcr_base(void)
{
	/*
	 * HPMN: every counter, as the host has it. Buffers of SPE and TRBE stay in
	 * the EL1&0 regime (never EL2's, which would follow a host's pointer into
	 * the core), their registers trap.
	 */
	return FIELD(read_sysreg(MDCR_EL2), 4, 0) | MDCR_TPM | MDCR_TPMCR | MDCR_TDOSA |
	       MDCR_TDRA | MDCR_TPMS | MDCR_TTRF | SR_VAL(2, 12) | SR_VAL(2, 24);
}

static u64 fwb(const struct cpu_feat *f)
{
	return f->fwb ? HCR_FWB : 0;
}

void vcpu_controls_ordinary(struct vcpu *v, u64 host_hcr, u64 host_mdcr, u64 host_hcrx,
			    const u64 *host_fgu)
{
	const struct cpu_feat *f = cpu_run()->feat;
	unsigned int i;

	v->hcr = HCR_BASE | (host_hcr & HCR_HOST);
	if ((host_hcr & HCR_RW) || !f->el1_32)
		v->hcr |= HCR_RW;
	if (f->pauth)
		v->hcr |= host_hcr & (HCR_API | HCR_APK);
	if (f->mte)
		v->hcr |= host_hcr & HCR_ATA;
	/* KVM encodes memory types in its table for the FWB it asks for here. */
	v->hcr |= host_hcr & fwb(f);
	v->mdcr = mdcr_base() | (host_mdcr & MDCR_HOST);
	v->cptr = vcpu_cptr();
	v->hcrx = 0;
	if (f->hcx) {
		v->hcrx = host_hcrx & HCRX_HOST;
		if (!f->tcr2)
			v->hcrx &= ~HCRX_TCR2En;
		if (!f->fpmr)
			v->hcrx &= ~HCRX_EnFPM;
	}
	v->extra = vcpu_extra(v->hcr, v->hcrx);
	v->cnthctl = (read_sysreg(CNTHCTL_EL2) & ~CNTHCTL_EL1PCEN) | CNTHCTL_EL1PCTEN;
	if (v->poffset)
		v->cnthctl &= ~CNTHCTL_EL1PCTEN;
	if (f->fgt) {
		/* What the host wants UNDEFINED traps, whichever the polarity. */
		for (i = 0; i < FGT_COUNT; i++)
			v->fgt[i] = (fgt_base[i].open & ~host_fgu[i]) |
				    (host_fgu[i] & ~fgt_base[i].neg);
	}
	v->own_cntvoff = false;
}

void vcpu_controls_protected(struct vcpu *v)
{
	const struct cpu_feat *f = cpu_run()->feat;
	unsigned int i;

	/*
	 * TERR, TID*: answered in the core (pvm/sysregs.def says what by which trap; TID2 and
	 * TID4 are up to struct pvm_cpus). TEA: an external abort of the guest is seen here
	 * first. No ATA: tag registers trap. TVM is off: its caches are always on (pvm/).
	 */
	v->hcr = HCR_BASE | HCR_RW | HCR_TID1 | fwb(f);
	if (f->ras)
		v->hcr |= HCR_TERR | HCR_TEA;
	if (f->pauth)
		v->hcr |= HCR_API | HCR_APK;	/* keys are switched */
	if (f->mte)
		v->hcr |= HCR_TID5;		/* GMID_EL1 */
	v->mdcr = mdcr_base() | MDCR_TDA;
	v->cptr = vcpu_cptr();
	v->hcrx = 0;
	v->extra = vcpu_extra(v->hcr, v->hcrx);
	v->cnthctl = (read_sysreg(CNTHCTL_EL2) & ~CNTHCTL_EL1PCEN) | CNTHCTL_EL1PCTEN;
	for (i = 0; i < FGT_COUNT; i++)
		v->fgt[i] = 0;		/* negative polarity: all of it traps */
	v->own_cntvoff = true;
	v->poffset = 0;
	v->debug = NULL;
}
