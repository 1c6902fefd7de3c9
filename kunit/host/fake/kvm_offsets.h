/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A layout of KVM's structures that no kernel has: what the build generates
 * (hypsec-mod/kvm-offsets.c) differs from kernel to kernel, so the shim must do with any.
 * Every field is alone in its 8 bytes or more, so that a wrong access shows.
 */
#ifndef HYPSEC_FAKE_KVM_OFFSETS_H
#define HYPSEC_FAKE_KVM_OFFSETS_H

#define KVM_VCPU_SIZE		5008
#define KVM_VCPU_KVM		16
#define KVM_VCPU_HW_MMU		4200
#define KVM_VCPU_REGS		320
#define KVM_VCPU_SPSR_ABT	592	/* after x0-x30, sp, pc, pstate */
#define KVM_VCPU_SPSR_UND	600
#define KVM_VCPU_FP		1024
#define KVM_VCPU_GIC		1600
#define KVM_VCPU_IFLAGS		4099	/* a byte, not aligned */
#define KVM_VCPU_ESR		4112
#define KVM_VCPU_HCR		4136

#define KVM_SR_SCTLR_EL1	2048
#define KVM_SR_VBAR_EL1		2064
#define KVM_SR_ELR_EL1		2080
#define KVM_SR_SPSR_EL1		2096

#define KVM_GIC_SRE		4
#define KVM_GIC_VMCR		12
#define KVM_GIC_AP0R		24
#define KVM_GIC_AP1R		48
#define KVM_GIC_LR		96

#define KVM_MMU_VMID		24
#define KVM_MMU_PGD		40
#define KVM_MMU_VTCR		64

#define KVM_KVM_FGU		2560
#define KVM_KVM_POFFSET		2816
#define KVM_FGT_HFGXTR		5
#define KVM_FGT_HDFGXTR		3
#define KVM_FGT_HFGITR		2
#define KVM_FGT_HAFGRTR		1
#define KVM_FGT_COUNT		6

#define KVM_FLAG_INCREMENT_PC		0x02
#define KVM_FLAG_PENDING_EXCEPTION	0x04
#define KVM_FLAG_EXCEPT_MASK		0x70
#define KVM_FLAG_EXCEPT_AA32_UND	0x00
#define KVM_FLAG_EXCEPT_AA32_IABT	0x10
#define KVM_FLAG_EXCEPT_AA32_DABT	0x20
#define KVM_FLAG_EXCEPT_AA64_EL1_SYNC	0x00

/* Numbers of calls: with gaps. */
#define KVM_FN_kvm_hyp_init		40
#define KVM_FN_kvm_get_mdcr_el2		43
#define KVM_FN_kvm_enable_ssbs		46
#define KVM_FN_vgic_v3_init_lrs		49
#define KVM_FN_vgic_v3_get_gic_config	52
#define KVM_FN_kvm_adjust_pc		55
#define KVM_FN_kvm_vcpu_run		58
#define KVM_FN_kvm_flush_vm_context	61
#define KVM_FN_kvm_tlb_flush_vmid_ipa	64
#define KVM_FN_kvm_tlb_flush_vmid_ipa_nsh	67
#define KVM_FN_kvm_tlb_flush_vmid	70
#define KVM_FN_kvm_tlb_flush_vmid_range	73
#define KVM_FN_kvm_flush_cpu_context	76
#define KVM_FN_kvm_timer_set_cntvoff	79
#define KVM_FN_vgic_v3_save_vmcr_aprs	82
#define KVM_FN_vgic_v3_restore_vmcr_aprs	85

#endif
