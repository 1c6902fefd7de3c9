// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_pageseal: a host that gives back something else than the page it was given. It ends that
 * VM, with a reason in the log, before the guest sees a byte; another VM goes on.
 */
#include <linux/random.h>
#include "pageseal.h"

#define NEXT	(FRAME + PAGE_SIZE)

#define CHANGED	"gave back another page than it was given"
#define NOT_OWN	"backs it with a page that is not its own"

/* The frame is sealed, and a copy of that in the spare page: as on a swap device. */
static void swap_out(struct hk_vm *vm, u64 ipa, void *to)
{
	hk_unmap(vm, ipa);
	memcpy(to, ps_page(vm, ipa), PAGE_SIZE);
}

static u64 flip(struct hk_vm *vm, unsigned int bit)
{
	u64 v;

	hk_try_load(ps_page(vm, FRAME), &v);
	((u8 *)ps_page(vm, FRAME))[bit / 8] ^= 1 << bit % 8;
	return FRAME;
}

/*
 * Each does something to @vm, in which FRAME and NEXT are private and hold SECRET and ~SECRET, and
 * tells which frame the guest has to touch. @other is the same, and must go on.
 */
static u64 first_bit(struct hk_vm *vm, struct hk_vm *other)
{
	return flip(vm, 0);
}

static u64 last_bit(struct hk_vm *vm, struct hk_vm *other)
{
	return flip(vm, PAGE_SIZE * 8 - 1);
}

static u64 any_bit(struct hk_vm *vm, struct hk_vm *other)
{
	unsigned int bit = get_random_u32() % (PAGE_SIZE * 8);

	kunit_info(vm->test, "bit %u", bit);
	return flip(vm, bit);
}

static u64 zeros(struct hk_vm *vm, struct hk_vm *other)
{
	hk_map(vm, FRAME, vm->spare);
	return FRAME;
}

/* What the guest had there, guessed right */
static u64 plaintext(struct hk_vm *vm, struct hk_vm *other)
{
	hk_map(vm, FRAME, vm->spare);
	*(u64 *)vm->spare = SECRET;
	return FRAME;
}

static u64 older_copy(struct hk_vm *vm, struct hk_vm *other)
{
	swap_out(vm, FRAME, vm->spare);
	hk_map(vm, FRAME, ps_page(vm, FRAME));
	/* Not even written in between */
	ps_expect_home(vm, "the first time");
	swap_out(vm, FRAME, vm->spare + PAGE_SIZE);
	KUNIT_EXPECT_NE(vm->test, memcmp(vm->spare, vm->spare + PAGE_SIZE, PAGE_SIZE), 0);
	hk_map(vm, FRAME, vm->spare);
	return FRAME;
}

/* All of the guest's memory as it was: two frames that agree with each other */
static u64 older_copies(struct hk_vm *vm, struct hk_vm *other)
{
	swap_out(vm, NEXT, vm->spare + PAGE_SIZE);
	hk_map(vm, NEXT, ps_page(vm, NEXT));
	KUNIT_EXPECT_TRUE(vm->test, hk_guest_store(&vm->vcpu[0], NEXT, 1));
	older_copy(vm, other);
	hk_unmap(vm, NEXT);
	hk_map(vm, NEXT, vm->spare + PAGE_SIZE);
	return NEXT;
}

static u64 half_of_each(struct hk_vm *vm, struct hk_vm *other)
{
	older_copy(vm, other);
	memcpy(vm->spare + PAGE_SIZE / 2, vm->spare + PAGE_SIZE * 3 / 2, PAGE_SIZE / 2);
	return FRAME;
}

static u64 another_frames(struct hk_vm *vm, struct hk_vm *other)
{
	hk_unmap(vm, FRAME);
	swap_out(vm, NEXT, vm->spare);
	hk_map(vm, FRAME, vm->spare);
	return FRAME;
}

static u64 exchanged(struct hk_vm *vm, struct hk_vm *other)
{
	hk_unmap(vm, FRAME);
	hk_unmap(vm, NEXT);
	hk_map(vm, FRAME, ps_page(vm, NEXT));
	hk_map(vm, NEXT, ps_page(vm, FRAME));
	return NEXT;
}

/* The same image, the same frame, the same content */
static u64 another_vms(struct hk_vm *vm, struct hk_vm *other)
{
	hk_unmap(vm, FRAME);
	swap_out(other, FRAME, vm->spare);
	hk_map(other, FRAME, ps_page(other, FRAME));
	hk_map(vm, FRAME, vm->spare);
	return FRAME;
}

/* A copy from before the guest gave the frame back, for what it put there since */
static u64 relinquished(struct hk_vm *vm, struct hk_vm *other)
{
	struct hk_vcpu *c = &vm->vcpu[0];

	swap_out(vm, FRAME, vm->spare);
	hk_map(vm, FRAME, ps_page(vm, FRAME));
	KUNIT_EXPECT_EQ(vm->test, hk_call(c, HYPSEC_GUEST_RELINQUISH, FRAME, 1, 0), HYPSEC_OK);
	KUNIT_EXPECT_TRUE(vm->test, hk_guest_store(c, FRAME, SECRET));
	hk_unmap(vm, FRAME);
	hk_map(vm, FRAME, vm->spare);
	return FRAME;
}

/* A page at two frames: private at one, for another that is sealed, or never touched */
static u64 alias_sealed(struct hk_vm *vm, struct hk_vm *other)
{
	hk_map(vm, FRAME, ps_page(vm, NEXT));
	return FRAME;
}

static u64 alias_untouched(struct hk_vm *vm, struct hk_vm *other)
{
	hk_map(vm, GUEST_FREE, ps_page(vm, NEXT));
	return GUEST_FREE;
}

/* The ciphertext of one frame, at two: the right one takes it, and the other has none. */
static u64 alias_of_ciphertext(struct hk_vm *vm, struct hk_vm *other)
{
	hk_unmap(vm, NEXT);
	hk_unmap(vm, FRAME);
	hk_map(vm, FRAME, ps_page(vm, FRAME));
	hk_map(vm, NEXT, ps_page(vm, FRAME));
	ps_expect_home(vm, "the right one");
	return NEXT;
}

static u64 private_of_another(struct hk_vm *vm, struct hk_vm *other)
{
	hk_map(vm, FRAME, ps_page(other, FRAME));
	return FRAME;
}

static u64 page_of_core(struct hk_vm *vm, struct hk_vm *other)
{
	hk_map_pa(vm, FRAME, hk_core_page(vm->test), HK_RW);
	return FRAME;
}

static u64 page_donated(struct hk_vm *vm, struct hk_vm *other)
{
	struct arm_smccc_res res;

	hk_map(vm, FRAME, vm->spare);
	KUNIT_EXPECT_EQ(vm->test, hypsec_call_donate(__pa(vm->spare), &res), HYPSEC_OK);
	return FRAME;
}

static u64 page_no_ram(struct hk_vm *vm, struct hk_vm *other)
{
	hk_map_pa(vm, FRAME, 0x09000000, HK_RW);
	return FRAME;
}

/*
 * Tables of KVM's that it has freed, and the core or another VM has now. Until KVM makes a call for
 * an entry that leads to a table the core may go on with what that led to (vm/walk.c).
 */
static u64 table(struct hk_vm *vm, phys_addr_t pa)
{
	hk_unmap(vm, FRAME);
	WRITE_ONCE(vm->pmd[FRAME >> 21 & 511], pa | BIT(1) | BIT(0));
	ps_flush_ipa(vm, FRAME);
	return FRAME;
}

static u64 table_donated(struct hk_vm *vm, struct hk_vm *other)
{
	struct arm_smccc_res res;

	KUNIT_EXPECT_EQ(vm->test, hypsec_call_donate(__pa(vm->spare), &res), HYPSEC_OK);
	return table(vm, __pa(vm->spare));
}

static u64 table_private(struct hk_vm *vm, struct hk_vm *other)
{
	return table(vm, __pa(ps_page(other, FRAME)));
}

static const struct attack {
	u64 (*run)(struct hk_vm *vm, struct hk_vm *other);
	const char *name, *log;
} attacks[] = {
#define A(name, log) { name, #name, log }
	A(first_bit, CHANGED), A(last_bit, CHANGED), A(any_bit, CHANGED), A(zeros, CHANGED),
	A(plaintext, CHANGED), A(older_copy, CHANGED), A(older_copies, CHANGED),
	A(half_of_each, CHANGED), A(another_frames, CHANGED), A(exchanged, CHANGED),
	A(another_vms, CHANGED), A(relinquished, CHANGED),
	A(alias_sealed, NOT_OWN), A(alias_untouched, NOT_OWN), A(alias_of_ciphertext, NOT_OWN),
	A(private_of_another, NOT_OWN), A(page_of_core, NOT_OWN), A(page_donated, NOT_OWN),
	A(page_no_ram, NOT_OWN), A(table_donated, NOT_OWN), A(table_private, NOT_OWN),
};

static struct hk_vm *with_two(struct kunit *test)
{
	struct hk_vm *vm = ps_with_secret(test);

	KUNIT_ASSERT_TRUE(test, hk_guest_store(&vm->vcpu[0], NEXT, ~SECRET));
	return vm;
}

void attack(struct kunit *test)
{
	const struct attack *a = test->param_value;
	bool logged = false;
	unsigned int tries;

	/* hypsec-mod reads the log too, twice a second: then it is not there to be seen. */
	for (tries = 0; tries < 8 && !logged; tries++) {
		struct hk_vm *vm = with_two(test), *other = with_two(test);
		u64 x[8] = { 0 };
		char line[80];

		x[1] = a->run(vm, other);
		hk_log_clear();
		KUNIT_EXPECT_EQ(test, hk_exec(&vm->vcpu[0], INSN_LDR, x).what, HK_IL);
		snprintf(line, sizeof(line), "vm %u: ended: the host %s", vm->id, a->log);
		logged = hk_log_has(line);
		KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
		/* Nothing of the guest's in any register it left with, nor ever again */
		KUNIT_EXPECT_NE(test, vm->vcpu[0].v->arch.ctxt.regs.regs[0], SECRET);
		KUNIT_EXPECT_EQ(test, hk_vm_run(&vm->vcpu[0]), ARM_EXCEPTION_IL);
		ps_expect_home(other, "the other VM");
		hk_vm_end(vm);
		KUNIT_EXPECT_NE(test, *(u64 *)ps_page(vm, FRAME), SECRET);
		KUNIT_EXPECT_NE(test, *(u64 *)ps_page(vm, NEXT), ~SECRET);
		ps_expect_home(other, "the other VM, later");
		hk_vm_end(other);
	}
	KUNIT_EXPECT_TRUE_MSG(test, logged, "not in the log: %s", a->log);
}

KUNIT_ARRAY_PARAM_DESC(attacks, attacks, name);

const void *next_attack(const void *prev, char *desc)
{
	return attacks_gen_params(prev, desc);
}

/* --- what is no attack: the guest waits, and has its page in the end --- */

static void expect_asked(struct hk_vm *vm, u64 fsc)
{
	const u64 x[8] = { 0, FRAME };
	struct hk_exit e = hk_exec(&vm->vcpu[0], INSN_LDR, x);

	KUNIT_ASSERT_EQ(vm->test, e.what, HK_TRAP);
	KUNIT_EXPECT_EQ(vm->test, e.ipa, FRAME);
	KUNIT_EXPECT_EQ(vm->test, e.esr & ESR_FSC, fsc);
}

static void expect_done(struct hk_vm *vm)
{
	KUNIT_EXPECT_EQ(vm->test, hk_run(&vm->vcpu[0]).what, HK_DONE);
	KUNIT_EXPECT_EQ(vm->test, vm->vcpu[0].res[0], SECRET);
	ps_expect_home(vm, "in the end");
}

/* A page that others may read, or that KVM will copy: not taken */
void read_only(struct kunit *test)
{
	struct hk_vm *vm = ps_with_secret(test);

	hk_map_pa(vm, FRAME, __pa(ps_page(vm, FRAME)), HK_RO);
	expect_asked(vm, FSC_PERM | 3);
	ps_expect_ciphertext(test, ps_page(vm, FRAME), "read only");
	hk_map(vm, FRAME, ps_page(vm, FRAME));
	expect_done(vm);
}

/* Entries that are none: absent, KVM's marker, a block's encoding where there are pages */
void no_entry(struct kunit *test)
{
	struct hk_vm *vm = ps_with_secret(test);
	u64 *pte = &vm->pte[(FRAME - GUEST_IMAGE) / PAGE_SIZE], was = *pte;
	const u64 none[] = { 0, BIT(10), was & ~BIT(1), was & ~BIT(0) };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		WRITE_ONCE(*pte, none[i]);
		ps_flush_ipa(vm, FRAME);
		ps_expect_ciphertext(test, ps_page(vm, FRAME), "no entry");
		expect_asked(vm, FSC_TRANS | 3);
		WRITE_ONCE(*pte, was);
		expect_done(vm);
	}
}

/* The guest gave it back: no copy is taken, right or wrong, and the frame is of zeros. */
void forgotten(struct kunit *test)
{
	struct hk_vm *vm = ps_with_secret(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	u64 v;

	swap_out(vm, FRAME, vm->spare);
	KUNIT_EXPECT_EQ(test, hk_call(c, HYPSEC_GUEST_RELINQUISH, FRAME, 1, 0), HYPSEC_OK);
	hk_map(vm, FRAME, vm->spare);
	KUNIT_EXPECT_TRUE(test, hk_guest_load(c, FRAME, &v));
	KUNIT_EXPECT_EQ(test, v, 0);
}
