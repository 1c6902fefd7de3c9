// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions delivered to the host's EL1: what hardware would have done had the
 * exception been taken there (Arm ARM, AArch64.TakeException()), written to the
 * EL1 registers and to ELR_EL2/SPSR_EL2, so that the ERET lands in the vector.
 */
#include "host/host.h"
#include "base/entry.h"

#define SCTLR_SPINTMASK	SR_BIT(62)

static u64 vector_pstate(u64 spsr)
{
	u64 sctlr = read_sysreg(SCTLR_EL1);
	u64 new = entry_pstate(spsr, sctlr, read_idreg(ID_AA64PFR1_EL1, 8));

	/* Not what this CPU lacks; and what no guest has. */
	if (!read_idreg(ID_AA64MMFR1_EL1, 20))
		new &= ~SPSR_PAN;
	if (!read_idreg(ID_AA64PFR1_EL1, 4))
		new &= ~SPSR_SSBS;
	if (read_idreg(ID_AA64PFR1_EL1, 36) && !(sctlr & SCTLR_SPINTMASK))	/* FEAT_NMI */
		new |= SPSR_ALLINT;
	return new;
}

static void inject(u64 esr)
{
	u64 spsr = read_sysreg(SPSR_EL2);

	write_sysreg(esr, ESR_EL1);
	write_sysreg(read_sysreg(ELR_EL2), ELR_EL1);
	write_sysreg(spsr, SPSR_EL1);
	write_sysreg(read_sysreg(VBAR_EL1) + entry_vector(spsr), ELR_EL2);
	write_sysreg(vector_pstate(spsr), SPSR_EL2);
}

/**
 * host_inject_undef() - the instruction at ELR_EL2 is UNDEFINED for the host
 */
void host_inject_undef(void)
{
	inject(((u64)EC_UNKNOWN << ESR_EC_SHIFT) | ESR_IL);
}

/**
 * host_inject_abort() - refuse the host an access
 * @instruction: a fetch, not a load or store
 * @from_el0: by user space
 * @esr: ESR_EL2 of the stage-2 abort
 * @far: the virtual address, FAR_EL2
 *
 * Fault status 0x21, alignment: of those Linux knows the one that is SIGBUS for
 * a process, -EFAULT in a user access of the kernel and an exception-table
 * look-up elsewhere. A translation or permission fault would be retried
 * for ever, an external abort kills the kernel even in a user access.
 * WnR and CM stay: fix-ups compare them. The syndrome's register fields go, as
 * for every abort at EL1 (ISV is 0 there).
 */
void host_inject_abort(bool instruction, bool from_el0, u64 esr, u64 far)
{
	u64 ec, iss = FSC_ALIGN;

	if (instruction) {
		ec = from_el0 ? EC_IABT_LOW : EC_IABT_CUR;
		esr |= ESR_IL;
	} else {
		ec = from_el0 ? EC_DABT_LOW : EC_DABT_CUR;
		iss |= esr & (ESR_WNR | ESR_CM);
	}
	write_sysreg(far, FAR_EL1);
	inject((ec << ESR_EC_SHIFT) | (esr & ESR_IL) | iss);
}

/**
 * host_skip() - the trapped instruction has been dealt with
 *
 * With PSTATE.SS cleared a single-stepping host debugger stops after it, as it
 * would have on hardware; BTYPE belongs to the instruction that is gone.
 */
void host_skip(void)
{
	write_sysreg(read_sysreg(ELR_EL2) + 4, ELR_EL2);
	write_sysreg(read_sysreg(SPSR_EL2) & ~(SPSR_SS | SPSR_BTYPE), SPSR_EL2);
}
