/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the host and firmware: the filter of its SMCs, the relay of PSCI. */
#ifndef HYPSEC_FIRMWARE_H
#define HYPSEC_FIRMWARE_H

#include "base/memory.h"
#include "base/percpu.h"
#include "base/psci.h"

/* A result as it stands in x0 */
#define SMC_RET(v)		((u64)(s64)(v))

/* smc.c: a trapped SMC of the host: PSCI relay or the allow-list. */
void host_smc(struct percpu *cpu);

/* --- psci.c --- */
/* @id without the hint bit. True if PSCI_FEATURES may tell of it. */
bool psci_offered(u32 id);
/* Serves a PSCI call of the host; @arg: x1-x3 as the host gave them. Returns x0. */
u64 psci_relay(struct percpu *cpu, u32 id, const u64 *arg);
/*
 * Install, once, one CPU: asks firmware for what the relay needs to know. @cpu_entry: where a CPU
 * starts at EL2, its struct percpu in x0.
 */
void psci_init(pa_t cpu_entry);
/* A CPU came through that and is under the core: where in EL1 the host wants it. */
void psci_next(struct percpu *cpu, u64 *pc, u64 *arg);
/* It did, but must not: it is powered off. */
void psci_refuse_cpu(struct percpu *cpu) __noreturn;
extern bool psci_mem_protect;		/* firmware clears memory at every reset */

#endif
