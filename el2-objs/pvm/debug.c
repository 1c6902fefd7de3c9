// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM whose signer allows it (HYPSEC_FLAG_DEBUG) is debugged by its host as KVM debugs any other
 * (KVM_SET_GUEST_DEBUG): registers are shown at each exit, software step and hardware breakpoints
 * are the host's to set. Nothing is taken but these: registers and memory are not written, memory
 * is not read. For any other VM no function here does anything.
 */
#include "pvm/priv.h"

#define MDSCR_HOST	(MDSCR_SS | MDSCR_MDE)

void pvm_debug_load(struct vcpu *v, const struct host_io *io)
{
	v->host_mdscr = pvm_debuggable(v->vm) ? io->mdscr & MDSCR_HOST : 0;
	if (likely(!v->host_mdscr))
		return;
	/* All debug exceptions to EL2: the guest's kernel knows of no debugger. */
	v->mdcr |= MDCR_TDE;
	v->sr[GSR_MDSCR_EL1] |= v->host_mdscr;
	if (v->host_mdscr & MDSCR_SS)
		v->regs.pstate = (v->regs.pstate & ~(u64)SPSR_SS) | (io->pstate_in & SPSR_SS);
	/* They cannot stop EL2: vcpu/debug.c. */
	if (v->host_mdscr & MDSCR_MDE)
		v->debug = io->debug;
}

void pvm_debug_unload(struct vcpu *v, struct host_io *io)
{
	if (!pvm_debuggable(v->vm))
		return;
	io->shown = true;
	io->sp = v->regs.sp_el0;
	io->pc = v->regs.pc;
	io->pstate = v->regs.pstate;
	v->sr[GSR_MDSCR_EL1] &= ~v->host_mdscr;
	memcpy(io->sr, v->sr, sizeof(io->sr));
	/* The step's state is KVM's to keep; a step of the guest's own is lost by it. */
	if (v->host_mdscr & MDSCR_SS)
		v->regs.pstate &= ~(u64)SPSR_SS;
	v->debug = NULL;
}

bool pvm_debug_exit(struct vcpu *v, enum vcpu_exit *code)
{
	switch (v->host_mdscr ? ESR_EC(v->esr) : EC_UNKNOWN) {
	case EC_BREAKPT_LOW:
		return pvm_show(v, SHOW_BREAK, code);
	case EC_WATCHPT_LOW:
		return pvm_show(v, SHOW_WATCH, code);
	case EC_SOFTSTP_LOW:
		if (v->host_mdscr & MDSCR_SS)
			return pvm_show(v, SHOW_STEP, code);
		/* fall through */
	case EC_BRK64:
		/* The guest's own: the host has put none into its memory. */
		vcpu_inject_debug(v);
		return true;
	default:
		vcpu_inject_undef(v);
		return true;
	}
}
