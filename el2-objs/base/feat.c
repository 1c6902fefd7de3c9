// SPDX-License-Identifier: GPL-2.0-only
/* What each CPU can do. */
#include "base/percpu.h"
#include "base/sysreg.h"

/*
 * Cores whose address translation instructions and walks may speculate in a
 * half-switched context (errata 1319537, 1319367, 1530923, 1165522).
 */
static bool has_spec_at(void)
{
	u64 midr = read_sysreg(MIDR_EL1);
	u32 part = FIELD(midr, 15, 4);

	if (FIELD(midr, 31, 24) == 0x51)	/* Qualcomm: Kryo 4xx Silver, an A55 */
		return part == 0x805;
	if (FIELD(midr, 31, 24) != 0x41)	/* Arm */
		return false;
	return part == 0xd05 || part == 0xd07 || part == 0xd08 || part == 0xd0b;
}

/* Cortex-A77, erratum 1508412: all revisions, as only the last has it mended. */
static bool has_par_dmb(void)
{
	u64 midr = read_sysreg(MIDR_EL1);

	return FIELD(midr, 31, 24) == 0x41 && FIELD(midr, 15, 4) == 0xd0d;
}

#define HDFGWTR_nBRBCTL	BIT(60)		/* the host's boot opened it to EL1 */

void cpu_detect(struct percpu *cpu)
{
	struct cpu_feat *f = &cpu->feat;
	u64 pfr0 = read_sysreg(ID_AA64PFR0_EL1), pfr1 = read_sysreg(ID_AA64PFR1_EL1);
	u64 dfr0 = read_sysreg(ID_AA64DFR0_EL1), isar1 = read_sysreg(ID_AA64ISAR1_EL1);
	u64 isar2 = read_sysreg(ID_AA64ISAR2_EL1), mmfr0 = read_sysreg(ID_AA64MMFR0_EL1);
	u64 mmfr1 = read_sysreg(ID_AA64MMFR1_EL1), mmfr2 = read_sysreg(ID_AA64MMFR2_EL1);
	u64 mmfr3 = read_sysreg(ID_AA64MMFR3_EL1), vtr = read_sysreg(ICH_VTR_EL2);
	u32 pmu = FIELD(dfr0, 11, 8);

	f->el0_32 = FIELD(pfr0, 3, 0) == 2;
	f->el1_32 = FIELD(pfr0, 7, 4) == 2;
	f->ras = FIELD(pfr0, 31, 28);
	f->sve = FIELD(pfr0, 35, 32);
	f->amu = FIELD(pfr0, 47, 44);
	f->mte = FIELD(pfr1, 11, 8) >= 2;
	f->sme = FIELD(pfr1, 27, 24);
	f->fpmr = FIELD(read_sysreg(ID_AA64PFR2_EL1), 35, 32);
	f->pmu = pmu && pmu != 0xf;
	/* P: EL3 keeps the unit, any access to its registers would trap there. */
	f->spe = FIELD(dfr0, 35, 32) && !(read_sysreg(PMBIDR_EL1) & BIT(4));
	f->trbe = FIELD(dfr0, 47, 44) && !(read_sysreg(TRBIDR_EL1) & BIT(4));
	/* EL3 may keep these, and no bit tells: only where the kernel was promised more. */
	f->trf = FIELD(dfr0, 43, 40) && f->trbe;
	f->brbe = FIELD(dfr0, 55, 52) &&
		  (cpu->el2_snapshot[EL2S_HDFGWTR] & HDFGWTR_nBRBCTL);
	f->breakpoints = FIELD(dfr0, 15, 12) + 1;
	f->watchpoints = FIELD(dfr0, 23, 20) + 1;
	f->pauth = (isar1 & (GENMASK(11, 4) | GENMASK(31, 24))) ||
		   (isar2 & GENMASK(15, 8));
	f->ats1a = FIELD(isar2, 63, 60);
	f->fgt = FIELD(mmfr0, 59, 56);
	f->hcx = FIELD(mmfr1, 43, 40);
	f->fwb = FIELD(mmfr2, 43, 40);
	f->tcr2 = f->hcx && FIELD(mmfr3, 3, 0);
	f->s1pie = FIELD(mmfr3, 11, 8);
	f->s1poe = FIELD(mmfr3, 19, 16);
	f->lrs = FIELD(vtr, 4, 0) + 1;
	if (f->lrs > 16)
		f->lrs = 16;
	f->pri_bits = FIELD(vtr, 28, 26) + 1;
	f->spec_at = has_spec_at();
	f->par_dmb = has_par_dmb();
}
