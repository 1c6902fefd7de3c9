// SPDX-License-Identifier: GPL-2.0-only
#include "percpu.h"

struct percpu *this_cpu(void)
{
	struct percpu *cpu;

	/* Not volatile: the register never changes on a CPU. */
	asm("mrs %0, tpidr_el2" : "=r" (cpu));
	return cpu;
}
