// SPDX-License-Identifier: GPL-2.0-only
/* Exits that every guest has, and exceptions the core gives to one. */
#include "vcpu/run.h"
#include "base/entry.h"

static bool is_permission(u64 esr)
{
	return (esr & ESR_FSC_TYPE) == FSC_PERM;
}

/*
 * Where an abort happened. HPFAR_EL2 is not valid after a permission fault that
 * was not on a stage-1 walk, nor (erratum 834220) reliably after others on some
 * CPUs: ask the MMU. False: the translation is gone, let the guest try again.
 */
static bool fault_address(struct vcpu *v, const struct cpu_feat *f)
{
	u64 par;

	v->far = read_sysreg(FAR_EL2);
	if ((v->esr & ESR_S1PTW) || (!is_permission(v->esr) && !f->spec_at)) {
		v->hpfar = read_sysreg(HPFAR_EL2) & ~BIT(63);
		return true;
	}
	par = guest_at(v->far, f->ats1a && f->s1poe);
	if (par & PAR_F)
		return false;
	v->hpfar = (par & GENMASK(51, 12)) >> 8;
	return true;
}

bool vcpu_exit_common(struct vcpu *v, enum vcpu_exit *code)
{
	struct cpu_run *c = cpu_run();

	switch (ESR_EC(v->esr)) {
	case EC_SVE:
		if (!v->sve_vl)
			return false;
		/* fallthrough */
	case EC_FP:
		if (v->fp_loaded)
			return false;
		if (!fp_trap(v, c)) {
			*code = EXIT_IL;
			return false;
		}
		return true;
	case EC_IABT_LOW:
	case EC_DABT_LOW:
	case EC_WATCHPT_LOW:
		return !fault_address(v, c->feat);
	}
	return false;
}

/* @v's EL1 registers: in hardware while it is loaded, else where they were saved. */
#define EL1_READ(v, r) \
	(this_cpu()->running == (v) ? read_sysreg(r) : (v)->sr[GSR_##r])
#define EL1_WRITE(v, x, r) do {			\
	if (this_cpu()->running == (v))		\
		write_sysreg(x, r);		\
	else					\
		(v)->sr[GSR_##r] = (x);		\
} while (0)

void vcpu_skip(struct vcpu *v)
{
	v->r->pc += 4;
	v->r->pstate &= ~(u64)(SPSR_BTYPE | SPSR_SS);
}

static void inject_sync(struct vcpu *v, u64 esr, u64 far, bool set_far)
{
	u64 old = v->r->pstate;

	EL1_WRITE(v, v->r->pc, ELR_EL1);
	EL1_WRITE(v, old, SPSR_EL1);
	EL1_WRITE(v, esr, ESR_EL1);
	if (set_far)
		EL1_WRITE(v, far, FAR_EL1);
	v->r->pc = EL1_READ(v, VBAR_EL1) + entry_vector(old);
	v->r->pstate = entry_pstate(old, EL1_READ(v, SCTLR_EL1), v->hcr & HCR_ATA);
}

void vcpu_inject_undef(struct vcpu *v)
{
	inject_sync(v, ESR_IL, 0, false);	/* EC 0: unknown reason */
}

void vcpu_inject_debug(struct vcpu *v)
{
	u64 pstate = v->r->pstate, esr = v->esr;

	/* A step at EL1 is another class; a BRK is the same at both. */
	if (ESR_EC(esr) == EC_SOFTSTP_LOW && (pstate & SPSR_MODE))
		esr += BIT(ESR_EC_SHIFT);
	inject_sync(v, esr, 0, false);
}

void vcpu_inject_abort(struct vcpu *v, bool iabt, u64 far)
{
	u64 pstate = v->r->pstate;
	bool from_el0 = (pstate & SPSR_MODE32) || !(pstate & SPSR_MODE);
	u64 ec = (iabt ? EC_IABT_LOW : EC_DABT_LOW) + (from_el0 ? 0 : 1);

	/* Synchronous external abort, not on a table walk (FSC 0x10) */
	inject_sync(v, ec << ESR_EC_SHIFT | ESR_IL | FSC_EXTABT, far, true);
}

bool vcpu_faulted(struct vcpu *v, enum shadow_result what)
{
	if (what == SHADOW_ABORT)
		vcpu_inject_abort(v, ESR_EC(v->esr) == EC_IABT_LOW, v->far);
	return what != SHADOW_HOST;
}
