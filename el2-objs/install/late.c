// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CPU that comes up after the seal: PSCI CPU_ON, resume. Firmware starts it
 * in el2_cpu_entry; it is confined before its first instruction at EL1.
 *
 * One that was offline at the install has no snapshot of its own: it gets that of a CPU of the
 * same kind, which the host's early boot, trusted then, has set up in the same way. Of a kind
 * that nobody has seen it does not come up: what protected VMs were told that all CPUs have, and
 * what their errata are, holds for those that were looked at.
 */
#include "install/priv.h"
#include "base/check.h"
#include "base/core.h"
#include "base/sysreg.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "vcpu/vcpu.h"

#define INSN_MOV_X0_XZR		0xaa1f03e0U
#define INSN_IS_BL(i)		(((i) & 0xfc000000U) == 0x94000000U)
#define BOOT_CPU_MODE_EL2	0xe12		/* asm/virt.h */

static const struct percpu *find_twin(const u64 *kind)
{
	u32 i;

	for (i = 0; i < nr_cpus; i++) {
		const struct percpu *cpu = cpu_by_id(i);

		if (__atomic_load_n(&cpu->taken, __ATOMIC_ACQUIRE) &&
		    !memcmp(cpu->kind, kind, sizeof(cpu->kind)))
			return cpu;
	}
	return NULL;
}

/* All that core_install_cpu() would have found out. */
static bool take_late(struct percpu *cpu)
{
	const struct percpu *twin;

	el2_read_kind(cpu->kind);
	twin = find_twin(cpu->kind);
	if (!twin || (read_sysreg(MPIDR_EL1) & MPIDR_AFF) != cpu->mpidr)
		return false;
	memcpy(cpu->el2_snapshot, twin->el2_snapshot, sizeof(cpu->el2_snapshot));
	cpu->el2_snapshot[EL2S_VMPIDR] = read_sysreg(MPIDR_EL1);
	cpu_known_as(cpu, twin);
	cpu->host_hcr = twin->host_hcr;
	cpu->host_mdcr = twin->host_mdcr;
	el2_apply_host(cpu);
	/* The one thing that no ID register tells: how long EL3 lets vectors be. */
	if (sve_measure(cpu) != twin->sve_vl)
		return false;
	/* Whoever sees it sees the rest. */
	__atomic_store_n(&cpu->taken, true, __ATOMIC_RELEASE);
	return true;
}

void core_late_cpu(struct percpu *cpu)
{
	u64 pc, arg;

	/* Until it is confined there is no host context to go back to. */
	cpu->online = 0;
	CHECK(cpu_by_id(cpu->id) == cpu && core_phase == HYPSEC_PHASE_SEALED);
	CHECK(!cpu->ranks_held);
	if (!cpu->taken && !take_late(cpu))
		psci_refuse_cpu(cpu);
	el2_apply_host(cpu);
	cpu_detect(cpu);
	gic_reset();
	cpu->host_cntvoff = cpu->el2_snapshot[EL2S_CNTVOFF];
	psci_next(cpu, &pc, &arg);
	el2_enter_host(cpu, pc, arg);
}

/*
 * Linux enters secondaries at `mov x0, xzr; bl init_kernel_el`, which at EL2 sets
 * EL2 up and returns at EL1 with x0 = BOOT_CPU_MODE_EL2. The core has done
 * that work: it enters after the BL with that answer, so that the kernel, which
 * was booted at EL2, does not find its CPUs at odds. The two words are hints from
 * the host about its own EL1 code: reading anything there is harmless.
 */
static bool is_kernel_entry(u64 pc)
{
	u32 insn[2];

	return IS_ALIGNED(pc, 4) && !copy_from_host(insn, PA(pc), sizeof(insn)) &&
	       insn[0] == INSN_MOV_X0_XZR && INSN_IS_BL(insn[1]);
}

/**
 * el2_enter_host() - start the host on this CPU as if powered up at EL1
 * @cpu: this CPU
 * @pc: physical address, the host's choice: runs at EL1 only
 * @arg: x0 there
 */
void el2_enter_host(struct percpu *cpu, u64 pc, u64 arg)
{
	if (is_kernel_entry(pc)) {
		pc += 8;
		arg = BOOT_CPU_MODE_EL2;
	}
	CHECK(slots_empty());
	write_sysreg(SCTLR_EL1_RESET, SCTLR_EL1);
	write_sysreg(pc, ELR_EL2);
	write_sysreg(SPSR_EL1H | SPSR_DAIF, SPSR_EL2);
	cpu->online = 1;
	host_enter_el1(arg);
}
