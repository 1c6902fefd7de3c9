// SPDX-License-Identifier: GPL-2.0-only
/*
 * VM_END and VM_REAP: a VM ends at once, its pages come back by touch and in steps, and a new VM
 * with its name is another one.
 */
#include "kvm_host.h"
#include "base/check.h"

#define PRIVATE_PAGE	GUEST_PAGES
#define FRAME		0x123UL
#define PAGES		300U

static struct vm_identity id;

static struct vm *protected_vm(unsigned int n, unsigned int first, unsigned int pages)
{
	struct vm *vm;
	unsigned int i;

	id = kvm_vm(n, 40);
	vm = kvm_get(&id);
	protect(vm);
	for (i = first; i < first + pages; i++) {
		give_private(vm, PRIVATE_PAGE + i * PAGE_SIZE, FRAME + i);
		memset(raw(PRIVATE_PAGE + i * PAGE_SIZE), 0x5e, PAGE_SIZE);	/* a secret */
	}
	vm_put(vm);
	return vm;
}

static unsigned int private_left(void)
{
	unsigned int i, left = 0;

	for (i = 0; i < PAGES; i++) {
		u8 *p = raw(PRIVATE_PAGE + i * PAGE_SIZE);

		if (own_lookup(PA(PRIVATE_PAGE + i * PAGE_SIZE)).state == PG_PRIVATE)
			left++;
		else
			assert_true(!p[0] && !memcmp(p, p + 1, PAGE_SIZE - 1));
	}
	return left;
}

static void test_steps(void **state)
{
	u64 accounts[HYPSEC_ACC_COUNT], left, before;
	unsigned int calls = 0, i;
	struct vm *vm;

	(void)state;
	for (i = 0; i < HYPSEC_ACC_COUNT; i++)
		accounts[i] = pool_account(i);
	vm = protected_vm(0, 0, PAGES);
	assert_int_equal(vm_reap_step(), 0);		/* it lives: nothing of it is taken */
	assert_int_equal(private_left(), PAGES);

	assert_int_equal(vm_end(KVA(0)), HYPSEC_INVALID);
	assert_int_equal(vm_end(KVA(id.kvm.v + 8)), HYPSEC_OK);
	assert_int_equal(vm->state, VM_PROTECTED);
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
	assert_int_equal(vm->state, VM_DEAD);
	assert_int_equal(pvm_forgot, 1);
	assert_int_equal(pvm_freed, 1);
	assert_false(tlb_stale(PRIVATE_PAGE));
	assert_int_equal(private_left(), PAGES);	/* bounded: none was touched */
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);	/* and again */

	/* A touch does not wait for the rest, and gives zeros. */
	vm_host_touch(PA(PRIVATE_PAGE + 299 * PAGE_SIZE),
		      own_lookup(PA(PRIVATE_PAGE + 299 * PAGE_SIZE)));
	assert_int_equal(private_left(), PAGES - 1);
	assert_int_equal(pvm_sealed, 0);

	before = PAGES - 1;
	do {
		left = vm_reap_step();
		assert_true(private_left() <= left);
		assert_true(before - private_left() <= 64);
		before = private_left();
		assert_true(++calls < 10000);
	} while (left);
	assert_true(calls > PAGES / 64);
	assert_int_equal(private_left(), 0);
	assert_int_equal(vm->state, VM_NONE);
	for (i = 0; i < HYPSEC_ACC_COUNT; i++)
		if (pool_account(i) != accounts[i])
			fail_msg("account %u: %llu, not %llu", i, (unsigned long long)pool_account(i),
				 (unsigned long long)accounts[i]);
}

/* The host uses the memory of its struct kvm again before the pages are back. */
static void test_name_reused(void **state)
{
	struct vm_identity again;
	struct vm *old = protected_vm(0, 0, 70), *new;

	(void)state;
	again = id;
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
	new = kvm_ran(&again);
	assert_ptr_not_equal(new, old);
	assert_int_equal(new->state, VM_ORDINARY);
	/* Not the new one's end. */
	while (vm_reap_step())
		assert_int_equal(new->state, VM_ORDINARY);
	assert_int_equal(private_left(), 0);
	assert_int_equal(old->state, VM_NONE);
	assert_int_equal(new->state, VM_ORDINARY);
	assert_int_equal(vm_end(again.kvm), HYPSEC_OK);
	assert_int_equal(new->state, VM_NONE);
}

/* A vCPU is inside: dead all the same, and the last one out leaves nothing behind. */
static void test_in_use(void **state)
{
	struct vm *vm = protected_vm(0, 0, 2), *ordinary;
	int i;

	(void)state;
	assert_true(vm_ref(vm));
	vm->running = 1;
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
	assert_int_equal(vm->state, VM_DEAD);
	assert_int_equal(pvm_freed, 0);
	for (i = 0; i < 10000 && private_left(); i++)
		vm_reap_step();
	assert_int_equal(private_left(), 0);
	assert_true(vm_reap_step() != 0);		/* its object is still there */
	assert_int_equal(vm->refs, 1);
	vm->running = 0;
	vm_put(vm);
	assert_int_equal(vm_reap_step(), 0);
	assert_int_equal(pvm_freed, 1);
	assert_int_equal(vm->state, VM_NONE);

	/* An ordinary one goes at once, or has no name any more. */
	id = kvm_vm(1, 40);
	ordinary = kvm_get(&id);
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
	assert_int_equal(ordinary->state, VM_ORDINARY);
	assert_int_equal(ordinary->host.kvm.v, 0);
	assert_null(vm_find(id.mmu));
	assert_true(vm_reap_step() != 0);
	vm_put(ordinary);
	assert_int_equal(vm_reap_step(), 0);
	assert_int_equal(ordinary->state, VM_NONE);
	ordinary = kvm_ran(&id);
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
	assert_int_equal(ordinary->state, VM_NONE);
}

static struct vm *asking;

static void asks(const struct spinlock *l)
{
	/* Its vCPU inside becomes a protected one, between the end of its name and its own. */
	if (l->rank == RANK_VM && asking && !asking->host.mmu.v) {
		asking->pvm = a_pvm;
		asking->state = VM_PROTECTING;
		asking = NULL;
	}
}

/* VM_PROTECT while the host lets go: no VM is left that lives and has no name. */
static void test_asks_meanwhile(void **state)
{
	struct vm *vm;
	int i;

	(void)state;
	id = kvm_vm(0, 40);
	vm = kvm_get(&id);
	asking = vm;
	lock_hook = asks;
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
	lock_hook = NULL;
	assert_null(asking);
	assert_int_equal(vm->state, VM_DEAD);
	vm_put(vm);
	for (i = 0; i < 100 && vm_reap_step(); i++)
		;
	assert_int_equal(vm->state, VM_NONE);
}

/* Dead, and its host has not let go: pages come back, its next run fails. */
static void test_dead_with_a_name(void **state)
{
	struct vm *vm = protected_vm(0, 0, 5);
	int i;

	(void)state;
	vm_kill(vm, "a test");
	for (i = 0; i < 10000 && vm_reap_step(); i++)
		;
	assert_int_equal(private_left(), 0);
	assert_int_equal(vm->state, VM_DEAD);
	assert_ptr_equal(kvm_ran(&id), vm);
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
	assert_int_equal(vm->state, VM_NONE);
}

/*
 * A guest resets: what KVM runs next under the name is another VM, with the same memory. It does not
 * run, and so tells no device to write there, before every page of the last one is back.
 */
static void test_reset(void **state)
{
	struct vm *old = protected_vm(0, 0, PAGES), *new, *other;
	struct vm_identity neighbour = kvm_vm(1, 40);
	unsigned int runs = 0;
	bool over;

	(void)state;
	vm_kill(old, "reset by its guest");
	old->powered_off = true;
	do {
		unsigned int left = private_left();

		irq_at = 0;
		new = vm_get(&id, &over);
		assert_true(over == !new);
		/* An interrupt of the host's does not wait for all of them. */
		assert_true(left - private_left() <= 64);
		assert_true(!new == !!left);
		assert_int_equal(this_cpu()->ranks_held, 0);
		/* Nobody else waits for them. */
		other = kvm_ran(&neighbour);
		assert_int_equal(other->state, VM_ORDINARY);
		assert_true(++runs < 10000);
	} while (!new);
	assert_true(runs > PAGES / 64);
	assert_int_equal(new->state, VM_ORDINARY);
	assert_int_equal(private_left(), 0);
	vm_put(new);
	/* Its slot is free, however often a guest resets. */
	assert_int_equal(vms_in(VM_DEAD), 0);
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
}

/* Without an interrupt it takes one run, and the next is the new VM's. */
static void test_reset_at_once(void **state)
{
	struct vm *old = protected_vm(0, 0, PAGES), *new;

	(void)state;
	vm_kill(old, "reset by its guest");
	old->powered_off = true;
	assert_null(kvm_get(&id));
	assert_int_equal(private_left(), 0);
	new = kvm_ran(&id);
	assert_int_equal(new->state, VM_ORDINARY);
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
}

/* A guest resets all day: no slot and no search for it is left of those before. */
static void test_resets(void **state)
{
	struct vm *vm;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3 * nr_vms; i++) {
		/* The same struct kvm, or another one there. */
		if (i % 3) {
			vm = kvm_get(&id);
			protect(vm);
			give_private(vm, PRIVATE_PAGE, FRAME);
			vm_put(vm);
		} else {
			vm = protected_vm(0, 0, 3);
		}
		assert_int_equal(vms_owing, 0);
		vm_kill(vm, "reset by its guest");
		assert_int_equal(vms_owing, 1);
		vm->powered_off = true;
		assert_null(kvm_get(&id));
		assert_int_equal(vms_owing, 0);
		assert_int_equal(vms_in(VM_DEAD), 1);
	}
	/* With a reference when its name went: by the next step of the reaper. */
	vm = kvm_ran(&id);
	protect(vm);
	vm_kill(vm, "reset by its guest");
	assert_int_equal(vms_owing, 0);
	vm->powered_off = true;
	assert_true(vm_ref(vm));
	assert_int_equal(kvm_ran(&id)->state, VM_ORDINARY);
	assert_int_equal(vms_in(VM_DEAD), 1);
	vm_put(vm);
	while (vm_reap_step())
		;
	assert_int_equal(vms_in(VM_DEAD), 0);
	assert_int_equal(vms_in(VM_ORDINARY), 1);
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
}

/* Two that died, a page of the first in a slot: the second does not wait for it. */
static void test_two(void **state)
{
	struct vm *a, *b;
	int i;

	(void)state;
	a = protected_vm(0, 0, 3);
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
	b = protected_vm(1, 3, 3);
	assert_int_equal(vm_end(id.kvm), HYPSEC_OK);
	cpu_switch(1);
	assert_non_null(slot_map_private(PA(PRIVATE_PAGE), a->id));
	cpu_switch(0);
	for (i = 0; i < 10000; i++)
		assert_true(vm_reap_step() != 0);
	assert_int_equal(b->private_pages, 0);
	assert_int_equal(own_lookup(PA(PRIVATE_PAGE)).state, PG_PRIVATE);
	cpu_switch(1);
	assert_int_equal(slot_unmap(SLOT_PAGE), HYPSEC_OK);
	cpu_switch(0);
	for (i = 0; i < 10000 && vm_reap_step(); i++)
		;
	assert_int_equal(private_left(), 0);
	assert_int_equal(a->state, VM_NONE);
	assert_int_equal(b->state, VM_NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kvm_host_begin, kvm_host_end)
	const struct CMUnitTest tests[] = {
		TEST(test_steps),
		TEST(test_name_reused),
		TEST(test_in_use),
		TEST(test_asks_meanwhile),
		TEST(test_dead_with_a_name),
		TEST(test_two),
		TEST(test_reset),
		TEST(test_reset_at_once),
		TEST(test_resets),
	};

	return cmocka_run_group_tests_name("vm let go", tests, kvm_host_boot, NULL);
}
