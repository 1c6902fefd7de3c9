// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_pageseal on two CPUs: a guest comes for its page while another CPU changes the page, what
 * KVM's table says of it, or the table; and gives one back that the host looks at.
 */
#include <linux/delay.h>
#include "pageseal.h"

#define WORD	0xff8			/* also of FRAME's page */
#define STEPS	300
#define LOADS	8			/* of a page that others change meanwhile */

struct other {
	struct hk_vm *vm;
	void (*step)(struct other *o);
	u64 *pte, entry[4];		/* what @step puts there, in turn */
	u64 steps;
	int seen;
	bool stop;
	bool over;			/* and has left the right page there */
};

static int step_on(void *arg)
{
	struct other *o = arg;

	while (!READ_ONCE(o->stop) && o->steps < STEPS) {
		o->step(o);
		o->steps++;
		udelay(20);
		cond_resched();
	}
	/* At last the right page, in the right table */
	if (o->pte) {
		WRITE_ONCE(*o->pte, o->entry[0]);
		WRITE_ONCE(o->vm->pmd[FRAME >> 21 & 511], __pa(o->vm->pte) | BIT(1) | BIT(0));
	}
	smp_store_release(&o->over, true);
	return 0;
}

/*
 * A run that is tried again for as long as it ends with a fault and the other CPU is not done: that one
 * may stand still for any time, with no page in the table.
 */
static struct hk_exit run_against(struct other *o)
{
	struct hk_exit e;
	bool over;

	do {
		over = smp_load_acquire(&o->over);
		e = ps_run_through(&o->vm->vcpu[0]);
	} while (e.what == HK_TRAP && !over);
	return e;
}

/*
 * The guest loads what is at FRAME while the other CPU acts. It gets what it put there, or has
 * been ended; nothing else.
 */
static void load_against(struct kunit *test, void (*prepare)(struct other *o),
			 void (*step)(struct other *o))
{
	unsigned int cpu = hk_other_cpu(test), home = 0, ended = 0, n;
	struct hk_vm *witness = ps_with_secret(test);

	for (n = 0; n < 16; n++) {
		unsigned int loads = 0;
		struct hk_vm *vm = ps_with_secret(test);
		struct other o = { .vm = vm, .step = step };
		const u64 x[8] = { 0, FRAME };
		struct errand *errand;
		struct hk_exit e;

		o.pte = &vm->pte[(FRAME - GUEST_IMAGE) / PAGE_SIZE];
		prepare(&o);
		errand = hk_start_on(test, cpu, step_on, &o);
		ps_await(&o.steps);
		do {
			hk_command(&vm->vcpu[0], INSN_LDR, x, n);
			e = run_against(&o);
			if (e.what == HK_DONE) {
				home++;
				KUNIT_EXPECT_EQ(test, vm->vcpu[0].res[0], SECRET);
			}
		} while (e.what == HK_DONE && ++loads < LOADS);
		WRITE_ONCE(o.stop, true);
		hk_finish(errand);
		if (e.what != HK_DONE) {
			ended++;
			KUNIT_EXPECT_EQ(test, e.what, HK_IL);
			KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
		}
		KUNIT_EXPECT_GT(test, o.steps, 0);
		hk_vm_end(vm);
		ps_expect_home(witness, "the other VM");
	}
	kunit_info(test, "home %u times, ended %u of %u", home, ended, n);
}

static void seal(struct other *o)
{
	hk_unmap(o->vm, FRAME);
	memcpy(o->vm->spare, ps_page(o->vm, FRAME), PAGE_SIZE);
	hk_map(o->vm, FRAME, o->vm->spare);
	o->entry[0] = *o->pte;
}

/* The last bit, there and back */
static void change(struct other *o)
{
	u64 *word = o->vm->spare + WORD, v;

	hk_try_load(word, &v);
	hk_try_store(word, v ^ BIT(63));
	hk_try_store(word, v);
}

void changed_while_opened(struct kunit *test)
{
	load_against(test, seal, change);
}

/* The right one, one with a wrong bit, none, one that is private to another frame */
static void seal_four(struct other *o)
{
	void *wrong = o->vm->spare + PAGE_SIZE;
	u64 base;

	seal(o);
	base = o->entry[0] - __pa(o->vm->spare);
	memcpy(wrong, o->vm->spare, PAGE_SIZE);
	*(u8 *)wrong ^= 1;
	o->entry[1] = 0;
	o->entry[2] = base + __pa(wrong);
	o->entry[3] = base + __pa(ps_page(o->vm, FRAME + PAGE_SIZE));
}

static void remap(struct other *o)
{
	WRITE_ONCE(*o->pte, o->entry[(o->steps >> 2) & 3 ? 1 : o->steps & 3]);
}

void remapped_while_opened(struct kunit *test)
{
	load_against(test, seal_four, remap);
}

/* A table that was freed, and has other contents now: a page that was not sealed, for all */
static void seal_and_fill(struct other *o)
{
	u64 *word = o->vm->spare + 2 * PAGE_SIZE;
	unsigned int i;

	seal_four(o);
	for (i = 0; i < 512; i++)
		word[i] = o->entry[2];
}

/* The table that has FRAME's entry: KVM's, another's, none, and KVM's again */
static void reuse(struct other *o)
{
	u64 *pmd = &o->vm->pmd[FRAME >> 21 & 511];
	const u64 tables[] = {
		__pa(o->vm->pte), __pa(o->vm->pmd), __pa(o->vm->pgd), __pa(o->vm->pte),
		__pa(o->vm->spare + 2 * PAGE_SIZE), 0x09000000,
		__pa(ps_page(o->vm, FRAME + PAGE_SIZE)),
	};
	u64 n = o->steps & 31;

	WRITE_ONCE(*pmd, n < ARRAY_SIZE(tables) ? tables[n] | BIT(1) | BIT(0) : 0);
	ps_flush_ipa(o->vm, FRAME);
}

/* Mostly no table: the guest waits for one of the moments. */
void tables_reused(struct kunit *test)
{
	load_against(test, seal_and_fill, reuse);
}

/* --- the guest gives a frame back that the host looks at --- */

static void peek(struct other *o)
{
	const u64 *word = ps_page(o->vm, FRAME);
	u64 v;

	if (hk_try_load(word, &v) || v == SECRET)
		o->seen++;
}

void relinquished_while_touched(struct kunit *test)
{
	unsigned int cpu = hk_other_cpu(test), n, done = 0;
	struct other o = { .vm = ps_with_secret(test), .step = peek };
	struct hk_vcpu *c = &o.vm->vcpu[0];
	struct errand *errand = hk_start_on(test, cpu, step_on, &o);
	u64 v = 0, status;

	ps_await(&o.steps);
	for (n = 0; n < 100; n++) {
		KUNIT_EXPECT_TRUE(test, hk_guest_store(c, FRAME, SECRET));
		status = hk_call(c, HYPSEC_GUEST_RELINQUISH, FRAME, 1, 0);
		if (!hk_guest_load(c, FRAME, &v))
			break;
		KUNIT_EXPECT_TRUE(test, !status || status == (u64)(s64)HYPSEC_BUSY);
		KUNIT_EXPECT_EQ(test, v, status ? SECRET : 0);
		done += !status;
	}
	WRITE_ONCE(o.stop, true);
	hk_finish(errand);
	KUNIT_EXPECT_EQ(test, n, 100);
	KUNIT_EXPECT_GT(test, done, 0);
	KUNIT_EXPECT_GT(test, o.steps, 0);
	KUNIT_EXPECT_EQ(test, o.seen, 0);
}
