// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_pageseal on all CPUs: a guest runs on one, the others take its pages away, move, change
 * and look at them meanwhile. The guest never sees a wrong word, and they see none of its own.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/prandom.h>
#include "pageseal.h"

#define COUNTED	4			/* frames */
#define ROUNDS	1000000		/* most of its time it has its pages */
#define CODE	(GUEST_IMAGE + 0x30000)
#define WORD	0xff8			/* also counted in each frame */
#define RUNS	20000			/* of a vCPU that waits for a page */
#define OPS	1000			/* of each thread of the host's */
#define SEALS	200			/* of one frame */
#define BURST	20000UL			/* that often it is counted between two looks at that */
#define BURSTS	10000			/* and no more of them, if the other CPU gets nowhere */
#define BLR_X7	0xd63f00e0

/*
 * The guest's: @x1 frames from @x0 on hold x3 in two words each; x2 times each of them is
 * counted up. Left early with x2 not 0 where one is wrong: x4, in the frame x5.
 */
asm(
"	.pushsection .rodata\n"
"	.balign	8\n"
"ps_count:\n"
"1:	mov	x5, x0\n"
"	mov	x6, x1\n"
"2:	ldr	x4, [x5]\n"
"	cmp	x4, x3\n"
"	b.ne	3f\n"
"	ldr	x4, [x5, #0xff8]\n"
"	cmp	x4, x3\n"
"	b.ne	3f\n"
"	add	x4, x4, #1\n"
"	str	x4, [x5]\n"
"	str	x4, [x5, #0xff8]\n"
"	add	x5, x5, #4096\n"
"	subs	x6, x6, #1\n"
"	b.ne	2b\n"
"	add	x3, x3, #1\n"
"	subs	x2, x2, #1\n"
"	b.ne	1b\n"
"3:	ret\n"
"	.balign	8\n"
"ps_count_end:\n"
"	.popsection\n");
extern const u64 ps_count[], ps_count_end[];

struct frame {
	u64 ipa, *pte;
	void *page, *free;	/* now, and for its next move */
};

struct race {
	struct hk_vm *vm;
	struct frame frame[COUNTED];
	atomic_t seen;		/* words of the guest's, in the clear */
	bool stop;
};

/* A thread of the host's; it alone moves the frames @first, @first + @step, ... */
struct host {
	struct race *r;
	unsigned int first, step;
	u64 looks, moves;
	struct errand *errand;
};

/* A thread has begun, if its CPU has a turn for it. */
void ps_await(const u64 *count)
{
	unsigned long end = jiffies + HK_HANG;

	while (!READ_ONCE(*count) && time_before(jiffies, end))
		usleep_range(500, 1000);
}

static void look(struct race *r, const void *page)
{
	u64 a, b;

	if (hk_try_load(page, &a) || hk_try_load(page + WORD, &b) ||
	    a - SECRET <= ROUNDS || b - SECRET <= ROUNDS)
		atomic_inc(&r->seen);
}

/* As KVM migrates a page: broken, flushed, copied, made */
static void move(struct race *r, struct frame *f)
{
	void *page = f->page;
	u64 pte = *f->pte;

	WRITE_ONCE(*f->pte, 0);
	ps_flush_ipa(r->vm, f->ipa);
	/* Before a touch would seal it: a device could look. */
	if (hk_page_state(__pa(page), NULL) != HYPSEC_PAGE_HOST)
		atomic_inc(&r->seen);
	look(r, page);
	memcpy(f->free, page, PAGE_SIZE);
	/* The copy first: the core walks the table on another CPU. */
	smp_store_release(f->pte, pte - __pa(page) + __pa(f->free));
	WRITE_ONCE(f->page, f->free);
	f->free = page;
}

static int host(void *arg)
{
	struct host *h = arg;
	struct race *r = h->r;
	struct rnd_state rnd;
	unsigned int ops;

	prandom_seed_state(&rnd, 1 + h->first);
	/* Bounded: a host that never stops may hold up a guest for ever. */
	for (ops = 0; ops < OPS && !READ_ONCE(r->stop); ops++) {
		u32 n = prandom_u32_state(&rnd);
		struct frame *f = &r->frame[n % COUNTED];

		switch (n >> 16 & 7) {
		case 0:
			/* The code it runs: what is left of it in a cache is not run on. */
			hk_try_access(ACC_LOAD, ps_page(r->vm, CODE));
			break;
		case 1:
			hk_try_access(ACC_DC_CIVAC, READ_ONCE(f->page));
			ps_flush_ipa(r->vm, f->ipa);
			break;
		case 2:
			/* Exclusive, and changes nothing */
			atomic64_add(0, READ_ONCE(f->page));
			break;
		case 3:
		case 4:
			n = h->first + (n >> 8) % COUNTED / h->step * h->step;
			if (n < COUNTED) {
				move(r, &r->frame[n]);
				h->moves++;
			}
			break;
		default:
			look(r, READ_ONCE(f->page));
			h->looks++;
		}
		udelay(50 * h->step);
		cond_resched();
	}
	return 0;
}

/* The host's part of it on every CPU but this one. */
static struct host *start_hosts(struct kunit *test, struct race *r, unsigned int *count)
{
	struct host *h = kunit_kcalloc(test, num_online_cpus(), sizeof(*h), GFP_KERNEL);
	unsigned int cpu, n = 0;

	KUNIT_ASSERT_NOT_NULL(test, h);
	hk_other_cpu(test);		/* this thread stays on the first */
	*count = num_online_cpus() - 1;
	for_each_online_cpu(cpu) {
		if (cpu == cpumask_first(cpu_online_mask))
			continue;
		h[n] = (struct host){ .r = r, .first = n, .step = *count };
		h[n].errand = hk_start_on(test, cpu, host, &h[n]);
		n++;
	}
	return h;
}

static void stop_hosts(struct race *r, struct host *h, unsigned int count)
{
	unsigned int i;

	WRITE_ONCE(r->stop, true);
	for (i = 0; i < count; i++)
		hk_finish(h[i].errand);
	KUNIT_EXPECT_EQ(r->vm->test, atomic_read(&r->seen), 0);
}

static void make(struct kunit *test, struct race *r)
{
	void *pages = page_address(hk_host_pages(test, 3));
	struct hk_vcpu *c;
	unsigned int i;

	r->vm = hk_protected(test);
	c = &r->vm->vcpu[0];
	for (i = 0; i < &ps_count_end[0] - &ps_count[0]; i++)
		KUNIT_ASSERT_TRUE(test, hk_guest_store(c, CODE + 8 * i, ps_count[i]));
	for (i = 0; i < COUNTED; i++) {
		struct frame *f = &r->frame[i];

		f->ipa = GUEST_FREE + i * PAGE_SIZE;
		f->pte = &r->vm->pte[(f->ipa - GUEST_IMAGE) / PAGE_SIZE];
		f->page = pages + i * PAGE_SIZE;
		f->free = f->page + COUNTED * PAGE_SIZE;
		hk_map(r->vm, f->ipa, f->page);
		KUNIT_ASSERT_TRUE(test, hk_guest_store(c, f->ipa, SECRET));
		KUNIT_ASSERT_TRUE(test, hk_guest_store(c, f->ipa + WORD, SECRET));
	}
}

/* A page that is on its way is waited for. */
struct hk_exit ps_run_through(struct hk_vcpu *c)
{
	struct hk_exit e = hk_run(c);
	unsigned int n;

	for (n = 0; n < RUNS && e.what == HK_TRAP; n++) {
		cond_resched();
		e = hk_run(c);
	}
	return e;
}

void counted_while_taken(struct kunit *test)
{
	const u64 x[8] = { GUEST_FREE, COUNTED, ROUNDS, SECRET, 0, 0, 0, CODE };
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct hk_exit e;
	struct hk_vcpu *c;
	unsigned int n, i;
	struct host *h;
	u64 moves = 0, looks = 0;

	KUNIT_ASSERT_NOT_NULL(test, r);
	make(test, r);
	c = &r->vm->vcpu[0];
	h = start_hosts(test, r, &n);
	for (i = 0; i < n; i++)
		ps_await(&h[i].looks);
	hk_command(c, BLR_X7, x, 1);
	e = ps_run_through(c);
	stop_hosts(r, h, n);
	for (i = 0; i < n; i++) {
		moves += h[i].moves;
		looks += h[i].looks;
	}
	kunit_info(test, "%llu moves, %llu looks, %llu runs", moves, looks, c->runs);
	KUNIT_EXPECT_EQ(test, e.what, HK_DONE);
	KUNIT_EXPECT_EQ_MSG(test, c->res[2], 0, "%llx at %llx", c->res[4], c->res[5]);
	KUNIT_EXPECT_EQ(test, c->res[3], SECRET + ROUNDS);
	KUNIT_EXPECT_EQ(test, hk_vm_state(r->vm), HYPSEC_VM_PROTECTED);
	KUNIT_EXPECT_GT(test, moves, 0);
	KUNIT_EXPECT_GT(test, looks, 0);
}

/* The host's part: one page, read whenever the guest has it. */
struct reader {
	void *page;
	u64 seals;
	int seen;
	bool stop;
};

static int read_page(void *arg)
{
	struct reader *r = arg;
	u64 v;

	while (!READ_ONCE(r->stop) && r->seals < SEALS) {
		cond_resched();
		if (hk_page_state(__pa(r->page), NULL) == HYPSEC_PAGE_HOST)
			continue;
		if (hk_try_load(r->page, &v) || v - SECRET <= BURSTS * BURST)
			r->seen++;
		WRITE_ONCE(r->seals, r->seals + 1);
	}
	return 0;
}

/*
 * A guest that has a page while it is encrypted reads some of it encrypted; what it stores is lost,
 * or changes what its tag has been made of.
 */
void stored_while_sealed(struct kunit *test)
{
	u64 x[8] = { GUEST_FREE, 1, BURST, SECRET, 0, 0, 0, CODE };
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int cpu = hk_other_cpu(test);
	struct errand *errand;
	struct reader h = { };
	struct hk_vcpu *c;
	struct hk_exit e;

	KUNIT_ASSERT_NOT_NULL(test, r);
	make(test, r);
	c = &r->vm->vcpu[0];
	h.page = r->frame[0].page;
	errand = hk_start_on(test, cpu, read_page, &h);
	do {
		hk_command(c, BLR_X7, x, 1);
		e = ps_run_through(c);
		x[3] += BURST;
	} while (e.what == HK_DONE && c->res[3] == x[3] && READ_ONCE(h.seals) < SEALS &&
		 x[3] - SECRET < BURSTS * BURST);
	WRITE_ONCE(h.stop, true);
	hk_finish(errand);
	kunit_info(test, "%llu times sealed, %llu times counted", h.seals, x[3] - SECRET);
	KUNIT_EXPECT_EQ(test, e.what, HK_DONE);
	KUNIT_EXPECT_EQ_MSG(test, c->res[3], x[3], "%llx", c->res[4]);
	KUNIT_EXPECT_EQ(test, hk_vm_state(r->vm), HYPSEC_VM_PROTECTED);
	KUNIT_EXPECT_EQ(test, h.seals, SEALS);
	KUNIT_EXPECT_EQ(test, h.seen, 0);
}

/* Its end, too: the pages come back without a word of it. */
void ended_while_touched(struct kunit *test)
{
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct host *h;
	unsigned int n, i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	make(test, r);
	h = start_hosts(test, r, &n);
	for (i = 0; i < n; i++)
		ps_await(&h[i].looks);
	hk_vm_end(r->vm);
	stop_hosts(r, h, n);
	for (i = 0; i < COUNTED; i++) {
		look(r, r->frame[i].page);
		KUNIT_EXPECT_EQ(test, hk_page_state(__pa(r->frame[i].page), NULL), HYPSEC_PAGE_HOST);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&r->seen), 0);
}
