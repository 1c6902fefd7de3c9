/* SPDX-License-Identifier: GPL-2.0-only */
/* Entry from the host, its calls, PSCI and SMC. Implemented in hcall/. */
#ifndef HYPSEC_HCALL_H
#define HYPSEC_HCALL_H

#include "percpu.h"
#include "../abi/hypsec_calls.h"

/* C entry of every synchronous trap from the host (hcall/vectors.S). */
void host_trap(struct percpu *cpu);
void host_hvc_broken(struct percpu *cpu);	/* core_panic() in an HVC: its answer */

/*
 * Host calls whose id is KVM's (0xC6000000 + n): kvm/hcalls.c. Sets x0-x1 in
 * cpu->host. Returns false if unknown.
 */
bool kvm_host_call(struct percpu *cpu, u64 id);
/* Hyp-stub calls, x0 < 16 (asm/virt.h): answered, without effect: kvm/stub.c. */
bool kvm_stub_call(struct percpu *cpu);

/* Leave ELR_EL2 on the HVC so that it runs again after pending host interrupts. */
void hcall_restart(struct percpu *cpu);
/* True if the host has an interrupt pending (ISR_EL1): long work should restart. */
bool host_irq_pending(void);

/* Exceptions delivered to the host's EL1 (Arm ARM D1.3 exception entry). */
void host_inject_undef(void);
void host_inject_abort(bool instruction, bool from_el0, u64 esr, u64 far);	/* FSC 0x21 */
void host_skip(void);			/* ELR_EL2 += 4 after a trapped instruction */

/* The conduit to firmware: SMC #0; the workstation tests have a fake. */
struct smc_res { u64 x0, x1, x2, x3; };
struct smc_res smc_call(u64 x0, u64 x1, u64 x2, u64 x3);
void host_smc(struct percpu *cpu);	/* a trapped SMC: PSCI relay or the allow-list */

/* Fixed once the core is sealed; hc_seal() moves it on. (hcall/dispatch.c) */
extern u32 core_phase;			/* enum hypsec_phase, never BROKEN: that is core_broken */

/*
 * The handlers of abi/hcalls.def: hcall/host.c, but hc_seal() is boot/'s. @arg: x1-x4, zero
 * from the call's arity on; @val: x1-x3, zeroed before.
 */
#define HYPSEC_CALL(nr, NAME, name, phases, caller, arity, values, handler, what) \
	int handler(struct percpu *cpu, const u64 *arg, u64 *val);
#include "../abi/hcalls.def"
#undef HYPSEC_CALL

/*
 * hcall/stats.c: the time with interrupts masked goes from masked_trap() to masked_end(). Where a
 * guest runs in between, masked_end() before it and masked_begin() after it.
 */
#ifdef HYPSEC_DEBUG
void masked_trap(struct percpu *cpu, u64 esr);
void masked_begin(struct percpu *cpu);
void masked_end(struct percpu *cpu);
#else
/* The arguments are not evaluated: nothing of it is left on the way into a guest. */
#define masked_trap(cpu, esr)	((void)0)
#define masked_begin(cpu)	((void)0)
#define masked_end(cpu)		((void)0)
#endif

/* hcall/psci.c. Install, once, one CPU: asks firmware for what the relay needs to know. */
void psci_init(void);
/* A CPU in @cpu came through el2_cpu_entry and is under the core: go where the host said. */
void psci_enter_host(struct percpu *cpu) __noreturn;
/* It did, but must not: it is powered off. */
void psci_refuse_cpu(struct percpu *cpu) __noreturn;
extern bool psci_mem_protect;		/* firmware clears memory at every reset */

/* boot/: */
extern const char el2_cpu_entry[];	/* physical address a CPU powers up at; x0 = its struct percpu */
void el2_enter_host(struct percpu *cpu, u64 pc, u64 arg) __noreturn; /* EL1h, MMU off, DAIF masked */
int el2_map(pa_t pa, u64 size, u64 s1_attr);	/* identity, core page */
void el2_unmap(pa_t pa, u64 size);

#endif
