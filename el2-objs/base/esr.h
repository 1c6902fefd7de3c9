/* SPDX-License-Identifier: GPL-2.0-only */
/* Exception syndromes (Arm ARM D24.2.40 ESR_EL2) and what goes with them, for C. */
#ifndef HYPSEC_ESR_H
#define HYPSEC_ESR_H

#include "base/types.h"

#define ESR_EC(esr)		FIELD(esr, 31, 26)
#define ESR_EC_SHIFT		26
#define ESR_IL			BIT(25)
#define ESR_ISS			GENMASK(24, 0)

#define EC_UNKNOWN		0x00
#define EC_WFX			0x01
#define EC_FP			0x07
#define EC_HVC64		0x16
#define EC_SMC64		0x17
#define EC_SYS64		0x18
#define EC_SVE			0x19
#define EC_IABT_LOW		0x20
#define EC_IABT_CUR		0x21
#define EC_DABT_LOW		0x24
#define EC_DABT_CUR		0x25
#define EC_SERROR		0x2f

/* WFI, WFE, WFIT, WFET */
#define ESR_WFX_WFE		BIT(0)
#define ESR_WFX_RV		BIT(2)		/* with WFIT, WFET: the register number is valid */

/* HVC, SMC */
#define ESR_CALL_IMM		GENMASK(15, 0)

/* Data and instruction aborts */
#define ESR_ISV			BIT(24)
#define ESR_SAS			GENMASK(23, 22)
#define ESR_SAS_SHIFT		22		/* log2 of the bytes accessed */
#define ESR_SSE			BIT(21)
#define ESR_SRT(esr)		FIELD(esr, 20, 16)
#define ESR_SRT_SHIFT		16
#define ESR_SF			BIT(15)
#define ESR_AR			BIT(14)
#define ESR_VNCR		BIT(13)
#define ESR_FNV			BIT(10)
#define ESR_EA			BIT(9)
#define ESR_CM			BIT(8)
#define ESR_S1PTW		BIT(7)
#define ESR_WNR			BIT(6)
#define ESR_FSC			GENMASK(5, 0)
#define ESR_FSC_TYPE		GENMASK(5, 2)
#define FSC_TRANS		0x04
#define FSC_ACCESS		0x08
#define FSC_PERM		0x0c
#define FSC_EXTABT		0x10
#define FSC_PARITY		0x18		/* or ECC, of memory */
#define ESR_SET			GENMASK(12, 11)	/* of FSC_EXTABT, with FEAT_RAS */
#define ESR_SET_UC		BIT(12)		/* uncontainable */
#define FSC_ALIGN		0x21

/* MSR, MRS, SYS (EC_SYS64): the ISS of an access, without Rt and direction */
#define ESR_SYS(op0, op1, crn, crm, op2) \
	((op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
#define ESR_SYS_REG		ESR_SYS(3UL, 7, 15, 15, 7)
#define ESR_SYS_RT(esr)		FIELD(esr, 9, 5)
#define ESR_SYS_READ		BIT(0)

/* HPFAR_EL2.FIPA: IPA[51:12] in bits 43:4 */
#define HPFAR_IPA(hpfar)	(((hpfar) & GENMASK(43, 4)) << 8)
#define IPA_HPFAR(ipa)		(((ipa) & GENMASK(51, 12)) >> 8)

#endif
