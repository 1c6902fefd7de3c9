// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_pageseal, each state of a frame x each operation: what every view says afterwards. The
 * host's are its loads, PAGE_INFO, VM_INFO and ACCOUNT; the guest's what it loads, or its end.
 */
#include "auth.h"
#include "pageseal.h"

static const char *const state_names[STATES] = {
	"untouched", "private", "in a block", "sealed", "relinquished",
};

#define FILL		0xa5		/* what the host has in a page that it gives */
#define BASE		GUEST_END	/* of the block */

static bool private(enum state s)
{
	return s == PAGE || s == BLOCK;
}

/* 2 MiB claimed at once. KVM has split its block since: a frame is its to take away. */
static void in_a_block(struct pair *p, void *block, u64 *pte)
{
	struct hk_vm *vm = p->vm;
	struct kunit *test = vm->test;
	u64 *pmd = &vm->pmd[BASE >> 21 & 511], pages = hk_vm_pages(vm), v;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, hk_call(&vm->vcpu[0], HYPSEC_GUEST_RAM, BASE, SZ_2M, 0), HYPSEC_OK);
	WRITE_ONCE(*pmd, __pa(block) | HK_RW | BIT(10) | 3UL << 8 | 0xfUL << 2 | BIT(0));
	KUNIT_ASSERT_TRUE(test, hk_guest_load(&vm->vcpu[0], BASE, &v));
	KUNIT_ASSERT_EQ(test, hk_vm_pages(vm), pages + 512);
	for (i = 0; i < 512; i++)
		pte[i] = (READ_ONCE(*pmd) + i * PAGE_SIZE) | BIT(1);
	WRITE_ONCE(*pmd, __pa(pte) | BIT(1) | BIT(0));
	p->ipa = BASE + 7 * PAGE_SIZE;
	p->page = block + 7 * PAGE_SIZE;
	p->pte = &pte[7];
}

static void make(struct kunit *test, struct pair *p, enum state s)
{
	void *block = s == BLOCK ? page_address(hk_host_pages(test, 9)) : NULL;
	u64 *pte = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct hk_vcpu *c;

	KUNIT_ASSERT_NOT_NULL(test, pte);
	/* Lent before the VM is made, so that it ends first */
	*p = (struct pair){ .vm = hk_protected(test), .state = s, .ipa = GUEST_FREE };
	c = &p->vm->vcpu[0];
	p->page = p->vm->spare;
	memset(p->page, FILL, 2 * PAGE_SIZE);
	p->pte = &p->vm->pte[(p->ipa - GUEST_IMAGE) / PAGE_SIZE];
	hk_map(p->vm, p->ipa, p->page);
	hk_map(p->vm, p->ipa + PAGE_SIZE, p->page + PAGE_SIZE);
	if (s == BLOCK)
		in_a_block(p, block, pte);
	p->first = p->page;
	if (s == UNTOUCHED)
		return;
	KUNIT_ASSERT_TRUE(test, hk_guest_store(c, p->ipa, SECRET));
	KUNIT_ASSERT_TRUE(test, hk_guest_store(c, p->ipa + PAGE_SIZE, ~SECRET));
	if (s == SEALED) {
		KUNIT_ASSERT_EQ(test, hk_try_access(ACC_LOAD, p->page), 0);
		KUNIT_ASSERT_EQ(test, hk_try_access(ACC_LOAD, p->page + PAGE_SIZE), 0);
	}
	if (s == RELINQUISHED)
		KUNIT_ASSERT_EQ(test, hk_call(c, HYPSEC_GUEST_RELINQUISH, p->ipa, 2, 0), HYPSEC_OK);
	KUNIT_ASSERT_EQ(test, hk_page_state(__pa(p->page), NULL),
			private(s) ? HYPSEC_PAGE_NOT_HOST : HYPSEC_PAGE_HOST);
}

/* --- the views --- */

static void expect_page(struct kunit *test, const void *page, bool private, const char *what)
{
	KUNIT_EXPECT_EQ_MSG(test, hk_page_state(__pa(page), NULL),
			    private ? HYPSEC_PAGE_NOT_HOST : HYPSEC_PAGE_HOST, "%s", what);
}

static void expect_guest(struct pair *p, u64 ipa, u64 want, const char *what)
{
	u64 v = ~want;

	KUNIT_EXPECT_TRUE_MSG(p->vm->test, hk_guest_load(&p->vm->vcpu[0], ipa, &v), "%s", what);
	KUNIT_EXPECT_EQ_MSG(p->vm->test, v, want, "%s", what);
}

static void try(struct kunit *test, enum state s, const struct op *o)
{
	static u64 before_page[PAGE_SIZE / 8];
	struct accounts before, after;
	enum effect did = o->effect;
	bool secret, mine = private(s), ends;
	u64 pages, lost = 0;
	struct pair p;

	make(test, &p, s);
	if (mine && o->private == HYPSEC_DENIED)
		did = NOTHING;
	if (!mine)
		memcpy(before_page, p.page, PAGE_SIZE);
	pages = hk_vm_pages(p.vm);
	hk_read_accounts(test, &before);
	KUNIT_EXPECT_EQ_MSG(test, o->run(&p, o), mine ? o->private : o->host, "%s", o->name);
	hk_read_accounts(test, &after);

	/* What the host knows without a touch */
	if (mine && did != NOTHING && did != CLAIMS && did != STORES)
		lost = did == SEALS_BOTH ? 2 : 1;
	if (!mine && (did == CLAIMS || did == STORES))
		lost = -1;
	KUNIT_EXPECT_EQ_MSG(test, hk_vm_pages(p.vm), pages - lost, "%s", o->name);
	KUNIT_EXPECT_EQ_MSG(test, after.n[HYPSEC_ACC_PRIVATE], before.n[HYPSEC_ACC_PRIVATE] - lost,
			    "%s", o->name);
	/* Tags are there from the first touch on: a seal takes no memory. */
	if (lost != -1ULL)
		KUNIT_EXPECT_EQ(test, after.n[HYPSEC_ACC_SEAL], before.n[HYPSEC_ACC_SEAL]);
	KUNIT_EXPECT_EQ(test, hk_vm_state(p.vm), HYPSEC_VM_PROTECTED);
	expect_page(test, p.first, mine ? !lost : lost == -1ULL, o->name);
	expect_page(test, p.first + PAGE_SIZE, mine && did != SEALS_BOTH, o->name);

	/* What it reads then */
	if (mine && lost && did == FORGETS)
		KUNIT_EXPECT_NULL(test, memchr_inv(p.first, 0, PAGE_SIZE));
	else if (mine && lost && did != WRITES)
		ps_expect_ciphertext(test, p.first, o->name);
	if (!mine && did != WRITES && lost != -1ULL)
		KUNIT_EXPECT_EQ(test, memcmp(before_page, p.first, PAGE_SIZE), 0);

	/* And the guest: the neighbour first */
	secret = (mine || s == SEALED) && did != FORGETS;
	ends = secret && did == WRITES;
	expect_guest(&p, p.ipa + PAGE_SIZE, mine || s == SEALED ? ~SECRET : 0, o->name);
	if (ends) {
		const u64 x[8] = { 0, p.ipa };

		KUNIT_EXPECT_EQ(test, hk_exec(&p.vm->vcpu[0], INSN_LDR, x).what, HK_IL);
		KUNIT_EXPECT_EQ(test, hk_vm_state(p.vm), HYPSEC_VM_DEAD);
		return;
	}
	expect_guest(&p, p.ipa, secret || did == STORES ? SECRET : 0, o->name);
	expect_page(test, p.page, true, o->name);
	if (!mine || !lost || did == FORGETS)
		return;
	/* Sealed again it is another ciphertext. */
	memcpy(before_page, p.first, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, hk_try_access(ACC_LOAD, p.page), 0);
	ps_expect_ciphertext(test, p.page, o->name);
}

/* --- the end of its VM --- */

/* KVM's words for it, or its VMM was killed: pages come back by touch, or in steps. */
static void end_it(struct pair *p, bool teardown)
{
	struct kunit *test = p->vm->test;
	struct arm_smccc_res res;
	unsigned int i;
	u64 v;

	if (teardown) {
		hk_vm_end(p->vm);
		return;
	}
	hk_put();
	p->vm->ended = true;
	KUNIT_EXPECT_EQ(test, hypsec_call_vm_end((unsigned long)p->vm->kvm, &res), HYPSEC_OK);
	KUNIT_EXPECT_NE(test, hk_vm_state(p->vm), HYPSEC_VM_PROTECTED);
	KUNIT_EXPECT_EQ(test, hk_try_load(p->page, &v), 0);
	KUNIT_EXPECT_NE(test, v, SECRET);
	res.a1 = 1;
	for (i = 0; i < 100000 && res.a1; i++)
		hypsec_call_vm_reap(&res);
	KUNIT_EXPECT_EQ(test, res.a1, 0);
	KUNIT_EXPECT_EQ(test, hk_vm_state(p->vm), HYPSEC_VM_NONE);
}

static void end_in(struct kunit *test, enum state s, bool teardown)
{
	static u8 was[PAGE_SIZE];
	struct accounts before;
	struct pair p;

	hk_read_accounts(test, &before);
	make(test, &p, s);
	if (!private(s))
		memcpy(was, p.page, PAGE_SIZE);
	end_it(&p, teardown);
	expect_page(test, p.page, false, state_names[s]);
	/* What was private is zero; what was the host's is as it was, ciphertext too. */
	if (private(s))
		KUNIT_EXPECT_NULL(test, memchr_inv(p.page, 0, PAGE_SIZE));
	else
		KUNIT_EXPECT_EQ(test, memcmp(was, p.page, PAGE_SIZE), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(ps_page(p.vm, FRAME), 0, PAGE_SIZE));
	expect_accounts(test, &before);
}

/* --- all of them --- */

struct cell {
	enum state state;
	unsigned int n;
};

static struct cell *next_cell(const void *prev, unsigned int count)
{
	static struct cell c;

	c = prev ? *(const struct cell *)prev : (struct cell){ 0, -1 };
	if (++c.n == count) {
		c.n = 0;
		c.state++;
	}
	return c.state < STATES ? &c : NULL;
}

const void *next_operation(const void *prev, char *desc)
{
	struct cell *c = next_cell(prev, ps_nr_ops);

	if (c)
		snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: %s", state_names[c->state],
			 ps_ops[c->n].name);
	return c;
}

void state_and_operation(struct kunit *test)
{
	const struct cell *c = test->param_value;

	try(test, c->state, &ps_ops[c->n]);
}

const void *next_end(const void *prev, char *desc)
{
	struct cell *c = next_cell(prev, 2);

	if (c)
		snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: %s", state_names[c->state],
			 c->n ? "teardown" : "end");
	return c;
}

void state_and_end(struct kunit *test)
{
	const struct cell *c = test->param_value;

	end_in(test, c->state, c->n);
}
