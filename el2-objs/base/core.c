// SPDX-License-Identifier: GPL-2.0-only
/* What the core was installed with, and its CPUs. */
#include "base/core.h"
#include "base/check.h"
#include "base/memory.h"

_Static_assert(sizeof(struct percpu) <= PAGE_SIZE, "one page a CPU");
_Static_assert(sizeof(struct hypsec_install) <= HYPSEC_INSTALL_SIZE, "its pages at install");

struct hypsec_install core_install __ro_after_seal;
u32 core_phase __ro_after_seal = HYPSEC_PHASE_INSTALL;
u32 nr_cpus __ro_after_seal;

struct percpu *cpu_by_id(u32 id)
{
	CHECK(id < nr_cpus);
	return core_va(PA(core_install.cpu_areas + (id + 1) * HYPSEC_CPU_AREA - PAGE_SIZE));
}
