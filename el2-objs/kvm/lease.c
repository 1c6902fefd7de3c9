// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM runs a vCPU many times between loading it on a CPU and putting it away, and often loads
 * next the one that it has put away. The core keeps its structure mapped for as long: mapping it
 * costs more than the world switch. Held, no page of it can be claimed; KVM writes CNTVOFF_EL2
 * (a call) both when it loads a vCPU and when it puts it, and from then on the lease rests: the
 * struct may be freed and its pages given away, which takes the lease from this CPU.
 *
 * A host that does not keep to this harms itself only: the pages stay its own while they are
 * held, and no claim of them succeeds meanwhile.
 */
#include "kvm/layout.h"
#include "vcpu/run.h"

#define MMU_SIZE	(KVM_MMU_VTCR + 8)
_Static_assert(KVM_VCPU_FP % 16 == 0, "struct user_fpsimd_state");

/* Fields of struct kvm: from the first that is read to the last. */
#define FGU_SIZE	(KVM_FGT_COUNT * 8)
#define KVM_FIRST	(KVM_KVM_FGU < KVM_KVM_POFFSET ? KVM_KVM_FGU : KVM_KVM_POFFSET)
#define KVM_LAST	(KVM_KVM_FGU < KVM_KVM_POFFSET ? KVM_KVM_POFFSET + 8 : \
			 KVM_KVM_FGU + FGU_SIZE)

void kvm_lease_end(struct cpu_run *c)
{
	/* A memory error in them was seen by who used them. */
	if (c->lease.vcpu_map)
		(void)!slot_unmap(SLOT_LEASE_VCPU);
	if (c->lease.mmu_map)
		(void)!slot_unmap(SLOT_LEASE_MMU);
	if (c->lease.kvm_map)
		(void)!slot_unmap(SLOT_LEASE_KVM);
	c->lease.vcpu = KVA(0);
	c->lease.vcpu_map = NULL;
	c->lease.mmu_map = NULL;
	c->lease.kvm_map = NULL;
	c->lease.held = false;
}

void kvm_lease_rest(struct cpu_run *c)
{
	if (!c->lease.held)
		return;
	slot_rest(SLOT_LEASE_VCPU);
	slot_rest(SLOT_LEASE_MMU);
	slot_rest(SLOT_LEASE_KVM);
	c->lease.held = false;
}

/* Return: not 0 if @field was something else. */
static u64 take(u64 *field, u64 value)
{
	u64 changed = *field ^ value;

	*field = value;
	return changed;
}

/* KVM changes these only while no vCPU of the VM is loaded. */
static void read_vm_fields(struct cpu_run *c)
{
	const u8 *k = c->lease.kvm_map;
	u64 fgu[KVM_FGT_COUNT], changed;

	for (unsigned int i = 0; i < KVM_FGT_COUNT; i++)
		fgu[i] = KV64(k, KVM_KVM_FGU - KVM_FIRST + i * 8);
	changed = take(&c->lease.poffset, KV64(k, KVM_KVM_POFFSET - KVM_FIRST));
	changed |= take(&c->lease.fgu[FGT_HFGRTR], fgu[KVM_FGT_HFGXTR]);
	changed |= take(&c->lease.fgu[FGT_HFGWTR], fgu[KVM_FGT_HFGXTR]);
	changed |= take(&c->lease.fgu[FGT_HFGITR], fgu[KVM_FGT_HFGITR]);
	changed |= take(&c->lease.fgu[FGT_HDFGRTR], fgu[KVM_FGT_HDFGXTR]);
	changed |= take(&c->lease.fgu[FGT_HDFGWTR], fgu[KVM_FGT_HDFGXTR]);
	changed |= take(&c->lease.fgu[FGT_HAFGRTR], fgu[KVM_FGT_HAFGRTR]);
	/* Controls were made of them (ordinary.c). */
	if (changed)
		c->vcpu.offered.valid = false;
}

static u8 *map(enum slot_id id, u64 va, u64 align, u64 size)
{
	pa_t pa;

	if (!IS_ALIGNED(va, align) || kva_to_pa(KVA(va), size, &pa))
		return NULL;
	return slot_map(id, pa, size);
}

static bool lease_begin(struct cpu_run *c, kva_t host)
{
	u8 *k;

	kvm_lease_end(c);
	/* 16: FP registers are stored there in pairs; a misaligned store would be our fault. */
	k = map(SLOT_LEASE_VCPU, host.v, 16, KVM_VCPU_SIZE);
	c->lease.vcpu_map = k;
	if (!k)
		return false;
	c->lease.mmu = KVA(KV64(k, KVM_VCPU_HW_MMU));
	c->lease.mmu_map = map(SLOT_LEASE_MMU, c->lease.mmu.v, 8, MMU_SIZE);
	if (!c->lease.mmu_map)
		return false;
	c->lease.kvm = KVA(KV64(k, KVM_VCPU_KVM));
	c->lease.kvm_map = map(SLOT_LEASE_KVM, c->lease.kvm.v + KVM_FIRST, 8,
			       KVM_LAST - KVM_FIRST);
	if (!c->lease.kvm_map)
		return false;
	read_vm_fields(c);
	c->lease.vcpu = host;
	c->lease.held = true;
	return true;
}

/* All that was mapped for @host is the host's still, and refused to claims again. */
static bool lease_resume(struct cpu_run *c, kva_t host)
{
	if (!c->lease.vcpu_map || c->lease.vcpu.v != host.v || c->lease.held)
		return false;
	if (!slot_resume(SLOT_LEASE_VCPU) || !slot_resume(SLOT_LEASE_MMU) ||
	    !slot_resume(SLOT_LEASE_KVM)) {
		kvm_lease_end(c);
		return false;
	}
	read_vm_fields(c);
	c->lease.held = true;
	return true;
}

/* It still names the same mmu and kvm: what is mapped is theirs. */
static inline bool names_same(const struct cpu_run *c, u8 *k)
{
	return KVA(KV64(k, KVM_VCPU_HW_MMU)).v == c->lease.mmu.v &&
	       KVA(KV64(k, KVM_VCPU_KVM)).v == c->lease.kvm.v;
}

static __noinline u8 *lease_again(struct cpu_run *c, kva_t host)
{
	if (lease_resume(c, host) && names_same(c, c->lease.vcpu_map))
		return c->lease.vcpu_map;
	if (lease_begin(c, host))
		return c->lease.vcpu_map;
	kvm_lease_end(c);
	return NULL;
}

u8 *kvm_lease(struct cpu_run *c, kva_t host)
{
	u8 *k = c->lease.vcpu_map;

	if (likely(c->lease.held && c->lease.vcpu.v == host.v && names_same(c, k)))
		return k;
	return lease_again(c, host);
}

u8 *kvm_lease_peek(struct cpu_run *c, kva_t host, bool *rested)
{
	*rested = !c->lease.held;
	if (!c->lease.vcpu_map || c->lease.vcpu.v != host.v)
		return NULL;
	if (*rested && !slot_resume(SLOT_LEASE_VCPU)) {
		kvm_lease_end(c);
		return NULL;
	}
	return c->lease.vcpu_map;
}

void kvm_lease_unpeek(bool rested)
{
	if (rested)
		slot_rest(SLOT_LEASE_VCPU);
}
