// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all CPUs of the machine have, so that a guest may be run on any. Found once, at the seal: of those
 * that come up later each is like one that was there (install/late.c).
 */
#include "pvm/priv.h"

struct pvm_cpus pvm_cpus __ro_after_seal;

/*
 * The vectors that all CPUs have. Longest lengths may differ, and be no power of two; then the
 * next power of two below, which every CPU has (Arm ARM B1.2.2).
 */
static u32 common_sve_vl(void)
{
	u32 vl = VCPU_SVE_MAX;

	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		if (cpu_by_id(cpu)->sve_vl < vl)
			vl = cpu_by_id(cpu)->sve_vl;
	while (vl & (vl - 1))
		vl &= vl - 1;
	return vl;
}

void pvm_know_cpus(void)
{
	for (unsigned int id = 0; id < PVM_ID_COUNT; id++)
		pvm_cpus.id[id] = pvm_id_common(id, 48);
	for (unsigned int i = 0; i < WA_COUNT; i++)
		pvm_cpus.wa[i] = pvm_workaround_common(i);
	pvm_cpus.cache_trap = pvm_cache_trap();
	pvm_cpus.midr = pvm_midr();
	pvm_cpus.sve_vl = common_sve_vl();
}
