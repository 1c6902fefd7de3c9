// SPDX-License-Identifier: GPL-2.0-only
/* hypsec_share: what guest and host do to frames that are shared, or not, against a model. */
#include <linux/prandom.h>
#include <linux/random.h>
#include "share.h"

#define FRAMES_HERE	5
#define STEPS		500

struct frame {
	enum { FRESH, PRIVATE, AWAY, SHARED } s;
	bool range, mapped;	/* of the range; by KVM */
	u64 ipa, *page, *other;
	u64 v;			/* what the guest has there, or the host, of an untouched one */
};

struct walk {
	struct kunit *test;
	struct hk_vm *vm;
	struct frame f[FRAMES_HERE];
	u64 n, pages;		/* the step; private pages when none of these is */
};

static u64 call(struct walk *w, u64 nr, const struct frame *f)
{
	return hk_call(&w->vm->vcpu[0], nr, f->ipa, 1, 0);
}

static void expect_page(struct walk *w, const void *page, int state, const char *when)
{
	KUNIT_EXPECT_EQ_MSG(w->test, hk_page_state(__pa(page), NULL), state, "%s", when);
}

/* What the host is asked where KVM has no page; then it has one. */
static void access(struct walk *w, struct frame *f, u32 insn, u64 v)
{
	struct hk_vcpu *c = &w->vm->vcpu[0];
	const u64 x[8] = { v, f->ipa };
	bool read = insn == INSN_LDR && f->s == SHARED;
	struct hk_exit e = hk_exec(c, insn, x);

	if (!f->mapped) {
		KUNIT_EXPECT_EQ(w->test, e.what, HK_TRAP);
		KUNIT_EXPECT_EQ(w->test, e.ipa, f->ipa);
		KUNIT_EXPECT_EQ(w->test, e.esr, (read ? SHARE_READ : SHARE_WRITE) | FSC_TRANS | 3);
		hk_map(w->vm, f->ipa, f->page);
		f->mapped = true;
		e = hk_run(c);
	}
	KUNIT_EXPECT_EQ(w->test, e.what, HK_DONE);
	KUNIT_EXPECT_EQ(w->test, c->res[11], PUPPET_SVC);
	if (f->s == FRESH)
		f->v = 0;
	if (f->s != SHARED)
		f->s = PRIVATE;
}

static void guest_loads(struct walk *w, struct frame *f)
{
	access(w, f, INSN_LDR, ~w->n);
	KUNIT_EXPECT_EQ(w->test, w->vm->vcpu[0].res[0], f->v);
}

static void guest_stores(struct walk *w, struct frame *f)
{
	access(w, f, INSN_STR, SECRET + w->n);
	f->v = SECRET + w->n;
}

static void host_loads(struct walk *w, struct frame *f)
{
	bool secret = f->s == PRIVATE || f->s == AWAY;
	u64 v;

	KUNIT_EXPECT_EQ(w->test, hk_try_load(f->page, &v), 0);
	/* Ciphertext of zeros too: 0 by chance, once in 2^64 times */
	KUNIT_EXPECT_EQ(w->test, v == f->v, !secret);
	if (f->s == PRIVATE)
		f->s = AWAY;
}

/* To a sealed one it would end the VM. */
static void host_stores(struct walk *w, struct frame *f)
{
	if (f->s == PRIVATE || f->s == AWAY)
		return;
	f->v = ~SECRET - w->n;
	KUNIT_EXPECT_EQ(w->test, hk_try_store(f->page, f->v), 0);
}

static void kvm_unmaps(struct walk *w, struct frame *f)
{
	hk_unmap(w->vm, f->ipa);
	f->mapped = false;
	if (f->s == PRIVATE)
		f->s = AWAY;
}

static void kvm_moves(struct walk *w, struct frame *f)
{
	u64 *page = f->page;

	kvm_unmaps(w, f);
	expect_page(w, page, HYPSEC_PAGE_HOST, "to be moved");
	memcpy(f->other, page, PAGE_SIZE);
	hk_map(w->vm, f->ipa, f->other);
	f->mapped = true;
	f->page = f->other;
	f->other = page;
}

/* A call for all of them, that takes nothing away */
static void kvm_ages(struct walk *w, struct frame *f)
{
	ps_flush(w->vm, KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid_range), GUEST_IMAGE,
		 (GUEST_POOL_END - GUEST_IMAGE) / PAGE_SIZE);
}

static void grants(struct walk *w, struct frame *f)
{
	KUNIT_EXPECT_EQ(w->test, call(w, HYPSEC_GUEST_GRANT, f),
			STATUS(f->s == AWAY ? HYPSEC_BUSY : HYPSEC_OK));
	if (f->s != AWAY)
		f->s = SHARED;
}

static void revokes(struct walk *w, struct frame *f)
{
	KUNIT_EXPECT_EQ(w->test, call(w, HYPSEC_GUEST_REVOKE, f),
			STATUS(f->range ? HYPSEC_DENIED : HYPSEC_OK));
	/* What is private, sealed or not, is not shared: it stays as it is. */
	if (f->range || (f->s != FRESH && f->s != SHARED))
		return;
	f->s = f->mapped ? PRIVATE : FRESH;
	if (f->mapped)
		f->v = 0;
}

static void relinquishes(struct walk *w, struct frame *f)
{
	KUNIT_EXPECT_EQ(w->test, call(w, HYPSEC_GUEST_RELINQUISH, f),
			STATUS(f->s == SHARED ? HYPSEC_RANGE : HYPSEC_OK));
	if (f->s == SHARED)
		return;
	if (f->s == PRIVATE)
		KUNIT_EXPECT_NULL(w->test, memchr_inv(f->page, 0, PAGE_SIZE));
	f->s = FRESH;
	host_stores(w, f);
}

static void expect_all(struct walk *w, const char *what)
{
	unsigned int i, private = 0;

	for (i = 0; i < FRAMES_HERE; i++) {
		struct frame *f = &w->f[i];

		expect_page(w, f->page, f->s == PRIVATE ? HYPSEC_PAGE_NOT_HOST :
			    HYPSEC_PAGE_HOST, what);
		expect_page(w, f->other, HYPSEC_PAGE_HOST, what);
		private += f->s == PRIVATE;
	}
	KUNIT_EXPECT_EQ_MSG(w->test, hk_vm_pages(w->vm), w->pages + private, "%s", what);
	KUNIT_EXPECT_EQ_MSG(w->test, hk_vm_state(w->vm), HYPSEC_VM_PROTECTED, "%s", what);
}

void share_random_walk(struct kunit *test)
{
	static const struct {
		const char *name;
		void (*run)(struct walk *w, struct frame *f);
	} ops[] = {
#define OP(name) { #name, name }
		OP(guest_loads), OP(guest_stores), OP(guest_stores), OP(host_loads),
		OP(host_stores), OP(kvm_unmaps), OP(kvm_moves), OP(kvm_ages), OP(grants),
		OP(revokes), OP(relinquishes),
	};
	u64 *page = share_pages(test, 4), seed = get_random_u64();
	struct walk *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	kunit_info(test, "seed %llx", seed);
	prandom_seed_state(&rnd, seed);
	w->test = test;
	w->vm = share_pool(test);
	w->pages = hk_vm_pages(w->vm);
	for (i = 0; i < FRAMES_HERE; i++) {
		struct frame *f = &w->f[i];

		f->range = !i;
		f->s = i ? FRESH : SHARED;
		f->ipa = i ? GUEST_FREE + i * PAGE_SIZE : POOL_FRAME;
		f->page = page + 2 * i * PAGE_SIZE / 8;
		f->other = f->page + PAGE_SIZE / 8;
		f->v = *f->page;
	}
	for (w->n = 0; w->n < STEPS && !test->status; w->n++) {
		u32 r = prandom_u32_state(&rnd);

		i = r % ARRAY_SIZE(ops);
		ops[i].run(w, &w->f[(r >> 16) % FRAMES_HERE]);
		expect_all(w, ops[i].name);
	}
	if (test->status)
		kunit_info(test, "step %llu: %s", w->n, ops[i].name);
}
