/* SPDX-License-Identifier: GPL-2.0-only */
/* Running vCPUs: what is loaded and saved, what traps, what is injected. */
#ifndef HYPSEC_VCPU_H
#define HYPSEC_VCPU_H

#include "base/sysreg.h"
#include "vm/vm.h"

/* This CPU comes under the core (gic.c). */
void gic_reset(void);
/*
 * Loads @v, runs until an exit that exit.c does not handle itself; saves it.
 * @handler: called after each exit with the guest's state saved in @v (registers only;
 * system registers stay loaded); true: enter again.
 */
enum vcpu_exit vcpu_run(struct vcpu *v, bool (*handler)(struct vcpu *v, enum vcpu_exit *code));
/*
 * Exits both kinds of VM share (FP/SIMD, fault address resolution): true if handled, that is
 * enter again. For EXIT_TRAP only.
 */
bool vcpu_exit_common(struct vcpu *v, enum vcpu_exit *code);
/* core_panic() on a CPU with a guest loaded (this_cpu()->running): loads the host's context. */
void vcpu_panic_unload(struct percpu *cpu);
/* EL2 control values for an ordinary vCPU from the host's offers, for a protected one from nothing. */
void vcpu_controls_ordinary(struct vcpu *v, u64 host_hcr, u64 host_mdcr, u64 host_hcrx,
			    const u64 *host_fgu);	/* by enum fgt */
void vcpu_controls_protected(struct vcpu *v);
/* CPTR_EL2 of both as a run begins: FP is loaded at its first use, which clears a bit. */
static inline u64 vcpu_cptr(void)
{
	return CPTR_RES1 | CPTR_TZ | CPTR_TSM | CPTR_TFP | CPTR_TTA | CPTR_TAM;
}
/* Injects a synchronous exception into the guest's EL1 (in @v's saved or loaded state). */
void vcpu_inject_undef(struct vcpu *v);
/* The debug exception in @v->esr, as if it had not been routed to EL2. */
void vcpu_inject_debug(struct vcpu *v);
void vcpu_inject_abort(struct vcpu *v, bool iabt, u64 far);
void vcpu_skip(struct vcpu *v);
u32 sve_measure(const struct percpu *cpu);
/* Does what a fault's end asks for. True: enter @v again. */
bool vcpu_faulted(struct vcpu *v, enum shadow_result what);
/* Install, before a vCPU is run: the page that each CPU runs them with. */
void cpu_run_init(void);

#endif
