// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM runs a vCPU many times between loading it on a CPU and putting it away. The
 * core keeps its structure mapped for as long: mapping it costs more than the
 * world switch. KVM writes CNTVOFF_EL2 (a call) both when it loads a vCPU and when it puts
 * it, and that ends the lease; the struct cannot be freed before.
 *
 * A host that does not keep to this harms itself only: the pages stay its own,
 * and no claim of them succeeds meanwhile.
 */
#include "layout.h"
#include "../vcpu/run.h"

#define MMU_SIZE	(KVM_MMU_VTCR + 8)
_Static_assert(KVM_VCPU_FP % 16 == 0, "struct user_fpsimd_state");

void kvm_lease_end(struct cpu_run *c)
{
	if (c->lease.vcpu_map)
		slot_unmap(SLOT_LEASE_VCPU);
	if (c->lease.mmu_map)
		slot_unmap(SLOT_LEASE_MMU);
	c->lease.vcpu = KVA(0);
	c->lease.vcpu_map = NULL;
	c->lease.mmu_map = NULL;
}

/* Fields of struct kvm that KVM changes only while no vCPU of the VM is loaded. */
static bool read_vm_fields(struct cpu_run *c, u64 kvm)
{
	u64 fgu[KVM_FGT_COUNT];
	pa_t pa;

	if (kva_to_pa(KVA(kvm + KVM_KVM_POFFSET), 8, &pa) ||
	    copy_from_host(&c->lease.poffset, pa, 8))
		return false;
	if (kva_to_pa(KVA(kvm + KVM_KVM_FGU), sizeof(fgu), &pa) ||
	    copy_from_host(fgu, pa, sizeof(fgu)))
		return false;
	c->lease.fgu[FGT_HFGRTR] = fgu[KVM_FGT_HFGXTR];
	c->lease.fgu[FGT_HFGWTR] = fgu[KVM_FGT_HFGXTR];
	c->lease.fgu[FGT_HFGITR] = fgu[KVM_FGT_HFGITR];
	c->lease.fgu[FGT_HDFGRTR] = fgu[KVM_FGT_HDFGXTR];
	c->lease.fgu[FGT_HDFGWTR] = fgu[KVM_FGT_HDFGXTR];
	c->lease.fgu[FGT_HAFGRTR] = fgu[KVM_FGT_HAFGRTR];
	return true;
}

static bool lease_begin(struct cpu_run *c, kva_t host)
{
	pa_t pa;

	kvm_lease_end(c);
	/* 16: FP registers are stored there in pairs; a misaligned store would be our fault. */
	if (!IS_ALIGNED(host.v, 16) || kva_to_pa(host, KVM_VCPU_SIZE, &pa))
		return false;
	c->lease.vcpu_map = slot_map(SLOT_LEASE_VCPU, pa, KVM_VCPU_SIZE);
	if (!c->lease.vcpu_map)
		return false;
	c->lease.mmu = KVA(KV64(c->lease.vcpu_map, KVM_VCPU_HW_MMU));
	if (!IS_ALIGNED(c->lease.mmu.v, 8) || kva_to_pa(c->lease.mmu, MMU_SIZE, &pa))
		return false;
	c->lease.mmu_map = slot_map(SLOT_LEASE_MMU, pa, MMU_SIZE);
	if (!c->lease.mmu_map ||
	    !read_vm_fields(c, KV64(c->lease.vcpu_map, KVM_VCPU_KVM)))
		return false;
	c->lease.vcpu = host;
	return true;
}

u8 *kvm_lease(struct cpu_run *c, kva_t host)
{
	u8 *k = c->lease.vcpu_map;

	if (likely(k && c->lease.vcpu.v == host.v &&
		   KV64(k, KVM_VCPU_HW_MMU) == c->lease.mmu.v))
		return k;
	if (lease_begin(c, host))
		return c->lease.vcpu_map;
	kvm_lease_end(c);
	return NULL;
}
