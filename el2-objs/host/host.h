/* SPDX-License-Identifier: GPL-2.0-only */
/* The host: its traps and calls, what EL2 allows it, and the way back to it. */
#ifndef HYPSEC_HOST_H
#define HYPSEC_HOST_H

#include "abi/hypsec_calls.h"
#include "base/percpu.h"

/* --- vectors.S: VBAR_EL2 while the host runs --- */
extern const char host_vectors[];
/*
 * Back to the host with the registers of @cpu->host, @cpu->trap_elr and
 * @cpu->trap_spsr, dropping whatever is on the EL2 stack.
 */
void __noreturn host_return(struct percpu *cpu);

/* A failed install. The caller has put back every other register. */
void __noreturn el2_leave(struct percpu *cpu, u64 sctlr);

/* --- dispatch.c: C entry of every synchronous trap from the host --- */
void host_trap(struct percpu *cpu);
void host_hvc_broken(struct percpu *cpu);	/* core_panic() in an HVC: its answer */

/*
 * The handlers of abi/hcalls.def: calls.c, phase.c. @arg: x1-x4, zero
 * from the call's arity on; @val: x1-x3, zeroed before.
 */
#define HYPSEC_CALL(nr, NAME, name, phases, caller, arity, values, handler, what) \
	int handler(struct percpu *cpu, const u64 *arg, u64 *val);
#include "abi/hcalls.def"
#undef HYPSEC_CALL

/*
 * abort.c: a stage-2 abort of the host: maps MMIO lazily, has a VM's page that was touched sealed,
 * or injects an alignment fault (ISS DFSC 0x21).
 */
void host_abort(u64 esr);

/* --- inject.c: exceptions delivered to the host's EL1 (Arm ARM D1.3 exception entry) --- */
void host_inject_undef(void);
void host_inject_abort(bool instruction, bool from_el0, u64 esr, u64 far);	/* FSC 0x21 */
void host_skip(void);			/* ELR_EL2 += 4 after a trapped instruction */

/* --- regs.c: the EL2 registers that confine the host --- */
void el2_take_snapshot(struct percpu *cpu, u64 stub_hcr, u64 stub_sctlr);
/* Loads every one of them, from @cpu; then HCR_EL2. */
void el2_apply_host(const struct percpu *cpu);
void __noreturn install_leave(struct percpu *cpu);
/* What kind of CPU this is: equal for two that can stand in for each other. */
void el2_read_kind(u64 *kind);
/* All that pvm_record_cpu() finds out: of @cpu, which nobody has asked, as it is of @twin. */
static inline void cpu_known_as(struct percpu *cpu, const struct percpu *twin)
{
	memcpy(cpu->id_regs, twin->id_regs, sizeof(cpu->id_regs));
	memcpy(cpu->wa, twin->wa, sizeof(cpu->wa));
	cpu->midr = twin->midr;
	cpu->harden = twin->harden;
	cpu->ssbd = twin->ssbd == SSBD_NONE ? SSBD_NONE : SSBD_UNKNOWN;
	cpu->tlbi_range = twin->tlbi_range;
	cpu->sets_af = twin->sets_af;
	cpu->sve_vl = twin->sve_vl;
}

#endif
