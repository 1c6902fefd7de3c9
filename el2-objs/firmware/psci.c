// SPDX-License-Identifier: GPL-2.0-only
/*
 * PSCI (DEN0022) between the host and firmware. Firmware starts and wakes CPUs
 * at EL2, at an address its caller names; so wherever the host names one, the
 * caller becomes the core and the address el2_cpu_entry. The CPU comes up under
 * the core, and psci_next() tells where at EL1 the host wanted it.
 *
 * What a CPU is to do when it comes up is in its struct percpu:
 *   suspend_pc, suspend_arg	written by that CPU only, before it suspends; bit
 *				0 of suspend_pc, an instruction address, says so
 *   boot_pc, boot_arg		written by the CPU that calls CPU_ON, which owns them
 *				while boot_lock is 1: from a compare-and-swap until
 *				firmware refuses, or until the started CPU has read them
 */
#include "firmware/firmware.h"
#include "base/check.h"
#include "base/log.h"
#include "base/smc.h"
#include "base/sysreg.h"
#include "pvm/pvm.h"

#define SUSPENDED	BIT(0)		/* in suspend_pc */
#define RESET2_VENDOR	BIT(31)		/* in reset_type: not the architecture's */
#define RESET2_WARM	0

bool psci_mem_protect __ro_after_seal;

bool psci_offered(u32 id)
{
	switch (id) {
	case PSCI_VERSION:
	case PSCI_CPU_OFF:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SET_SUSPEND_MODE:
		return true;
	}
	switch (id & ~SMCCC_SMC64) {
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_ON:
	case PSCI_AFFINITY_INFO:
	case PSCI_MIGRATE_INFO_UP_CPU:
	case PSCI_CPU_DEFAULT_SUSPEND:
	case PSCI_NODE_HW_STATE:
	case PSCI_SYSTEM_SUSPEND:
	case PSCI_STAT_RESIDENCY:
	case PSCI_STAT_COUNT:
	case PSCI_SYSTEM_RESET2:
		return true;
	}
	return false;
}

/* The CPU a host names, or NULL: one that the install did not name never comes up. */
static struct percpu *find_cpu(u64 mpidr)
{
	u32 i;

	if (mpidr & ~MPIDR_AFF)
		return NULL;
	for (i = 0; i < nr_cpus; i++) {
		struct percpu *cpu = cpu_by_id(i);

		if ((cpu->mpidr & MPIDR_AFF) == mpidr)
			return cpu;
	}
	return NULL;
}

/* Where a CPU starts that firmware powers up for the relay: install/entry.S. Set once. */
static pa_t entry __ro_after_seal;

/*
 * Always the SMC64 call: el2_cpu_entry may lie above 4 GiB, whichever convention
 * the host used.
 */
static u64 cpu_on(u64 mpidr, u64 pc, u64 arg)
{
	struct percpu *cpu = find_cpu(mpidr);
	static bool told;
	u32 unlocked = 0;
	u64 status;

	if (!cpu) {
		if (!__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
			hlog("host: CPU %lx was not present at the install and stays off (this once)",
			     mpidr);
		return SMC_RET(PSCI_INVALID_PARAMETERS);
	}
	if (!IS_ALIGNED(pc, 4))
		return SMC_RET(PSCI_INVALID_ADDRESS);
	if (!__atomic_compare_exchange_n(&cpu->boot_lock, &unlocked, 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return SMC_RET(PSCI_ON_PENDING);
	cpu->boot_pc = pc;
	cpu->boot_arg = arg;
	/* It reads its struct with caches off until it has its translation regime. */
	dcache_clean_inval_poc(cpu, sizeof(*cpu));
	status = smc_call(PSCI_CPU_ON | SMCCC_SMC64, mpidr, entry.v, core_pa(cpu).v).x0;
	if (status != PSCI_SUCCESS)
		__atomic_store_n(&cpu->boot_lock, 0, __ATOMIC_RELEASE);
	return status;
}

/*
 * The three ways to suspend. Entry and argument are replaced whether or not
 * the power state asks for a power-down: were standby told from power-down
 * here, a misread bit (there are two formats) would hand EL2 over. A call that
 * comes back took no power away.
 */
static u64 suspend(struct percpu *cpu, u32 id, const u64 *arg)
{
	bool has_state = id == (PSCI_CPU_SUSPEND | SMCCC_SMC64);
	u64 pc = arg[has_state], context = arg[has_state + 1];
	struct smc_res res;

	if (!IS_ALIGNED(pc, 4))
		return SMC_RET(PSCI_INVALID_ADDRESS);
	cpu->suspend_pc = pc | SUSPENDED;
	cpu->suspend_arg = context;
	dcache_clean_inval_poc(cpu, sizeof(*cpu));
	if (has_state)
		res = smc_call(id, arg[0], entry.v, core_pa(cpu).v);
	else
		res = smc_call(id, entry.v, core_pa(cpu).v, 0);
	cpu->suspend_pc = 0;
	return res.x0;
}

/* Returns only where firmware refuses. */
static u64 leave_machine(u32 id, u64 type, u64 cookie)
{
	bool broken = READ_ONCE(core_broken);
	u64 ret;

	scrub_private();
	ret = smc_call(id, type, cookie, 0).x0;
	if (!broken)
		vm_reopen();
	return ret;
}

/**
 * psci_relay() - serve a PSCI call of the host
 * @cpu: this CPU
 * @id: function identifier, without the hint bit
 * @arg: x1-x3, cut to 32 bits for an SMC32 call
 *
 * CPU_OFF, the resets and a suspend that powers down do not return.
 * Return: the host's x0.
 */
u64 psci_relay(struct percpu *cpu, u32 id, const u64 *arg)
{
	if (!psci_offered(id))
		return SMC_RET(SMCCC_NOT_SUPPORTED);
	switch (id & ~SMCCC_SMC64) {
	case PSCI_FEATURES:
		/* Of a call that is not relayed the host is told that it is not there. */
		if (!psci_offered((u32)arg[0]) && arg[0] != SMCCC_VERSION)
			return SMC_RET(SMCCC_NOT_SUPPORTED);
		return smc_call(id, arg[0], 0, 0).x0;
	case PSCI_CPU_ON:
		return cpu_on(arg[0], arg[1], arg[2]);
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_DEFAULT_SUSPEND:
	case PSCI_SYSTEM_SUSPEND:
		return suspend(cpu, id | SMCCC_SMC64, arg);
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
		return leave_machine(id, 0, 0);
	case PSCI_SYSTEM_RESET2:
		/* What would come back must not cost a scrub, nor the VMs. */
		if ((s32)smc_call(PSCI_FEATURES, id, 0, 0).x0 < 0)
			return SMC_RET(SMCCC_NOT_SUPPORTED);
		if (!((u32)arg[0] & RESET2_VENDOR) && (u32)arg[0] != RESET2_WARM)
			return SMC_RET(PSCI_INVALID_PARAMETERS);
		return leave_machine(id, arg[0], arg[1]);
	case PSCI_AFFINITY_INFO:
	case PSCI_NODE_HW_STATE:
	case PSCI_STAT_RESIDENCY:
	case PSCI_STAT_COUNT:
		return smc_call(id, arg[0], arg[1], 0).x0;
	case PSCI_SET_SUSPEND_MODE:
		return smc_call(id, arg[0], 0, 0).x0;
	default:	/* VERSION, CPU_OFF, MIGRATE_INFO_*: no argument */
		return smc_call(id, 0, 0, 0).x0;
	}
}

/**
 * psci_init() - have firmware clear memory at a reset that passes the core by
 *
 * MEM_PROTECT (PSCI 1.1) is optional. Where it is missing the pages of protected
 * VMs survive a watchdog or EL3 reset, a caveat that VERSION's feature bits tell of.
 * @cpu_entry: where a CPU starts at EL2, its struct percpu in x0
 * Context: install, on one CPU.
 */
void __init psci_init(pa_t cpu_entry)
{
	u32 version = (u32)smc_call(PSCI_VERSION, 0, 0, 0).x0;

	entry = cpu_entry;
	if (version < PSCI_VERSION_1_0)
		return;
	if ((s32)smc_call(PSCI_FEATURES, PSCI_MEM_PROTECT, 0, 0).x0 < 0)
		return;
	/* Returns the previous setting, 0 or 1, or an error. */
	psci_mem_protect = (s32)smc_call(PSCI_MEM_PROTECT, 1, 0, 0).x0 >= 0;
}

static void __noreturn power_off(void)
{
	for (;;)
		smc_call(PSCI_CPU_OFF, 0, 0, 0);
}

/**
 * psci_refuse_cpu() - a CPU that the core knows too little of does not come up
 * @cpu: this CPU
 *
 * The host waits for it in vain, and may try again; the log tells of each CPU once.
 */
__noreturn void psci_refuse_cpu(struct percpu *cpu)
{
	if (!cpu->told_refused)
		hlog("CPU %u was offline at the install and is of a kind of its own: it stays off; have it online then",
		     cpu->id);
	cpu->told_refused = true;
	__atomic_store_n(&cpu->boot_lock, 0, __ATOMIC_RELEASE);
	power_off();
}

/**
 * psci_next() - where a CPU that came up under the core goes
 * @cpu: this CPU
 * @pc: out: physical address, at EL1
 * @arg: out: x0 there
 *
 * Called with EL2 set up as for any host CPU. One that nobody asked for is
 * powered off again: it has no place to go.
 */
void psci_next(struct percpu *cpu, u64 *pc, u64 *arg)
{
	if (cpu->suspend_pc & SUSPENDED) {
		*pc = cpu->suspend_pc & ~SUSPENDED;
		*arg = cpu->suspend_arg;
		cpu->suspend_pc = 0;
	} else if (__atomic_load_n(&cpu->boot_lock, __ATOMIC_ACQUIRE)) {
		*pc = cpu->boot_pc;
		*arg = cpu->boot_arg;
		__atomic_store_n(&cpu->boot_lock, 0, __ATOMIC_RELEASE);
	} else {
		hlog("CPU %u came up uncalled, powering it off", cpu->id);
		power_off();
	}
}
