// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's calls to EL2, as its own EL2 code would answer them. A result goes to x1;
 * x0 is 0, since KVM takes anything else for a bug of its own.
 */
#include "kvm/layout.h"
#include "kvm/kvm.h"
#include "base/check.h"
#include "base/irq.h"
#include "pool/pool.h"
#include "pvm/pvm.h"
#include "vcpu/run.h"

#define FN_MASK		0x7f
#define TRASH_STEP	16

static u64 gic_config(void)
{
	u64 sre = read_sysreg(ICC_SRE_EL1), hcr = read_sysreg(HCR_EL2), has_mmio;

	/*
	 * ICC_SRE_EL1.SRE can be cleared only with all interrupts routed to EL2
	 * (GICv3 12.2.25); none is taken here, EL2 runs with them masked.
	 */
	write_sysreg(hcr | HCR_AMO | HCR_FMO | HCR_IMO, HCR_EL2);
	isb();
	write_sysreg(0, ICC_SRE_EL1);
	isb();
	has_mmio = !(read_sysreg(ICC_SRE_EL1) & 1);
	write_sysreg(sre, ICC_SRE_EL1);
	isb();
	write_sysreg(hcr, HCR_EL2);
	return (read_sysreg(ICH_VTR_EL2) & GENMASK(31, 0)) | has_mmio << 63;
}

#define APRS	4		/* active priority registers of a group */

/* What of struct vgic_v3_cpu_if is switched when a vCPU is loaded or put away, at @cpu_if. */
static void vmcr_aprs(u8 *cpu_if, struct cpu_run *c, bool load)
{
	u32 n = gic_aprs(c), i;
	struct gic_state g;

	_Static_assert(sizeof(g.ap0r) == APRS * 4 && sizeof(g.ap1r) == APRS * 4, "KVM has as many");
	/* With a GICv2 guest VMCR goes with every switch (vcpu/gic.c). */
	g.sre = KV32(cpu_if, KVM_GIC_SRE);
	if (load) {
		for (i = 0; i < n; i++) {
			g.ap0r[i] = KV32(cpu_if, KVM_GIC_AP0R + i * 4);
			g.ap1r[i] = KV32(cpu_if, KVM_GIC_AP1R + i * 4);
		}
		if (g.sre)
			write_sysreg(KV32(cpu_if, KVM_GIC_VMCR), ICH_VMCR_EL2);
		gic_load_aprs(&g, c);
		return;
	}
	gic_save_aprs(&g, c);
	if (g.sre)
		KV32(cpu_if, KVM_GIC_VMCR) = (u32)read_sysreg(ICH_VMCR_EL2);
	for (i = 0; i < n; i++) {
		KV32(cpu_if, KVM_GIC_AP0R + i * 4) = g.ap0r[i];
		KV32(cpu_if, KVM_GIC_AP1R + i * 4) = g.ap1r[i];
	}
}

/* KVM puts a vCPU away, or loads it: nearly always the one that is leased here. */
static void vmcr_aprs_at(kva_t cpu_if, bool load)
{
	struct cpu_run *c = cpu_run();
	bool rested;
	u8 *k = kvm_lease_peek(c, KVA(cpu_if.v - KVM_VCPU_GIC), &rested);
	pa_t pa;

	_Static_assert(KVM_GIC_AP0R < KVM_GIC_LR && KVM_GIC_AP1R < KVM_GIC_LR, "KVM's layout");
	if (k) {
		vmcr_aprs(k + KVM_VCPU_GIC, c, load);
		kvm_lease_unpeek(rested);
		return;
	}
	if (!IS_ALIGNED(cpu_if.v, 4) || kva_to_pa(cpu_if, KVM_GIC_LR, &pa))
		return;
	k = slot_map(SLOT_VCPU, pa, KVM_GIC_LR);
	if (!k)
		return;
	vmcr_aprs(k, c, load);
	(void)!slot_unmap(SLOT_VCPU);	/* a memory error is the host's own */
}

/*
 * Protected VMs' flags stay as they are: the core's own record of the guest
 * takes them in at the next run, and once.
 */
static void adjust_pc(u8 *k)
{
	struct vm *vm;
	bool ordinary;

	vm = vm_find(KVA(KV64(k, KVM_VCPU_HW_MMU)));
	ordinary = !vm || READ_ONCE(vm->state) == VM_ORDINARY;
	if (vm)
		vm_put(vm);
	if (ordinary)
		kvm_adjust_pc(k);
}

static void adjust_pc_at(kva_t host)
{
	struct cpu_run *c = cpu_run();
	bool rested;
	u8 *k = kvm_lease_peek(c, host, &rested);
	pa_t pa;

	if (k) {
		adjust_pc(k);
		kvm_lease_unpeek(rested);
		return;
	}
	if (!IS_ALIGNED(host.v, 16) || kva_to_pa(host, KVM_VCPU_SIZE, &pa))
		return;
	k = slot_map(SLOT_VCPU, pa, KVM_VCPU_SIZE);
	if (!k)
		return;
	adjust_pc(k);
	(void)!slot_unmap(SLOT_VCPU);	/* a memory error is the host's own */
}

/*
 * KVM has changed its table: forget what the shadow has of it. Of a protected VM, frames that
 * KVM took away are sealed before the call returns: whoever reads the page next may be a
 * device. KVM takes away by address or by range (stage2_unmap_walker()); a call for all of a
 * VM (@size 0) comes after a change of permissions or ages, and often.
 *
 * Of such a call that is interrupted x0 to x3 become one for the rest of its range: they are
 * the caller's to lose (SMCCC). In the core its progress could be only the VM's, and KVM has calls
 * for one VM under way on several CPUs: kvm_flush_remote_tlbs_memslot() is under no lock of its.
 * Return: HYPSEC_OK, or HYPSEC_RESTART.
 */
static int flush(u64 *x, u64 ipa, u64 size)
{
	u64 from = ipa, all = size;
	int ret = HYPSEC_OK;
	bool ordinary;
	struct vm *vm;

	/*
	 * KVM's store to its table is seen before the VM is looked for (it leaves that to EL2): a
	 * CPU that makes the VM meanwhile finds the new entry, or its VM is found here. The other
	 * half is in make_vm().
	 */
	dsb(ish);
	vm = vm_find(KVA(x[1]));
	if (!vm)
		return ret;
	spin_lock(&vm->lock);
	vm->flushes++;
	ordinary = vm->state == VM_ORDINARY;
	if (ordinary) {
		if (size) {
			s2_unmap(&vm->s2, ipa, size);
			/* _nsh: KVM has given a right, and taken nothing. */
			if ((x[0] & FN_MASK) != KVM_FN_kvm_tlb_flush_vmid_ipa_nsh)
				shadow_age(vm);
		} else {
			s2_drop(&vm->s2);
		}
	} else if (vm->state == VM_PROTECTED) {
		vm_drop_shared(vm, ipa, size ? size : BIT(vm->s2.ipa_bits));
	}
	spin_unlock(&vm->lock);
	if (!ordinary && size)
		ret = pvm_invalidate(vm, &ipa, &size);
	/* Behind it: one that is killed meanwhile owes what it has not sealed. */
	if (ret == HYPSEC_OK && all) {
		ret = vm_settle(vm->host.kvm);
		ipa = from;
		size = all;
	}
	vm_put(vm);
	trash_step(TRASH_STEP);
	if (ret == HYPSEC_RESTART) {
		x[0] = (x[0] & ~(u64)FN_MASK) | KVM_FN_kvm_tlb_flush_vmid_range;
		x[2] = ipa;
		x[3] = size >> PAGE_SHIFT;
	}
	return ret;
}

/* @level: KVM's int, and of a register only the lower half is that. */
static int flush_ipa(u64 *x, u64 ipa, u32 level)
{
	u64 size = PAGE_SIZE;

	/*
	 * An entry of ours that is larger goes whole. The level is not known where
	 * KVM removes a table: its entries have been flushed by then.
	 */
	if (level >= 1 && level <= 3)
		size = level_size((u8)level);
	else if (level == 0)
		size = 0;		/* 512 GiB: everything */
	return flush(x, size ? ALIGN_DOWN(ipa, size) : 0, size);
}

static int flush_range(u64 *x, u64 start, u64 pages)
{
	/* More than the IPA space, or past 64 bits: everything. */
	if (!pages || pages > BIT(40) || start > BIT(52))
		return flush(x, 0, 0);
	return flush(x, ALIGN_DOWN(start, PAGE_SIZE), pages * PAGE_SIZE);
}

/*
 * Another vCPU of the VM ran here: nothing private to it may be left in this CPU. Of a protected
 * VM vcpu_run() knows, and does it whether the host calls or not.
 */
static void flush_cpu(kva_t mmu)
{
	struct vm *vm = vm_find(mmu);

	if (!vm)
		return;
	spin_lock(&vm->lock);
	if (vm->state == VM_ORDINARY)
		tlb_flush_vmid_local(&vm->s2);
	spin_unlock(&vm->lock);
	vm_put(vm);
}

static void set_cntvoff(struct percpu *cpu, u64 value)
{
	cpu->host_cntvoff = value;
	write_sysreg(value, CNTVOFF_EL2);
	/* KVM loads a vCPU or puts one away. */
	kvm_lease_rest(cpu_run());
}

static __noinline bool other_call(struct percpu *cpu, u64 id)
{
	u64 *x = cpu->host.x;
	int status = HYPSEC_OK;
	u64 result = 0;

	switch (id & FN_MASK) {
	case KVM_FN_kvm_hyp_init:	/* a CPU of KVM's comes up: the core is there already */
	case KVM_FN_kvm_enable_ssbs:	/* EL2's own: clear, so that no load passes a store */
		/* VMIDs are the core's; a VM with a new one in its mmu is found at its run. */
	case KVM_FN_kvm_flush_vm_context:
		break;
	case KVM_FN_kvm_get_mdcr_el2:
		result = cpu->host_mdcr;
		break;
	case KVM_FN_vgic_v3_init_lrs:
		gic_clear_lrs(cpu_run());
		break;
	case KVM_FN_vgic_v3_get_gic_config:
		result = gic_config();
		break;
	case KVM_FN_kvm_adjust_pc:
		adjust_pc_at(KVA(x[1]));
		break;
	case KVM_FN_kvm_tlb_flush_vmid_ipa:
	case KVM_FN_kvm_tlb_flush_vmid_ipa_nsh:
		status = flush_ipa(x, x[2], (u32)x[3]);
		break;
	case KVM_FN_kvm_tlb_flush_vmid:
		status = flush(x, 0, 0);
		break;
	case KVM_FN_kvm_tlb_flush_vmid_range:
		status = flush_range(x, x[2], x[3]);
		break;
	case KVM_FN_kvm_flush_cpu_context:
		flush_cpu(KVA(x[1]));
		break;
	case KVM_FN_kvm_timer_set_cntvoff:
		set_cntvoff(cpu, x[1]);
		break;
	case KVM_FN_vgic_v3_save_vmcr_aprs:
		vmcr_aprs_at(KVA(x[1]), false);
		break;
	case KVM_FN_vgic_v3_restore_vmcr_aprs:
		vmcr_aprs_at(KVA(x[1]), true);
		break;
	default:
		return false;
	}
	/* A memory error in KVM's structures: looked up again by the next call. */
	if (slots_lost())
		kvm_lease_end(cpu_run());
	if (status == HYPSEC_RESTART) {
		hcall_restart(cpu);
		return true;
	}
	x[0] = 0;
	x[1] = result;
	return true;
}

bool kvm_host_call(struct percpu *cpu, u64 id)
{
	u64 *x = cpu->host.x;

	if (unlikely((id & FN_MASK) != KVM_FN_kvm_vcpu_run))
		return other_call(cpu, id);
	x[1] = kvm_run_vcpu(KVA(x[1]));
	x[0] = 0;
	return true;
}
