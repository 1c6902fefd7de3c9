// SPDX-License-Identifier: GPL-2.0-only
/* hypsec_pageseal: what a host, and the guest, can do to a frame and its page; pageseal_states.c. */
#include "pageseal.h"

static int host_access(struct pair *p, const struct op *o)
{
	return hk_try_access(o->access, p->page);
}

/* Load-exclusive and store-exclusive, until the store is done */
static int host_exclusive(struct pair *p, const struct op *o)
{
	atomic64_inc(p->page);
	return 0;
}

/* 8 bytes, 4 of them in each page */
static int host_unaligned(struct pair *p, const struct op *o)
{
	u64 v;

	return hk_try_load(p->page + PAGE_SIZE - 4, &v);
}

/* KVM's entry is as @o says, the call comes, and the entry is as it was. */
static int flush(struct pair *p, const struct op *o)
{
	u64 was = *p->pte;
	const u64 entry[] = {
		[AS_IT_IS] = was, [AGED] = was & ~(BIT(10) | BIT(7)), [NONE] = 0, [MARKED] = BIT(10),
	};

	WRITE_ONCE(*p->pte, entry[o->entry]);
	ps_flush(p->vm, o->call, o->pages ? p->ipa + o->from : 0, o->pages);
	WRITE_ONCE(*p->pte, was);
	return 0;
}

/* Another page, where what was sealed is put then */
static int flush_other(struct pair *p, const struct op *o)
{
	void *other = p->vm->spare + 4 * PAGE_SIZE;
	int state;

	WRITE_ONCE(*p->pte, *p->pte - __pa(p->page) + __pa(other));
	ps_flush_ipa(p->vm, p->ipa);
	/* Before the copy would seal it */
	state = hk_page_state(__pa(p->page), NULL);
	memcpy(other, p->page, PAGE_SIZE);
	p->page = other;
	return state;
}

static int donate(struct pair *p, const struct op *o)
{
	struct arm_smccc_res res;
	int status = hypsec_call_donate(__pa(p->page), &res);

	return status ?: hypsec_call_reclaim(__pa(p->page), &res);
}

static int reclaim(struct pair *p, const struct op *o)
{
	struct arm_smccc_res res;

	return hypsec_call_reclaim(__pa(p->page), &res);
}

static int share(struct pair *p, const struct op *o)
{
	struct arm_smccc_res res;
	int status = hypsec_call_share(__pa(p->page), &res);

	return status ?: hypsec_call_unshare(__pa(p->page), &res);
}

static int unshare(struct pair *p, const struct op *o)
{
	struct arm_smccc_res res;

	return hypsec_call_unshare(__pa(p->page), &res);
}

static int page_info(struct pair *p, const struct op *o)
{
	return hk_page_state(__pa(p->page), NULL);
}

static int guest_load(struct pair *p, const struct op *o)
{
	u64 v;

	return !hk_guest_load(&p->vm->vcpu[0], p->ipa, &v);
}

static int guest_store(struct pair *p, const struct op *o)
{
	return !hk_guest_store(&p->vm->vcpu[0], p->ipa, SECRET);
}

static int guest_relinquish(struct pair *p, const struct op *o)
{
	return hk_call(&p->vm->vcpu[0], HYPSEC_GUEST_RELINQUISH, p->ipa, 1, 0);
}

#define FN(name)	KVM_HOST_SMCCC_FUNC(__kvm_ ## name)
#define ACCESS(what, effect) \
	{ #what, host_access, effect, .access = what }
/* @pages: or the level, of a call for one address; 0: for no address */
#define FLUSH(name, fn, during, effect, from, pages) \
	{ name, flush, effect, 0, 0, 0, FN(fn), from, pages, during }

const struct op ps_ops[] = {
	ACCESS(ACC_LOAD, SEALS), ACCESS(ACC_LOAD_PAIR, SEALS), ACCESS(ACC_LOAD_EXCLUSIVE, SEALS),
	ACCESS(ACC_STORE, WRITES), ACCESS(ACC_DC_ZVA, WRITES),
	ACCESS(ACC_DC_CIVAC, NOTHING), ACCESS(ACC_DC_CVAC, NOTHING),
	{ "exclusive", host_exclusive, WRITES },
	{ "across two pages", host_unaligned, SEALS_BOTH },
	FLUSH("IPA, valid", tlb_flush_vmid_ipa, AS_IT_IS, NOTHING, 0, 3),
	FLUSH("IPA, aged", tlb_flush_vmid_ipa, AGED, NOTHING, 0, 3),
	FLUSH("IPA, gone", tlb_flush_vmid_ipa, NONE, SEALS, 0, 3),
	FLUSH("IPA, marked", tlb_flush_vmid_ipa_nsh, MARKED, SEALS, 0, 3),
	{ "IPA, another page", flush_other, SEALS, HYPSEC_PAGE_HOST, HYPSEC_PAGE_HOST },
	FLUSH("range, valid", tlb_flush_vmid_range, AS_IT_IS, NOTHING, 0, 2),
	FLUSH("range, gone", tlb_flush_vmid_range, NONE, SEALS, 0, 2),
	FLUSH("range before", tlb_flush_vmid_range, NONE, NOTHING, -512 * PAGE_SIZE, 512),
	FLUSH("VMID, valid", tlb_flush_vmid, AS_IT_IS, NOTHING, 0, 0),
	/* All of a VM: after a change of permissions or ages, not a removal (kvm/hcalls.c) */
	FLUSH("VMID, gone", tlb_flush_vmid, NONE, NOTHING, 0, 0),
	FLUSH("CPU context", flush_cpu_context, NONE, NOTHING, 0, 0),
	FLUSH("VM context", flush_vm_context, NONE, NOTHING, 0, 0),
	{ "DONATE", donate, WRITES, HYPSEC_OK, HYPSEC_DENIED },
	{ "RECLAIM", reclaim, NOTHING, HYPSEC_DENIED, HYPSEC_DENIED },
	{ "SHARE", share, NOTHING, HYPSEC_OK, HYPSEC_DENIED },
	{ "UNSHARE", unshare, NOTHING, HYPSEC_STATE, HYPSEC_DENIED },
	{ "PAGE_INFO", page_info, NOTHING, HYPSEC_PAGE_HOST, HYPSEC_PAGE_NOT_HOST },
	{ "guest's load", guest_load, CLAIMS },
	{ "guest's store", guest_store, STORES },
	{ "RELINQUISH", guest_relinquish, FORGETS },
};

const unsigned int ps_nr_ops = ARRAY_SIZE(ps_ops);
