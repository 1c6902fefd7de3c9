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

void pvm_vcpu_discard(const struct vm *vm, struct vcpu *v)
{
	if (!v)
		return;
	if (v->sve_buf)
		free_secret(vm, v->sve_buf);
	free_secret(vm, v);
}

struct vcpu *pvm_vcpu_new(struct vm *vm, const struct pvm *p, unsigned int i)
{
	struct vcpu *v = new_page(vm);

	if (!v)
		return NULL;
	if (p->sve_vl) {
		v->sve_buf = new_page(vm);
		if (!v->sve_buf) {
			free_secret(vm, v);
			return NULL;
		}
	}
	v->sve_vl = p->sve_vl;
	v->token = (struct hypsec_token *)(v + 1);
	v->vm = vm;
	v->r = &v->regs;
	v->index = i;
	v->power = VCPU_OFF;
	v->own_cntvoff = true;
	v->cntvoff = p->cntvoff;
	v->midr = p->midr;
	return v;
}

void pvm_discard(const struct vm *vm, struct pvm *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < VM_MAX_VCPUS; i++) {
		struct vcpu *v = p->vcpu[i];

		/* A CPU that panics now finds no page here, by pvm_wipe(), that another has by then. */
		WRITE_ONCE(p->vcpu[i], NULL);
		pvm_vcpu_discard(vm, v);
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
	for (unsigned int i = 0; p && i < VM_MAX_VCPUS; i++) {
		struct vcpu *v = READ_ONCE(p->vcpu[i]);

		if (v)
			pvm_wipe_vcpu(v);
	}
}

int pvm_alloc(struct vm *vm, struct pvm **out)
{
	struct pvm *p = new_page(vm);
	int ret;

	if (!p)
		return HYPSEC_NO_MEMORY;
	ret = seal_init(&p->seal, vm->id, vm->s2.ipa_bits);
	if (ret != HYPSEC_OK) {
		pvm_discard(vm, p);
		return ret;
	}
	spin_init(&p->vcpus_lock, RANK_VCPUS);
	p->sve_vl = pvm_cpus.sve_vl;
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
	vm->ran = NULL;
	pvm_discard(vm, vm->pvm);
	vm->pvm = NULL;
}
