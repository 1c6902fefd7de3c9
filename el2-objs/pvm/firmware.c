// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the CPUs of the machine need against speculation, by firmware's word (SMCCC, DEN0028 7.5 to
 * 7.8). Asked once on each CPU, while the host is trusted: a guest asks once too, on a CPU that
 * the host chose, and is run on any.
 */
#include "pvm/priv.h"
#include "base/psci.h"
#include "base/smc.h"

#define NEEDED		0	/* on this CPU */
#define NOT_REQUIRED	(-2)	/* WORKAROUND_2: safe, and nothing to switch */

static const u32 fns[WA_COUNT] = {
	[WA_1] = SMCCC_ARCH_WORKAROUND_1, [WA_2] = SMCCC_ARCH_WORKAROUND_2,
	[WA_3] = SMCCC_ARCH_WORKAROUND_3,
};

void __init pvm_ask_firmware(struct percpu *cpu)
{
	for (unsigned int i = 0; i < WA_COUNT; i++)
		cpu->wa[i] = (s32)smc_call(SMCCC_ARCH_FEATURES, fns[i], 0, 0).x0;
	/* vcpu/enter.S calls it; _3 does what _1 does. */
	cpu->harden = cpu->wa[WA_3] == NEEDED ? SMCCC_ARCH_WORKAROUND_3 :
		      cpu->wa[WA_1] == NEEDED ? SMCCC_ARCH_WORKAROUND_1 : 0;
	if (cpu->wa[WA_2] == NEEDED)
		cpu->ssbd = SSBD_UNKNOWN;
}

/* Of two CPUs' answers the one to give. The call is made on both, and does what it can there. */
static s32 worse(unsigned int i, s32 a, s32 b)
{
	if (i != WA_2 && (a == NEEDED || b == NEEDED))
		return NEEDED;
	if (a == SMCCC_NOT_SUPPORTED || b == SMCCC_NOT_SUPPORTED)
		return SMCCC_NOT_SUPPORTED;
	return a < b ? a : b;
}

s32 pvm_workaround_common(unsigned int i)
{
	s32 all = cpu_by_id(0)->wa[i];

	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		all = worse(i, all, cpu_by_id(cpu)->wa[i]);
	return i == WA_2 && all != SMCCC_NOT_SUPPORTED ? NOT_REQUIRED : all;
}

s32 pvm_workaround(u32 fn)
{
	return pvm_cpus.wa[fn == SMCCC_ARCH_WORKAROUND_1 ? WA_1 :
			   fn == SMCCC_ARCH_WORKAROUND_2 ? WA_2 : WA_3];
}

static unsigned int needs(u32 cpu)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < WA_COUNT; i++)
		n += cpu_by_id(cpu)->wa[i] == NEEDED;
	return n;
}

/*
 * MIDR_EL1 of protected guests: of a CPU that needs most. A kernel that takes the
 * model for a safe one does not ask for the rest.
 */
u64 pvm_midr(void)
{
	u32 worst = 0;

	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		if (needs(cpu) > needs(worst))
			worst = cpu;
	return cpu_by_id(worst)->midr;
}

/*
 * Speculative store bypass, where firmware has the switch: on while a protected guest runs. A
 * host's kernel has it on when it makes its calls; this host may not. Before the first of its
 * calls nobody knows: then it stays on.
 */
bool pvm_ssbd_begin(struct percpu *cpu)
{
	bool off = cpu->ssbd == SSBD_OFF;

	if (cpu->ssbd == SSBD_NONE || cpu->ssbd == SSBD_ON)
		return false;
	smc_call(SMCCC_ARCH_WORKAROUND_2, 1, 0, 0);
	cpu->ssbd = SSBD_ON;
	return off;
}

void pvm_ssbd_end(struct percpu *cpu)
{
	smc_call(SMCCC_ARCH_WORKAROUND_2, 0, 0, 0);
	cpu->ssbd = SSBD_OFF;
}
