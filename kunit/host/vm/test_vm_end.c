// SPDX-License-Identifier: GPL-2.0-only
/*
 * How VMs end: what the host gets back and in what state, and that no mapping outlives
 * the right to a page.
 */
#include "vm_end_common.h"

static void test_kill(void **state)
{
	struct vm_identity id;
	struct vm *vm = protected_vm(&id, 0, 2);

	(void)state;
	counts_reset();
	vm_kill(vm, "first");
	assert_int_equal(vm->state, VM_DEAD);
	assert_string_equal(vm->end_reason, "first");
	assert_false(mapped(vm, FRAME));
	assert_true(counts.vmalls12e1is > 0);
	assert_int_equal(counts.ialluis, 1);		/* its code, which the host could run */
	assert_false(tlb_stale(PRIVATE_PAGE));
	assert_int_equal(pvm_forgot, 1);		/* nothing sealed can be opened any more */
	assert_int_equal(pvm_freed, 1);
	/* The pages are still nobody's but the dead VM's. */
	assert_int_equal(own_lookup(PA(PRIVATE_PAGE)).state, PG_PRIVATE);
	assert_false(host_can(PRIVATE_PAGE, false, false));
	vm_kill(vm, "second");
	assert_string_equal(vm->end_reason, "first");
	assert_int_equal(pvm_freed, 1);

	/* While VM_PROTECT is at work, too; an ordinary VM has nothing to end. */
	vm = protected_vm(&id, 1, 0);
	vm->state = VM_PROTECTING;
	vm->running = 1;
	counts_reset();
	vm_kill(vm, "third");
	assert_true(counts.vmalls12e1is > 0);	/* an empty table may be cached too */
	assert_int_equal(vm->state, VM_DEAD);
	assert_ptr_equal(vm->pvm, a_pvm);	/* a vCPU's page is in use */
	/* Two vCPUs are inside: the last one out takes it along. */
	vm->running = 2;
	vm_leave(vm);
	assert_int_equal(vm->running, 1);
	assert_ptr_equal(vm->pvm, a_pvm);
	vm_leave(vm);
	assert_int_equal(vm->running, 0);
	assert_null(vm->pvm);
	assert_int_equal(pvm_freed, 2);
	id = kvm_vm(2, 40);
	vm = kvm_ran(&id);
	vm_kill(vm, "fourth");
	assert_int_equal(vm->state, VM_ORDINARY);
	assert_null(vm->end_reason);
}

static void test_host_touch(void **state)
{
	struct vm_identity id;
	struct vm *vm = protected_vm(&id, 0, 3);
	struct page_info pi = own_lookup(PA(PRIVATE_PAGE));

	(void)state;
	vm_host_touch(PA(PRIVATE_PAGE), pi);
	assert_int_equal(vm->state, VM_PROTECTED);
	assert_int_equal(pvm_sealed, 1);
	assert_int_equal(vm->private_pages, 2);
	assert_int_equal(own_lookup(PA(PRIVATE_PAGE)).state, PG_HOST);
	assert_true(host_can(PRIVATE_PAGE, true, true));
	assert_true(page_is_clean(PRIVATE_PAGE));
	assert_int_equal(vm->refs, 0);

	/* A second CPU faulted on it too: the record it read is out of date. */
	raw(PRIVATE_PAGE)[5] = 0x77;		/* the host's by now */
	vm_host_touch(PA(PRIVATE_PAGE), pi);
	assert_int_equal(vm->private_pages, 2);
	assert_int_equal(raw(PRIVATE_PAGE)[5], 0x77);

	/* One that another CPU is still reading waits for the teardown. */
	cpu_switch(1);
	assert_non_null(slot_map_private(PA(PRIVATE_PAGE + PAGE_SIZE), vm->id));
	cpu_switch(0);
	pi = own_lookup(PA(PRIVATE_PAGE + PAGE_SIZE));
	vm_host_touch(PA(PRIVATE_PAGE + PAGE_SIZE), pi);
	assert_int_equal(vm->private_pages, 2);
	vm_kill(vm, "a test");
	vm_host_touch(PA(PRIVATE_PAGE + PAGE_SIZE), pi);
	assert_int_equal(vm->private_pages, 2);
	cpu_switch(1);
	assert_int_equal(slot_unmap(SLOT_PAGE), HYPSEC_OK);
	cpu_switch(0);

	/* Of a dead VM nothing is sealed: it comes back zeroed. */
	vm_host_touch(PA(PRIVATE_PAGE + 2 * PAGE_SIZE), own_lookup(PA(PRIVATE_PAGE + 2 * PAGE_SIZE)));
	assert_int_equal(pvm_sealed, 1);
	assert_int_equal(vm->private_pages, 1);
	assert_true(all_zero(PRIVATE_PAGE + 2 * PAGE_SIZE));
	assert_true(page_is_clean(PRIVATE_PAGE + 2 * PAGE_SIZE));

	/* A record that names no VM, or one whose page it is not. */
	pi.vm = nr_vms + 1;
	vm_host_touch(PA(PRIVATE_PAGE + PAGE_SIZE), pi);
	pi.vm = 0;
	vm_host_touch(PA(PRIVATE_PAGE + PAGE_SIZE), pi);
	pi.vm = 2;
	vm_host_touch(PA(PRIVATE_PAGE + PAGE_SIZE), pi);
	assert_int_equal(own_lookup(PA(PRIVATE_PAGE + PAGE_SIZE)).vm, vm->id);
	assert_int_equal(vm->private_pages, 1);
}

/* The page's old owner is gone, its slot an ordinary VM's: that one is not harmed. */
static void test_touch_of_reused_slot(void **state)
{
	struct vm_identity id;
	struct vm *vm = protected_vm(&id, 0, 1);
	struct page_info pi = own_lookup(PA(PRIVATE_PAGE));

	(void)state;
	while (vm_teardown(id.kvm) == HYPSEC_RESTART)
		;
	assert_ptr_equal(kvm_ran(&id), vm);
	assert_int_equal(vm->state, VM_ORDINARY);
	raw(PRIVATE_PAGE)[0] = 0x11;
	vm_host_touch(PA(PRIVATE_PAGE), pi);
	assert_int_equal(vm->state, VM_ORDINARY);
	assert_int_equal(vm->private_pages, 0);
	assert_int_equal(raw(PRIVATE_PAGE)[0], 0x11);
}

/* Before a reset. One vCPU does not leave: it may be in a WFI. */
static void test_close_all(void **state)
{
	struct vm_identity id[3];
	struct vm *vm = protected_vm(&id[0], 0, 0), *inside = protected_vm(&id[1], 1, 1), *ordinary;

	(void)state;
	pvm_wiped = 0;
	id[2] = kvm_vm(2, 40);
	ordinary = kvm_ran(&id[2]);
	vm_wipe_all();				/* of one that lives: nothing */
	assert_int_equal(pvm_wiped, 0);
	inside->running = 1;
	assert_false(vm_closing());
	vm_close_all("a reset");
	assert_int_equal(vm->state, VM_DEAD);
	assert_int_equal(inside->state, VM_DEAD);
	assert_int_equal(ordinary->state, VM_ORDINARY);
	assert_int_equal(pvm_freed, 1);		/* the one with nobody inside */
	assert_false(mapped(inside, FRAME));
	assert_true(vm_closing());
	/* And the other is left without a register. */
	vm_wipe_all();
	assert_int_equal(pvm_wiped, 1);

	/* A second CPU's reset is refused: the first one's goes on. */
	vm_close_all("another");
	vm_reopen();
	assert_true(vm_closing());
	vm_reopen();
	assert_false(vm_closing());
	inside->running = 0;
	vm_reap(inside);
	assert_int_equal(pvm_freed, 2);
}

static struct vm *cut;
static unsigned int waited_for;		/* invalidations of all VMIDs that are complete */

static void at_barrier(const char *op)
{
	static unsigned int issued;

	if (strcmp(op, "dsb ish"))
		return;
	if (!counts.alle1is)		/* walkers see that the tables are empty, from here on */
		issued = waited_for = mapped(cut, FRAME) ? 9 : 0;
	else if (counts.alle1is == issued + 1)
		issued = ++waited_for;
}

/* No lock, no state: tables are empty, in all TLBs (twice: pgt/tlb.c), and no register is left. */
static void test_cut_off(void **state)
{
	struct vm_identity id;
	struct vm *vm = protected_vm(&id, 0, 1);
	size_t size = PAGE_SIZE << vm->s2.root_order;
	void *root = malloc(size);

	(void)state;
	memcpy(root, vm->s2.root, size);
	pvm_wiped = 0;
	core_broken = true;
	spin_lock(&vm->lock);		/* lost with the CPU that panicked */
	counts_reset();
	cut = vm;
	waited_for = 9;
	barrier_hook = at_barrier;
	vm_cut_off();
	barrier_hook = NULL;
	assert_false(mapped(vm, FRAME));
	assert_int_equal(waited_for, 2);
	assert_int_equal(counts.alle1is, 2);
	vm_wipe_all();
	assert_int_equal(pvm_wiped, 1);
	spin_unlock(&vm->lock);
	core_broken = false;
	/* A broken core leaves its tables where they are; the test has to give them back. */
	memcpy(vm->s2.root, root, size);
	free(root);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, kvm_host_begin, kvm_host_end)
	const struct CMUnitTest tests[] = {
		TEST(test_kill),
		TEST(test_host_touch),
		TEST(test_touch_of_reused_slot),
		TEST(test_close_all),
		TEST(test_cut_off),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
