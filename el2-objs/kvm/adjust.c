// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM leaves to EL2 before a vCPU runs on: an exception it wants the guest
 * to take, or a step over an instruction it emulated. Works on the host's copy
 * of the registers: what it computes is checked as anything of the host's is.
 */
#include "kvm/layout.h"
#include "abi/hypsec_abi.h"
#include "base/entry.h"

#define LR_ABT		20	/* AArch32 registers as X registers (D1.6.3) */
#define LR_UND		22

#define CPSR_MODE_ABT	0x17
#define CPSR_MODE_UND	0x1b
#define CPSR_T		BIT(5)
#define CPSR_I		BIT(7)
#define CPSR_A		BIT(8)
#define CPSR_E		BIT(9)
#define CPSR_IT_HI	GENMASK(15, 10)
#define CPSR_GE		GENMASK(19, 16)
#define CPSR_DIT	BIT(21)		/* in the AArch32 view; SPSR_EL2 has it at 24 */
#define CPSR_PAN	BIT(22)
#define CPSR_SSBS	BIT(23)
#define CPSR_IT_LO	GENMASK(26, 25)
#define CPSR_Q_NZCV	GENMASK(31, 27)

#define SCTLR32_V	BIT(13)
#define SCTLR32_EE	BIT(25)
#define SCTLR32_TE	BIT(30)
#define SCTLR32_DSSBS	BIT(31)

static void enter64(u8 *k)
{
	u64 old = REG(k, R_PSTATE);

	KV64(k, KVM_SR_ELR_EL1) = REG(k, R_PC);
	KV64(k, KVM_SR_SPSR_EL1) = old;
	REG(k, R_PC) = KV64(k, KVM_SR_VBAR_EL1) + entry_vector(old);
	REG(k, R_PSTATE) = entry_pstate(old, KV64(k, KVM_SR_SCTLR_EL1),
					KV64(k, KVM_VCPU_HCR) & HCR_ATA);
}

/* DIT and SS swap places between SPSR_EL2 and an AArch32 SPSR (C5.2.18, G8.2.31). */
static u32 spsr32(u64 spsr)
{
	u32 v = (u32)spsr & ~(u32)(BIT(24) | BIT(21));

	return v | (spsr & BIT(24) ? (u32)CPSR_DIT : 0);
}

/* Exception entry to ABT or UND (G1.12): the vector offset tells which. */
static void enter32(u8 *k, u32 mode, u32 vector, u32 back)
{
	u64 old = REG(k, R_PSTATE), new;
	u32 sctlr = (u32)KV64(k, KVM_SR_SCTLR_EL1), base;

	/* NZCVQ, GE, PAN, DIT, A, F stay; IT, IL, J are cleared; I is set */
	new = (old & (CPSR_Q_NZCV | CPSR_GE | CPSR_PAN | BIT(24) | CPSR_A | BIT(6))) |
	      CPSR_I | mode;
	if (sctlr & SCTLR32_DSSBS)
		new |= CPSR_SSBS;
	if (!(sctlr & SCTLR_SPAN))
		new |= CPSR_PAN;
	if (sctlr & SCTLR32_EE)
		new |= CPSR_E;
	if (sctlr & SCTLR32_TE)
		new |= CPSR_T;
	if (mode == CPSR_MODE_ABT)
		new |= CPSR_A;

	if (mode == CPSR_MODE_ABT) {
		KV64(k, KVM_VCPU_SPSR_ABT) = spsr32(old);
		REG(k, LR_ABT) = (u32)REG(k, R_PC) + back;
	} else {
		KV64(k, KVM_VCPU_SPSR_UND) = spsr32(old);
		REG(k, LR_UND) = (u32)REG(k, R_PC) + back;
	}
	base = sctlr & SCTLR32_V ? 0xffff0000 : (u32)KV64(k, KVM_SR_VBAR_EL1);
	REG(k, R_PC) = (u32)(base + vector);
	REG(k, R_PSTATE) = new;
}

static void inject(u8 *k, u8 what)
{
	bool thumb = REG(k, R_PSTATE) & CPSR_T;

	if (KV64(k, KVM_VCPU_HCR) & HCR_RW) {
		if (what == KVM_FLAG_EXCEPT_AA64_EL1_SYNC)
			enter64(k);
		return;
	}
	switch (what) {
	case KVM_FLAG_EXCEPT_AA32_UND:
		enter32(k, CPSR_MODE_UND, 4, thumb ? 2 : 4);
		break;
	case KVM_FLAG_EXCEPT_AA32_IABT:
		enter32(k, CPSR_MODE_ABT, 12, 4);
		break;
	case KVM_FLAG_EXCEPT_AA32_DABT:
		enter32(k, CPSR_MODE_ABT, 16, 8);
		break;
	}
}

/* The IT block moves on with the instruction (G1.9). */
static u64 advance_it(u64 pstate)
{
	u32 it = (u32)(FIELD(pstate, 15, 10) << 2 | FIELD(pstate, 26, 25));

	if (!(it & 7))
		it = 0;
	else
		it = (it & 0xe0) | ((it << 1) & 0x1f);
	return (pstate & ~(CPSR_IT_HI | CPSR_IT_LO)) | (u64)(it >> 2) << 10 |
	       (u64)(it & 3) << 25;
}

static void skip(u8 *k)
{
	u64 pstate = REG(k, R_PSTATE);

	if (pstate & SPSR_MODE32) {
		/* The length is in ESR.IL; KVM looks at the same bit. */
		bool wide = KV64(k, KVM_VCPU_ESR) & BIT(25);

		REG(k, R_PC) = (u32)(REG(k, R_PC) + ((pstate & CPSR_T) && !wide ? 2 : 4));
		if (pstate & CPSR_T)
			pstate = advance_it(pstate);
	} else {
		REG(k, R_PC) = REG(k, R_PC) + 4;
		pstate &= ~(u64)SPSR_BTYPE;
	}
	REG(k, R_PSTATE) = pstate & ~(u64)SPSR_SS;
}

/*
 * A guest that jumps to that pc takes a fault there. Its user space can have an interrupt of the
 * host's come in between, and must not end the VM with that: hence the mode. Its kernel can.
 */
u64 kvm_shown(const u8 *k)
{
	u64 pc = REG(k, R_PC);

	if ((pc != HYPSEC_SHOWN_PC && pc != HYPSEC_OVER_PC) ||
	    (REG(k, R_PSTATE) & (SPSR_MODE | SPSR_MODE32)) != SPSR_EL1H)
		return 0;
	return pc;
}

void kvm_adjust_pc(u8 *k)
{
	u8 iflags = KV8(k, KVM_VCPU_IFLAGS);

	if (likely(!(iflags & (KVM_FLAG_PENDING_EXCEPTION | KVM_FLAG_INCREMENT_PC))))
		return;
	if (iflags & KVM_FLAG_PENDING_EXCEPTION) {
		inject(k, iflags & KVM_FLAG_EXCEPT_MASK);
		KV8(k, KVM_VCPU_IFLAGS) = iflags & ~(KVM_FLAG_PENDING_EXCEPTION |
						     KVM_FLAG_EXCEPT_MASK);
	} else {
		skip(k);
		KV8(k, KVM_VCPU_IFLAGS) = iflags & ~KVM_FLAG_INCREMENT_PC;
	}
}
