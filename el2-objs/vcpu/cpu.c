// SPDX-License-Identifier: GPL-2.0-only
/* The page that each CPU runs vCPUs with. */
#include "vcpu/run.h"
#include "base/check.h"
#include "pool/pool.h"

void __init cpu_run_init(void)
{
	u32 i;

	CHECK(nr_cpus && nr_cpus <= HYPSEC_MAX_CPUS);
	for (i = 0; i < nr_cpus; i++) {
		struct percpu *cpu = cpu_by_id(i);

		cpu->run = pool_alloc(HYPSEC_ACC_IMAGE);
		CHECK(cpu->run);	/* install, before the seal */
		cpu->run->feat = &cpu->feat;
	}
}
