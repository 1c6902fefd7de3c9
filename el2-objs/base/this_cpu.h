/* SPDX-License-Identifier: GPL-2.0-only */
/* The struct percpu of this CPU: TPIDR_EL2. The workstation has its own. */
#ifndef HYPSEC_THIS_CPU_H
#define HYPSEC_THIS_CPU_H

static inline struct percpu *this_cpu(void)
{
	struct percpu *cpu;

	/* Not volatile: the register never changes on a CPU. */
	asm("mrs %0, tpidr_el2" : "=r" (cpu));
	return cpu;
}

#endif
