/* SPDX-License-Identifier: GPL-2.0-only */
/* A synchronous exception to EL1 (Arm ARM AArch64.TakeException()): of the host's or a guest's. */
#ifndef HYPSEC_ENTRY_H
#define HYPSEC_ENTRY_H

#include "base/sysreg.h"

#define SCTLR_SPAN	SR_BIT(23)
#define SCTLR_DSSBS	SR_BIT(44)
/* An exception leaves the flags in PSTATE. */
#define SPSR_NZCV	SR_VAL(0xf, 28)

/* Where to, from VBAR_EL1 (D1.3.1.5); @pstate: before it. */
static inline u64 entry_vector(u64 pstate)
{
	if (pstate & SPSR_MODE32)
		return 0x600;
	if ((pstate & SPSR_MODE) == SPSR_EL1H)
		return 0x200;
	return (pstate & SPSR_MODE) == SPSR_EL1T ? 0 : 0x400;
}

/*
 * PSTATE there, of EL1h. What is not named becomes 0: IL, SS, BTYPE, UAO, nRW, and bits of
 * features younger than this list. @mte: the CPU, or what a guest sees of it, has tags.
 */
static inline u64 entry_pstate(u64 pstate, u64 sctlr, bool mte)
{
	u64 new = (pstate & (SPSR_NZCV | SPSR_DIT | SPSR_PAN)) | SPSR_DAIF | SPSR_EL1H;

	if (!(sctlr & SCTLR_SPAN))
		new |= SPSR_PAN;
	if (sctlr & SCTLR_DSSBS)
		new |= SPSR_SSBS;
	return mte ? new | SPSR_TCO : new;
}

#endif
