// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_share on all CPUs: a guest stores into what it shares, while others give the very pages to
 * the core and to another VM, or make KVM's calls.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/random.h>
#include "share.h"

#define COUNTED	2			/* frames that KVM moves */
#define TAKEN	2			/* frames that are given to others */
#define TAKES	24
#define MOVES	300
#define LOOKS	8			/* of the VM that has the page then */
#define BURST	2000UL			/* counted between two looks at the others */
#define CODE	(GUEST_IMAGE + 0x30000)
#define WORD(page)	READ_ONCE(*(u64 *)(page))

/*
 * The guest's: all frames from @x0 to @x1 hold x3; x2 times they are counted up, and what they hold
 * then is stored to two frames from @x6 on. Left early with x2 not 0 where one is wrong: x4, at x5.
 */
asm(
"	.pushsection .rodata\n"
"	.balign	8\n"
"share_count:\n"
"1:	mov	x5, x0\n"
"2:	ldr	x4, [x5]\n"
"	cmp	x4, x3\n"
"	b.ne	3f\n"
"	add	x4, x4, #1\n"
"	str	x4, [x5]\n"
"	add	x5, x5, #4096\n"
"	cmp	x5, x1\n"
"	b.ne	2b\n"
"	add	x3, x3, #1\n"
"	str	x3, [x6]\n"
"	str	x3, [x6, #4096]\n"
"	subs	x2, x2, #1\n"
"	b.ne	1b\n"
"3:	ret\n"
"	.balign	8\n"
"share_count_end:\n"
"	.popsection\n");
extern const u64 share_count[], share_count_end[];

struct frame {
	u64 ipa, *pte;
	void *page, *free;		/* now, and for its next move */
};

struct race {
	struct hk_vm *vm, *other;
	struct frame counted[COUNTED], taken[TAKEN];
	u64 takes, moves;
	unsigned int wrong;		/* what others saw that must not be */
	bool over;
};

static void make_frame(struct race *r, struct frame *f, u64 ipa, void *pages)
{
	*f = (struct frame){ ipa, share_pte(r->vm, ipa), pages, pages + PAGE_SIZE };
	hk_map(r->vm, ipa, f->page);
}

static void make(struct kunit *test, struct race *r)
{
	void *pages = share_pages(test, 3);
	struct hk_vcpu *c;
	unsigned int i;

	r->other = hk_protected(test);
	r->vm = share_pool(test);
	c = &r->vm->vcpu[0];
	for (i = 0; i < &share_count_end[0] - &share_count[0]; i++)
		KUNIT_ASSERT_TRUE(test, hk_guest_store(c, CODE + 8 * i, share_count[i]));
	for (i = 0; i < COUNTED; i++) {
		make_frame(r, &r->counted[i], POOL_FRAME + i * PAGE_SIZE, pages + i * SZ_8K);
		*(u64 *)r->counted[i].page = SECRET;
	}
	for (i = 0; i < TAKEN; i++)
		make_frame(r, &r->taken[i], POOL_FRAME + (COUNTED + i) * PAGE_SIZE,
			   pages + (COUNTED + i) * SZ_8K);
}

/* The core has it, and gives it back: its free pages are of zeros. */
static bool give_to_core(struct race *r, struct frame *f)
{
	struct arm_smccc_res res;

	if (hypsec_call_donate(__pa(f->page), &res) != HYPSEC_OK)
		return false;
	udelay(100);
	return hypsec_call_reclaim(__pa(f->page), &res) == HYPSEC_OK;
}

/* Another VM has it, and gives it back. */
static bool give_to_other(struct race *r, struct frame *f)
{
	struct hk_vcpu *c = &r->other->vcpu[0];
	unsigned int i;
	bool ok;
	u64 v;

	hk_map(r->other, GUEST_FREE, f->page);
	ok = hk_guest_store(c, GUEST_FREE, ~SECRET);
	for (i = 0; i < LOOKS; i++)
		ok &= hk_guest_load(c, GUEST_FREE, &v) && v == ~SECRET;
	ok &= !hk_call(c, HYPSEC_GUEST_RELINQUISH, GUEST_FREE, 1, 0);
	hk_unmap(r->other, GUEST_FREE);
	return ok;
}

/* KVM's entry goes without its call: only the core can know that the guest has the page. */
static int taker(void *arg)
{
	struct race *r = arg;

	while (r->takes < TAKES) {
		struct frame *f = &r->taken[r->takes % TAKEN];
		u64 pte = *f->pte;

		WRITE_ONCE(*f->pte, 0);
		if (!(r->takes & 2 ? give_to_core(r, f) : give_to_other(r, f)))
			r->wrong++;
		if (memchr_inv(f->page, 0, PAGE_SIZE))
			r->wrong++;
		WRITE_ONCE(*f->pte, pte);
		WRITE_ONCE(r->takes, r->takes + 1);
		/* The guest has it in between. */
		while (!WORD(f->page) && !READ_ONCE(r->over))
			cond_resched();
	}
	return 0;
}

/* As KVM migrates a page; the old one belongs to somebody else then. */
static int mover(void *arg)
{
	static const u64 calls[][3] = {
		{ KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid_ipa), POOL_FRAME, 3 },
		{ KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid_range), POOL, 512 },
		{ KVM_HOST_SMCCC_FUNC(__kvm_tlb_flush_vmid), 0, 0 },
	};
	struct race *r = arg;

	while (r->moves < MOVES) {
		struct frame *f = &r->counted[r->moves % COUNTED];
		const u64 *call = calls[r->moves % ARRAY_SIZE(calls)];
		void *page = f->page;
		u64 pte = *f->pte;

		WRITE_ONCE(*f->pte, 0);
		ps_flush(r->vm, call[0], call[2] == 3 ? f->ipa : call[1], call[2]);
		memcpy(f->free, page, PAGE_SIZE);
		*(u64 *)page = ~SECRET;
		/* The copy first: the core walks the table on another CPU. */
		smp_store_release(f->pte, pte - __pa(page) + __pa(f->free));
		udelay(50);
		if (WORD(page) != ~SECRET)
			r->wrong++;
		f->page = f->free;
		f->free = page;
		WRITE_ONCE(r->moves, r->moves + 1);
		cond_resched();
	}
	return 0;
}

/* A page that is on its way is waited for. */
static struct hk_exit run_through(struct hk_vcpu *c)
{
	unsigned long end = jiffies + HK_HANG;
	struct hk_exit e = hk_run(c);

	while (e.what == HK_TRAP && time_before(jiffies, end)) {
		cond_resched();
		e = hk_run(c);
	}
	return e;
}

void shared_while_taken(struct kunit *test)
{
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int cpu = hk_other_cpu(test);
	struct errand *take, *move;
	struct hk_vcpu *c;
	struct hk_exit e;
	u64 value = SECRET;

	KUNIT_ASSERT_NOT_NULL(test, r);
	make(test, r);
	c = &r->vm->vcpu[0];
	take = hk_start_on(test, cpu, taker, r);
	move = hk_start_on(test, cpumask_last(cpu_online_mask), mover, r);
	do {
		const u64 x[8] = { POOL_FRAME, POOL_FRAME + COUNTED * PAGE_SIZE, BURST, value, 0,
				   0, POOL_FRAME + COUNTED * PAGE_SIZE, CODE };

		hk_command(c, BLR_X7, x, value);
		e = run_through(c);
		value += BURST;
	} while (e.what == HK_DONE && c->res[11] == PUPPET_SVC && c->res[3] == value &&
		 (READ_ONCE(r->takes) < TAKES || READ_ONCE(r->moves) < MOVES));
	WRITE_ONCE(r->over, true);
	hk_finish(take);
	hk_finish(move);
	kunit_info(test, "%llu times taken, %llu moved, %llu counted", r->takes, r->moves,
		   value - SECRET);
	KUNIT_EXPECT_EQ(test, e.what, HK_DONE);
	KUNIT_EXPECT_EQ(test, c->res[11], PUPPET_SVC);
	KUNIT_EXPECT_EQ_MSG(test, c->res[3], value, "%llx at %llx", c->res[4], c->res[5]);
	KUNIT_EXPECT_EQ(test, r->wrong, 0);
	KUNIT_EXPECT_EQ(test, hk_vm_state(r->vm), HYPSEC_VM_PROTECTED);
	KUNIT_EXPECT_EQ(test, hk_vm_state(r->other), HYPSEC_VM_PROTECTED);
}

/* --- a frame that is granted and revoked while the host looks at it --- */

#define CYCLES	30
#define PUBLIC	0x9b11cUL

struct looker {
	struct hk_vm *vm;
	void *page;
	u64 looks;
	int seen;
	bool stop;
};

static int looker(void *arg)
{
	struct looker *l = arg;
	u64 v;

	while (!READ_ONCE(l->stop)) {
		if (hk_try_load(l->page, &v) || v == SECRET)
			l->seen++;
		if (l->looks % 3 == 0)
			ps_flush_ipa(l->vm, GUEST_FREE);
		WRITE_ONCE(l->looks, l->looks + 1);
		/* Now and then the guest gets further than to the next look. */
		usleep_range(100, 101 + get_random_u32() % 8000);
	}
	return 0;
}

/* The host has it sealed, or had an interrupt: called again. */
static u64 call(struct hk_vcpu *c, u64 nr)
{
	u64 status = STATUS(HYPSEC_BUSY), v;
	unsigned int i;

	for (i = 0; i < 1000 && status == STATUS(HYPSEC_BUSY); i++) {
		if (nr == HYPSEC_GUEST_GRANT)
			hk_guest_load(c, GUEST_FREE, &v);
		status = hk_call(c, nr, GUEST_FREE, 0, 0);
	}
	return status;
}

void granted_while_stored(struct kunit *test)
{
	struct looker l = { .page = share_pages(test, 0) };
	unsigned int cpu = hk_other_cpu(test), n;
	struct errand *errand;
	struct hk_vcpu *c;
	u64 v;

	l.vm = share_vm(test);
	c = &l.vm->vcpu[0];
	hk_map(l.vm, GUEST_FREE, l.page);
	KUNIT_ASSERT_TRUE(test, hk_guest_store(c, GUEST_FREE, SECRET));
	errand = hk_start_on(test, cpu, looker, &l);
	ps_await(&l.looks);
	for (n = 0; n < CYCLES && !test->status; n++) {
		KUNIT_EXPECT_TRUE(test, hk_guest_load(c, GUEST_FREE, &v));
		KUNIT_EXPECT_EQ(test, v, SECRET);
		KUNIT_EXPECT_TRUE(test, hk_guest_store(c, GUEST_FREE, PUBLIC + n));
		KUNIT_EXPECT_EQ(test, call(c, HYPSEC_GUEST_GRANT), HYPSEC_OK);
		KUNIT_EXPECT_EQ(test, WORD(l.page), PUBLIC + n);
		KUNIT_EXPECT_TRUE(test, hk_guest_load(c, GUEST_FREE, &v));
		KUNIT_EXPECT_EQ(test, v, PUBLIC + n);
		KUNIT_EXPECT_EQ(test, call(c, HYPSEC_GUEST_REVOKE), HYPSEC_OK);
		KUNIT_EXPECT_TRUE(test, hk_guest_load(c, GUEST_FREE, &v));
		KUNIT_EXPECT_EQ(test, v, 0);
		KUNIT_EXPECT_TRUE(test, hk_guest_store(c, GUEST_FREE, SECRET));
	}
	WRITE_ONCE(l.stop, true);
	hk_finish(errand);
	kunit_info(test, "%u times granted, %llu looks", n, l.looks);
	KUNIT_EXPECT_EQ(test, n, CYCLES);
	KUNIT_EXPECT_EQ(test, l.seen, 0);
	KUNIT_EXPECT_EQ(test, hk_vm_state(l.vm), HYPSEC_VM_PROTECTED);
}
