/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System registers newer than Armv8.0, by encoding, so that any assembler
 * takes them (Arm ARM D23). A register that is not here is known to the
 * assembler by its own name. For C and assembly.
 */
#ifndef HYPSEC_SYSREG_NAMES_H
#define HYPSEC_SYSREG_NAMES_H

/* Identification */
#define ID_AA64PFR2_EL1		S3_0_C0_C4_2
#define ID_AA64ISAR1_EL1	S3_0_C0_C6_1
#define ID_AA64ISAR2_EL1	S3_0_C0_C6_2
#define ID_AA64MMFR2_EL1	S3_0_C0_C7_2
#define ID_AA64MMFR3_EL1	S3_0_C0_C7_3
#define CCSIDR2_EL1		S3_1_C0_C0_2
#define GMID_EL1		S3_1_C0_C0_4
#define SMIDR_EL1		S3_1_C0_C0_6
#define MPAMIDR_EL1		S3_0_C10_C4_4
#define PMBIDR_EL1		S3_0_C9_C10_7
#define TRBIDR_EL1		S3_0_C9_C11_7

/* EL1 and EL0 */
#define TCR2_EL1		S3_0_C2_C0_3
#define PIR_EL1			S3_0_C10_C2_3
#define PIRE0_EL1		S3_0_C10_C2_2
#define POR_EL1			S3_0_C10_C2_4
#define POR_EL0			S3_3_C10_C2_4
#define TFSR_EL1		S3_0_C5_C6_0
#define TFSRE0_EL1		S3_0_C5_C6_1
#define GCR_EL1			S3_0_C1_C0_6
#define RGSR_EL1		S3_0_C1_C0_5
#define DISR_EL1		S3_0_C12_C1_1
#define ZCR_EL1			S3_0_C1_C2_0
#define SMCR_EL1		S3_0_C1_C2_6
#define SMPRI_EL1		S3_0_C1_C2_4
#define SVCR			S3_3_C4_C2_2
#define TPIDR2_EL0		S3_3_C13_C0_5
#define FPMR			S3_3_C4_C4_2
#define SCXTNUM_EL0		S3_3_C13_C0_7
#define SCXTNUM_EL1		S3_0_C13_C0_7
#define LORC_EL1		S3_0_C10_C4_3
#define MPAM0_EL1		S3_0_C10_C5_1
#define MPAM1_EL1		S3_0_C10_C5_0
#define APIAKEYLO_EL1		S3_0_C2_C1_0
#define APIAKEYHI_EL1		S3_0_C2_C1_1
#define APIBKEYLO_EL1		S3_0_C2_C1_2
#define APIBKEYHI_EL1		S3_0_C2_C1_3
#define APDAKEYLO_EL1		S3_0_C2_C2_0
#define APDAKEYHI_EL1		S3_0_C2_C2_1
#define APDBKEYLO_EL1		S3_0_C2_C2_2
#define APDBKEYHI_EL1		S3_0_C2_C2_3
#define APGAKEYLO_EL1		S3_0_C2_C3_0
#define APGAKEYHI_EL1		S3_0_C2_C3_1

/* Profiling and trace */
#define PMSCR_EL1		S3_0_C9_C9_0
#define PMSCR_EL2		S3_4_C9_C9_0
#define PMBLIMITR_EL1		S3_0_C9_C10_0
#define TRFCR_EL1		S3_0_C1_C2_1
#define TRFCR_EL2		S3_4_C1_C2_1
#define TRBLIMITR_EL1		S3_0_C9_C11_0
#define BRBCR_EL1		S2_1_C9_C0_0

/* EL2 */
#define HCRX_EL2		S3_4_C1_C2_2
#define HFGRTR_EL2		S3_4_C1_C1_4
#define HFGWTR_EL2		S3_4_C1_C1_5
#define HFGITR_EL2		S3_4_C1_C1_6
#define HDFGRTR_EL2		S3_4_C3_C1_4
#define HDFGWTR_EL2		S3_4_C3_C1_5
#define HAFGRTR_EL2		S3_4_C3_C1_6
#define HDFGRTR2_EL2		S3_4_C3_C1_0
#define HDFGWTR2_EL2		S3_4_C3_C1_1
#define HFGRTR2_EL2		S3_4_C3_C1_2
#define HFGWTR2_EL2		S3_4_C3_C1_3
#define HFGITR2_EL2		S3_4_C3_C1_7
#define ZCR_EL2			S3_4_C1_C2_0
#define SMCR_EL2		S3_4_C1_C2_6
#define SMPRIMAP_EL2		S3_4_C1_C2_5
#define VSESR_EL2		S3_4_C5_C2_3
#define VDISR_EL2		S3_4_C12_C1_1

/* GIC CPU interface */
#define ICC_PMR_EL1		S3_0_C4_C6_0
#define ICC_DIR_EL1		S3_0_C12_C11_1
#define ICC_RPR_EL1		S3_0_C12_C11_3
#define ICC_SGI1R_EL1		S3_0_C12_C11_5
#define ICC_ASGI1R_EL1		S3_0_C12_C11_6
#define ICC_SGI0R_EL1		S3_0_C12_C11_7
#define ICC_CTLR_EL1		S3_0_C12_C12_4
#define ICC_SRE_EL1		S3_0_C12_C12_5
#define ICC_SRE_EL2		S3_4_C12_C9_5
#define ICC_IGRPEN0_EL1		S3_0_C12_C12_6
#define ICC_IGRPEN1_EL1		S3_0_C12_C12_7
#define ICC_IAR1_EL1		S3_0_C12_C12_0
#define ICC_EOIR1_EL1		S3_0_C12_C12_1
#define ICC_BPR0_EL1		S3_0_C12_C8_3
#define ICC_BPR1_EL1		S3_0_C12_C12_3
#define ICH_HCR_EL2		S3_4_C12_C11_0
#define ICH_VTR_EL2		S3_4_C12_C11_1
#define ICH_ELRSR_EL2		S3_4_C12_C11_5
#define ICH_VMCR_EL2		S3_4_C12_C11_7
#define ICH_AP0R0_EL2		S3_4_C12_C8_0
#define ICH_AP1R0_EL2		S3_4_C12_C9_0
#define ICH_AP0R1_EL2		S3_4_C12_C8_1
#define ICH_AP1R1_EL2		S3_4_C12_C9_1
#define ICH_AP0R2_EL2		S3_4_C12_C8_2
#define ICH_AP1R2_EL2		S3_4_C12_C9_2
#define ICH_AP0R3_EL2		S3_4_C12_C8_3
#define ICH_AP1R3_EL2		S3_4_C12_C9_3
#define ICH_LR0_EL2		S3_4_C12_C12_0
#define ICH_LR1_EL2		S3_4_C12_C12_1
#define ICH_LR2_EL2		S3_4_C12_C12_2
#define ICH_LR3_EL2		S3_4_C12_C12_3
#define ICH_LR4_EL2		S3_4_C12_C12_4
#define ICH_LR5_EL2		S3_4_C12_C12_5
#define ICH_LR6_EL2		S3_4_C12_C12_6
#define ICH_LR7_EL2		S3_4_C12_C12_7
#define ICH_LR8_EL2		S3_4_C12_C13_0
#define ICH_LR9_EL2		S3_4_C12_C13_1
#define ICH_LR10_EL2		S3_4_C12_C13_2
#define ICH_LR11_EL2		S3_4_C12_C13_3
#define ICH_LR12_EL2		S3_4_C12_C13_4
#define ICH_LR13_EL2		S3_4_C12_C13_5
#define ICH_LR14_EL2		S3_4_C12_C13_6
#define ICH_LR15_EL2		S3_4_C12_C13_7
#endif
