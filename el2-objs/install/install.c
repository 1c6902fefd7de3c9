// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking a CPU. The module (hypsec-mod/install.c) brings every CPU here through
 * the hyp stub, one first, while nothing else runs; core_install_cpu() runs on
 * each. Until the seal any failure gives EL2 back (install_leave()).
 */
#include "install/priv.h"
#include "auth/auth.h"
#include "base/core.h"
#include "base/log.h"
#include "base/offsets.h"
#include "base/sysreg.h"
#include "crypto/crypto.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "pool/pool.h"
#include "pvm/pvm.h"

#define ASSERT_OFFSET(member, value) \
	_Static_assert(offsetof(struct percpu, member) == (value), #member)
ASSERT_OFFSET(host, 0);
ASSERT_OFFSET(guest_frame, CPU_GUEST_FRAME);
ASSERT_OFFSET(trap_esr, CPU_TRAP_ESR);
ASSERT_OFFSET(trap_elr, CPU_TRAP_ELR);
ASSERT_OFFSET(trap_spsr, CPU_TRAP_SPSR);
ASSERT_OFFSET(harden, CPU_HARDEN);

/* The host is trusted now; this finds mistakes, not attacks. */
static bool __init install_valid(const struct hypsec_install *in)
{
	return in->magic == HYPSEC_INSTALL_MAGIC &&
	       in->region == (u64)&bundle_header &&
	       in->image_size == bundle_header.image_size &&
	       IS_ALIGNED(in->region | in->region_size, SZ_2M) &&
	       (in->vmid_bits == 8 || in->vmid_bits == 16) &&
	       in->nr_taken && in->nr_taken <= in->nr_cpus && in->nr_cpus <= HYPSEC_MAX_CPUS &&
	       IS_ALIGNED(in->cpu_areas | in->pool, PAGE_SIZE) &&
	       in->cpu_areas >= in->region + in->image_size &&
	       in->pool >= in->cpu_areas + in->nr_cpus * HYPSEC_CPU_AREA &&
	       in->pool < in->region + in->region_size &&
	       policy_valid(&in->policy) && platform_valid(in);
}

static int __init install_first(struct hypsec_install *in)
{
	u8 random[PLATFORM_RANDOM];
	pa_t next;
	u32 i;
	int ret;

	memcpy(&core_install, in, sizeof(core_install));
	hypsec_wipe(in->seed, sizeof(in->seed));
	hypsec_wipe(in->secret, sizeof(in->secret));
	/* The module has cleaned it to memory: zeros in a cache are lost at the next reset. */
	dcache_clean_inval_poc(in, sizeof(*in));
	in = &core_install;
	if (!install_valid(in))
		return HYPSEC_INVALID;

	nr_cpus = in->nr_cpus;
	for (i = 0; i < nr_cpus; i++) {
		struct percpu *cpu = cpu_by_id(i);

		cpu->id = i;
		cpu->mpidr = in->mpidr[i];
		cpu->stack_top = (u64)cpu;
	}

	next = PA(in->pool);
	ret = el2map_init(&next);
	if (ret)
		return ret;
	boot_ttbr = el2map_ttbr();
	/* CPUs read it, and what was cleaned with it, with the MMU off. */
	dcache_clean_inval_poc(&boot_ttbr, sizeof(boot_ttbr));
	el2_switch_tables(boot_ttbr);

	pool_init(next, PA(in->region + in->region_size));
	el2map_use_pool();
	if (HAS_UART && in->debug_uart &&
	    el2_map(PA(in->debug_uart & PAGE_MASK), PAGE_SIZE, EL2_DEVICE) == HYPSEC_OK)
		uart_init(in->debug_uart);
	account_add(HYPSEC_ACC_IMAGE, (in->pool - in->region) / PAGE_SIZE);

	ret = core_random_seed(in->seed, sizeof(in->seed));
	hypsec_wipe(in->seed, sizeof(in->seed));
	if (!ret)
		ret = core_random(random, sizeof(random));
	if (ret)
		return ret;
	platform_init(in, random);
	dcache_clean_inval_poc(in, sizeof(*in));
	/* If not all CPUs have them the others must not be used on any. */
	if (in->vmid_bits == 16 && !s2_wide_vmids())
		return HYPSEC_INVALID;
	ret = host_s2_init(in);
	if (!ret)
		ret = vms_init(in->vmid_bits == 16);
	if (ret)
		return ret;
	cpu_run_init();
	psci_init(core_pa(el2_cpu_entry));
	hlog("core at %lx, %lu KiB, %u CPUs, %u of them online", in->region,
	     in->region_size / 1024, nr_cpus, in->nr_taken);
	hlog("signers of protected VMs: %s, %u listed", in->policy.any ? "any" : "no other",
	     in->policy.nr_signers);
	hlog("platform secret: %s", in->source == HYPSEC_PLATFORM ? "handed over" :
	     "ephemeral, gone with this boot");
	return HYPSEC_OK;
}

/**
 * core_install_cpu() - one CPU comes under the core
 * @cpu: its struct percpu, by the module's arithmetic
 * @in: on the first CPU; NULL on the others
 * @stub_hcr: HCR_EL2 as it was
 * @stub_sctlr: SCTLR_EL2 as it was
 *
 * Runs on the module's translation tables until the core's own exist.
 * Return: HYPSEC_OK with the CPU confined. On an error it does not return
 * but leaves, with the status in the host's x0.
 */
s64 __init core_install_cpu(struct percpu *cpu, struct hypsec_install *in, u64 stub_hcr,
		     u64 stub_sctlr)
{
	u64 mpidr = read_sysreg(MPIDR_EL1) & MPIDR_AFF;
	int ret;

	/* Before anything can go wrong: what leaving needs. */
	el2_take_snapshot(cpu, stub_hcr, stub_sctlr);
	write_sysreg(host_vectors, VBAR_EL2);
	isb();

	if (in)
		ret = install_first(in);
	else
		ret = boot_ttbr ? HYPSEC_OK : HYPSEC_STATE;
	if (!in && !ret)
		el2_switch_tables(boot_ttbr);
	if (!ret && (cpu->id >= core_install.nr_taken || cpu_by_id(cpu->id) != cpu || cpu->mpidr != mpidr ||
		     (core_install.vmid_bits == 16 && !s2_wide_vmids())))
		ret = HYPSEC_INVALID;
	cpu->host.x[0] = ret;
	if (ret)
		install_leave(cpu);

	el2_read_kind(cpu->kind);
	pvm_record_cpu(cpu);
	el2_apply_host(cpu);
	cpu_detect(cpu);
	gic_reset();
	cpu->taken = true;
	cpu->online = 1;
	return HYPSEC_OK;
}
