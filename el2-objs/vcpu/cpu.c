// SPDX-License-Identifier: GPL-2.0-only
/* The page that each CPU runs vCPUs with. */
#include "vcpu/run.h"
#include "base/check.h"
#include "pool/pool.h"

static struct cpu_run *cpu_runs[HYPSEC_MAX_CPUS] __ro_after_seal;

void __init cpu_run_init(void)
{
	u32 i;

	CHECK(nr_cpus && nr_cpus <= HYPSEC_MAX_CPUS);
	for (i = 0; i < nr_cpus; i++) {
		cpu_runs[i] = pool_alloc(HYPSEC_ACC_IMAGE);
		CHECK(cpu_runs[i]);	/* install, before the seal */
		cpu_runs[i]->feat = &cpu_by_id(i)->feat;
	}
}

struct cpu_run *cpu_run(void)
{
	return cpu_runs[this_cpu()->id];
}
