// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of the core that hold a protected VM: one for the VM, one or two for each vCPU.
 * The guest's registers are in them, so they leave erased, in memory too.
 */
#include "pvm/priv.h"
#include "base/check.h"
#include "pool/pool.h"

_Static_assert(sizeof(struct vcpu) + sizeof(struct hypsec_token) <= PAGE_SIZE, "one page each");
_Static_assert(sizeof(struct pvm) <= PAGE_SIZE, "one page");

/* Zero in memory too: a zero that is only in a cache is lost at a reset. */
static void free_secret(const struct vm *vm, void *page)
{
	page_zero(page);
	dcache_clean_inval_poc(page, PAGE_SIZE);
	pool_free(page, HYPSEC_ACC_VM);
	share_charge(vm->id, -1);
}

static void *new_page(const struct vm *vm)
{
	void *page = pool_alloc(HYPSEC_ACC_VM);

	if (page)
		share_charge(vm->id, 1);
	return page;
}

void pvm_discard(const struct vm *vm, struct pvm *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < VM_MAX_VCPUS && p->vcpu[i]; i++) {
		if (p->vcpu[i]->sve_buf)
			free_secret(vm, p->vcpu[i]->sve_buf);
		free_secret(vm, p->vcpu[i]);
	}
	seal_free(&p->seal);
	free_secret(vm, p);
}

void pvm_forget(struct vm *vm)
{
	seal_forget(&vm->pvm->seal);
}

/* What of it is a secret; the rest is used by a vCPU that leaves later, and then calls this. */
void pvm_wipe_vcpu(struct vcpu *v)
{
	hypsec_wipe(&v->regs, sizeof(v->regs));
	hypsec_wipe(v->sr, sizeof(v->sr));
	hypsec_wipe(&v->fp, sizeof(v->fp));
	hypsec_wipe(v->apkey, sizeof(v->apkey));
	hypsec_wipe(&v->on_context, sizeof(v->on_context));
	dcache_clean_inval_poc(v, PAGE_SIZE);
	if (v->sve_buf) {
		hypsec_wipe(v->sve_buf, PAGE_SIZE);
		dcache_clean_inval_poc(v->sve_buf, PAGE_SIZE);
	}
}

void pvm_wipe(struct vm *vm)
{
	struct pvm *p = READ_ONCE(vm->pvm);

	if (p)
		seal_forget(&p->seal);
	for (unsigned int i = 0; p && i < VM_MAX_VCPUS; i++)
		if (p->vcpu[i])		/* not: being freed by a CPU that panicked */
			pvm_wipe_vcpu(p->vcpu[i]);
}

/*
 * The vectors that all CPUs have. Longest lengths may differ, and be no power of two; then the
 * next power of two below, which every CPU has (Arm ARM B1.2.2).
 */
static u32 common_sve_vl(void)
{
	u32 vl = VCPU_SVE_MAX;

	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		if (cpu_by_id(cpu)->sve_vl < vl)
			vl = cpu_by_id(cpu)->sve_vl;
	while (vl & (vl - 1))
		vl &= vl - 1;
	return vl;
}

int pvm_alloc(struct vm *vm, struct pvm **out)
{
	struct pvm *p = new_page(vm);
	u32 sve_vl = common_sve_vl();
	int ret;

	if (!p)
		return HYPSEC_NO_MEMORY;
	ret = seal_init(&p->seal, vm->id, vm->s2.ipa_bits);
	if (ret != HYPSEC_OK) {
		pvm_discard(vm, p);
		return ret;
	}
	spin_init(&p->vcpus_lock, RANK_VCPUS);
	for (unsigned int i = 0; i < VM_MAX_VCPUS; i++) {
		p->vcpu[i] = new_page(vm);
		if (p->vcpu[i] && sve_vl)
			p->vcpu[i]->sve_buf = new_page(vm);
		if (!p->vcpu[i] || (sve_vl && !p->vcpu[i]->sve_buf)) {
			pvm_discard(vm, p);
			return HYPSEC_NO_MEMORY;
		}
		p->vcpu[i]->sve_vl = sve_vl;
		p->vcpu[i]->token = (struct hypsec_token *)(p->vcpu[i] + 1);
		p->vcpu[i]->vm = vm;
		p->vcpu[i]->r = &p->vcpu[i]->regs;
		p->vcpu[i]->power = VCPU_OFF;
	}
	*out = p;
	return HYPSEC_OK;
}

/**
 * pvm_free() - free what pvm/ holds of a dead VM
 *
 * Caller: holds vm->lock, and with it held has seen that no vCPU is inside. The count
 * is not looked at again: a vCPU counts itself before it looks at the state (kvm/run.c),
 * so it may go up at any time; that vCPU will find the VM dead, and leave.
 */
void pvm_free(struct vm *vm)
{
	CHECK(spin_held(&vm->lock) && vm->state == VM_DEAD);
	vm->shared = NULL;
	pvm_discard(vm, vm->pvm);
	vm->pvm = NULL;
}
