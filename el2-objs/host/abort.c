// SPDX-License-Identifier: GPL-2.0-only
/* Stage-2 aborts of the host: tried again, a private page sealed, or refused. */
#include "host/host.h"
#include "base/esr.h"
#include "base/sysreg.h"
#include "vm/vm.h"

#define HPFAR_FIPA	GENMASK(43, 4)	/* IPA[51:12]; bit 63 is NS */
#define FSC_TLB_CONFLICT 0x30

void host_abort(u64 esr)
{
	bool instruction = ((esr >> ESR_EC_SHIFT) & 0x3f) == EC_IABT_LOW;
	u64 far = read_sysreg(FAR_EL2);
	bool from_el0 = !(read_sysreg(SPSR_EL2) & SPSR_MODE);
	struct page_info pi;
	u64 pa;

	if ((esr & ESR_FSC) == FSC_TLB_CONFLICT) {
		tlb_flush_vmid_local(&host_s2);
		return;
	}
	/*
	 * Every valid entry allows reads and writes and has its access flag, so another
	 * kind of data fault, or one of a stage 1 walk (hardware that sets flags in a
	 * descriptor), is about an entry that was replaced meanwhile: tried again.
	 */
	if (!instruction || (esr & ESR_S1PTW)) {
		u64 type = esr & ESR_FSC_TYPE;

		if (type == FSC_PERM || type == FSC_ACCESS) {
			tlb_flush_vmid_local(&host_s2);
			return;
		}
	}
	/*
	 * Else only a translation fault can be the core's doing. A permission fault is
	 * an instruction fetch from device memory (HPFAR_EL2 is not valid for it); an
	 * address size fault is past the PA space.
	 */
	if ((esr & ESR_FSC_TYPE) != FSC_TRANS) {
		host_inject_abort(instruction, from_el0, esr, far);
		return;
	}

	/* A fault of a stage 1 walk (S1PTW) has the table's address in HPFAR_EL2 also. */
	pa = (read_sysreg(HPFAR_EL2) & HPFAR_FIPA) << 8 | (far & ~PAGE_MASK);
	switch (host_s2_fault(pa, &pi)) {
	case HOST_FAULT_RETRY:
		return;
	case HOST_FAULT_PRIVATE:
		/* Cache maintenance: the page was cleaned to memory when the VM got it. */
		if (!instruction && (esr & ESR_CM) && !(esr & ESR_S1PTW)) {
			host_skip();
			return;
		}
		vm_host_touch(PA(pa & PAGE_MASK), pi);
		return;
	case HOST_FAULT_REFUSE:
		host_inject_abort(instruction, from_el0, esr, far);
		return;
	}
}
