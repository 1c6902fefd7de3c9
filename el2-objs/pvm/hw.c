// SPDX-License-Identifier: GPL-2.0-only
/* The registers pvm/ reads and writes itself; everything else is vcpu/'s. */
#include "types.h"
#include "sysreg.h"
#include "pvm.h"

u64 pvm_hw_id(enum pvm_id reg)
{
	switch (reg) {
#define X(name, crm, op2) \
	case PVM_ID_##name: return read_sysreg(S3_0_C0_C##crm##_##op2);
	PVM_ID_REGS(X)
#undef X
	default:
		return 0;
	}
}

u64 pvm_hw_counter(void)
{
	isb();		/* not before what the guest did last */
	return read_sysreg(cntpct_el0);
}

u64 pvm_hw_ctr(void)
{
	return read_sysreg(ctr_el0);
}

u64 pvm_hw_clidr(void)
{
	return read_sysreg(clidr_el1);
}

u64 pvm_hw_ccsidr(u64 csselr)
{
	u64 host = read_sysreg(csselr_el1), v;

	/* Not switched with the guest: its accesses trap. */
	write_sysreg(csselr, csselr_el1);
	isb();
	v = read_sysreg(ccsidr_el1);
	write_sysreg(host, csselr_el1);
	return v;
}

u64 pvm_hw_mdscr(void)
{
	return read_sysreg(mdscr_el1);
}

void pvm_hw_set_mdscr(u64 v)
{
	write_sysreg(v, mdscr_el1);
}
