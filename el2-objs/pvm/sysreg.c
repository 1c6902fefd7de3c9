// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trapped system registers and instructions of a protected guest. An allow-list:
 * what is not here is undefined in the guest. Only software-generated
 * interrupts go to the host, which has the interrupt controller's model.
 */
#include "types.h"
#include "pvm.h"

/* What a register does: the answer to a read, what becomes of a write. */
enum kind {
	UNDEF,
	RAZ_WI,
	READ_VALUE,		/* read-only; a write is undefined */
	MDSCR,
	SGI,			/* write-only, forwarded */
	IGNORE,			/* an instruction with no effect here */
	CNTP_CTL,
	CSSELR,
};

#define OP0_DEBUG	2
#define OP0_REG		3
#define OP0(iss)	FIELD(iss, 21, 20)
#define OP1(iss)	FIELD(iss, 16, 14)
#define CRN(iss)	FIELD(iss, 13, 10)
#define CRM(iss)	FIELD(iss, 4, 1)

/* Software step needs nothing of the host's; breakpoints would be the host's. */
#define MDSCR_SS	BIT(0)
#define MDSCR_TDCC	BIT(12)
#define MDSCR_KDE	BIT(13)
#define MDSCR_GUEST	(MDSCR_SS | MDSCR_TDCC | MDSCR_KDE)
#define OSLSR_OSLM	BIT(3)		/* implemented, not locked */
#define ICC_SRE		7		/* DIB, DFB, SRE: system registers only */
#define CNTP_CTL_IMASK	BIT(1)
#define CNTP_CTL_ENABLE	BIT(0)
#define CSSELR_GUEST	GENMASK(3, 0)	/* InD, Level */

static enum kind id_register(struct vcpu *v, u64 reg, u64 *value)
{
	const struct pvm *p = v->vm->pvm;

	*value = 0;
	switch (reg) {
#define X(name, crm, op2) \
	case ESR_SYS(OP0_REG, 0, 0, crm, op2): \
		*value = p->id[PVM_ID_##name]; \
		break;
	PVM_ID_REGS(X)
#undef X
	}
	return READ_VALUE;
}

/*
 * CCSIDR_EL1 of a cache that is not there may be UNDEFINED (Arm ARM D24.2.30), here as at
 * EL1: a guest that names one must not have the core take that exception.
 */
static u64 ccsidr(u64 csselr)
{
	u64 level = FIELD(csselr, 3, 1), type;
	bool instruction = csselr & BIT(0);

	if (level > 6)
		return 0;
	/* CLIDR_EL1.Ctype: 1 instruction, 2 data, 3 both, 4 unified */
	type = (pvm_hw_clidr() >> (3 * level)) & 7;
	if (instruction ? type != 1 && type != 3 : type < 2 || type > 4)
		return 0;
	return pvm_hw_ccsidr(csselr);
}

static enum kind lookup(struct vcpu *v, u64 reg, u64 *value)
{
	*value = 0;

	/* Self-hosted debug, but not the trace unit (op1 = 1). */
	if (OP0(reg) == OP0_DEBUG && OP1(reg) != 1) {
		switch (reg) {
		case ESR_SYS(2, 0, 0, 2, 2):	/* MDSCR_EL1 */
			return MDSCR;
		case ESR_SYS(2, 0, 1, 1, 4):	/* OSLSR_EL1 */
			*value = OSLSR_OSLM;
			return READ_VALUE;
		case ESR_SYS(2, 0, 7, 14, 6):	/* DBGAUTHSTATUS_EL1: no external debug */
			return READ_VALUE;
		default:
			return OP1(reg) == 0 || OP1(reg) == 3 ? RAZ_WI : UNDEF;
		}
	}
	/* HCR_EL2.TID3: CRm 1 to 7, the AArch32 ones included */
	if (OP0(reg) == OP0_REG && OP1(reg) == 0 && CRN(reg) == 0 &&
	    CRM(reg) >= 1 && CRM(reg) <= 7)
		return id_register(v, reg, value);

	switch (reg) {
	case ESR_SYS(3, 0, 0, 0, 6):		/* REVIDR_EL1 */
	case ESR_SYS(3, 1, 0, 0, 7):		/* AIDR_EL1 */
		return READ_VALUE;
	case ESR_SYS(3, 3, 0, 0, 1):		/* CTR_EL0 */
		*value = pvm_hw_ctr();
		return READ_VALUE;
	case ESR_SYS(3, 1, 0, 0, 1):		/* CLIDR_EL1 */
		*value = pvm_hw_clidr();
		return READ_VALUE;
	case ESR_SYS(3, 2, 0, 0, 0):		/* CSSELR_EL1 */
		return CSSELR;
	case ESR_SYS(3, 1, 0, 0, 0):		/* CCSIDR_EL1 */
		*value = ccsidr(v->sr[GSR_CSSELR_EL1]);
		return READ_VALUE;
	case ESR_SYS(3, 0, 1, 0, 1):		/* ACTLR_EL1 */
		return RAZ_WI;
	/*
	 * Set/way maintenance cannot be given to a guest (it reaches other VMs'
	 * lines), and there is nothing for it to do: every page is clean when it
	 * arrives and Normal write-back at stage 2.
	 */
	case ESR_SYS(1, 0, 7, 6, 2):		/* DC ISW */
	case ESR_SYS(1, 0, 7, 10, 2):		/* DC CSW */
	case ESR_SYS(1, 0, 7, 14, 2):		/* DC CISW */
		return IGNORE;
	case ESR_SYS(3, 0, 12, 12, 5):		/* ICC_SRE_EL1 */
		*value = ICC_SRE;
		return RAZ_WI;
	case ESR_SYS(3, 0, 12, 11, 5):		/* ICC_SGI1R_EL1 */
	case ESR_SYS(3, 0, 12, 11, 6):		/* ICC_ASGI1R_EL1 */
	case ESR_SYS(3, 0, 12, 11, 7):		/* ICC_SGI0R_EL1 */
		return SGI;
	/*
	 * The physical timer is the host's own. A guest may switch it off; one
	 * that wants it finds out at once, not by a tick that never comes.
	 */
	case ESR_SYS(3, 3, 14, 2, 1):		/* CNTP_CTL_EL0 */
		return CNTP_CTL;
	case ESR_SYS(3, 3, 14, 0, 1):		/* CNTPCT_EL0 */
	case ESR_SYS(3, 3, 14, 0, 5):		/* CNTPCTSS_EL0 */
		*value = pvm_hw_counter();
		return READ_VALUE;
	default:
		return UNDEF;
	}
}

/**
 * pvm_sysreg() - MSR, MRS or SYS of a protected guest
 *
 * Return: true to enter the guest again.
 */
bool pvm_sysreg(struct vcpu *v, enum vcpu_exit *code)
{
	u64 reg = v->esr & ESR_SYS_REG, rt = ESR_SYS_RT(v->esr), value;
	bool read = v->esr & ESR_SYS_READ;
	u64 written = rt < 31 ? v->regs.x[rt] : 0;

	switch (lookup(v, reg, &value)) {
	case RAZ_WI:
		break;
	case READ_VALUE:
		if (!read)
			goto undef;
		break;
	case MDSCR:
		if (read)
			value = pvm_hw_mdscr() & MDSCR_GUEST;
		else
			pvm_hw_set_mdscr(written & MDSCR_GUEST);
		break;
	case SGI:
		if (read)
			goto undef;
		v->pending_reg = rt;
		return pvm_show(v, SHOW_SGI, code);
	case IGNORE:
		break;
	case CNTP_CTL:
		if (!read && (written & CNTP_CTL_ENABLE))
			goto undef;
		value = CNTP_CTL_IMASK;
		break;
	case CSSELR:
		value = v->sr[GSR_CSSELR_EL1];
		if (!read)
			v->sr[GSR_CSSELR_EL1] = written & CSSELR_GUEST;
		break;
	case UNDEF:
	default:
		goto undef;
	}

	if (read && rt < 31)
		v->regs.x[rt] = value;
	vcpu_skip(v);
	return true;

undef:
	vcpu_inject_undef(v);
	return true;
}
