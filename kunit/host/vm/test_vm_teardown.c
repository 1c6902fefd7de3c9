// SPDX-License-Identifier: GPL-2.0-only
/* The host says that a VM is gone: all that it had comes back, zeroed, in steps. */
#include "vm_end_common.h"

static unsigned int private_left(unsigned int n)
{
	unsigned int i, left = 0;

	for (i = 0; i < n; i++)
		left += own_lookup(PA(PRIVATE_PAGE + i * PAGE_SIZE)).state == PG_PRIVATE;
	return left;
}

/* Any number of pages in bounded steps; each is the host's only when it is zero. */
static void test_teardown(void **state)
{
	enum { PAGES = 300 };
	struct vm_identity id, other;
	struct vm *vm = protected_vm(&id, 0, PAGES), *bystander;
	unsigned int calls = 0, left = PAGES, i;
	int ret;

	(void)state;
	other = kvm_vm(1, 40);
	bystander = kvm_ran(&other);
	do {
		unsigned int now;

		ret = vm_teardown(id.kvm);
		now = private_left(PAGES);
		assert_true(left - now <= 64);
		assert_int_equal(vm->state == VM_NONE ? 0 : vm->private_pages, now);
		left = now;
		assert_true(++calls < 10000);
	} while (ret == HYPSEC_RESTART);
	assert_int_equal(ret, HYPSEC_OK);
	assert_true(calls > PAGES / 64);
	assert_int_equal(left, 0);
	for (i = 0; i < PAGES; i++) {
		assert_true(all_zero(PRIVATE_PAGE + i * PAGE_SIZE));
		assert_true(host_can(PRIVATE_PAGE + i * PAGE_SIZE, true, false));
	}
	assert_int_equal(vm->state, VM_NONE);
	assert_int_equal(vm->host.kvm.v, 0);
	assert_int_equal(pvm_freed, 1);
	assert_int_equal(bystander->state, VM_ORDINARY);
}

/* Any number of VMs under one name, as a host can make them: so many a call. */
static void test_teardown_many(void **state)
{
	struct vm_identity id = kvm_vm(0, 32);
	unsigned int i, left, calls = 0;
	int ret;

	(void)state;
	for (i = 0; i < nr_vms; i++) {
		id.mmu.v += 0x1000;
		assert_int_equal(kvm_ran(&id)->state, VM_ORDINARY);
	}
	assert_int_equal(vms_in(VM_ORDINARY), nr_vms);
	do {
		left = vms_in(VM_ORDINARY);
		counts_reset();
		ret = vm_teardown(id.kvm);
		assert_true(left - vms_in(VM_ORDINARY) <= EVICT_STEP);
		assert_true(counts.vmalls12e1is <= 2 * EVICT_STEP);
		calls++;
	} while (ret == HYPSEC_RESTART && vms_in(VM_ORDINARY));
	assert_int_equal(vms_in(VM_ORDINARY), 0);
	assert_true(calls >= nr_vms / EVICT_STEP);
}

/* The host says that a VM is gone which is not. */
static void test_teardown_in_use(void **state)
{
	struct vm_identity id;
	struct vm *vm = protected_vm(&id, 0, 2), *ordinary;
	struct vm_identity other = kvm_vm(1, 40);
	int i;

	(void)state;
	assert_true(vm_ref(vm));
	vm->running = 1;
	for (i = 0; i < 10000 && vm_teardown(id.kvm) == HYPSEC_RESTART; i++)
		;
	/* It is dead, but the vCPU that is inside still stands on its pages. */
	assert_int_equal(vm->state, VM_DEAD);
	assert_int_equal(pvm_freed, 0);
	assert_int_equal(vm->refs, 1);
	vm->running = 0;
	vm_put(vm);

	ordinary = kvm_get(&other);
	assert_int_equal(vm_teardown(other.kvm), HYPSEC_OK);
	assert_int_equal(ordinary->state, VM_ORDINARY);
	assert_non_null(ordinary->s2.root);
	vm_put(ordinary);
	assert_int_equal(vm_teardown(other.kvm), HYPSEC_OK);
	assert_int_equal(ordinary->state, VM_NONE);
	assert_null(ordinary->s2.root);
}

/* Its struct kvm was used again: the old VM of this name and the new one go together. */
static void test_teardown_of_both(void **state)
{
	struct vm_identity id;
	struct vm *vm = protected_vm(&id, 0, 3), *vm2;

	(void)state;
	vm_kill(vm, "a test");
	id.pgd = PA(kvm_page());
	vm2 = kvm_ran(&id);
	assert_ptr_not_equal(vm, vm2);
	while (vm_teardown(id.kvm) == HYPSEC_RESTART)
		;
	assert_int_equal(vm->state, VM_NONE);
	assert_int_equal(vm2->state, VM_NONE);
	assert_int_equal(private_left(3), 0);
}

/* Another CPU holds a page of the dead VM in a slot: it waits its turn, nothing is lost. */
static void test_teardown_with_slot(void **state)
{
	struct vm_identity id;
	struct vm *vm = protected_vm(&id, 0, 2);
	int i;

	(void)state;
	cpu_switch(1);
	assert_non_null(slot_map_private(PA(PRIVATE_PAGE), vm->id));
	cpu_switch(0);
	for (i = 0; i < 10000; i++)
		assert_int_equal(vm_teardown(id.kvm), HYPSEC_RESTART);
	assert_int_equal(own_lookup(PA(PRIVATE_PAGE)).state, PG_PRIVATE);
	assert_int_equal(vm->state, VM_DEAD);
	cpu_switch(1);
	assert_int_equal(slot_unmap(SLOT_PAGE), HYPSEC_OK);
	cpu_switch(0);
	for (i = 0; i < 10000 && vm_teardown(id.kvm) == HYPSEC_RESTART; i++)
		;
	assert_int_equal(own_lookup(PA(PRIVATE_PAGE)).state, PG_HOST);
	assert_int_equal(own_lookup(PA(PRIVATE_PAGE + PAGE_SIZE)).state, PG_HOST);
	assert_int_equal(vm->private_pages, 0);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, kvm_host_begin, kvm_host_end)
	const struct CMUnitTest tests[] = {
		TEST(test_teardown),
		TEST(test_teardown_many),
		TEST(test_teardown_in_use),
		TEST(test_teardown_of_both),
		TEST(test_teardown_with_slot),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
