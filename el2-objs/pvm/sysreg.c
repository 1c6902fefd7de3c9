// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trapped system registers and instructions of a protected guest, from sysregs.def. What has no
 * answer there is undefined in the guest. Only software-generated interrupts go to the
 * host, which has the interrupt controller's model.
 */
#include "pvm/priv.h"

enum kind { UNDEF, FIXED, READ, ID, MDSCR, SGI, CNTP_CTL, CSSELR, CCSIDR };

/* An encoding in 16 bits: op0, op1, CRn, CRm, op2. */
#define ANY		(-1)
#define ENC(op0, op1, crn, crm, op2) \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define VALUE(f)	((f) == ANY ? 0 : (f))
#define MASK(f, all)	((f) == ANY ? 0 : (all))

static const struct answer {
	u16 enc, mask;
	u32 kind, value;
} answers[] = {
#define ANSWERED(op0, op1, crn, crm, op2, name, kind, value, trap) { \
	ENC(op0, op1, crn, VALUE(crm), VALUE(op2)), \
	ENC(3, 7, 15, MASK(crm, 15), MASK(op2, 7)), kind, value },
#define SWITCHED(...)
#define VIRTUAL(...)
#define NATIVE(...)
#define HIDDEN(...)
#define ABSENT(...)
#define LEFT(...)
#include "pvm/sysregs.def"
};

/* Software step needs nothing of the host's; breakpoints would be the host's. */
#define MDSCR_GUEST	(MDSCR_SS | MDSCR_TDCC | MDSCR_KDE)
#define CNTP_CTL_IMASK	BIT(1)
#define CNTP_CTL_ENABLE	BIT(0)
#define CSSELR_GUEST	GENMASK(3, 0)	/* InD, Level */

static const struct answer *lookup(u64 reg)
{
	u16 enc = ENC(FIELD(reg, 21, 20), FIELD(reg, 16, 14), FIELD(reg, 13, 10),
		      FIELD(reg, 4, 1), FIELD(reg, 19, 17));
	static const struct answer none = { .kind = UNDEF };

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if ((enc & answers[i].mask) == answers[i].enc)
			return &answers[i];
	return &none;
}

static u64 id_register(const struct pvm *p, u64 reg)
{
	switch (reg) {
#define X(name, op1, crm, op2) \
	case ESR_SYS(3, op1, 0, crm, op2): \
		return p->id[PVM_ID_##name];
	PVM_ID_REGS(X)
#undef X
	default:
		return 0;
	}
}

/**
 * pvm_sysreg() - MSR, MRS or SYS of a protected guest
 *
 * Return: true to enter the guest again.
 */
bool pvm_sysreg(struct vcpu *v, enum vcpu_exit *code)
{
	u64 reg = v->esr & ESR_SYS_REG, rt = ESR_SYS_RT(v->esr);
	const struct answer *a = lookup(reg);
	bool read = v->esr & ESR_SYS_READ;
	u64 written = rt < 31 ? v->regs.x[rt] : 0, value = a->value;

	switch (a->kind) {
	case FIXED:
		break;
	case READ:
		if (!read)
			goto undef;
		break;
	case ID:
		if (!read)
			goto undef;
		value = id_register(v->vm->pvm, reg);
		break;
	case MDSCR:
		if (read)
			value = pvm_hw_mdscr() & MDSCR_GUEST & ~v->host_mdscr;
		else
			pvm_hw_set_mdscr((written & MDSCR_GUEST) | v->host_mdscr);
		break;
	case SGI:
		if (read)
			goto undef;
		v->pending_reg = rt;
		return pvm_show(v, SHOW_SGI, code);
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
	case CCSIDR:
		if (!read)
			goto undef;
		/* LineSize, as log2(words) - 2, of CTR_EL0.DminLine; one set, one way */
		value = FIELD(v->vm->pvm->id[PVM_ID_CTR], 19, 16) - 2;
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
