// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one place that knows KVM's private layouts. Compiled against the target
 * kernel's headers, never linked: Kbuild turns the strings DEFINE() leaves in
 * the assembly into kvm_offsets.h, which only el2-objs/kvm includes. Names:
 *
 *   KVM_VCPU_x		offset in struct kvm_vcpu
 *   KVM_SR_x		offset in struct kvm_vcpu of a guest system register
 *   KVM_GIC_x		offset in struct vgic_v3_cpu_if
 *   KVM_MMU_x, KVM_KVM_x, KVM_DBG_x	offset in kvm_s2_mmu, kvm, kvm_guest_debug_arch
 *   KVM_FN_x		number of a call, x0 = 0xC6000000 + it
 *   KVM_FLAG_x		bits of vcpu->arch.iflags and .cflags
 */
#define COMPILE_OFFSETS

#include <linux/kbuild.h>
#include <linux/kvm_host.h>
#include <linux/version.h>
#include <asm/kvm_asm.h>
#include <asm/virt.h>

/*
 * The core does not save the host's FP, SVE and SME registers: KVM has done so when it loads a
 * vCPU. Before "KVM: arm64: Unconditionally save+flush host FPSIMD/SVE/SME state" it left them
 * live, and the host's programs would find the guest's. No header shows that change; those that
 * came to the stable kernels with it took away these flags, which such a KVM has no use for.
 */
#if defined(HOST_SVE_ENABLED) || defined(KVM_HOST_DATA_FLAG_HOST_SVE_ENABLED)
#error "this kernel's KVM leaves the host's FP registers live while a vCPU is loaded; build for a newer point release of it"
#endif

#define VCPU(sym, member) DEFINE(KVM_VCPU_##sym, offsetof(struct kvm_vcpu, member))
#define SR(r) DEFINE(KVM_SR_##r, offsetof(struct kvm_vcpu, arch.ctxt.sys_regs[r]))
#define GIC(sym, member) DEFINE(KVM_GIC_##sym, offsetof(struct vgic_v3_cpu_if, member))
#define FN(name) DEFINE(KVM_FN_##name, __KVM_HOST_SMCCC_FUNC___##name)
#define FLAG_VAL(set, f, m) (f)
#define FLAG_VAL_(...) FLAG_VAL(__VA_ARGS__)
#define FLAG_MASK(set, f, m) (m)
#define FLAG_MASK_(...) FLAG_MASK(__VA_ARGS__)
#define FLAG(name) DEFINE(KVM_FLAG_##name, FLAG_VAL_(name))

int main(void);
int main(void)
{
	DEFINE(KVM_VCPU_SIZE, sizeof(struct kvm_vcpu));
	VCPU(KVM, kvm);
	VCPU(REGS, arch.ctxt.regs);
	VCPU(SPSR_ABT, arch.ctxt.spsr_abt);
	VCPU(SPSR_UND, arch.ctxt.spsr_und);
	VCPU(SPSR_IRQ, arch.ctxt.spsr_irq);
	VCPU(SPSR_FIQ, arch.ctxt.spsr_fiq);
	VCPU(FP, arch.ctxt.fp_regs);
	VCPU(SVE_STATE, arch.sve_state);
	VCPU(SVE_MAX_VL, arch.sve_max_vl);
	VCPU(HW_MMU, arch.hw_mmu);
	VCPU(HCR, arch.hcr_el2);
	VCPU(HCRX, arch.hcrx_el2);
	VCPU(MDCR, arch.mdcr_el2);
	VCPU(VSESR, arch.vsesr_el2);
	VCPU(ESR, arch.fault.esr_el2);
	VCPU(FAR, arch.fault.far_el2);
	VCPU(HPFAR, arch.fault.hpfar_el2);
	VCPU(DISR, arch.fault.disr_el1);
	VCPU(CFLAGS, arch.cflags);
	VCPU(IFLAGS, arch.iflags);
	VCPU(DEBUG_PTR, arch.debug_ptr);
	VCPU(GIC, arch.vgic_cpu.vgic_v3);
#ifdef CONFIG_HW_PERF_EVENTS
	DEFINE(KVM_HAS_PMU, 1);
	VCPU(PMU_HOST, arch.pmu.events.events_host);
	VCPU(PMU_GUEST, arch.pmu.events.events_guest);
#else
	DEFINE(KVM_HAS_PMU, 0);
	DEFINE(KVM_VCPU_PMU_HOST, 0);
	DEFINE(KVM_VCPU_PMU_GUEST, 0);
#endif

	SR(MPIDR_EL1); SR(CSSELR_EL1); SR(TPIDR_EL0); SR(TPIDRRO_EL0);
	SR(TPIDR_EL1); SR(CNTKCTL_EL1); SR(PAR_EL1); SR(MDCCINT_EL1);
	SR(DISR_EL1); SR(RGSR_EL1); SR(GCR_EL1); SR(TFSRE0_EL1); SR(POR_EL0);
	SR(FPMR); SR(APIAKEYLO_EL1);
	SR(DACR32_EL2); SR(IFSR32_EL2); SR(FPEXC32_EL2); SR(DBGVCR32_EL2);
	SR(SCTLR_EL1); SR(CPACR_EL1); SR(ZCR_EL1); SR(TTBR0_EL1); SR(TTBR1_EL1);
	SR(TCR_EL1); SR(TCR2_EL1); SR(ESR_EL1); SR(AFSR0_EL1); SR(AFSR1_EL1);
	SR(FAR_EL1); SR(MAIR_EL1); SR(VBAR_EL1); SR(CONTEXTIDR_EL1);
	SR(AMAIR_EL1); SR(MDSCR_EL1); SR(ELR_EL1); SR(SP_EL1); SR(SPSR_EL1);
	SR(TFSR_EL1); SR(PIR_EL1); SR(PIRE0_EL1); SR(POR_EL1);

	GIC(HCR, vgic_hcr);
	GIC(VMCR, vgic_vmcr);
	GIC(SRE, vgic_sre);
	GIC(AP0R, vgic_ap0r);
	GIC(AP1R, vgic_ap1r);
	GIC(LR, vgic_lr);
	GIC(ITS_VM, its_vpe.its_vm);
	GIC(USED_LRS, used_lrs);
	DEFINE(KVM_GIC_SIZE, sizeof(struct vgic_v3_cpu_if));

	DEFINE(KVM_MMU_VMID, offsetof(struct kvm_s2_mmu, vmid.id));
	DEFINE(KVM_MMU_PGD, offsetof(struct kvm_s2_mmu, pgd_phys));
	DEFINE(KVM_MMU_VTCR, offsetof(struct kvm_s2_mmu, vtcr));

	DEFINE(KVM_KVM_FGU, offsetof(struct kvm, arch.fgu));
	DEFINE(KVM_KVM_POFFSET, offsetof(struct kvm, arch.timer_data.poffset));
	DEFINE(KVM_FGT_HFGXTR, HFGxTR_GROUP);
	DEFINE(KVM_FGT_HDFGXTR, HDFGRTR_GROUP);
	DEFINE(KVM_FGT_HFGITR, HFGITR_GROUP);
	DEFINE(KVM_FGT_HAFGRTR, HAFGRTR_GROUP);
	DEFINE(KVM_FGT_COUNT, __NR_FGT_GROUP_IDS__);

	DEFINE(KVM_DBG_BCR, offsetof(struct kvm_guest_debug_arch, dbg_bcr));
	DEFINE(KVM_DBG_BVR, offsetof(struct kvm_guest_debug_arch, dbg_bvr));
	DEFINE(KVM_DBG_WCR, offsetof(struct kvm_guest_debug_arch, dbg_wcr));
	DEFINE(KVM_DBG_WVR, offsetof(struct kvm_guest_debug_arch, dbg_wvr));
	DEFINE(KVM_DBG_SIZE, sizeof(struct kvm_guest_debug_arch));

	FLAG(GUEST_HAS_SVE);
	FLAG(PENDING_EXCEPTION);
	FLAG(INCREMENT_PC);
	DEFINE(KVM_FLAG_EXCEPT_MASK, FLAG_MASK_(EXCEPT_MASK));
	FLAG(EXCEPT_AA32_UND);
	FLAG(EXCEPT_AA32_IABT);
	FLAG(EXCEPT_AA32_DABT);
	FLAG(EXCEPT_AA64_EL1_SYNC);
	FLAG(DEBUG_DIRTY);

	DEFINE(KVM_STUB_NR, HVC_STUB_HCALL_NR);
	DEFINE(KVM_STUB_SET_VECTORS, HVC_SET_VECTORS);
	DEFINE(KVM_STUB_SOFT_RESTART, HVC_SOFT_RESTART);
	DEFINE(KVM_STUB_RESET_VECTORS, HVC_RESET_VECTORS);
	DEFINE(KVM_STUB_FINALISE_EL2, HVC_FINALISE_EL2);
#ifdef HVC_GET_ICH_VTR_EL2
	DEFINE(KVM_STUB_GET_ICH_VTR, HVC_GET_ICH_VTR_EL2);
#endif

	FN(kvm_hyp_init);
	FN(kvm_get_mdcr_el2);
	FN(kvm_enable_ssbs);
	FN(vgic_v3_init_lrs);
	FN(vgic_v3_get_gic_config);
	FN(kvm_adjust_pc);
	FN(kvm_vcpu_run);
	FN(kvm_flush_vm_context);
	FN(kvm_tlb_flush_vmid_ipa);
	FN(kvm_tlb_flush_vmid_ipa_nsh);
	FN(kvm_tlb_flush_vmid);
	FN(kvm_tlb_flush_vmid_range);
	FN(kvm_flush_cpu_context);
	FN(kvm_timer_set_cntvoff);
	FN(vgic_v3_save_vmcr_aprs);
	FN(vgic_v3_restore_vmcr_aprs);
	return 0;
}
