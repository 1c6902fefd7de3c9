// SPDX-License-Identifier: GPL-2.0-only
/* The registers pvm/ reads and writes itself; everything else is vcpu/'s. */
#include "pvm/priv.h"
#include "base/sysreg.h"

void __init pvm_record_cpu(struct percpu *cpu)
{
#define X(name, op1, crm, op2) \
	cpu->id_regs[PVM_ID_##name] = read_sysreg(S3_##op1##_C0_C##crm##_##op2);
	PVM_ID_REGS(X)
#undef X
	cpu->midr = read_sysreg(MIDR_EL1);
	pvm_ask_firmware(cpu);
	cpu->tlbi_range = FIELD(cpu->id_regs[PVM_ID_ISAR0], 59, 56) >= 2;
	cpu->sets_af = FIELD(cpu->id_regs[PVM_ID_MMFR1], 3, 0) >= 1;
	cpu->sve_vl = sve_measure(cpu);
	if (!cpu->sve_vl) {
		cpu->id_regs[PVM_ID_PFR0] &= ~GENMASK(35, 32);
		cpu->id_regs[PVM_ID_ZFR0] = 0;
	}
}

u64 pvm_hw_mdscr(void)
{
	return read_sysreg(mdscr_el1);
}

void pvm_hw_set_mdscr(u64 v)
{
	write_sysreg(v, mdscr_el1);
}
