/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's interrupts, which wait while the core works: long work looks for them, and is done
 * in steps. Implemented in irq.c.
 */
#ifndef HYPSEC_IRQ_H
#define HYPSEC_IRQ_H

#include "base/percpu.h"

/* True if the host has an interrupt pending (ISR_EL1): long work should restart. */
bool host_irq_pending(void);
/**
 * hcall_restart() - have the host execute its HVC again
 * @cpu: this CPU
 *
 * The host takes its interrupts between the two.
 */
void hcall_restart(struct percpu *cpu);

/*
 * The time with interrupts masked goes from masked_trap() to masked_end(). Where a guest runs in
 * between, masked_end() before it and masked_begin() after it.
 */
#ifdef HYPSEC_DEBUG
void masked_trap(struct percpu *cpu, u64 esr);
void masked_begin(struct percpu *cpu);
void masked_end(struct percpu *cpu);
/* The longest of all CPUs, if it is longer than @val[0]: time, ESR_EL2, x0. @reset: forgets it. */
void masked_longest(u64 *val, bool reset);
#else
/* The arguments are not evaluated: nothing of it is left on the way into a guest. */
#define masked_trap(cpu, esr)	((void)0)
#define masked_begin(cpu)	((void)0)
#define masked_end(cpu)		((void)0)
#endif

#endif
