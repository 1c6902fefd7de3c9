// SPDX-License-Identifier: GPL-2.0-only
/* The host's calls at the end of the install: the seal, or a return to before. */
#include "host/host.h"
#include "base/core.h"
#include "base/log.h"
#include "pgt/pgt.h"
#include "pvm/pvm.h"

/* hcalls.def: SEAL. The point of no return: PHASE_INSTALL never comes back. */
int hc_seal(struct percpu *cpu, const u64 *arg, u64 *val)
{
	const struct percpu *first = cpu_by_id(0);
	static bool begun;
	u32 i;

	for (i = 0; i < core_install.nr_taken; i++) {
		if (!READ_ONCE(cpu_by_id(i)->online))
			return HYPSEC_STATE;
	}
	/* The phase was looked at without a lock: of two CPUs one seals. */
	if (__atomic_exchange_n(&begun, true, __ATOMIC_ACQ_REL))
		return HYPSEC_STATE;
	/*
	 * Of those that come up later, if they do, nothing is known yet. What all CPUs have is asked
	 * of them too: they have it, or late.c lets none of them in.
	 */
	for (; i < nr_cpus; i++)
		cpu_known_as(cpu_by_id(i), first);
	pvm_know_cpus();
	tlb_know_cpus();
	s2_know_cpus();
	hlog("sealed: the host no longer reaches EL2");
	WRITE_ONCE(core_phase, HYPSEC_PHASE_SEALED);
	/* Nothing of the install is left to come back to, and what it set is not set again. */
	el2map_seal();
	return HYPSEC_OK;
}

/* hcalls.def: LEAVE. The module calls it on every CPU when one could not be taken. */
int hc_leave(struct percpu *cpu, const u64 *arg, u64 *val)
{
	cpu->host.x[0] = HYPSEC_OK;
	install_leave(cpu);
}
