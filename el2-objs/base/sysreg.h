/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System registers, barriers, and the maintenance instructions, for C and (the
 * bit definitions) assembly. Names are the Arm ARM's.
 */
#ifndef HYPSEC_SYSREG_H
#define HYPSEC_SYSREG_H

#include "base/sysreg_names.h"

#ifdef __ASSEMBLER__
#define SR_BIT(n)	(1 << (n))
#define SR_VAL(v, l)	((v) << (l))
#else
#define SR_BIT(n)	(1UL << (n))
#define SR_VAL(v, l)	((unsigned long)(v) << (l))
#endif

/* HCR_EL2 (Arm ARM D23.2.53) */
#define HCR_VM		SR_BIT(0)
#define HCR_SWIO	SR_BIT(1)
#define HCR_PTW		SR_BIT(2)
#define HCR_FMO		SR_BIT(3)
#define HCR_IMO		SR_BIT(4)
#define HCR_AMO		SR_BIT(5)
#define HCR_VF		SR_BIT(6)
#define HCR_VI		SR_BIT(7)
#define HCR_VSE		SR_BIT(8)
#define HCR_FB		SR_BIT(9)
#define HCR_BSU_IS	SR_BIT(10)
#define HCR_TWI		SR_BIT(13)
#define HCR_TWE		SR_BIT(14)
#define HCR_TID0	SR_BIT(15)
#define HCR_TID1	SR_BIT(16)
#define HCR_TID2	SR_BIT(17)
#define HCR_TID3	SR_BIT(18)
#define HCR_TSC		SR_BIT(19)
#define HCR_TIDCP	SR_BIT(20)
#define HCR_TACR	SR_BIT(21)
#define HCR_TSW		SR_BIT(22)
#define HCR_TPCP	SR_BIT(23)
#define HCR_TPU		SR_BIT(24)
#define HCR_TTLB	SR_BIT(25)
#define HCR_TVM		SR_BIT(26)
#define HCR_TRVM	SR_BIT(30)
#define HCR_RW		SR_BIT(31)
#define HCR_TLOR	SR_BIT(35)
#define HCR_TERR	SR_BIT(36)
#define HCR_TEA		SR_BIT(37)
#define HCR_APK		SR_BIT(40)
#define HCR_API		SR_BIT(41)
#define HCR_FWB		SR_BIT(46)
#define HCR_FIEN	SR_BIT(47)
#define HCR_TID4	SR_BIT(49)
#define HCR_TICAB	SR_BIT(50)
#define HCR_AMVOFFEN	SR_BIT(51)
#define HCR_TOCU	SR_BIT(52)
#define HCR_ENSCXT	SR_BIT(53)
#define HCR_TTLBIS	SR_BIT(54)
#define HCR_TTLBOS	SR_BIT(55)
#define HCR_ATA		SR_BIT(56)
#define HCR_TID5	SR_BIT(58)

/* MDCR_EL2 (D23.3.20) */
#define MDCR_HPMN	SR_VAL(0x1f, 0)
#define MDCR_TPMCR	SR_BIT(5)
#define MDCR_TPM	SR_BIT(6)
#define MDCR_TDE	SR_BIT(8)
#define MDCR_TDA	SR_BIT(9)
#define MDCR_TDOSA	SR_BIT(10)
#define MDCR_TDRA	SR_BIT(11)
#define MDCR_E2PB	SR_VAL(3, 12)
#define MDCR_TPMS	SR_BIT(14)
#define MDCR_HPMD	SR_BIT(17)
#define MDCR_TTRF	SR_BIT(19)
#define MDCR_HCCD	SR_BIT(23)
#define MDCR_E2TB	SR_VAL(3, 24)
#define MDCR_HLP	SR_BIT(26)
#define MDCR_MTPME	SR_BIT(28)

/* CPTR_EL2 with HCR_EL2.E2H == 0 (D23.2.36) */
#define CPTR_TZ		SR_BIT(8)
#define CPTR_TFP	SR_BIT(10)
#define CPTR_TSM	SR_BIT(12)
#define CPTR_TTA	SR_BIT(20)
#define CPTR_TAM	SR_BIT(30)
#define CPTR_RES1	0x32ff		/* without TZ and TSM */

/* MDSCR_EL1 (D23.3.21) */
#define MDSCR_SS	SR_BIT(0)
#define MDSCR_TDCC	SR_BIT(12)
#define MDSCR_KDE	SR_BIT(13)
#define MDSCR_MDE	SR_BIT(15)

/* CNTHCTL_EL2 with E2H == 0 */
#define CNTHCTL_EL1PCTEN SR_BIT(0)
#define CNTHCTL_EL1PCEN	SR_BIT(1)

/* SCTLR_ELx */
#define SCTLR_M		SR_BIT(0)
#define SCTLR_C		SR_BIT(2)
#define SCTLR_SA	SR_BIT(3)
#define SCTLR_I		SR_BIT(12)
#define SCTLR_WXN	SR_BIT(19)
#define SCTLR_EL2_RES1	0x30c50830
/* What Linux's early boot gives EL1: RES1, SPAN, EIS/EOS/TSCXT, MMU off. */
#define SCTLR_EL1_RESET	0x30d00800

/* PSTATE as in SPSR_ELx */
#define SPSR_MODE	0xf
#define SPSR_MODE32	SR_BIT(4)
#define SPSR_EL0T	0x0
#define SPSR_EL1T	0x4
#define SPSR_EL1H	0x5
#define SPSR_A		SR_BIT(8)
#define SPSR_DAIF	SR_VAL(0xf, 6)
#define SPSR_BTYPE	SR_VAL(3, 10)
#define SPSR_SSBS	SR_BIT(12)
#define SPSR_ALLINT	SR_BIT(13)
#define SPSR_SS		SR_BIT(21)
#define SPSR_PAN	SR_BIT(22)
#define SPSR_DIT	SR_BIT(24)
#define SPSR_TCO	SR_BIT(25)

/* Exception classes that esr.h has no use for */
#define EC_HVC32	0x12
#define EC_BREAKPT_LOW	0x30
#define EC_SOFTSTP_LOW	0x32
#define EC_WATCHPT_LOW	0x34
#define EC_BRK64	0x3c

/* MPIDR_EL1: the affinity, all that PSCI names a CPU by */
#define MPIDR_AFF	0xff00ffffffUL

/* PAR_EL1 */
#define PAR_F		SR_BIT(0)

#ifndef __ASSEMBLER__
#include "base/types.h"
#include "base/esr.h"

#define __sr_str1(x...)	#x
#define __sr_str(x...)	__sr_str1(x)

#define read_sysreg(r) ({						\
	u64 __v;							\
	asm volatile("mrs %0, " __sr_str(r) : "=r" (__v));		\
	__v;								\
})
#define write_sysreg(v, r) do {						\
	u64 __v = (u64)(v);						\
	asm volatile("msr " __sr_str(r) ", %x0" :: "rZ" (__v));		\
} while (0)

/* Field of an ID register: read_idreg(ID_AA64MMFR0_EL1, 0) is PARange. */
#define read_idreg(r, shift)	((u32)(read_sysreg(r) >> (shift)) & 0xf)

static inline void isb(void)
{
	asm volatile("isb" ::: "memory");
}

/* dsb(ish), dmb(ishst), ... */
#define dsb(opt)	do { asm volatile("dsb " #opt ::: "memory"); } while (0)
#define dmb(opt)	do { asm volatile("dmb " #opt ::: "memory"); } while (0)
/* Profiling and trace units: what was recorded before is on its way to memory. */
#define psb_csync()	do { asm volatile("hint #17" ::: "memory"); } while (0)
#define tsb_csync()	do { asm volatile("hint #18" ::: "memory"); } while (0)
#define cpu_relax()	do { asm volatile("yield" ::: "memory"); } while (0)
#define wfe()		do { asm volatile("wfe" ::: "memory"); } while (0)

/* tlbi(alle2is), tlbi_arg(ipas2e1is, ipa >> 12) */
#define tlbi(op)	do { asm volatile("tlbi " #op ::: "memory"); } while (0)
#define tlbi_arg(op, a)	do { \
	asm volatile("tlbi " #op ", %x0" :: "rZ" ((u64)(a)) : "memory"); \
} while (0)
/* TLBI RIPAS2E1IS, by its number: not every assembler knows FEAT_TLBIRANGE. */
#define tlbi_ripas2e1is(a)	do { \
	asm volatile("sys #4, c8, c0, #2, %x0" :: "rZ" ((u64)(a)) : "memory"); \
} while (0)
/* dc(civac, va), dc(cvac, va); ic(ialluis) */
#define dc(op, va)	do { \
	asm volatile("dc " #op ", %x0" :: "rZ" ((u64)(va)) : "memory"); \
} while (0)
#define ic(op)		do { asm volatile("ic " #op ::: "memory"); } while (0)

/* Of ID_AA64MMFR0_EL1.PARange; 52 bits and more need LPA2 tables, which are not used here. */
static inline u8 pa_bits(u32 parange)
{
	static const u8 bits[] = { 32, 36, 40, 42, 44, 48 };

	return bits[parange < ARRAY_SIZE(bits) ? parange : ARRAY_SIZE(bits) - 1];
}

#endif /* !__ASSEMBLER__ */
#endif
