// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a walk keeps for the next one: the table of pages that it ended in, mapped, and where that
 * is in the VM. It is a translation like any other, until KVM's call; and a page of the host's,
 * who may give it to another VM at any time.
 */
#include "walk_common.h"

#define AT	0x40201000UL
#define OTHER	(OUT + PAGE_SIZE)

static u64 table(void)
{
	return *kvm_entry(&id, AT, 2) & GENMASK(47, 12);
}

/* Another table in its place, with another page, and no word of it. */
static void replace_table(void)
{
	u64 flushes = vm->flushes, *entry = kvm_entry(&id, AT, 2), new = kvm_page();

	((u64 *)raw(new))[(AT >> PAGE_SHIFT) % 512] = OTHER | PAGE_LEAF;
	*entry = new | S2_TABLE | S2_VALID;
	vm->flushes = flushes;
}

static void test_flush(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		new_vm(40);
		*kvm_entry(&id, AT, 3) = OUT | PAGE_LEAF;
		finds(AT, 3, OUT);
		replace_table();
		/* As from a TLB, but for the entry, which is read each time. */
		finds(AT, 3, OUT);
		fails(AT + PAGE_SIZE, HYPSEC_RANGE, 3);
		/* What is not in its 2 MiB is walked to, and then that is what is known. */
		fails(AT + SZ_2M, HYPSEC_RANGE, 2);
		fails(AT + SZ_1G, HYPSEC_RANGE, 1);
		finds(AT, 3, OUT);
		if (i) {
			*kvm_entry(&id, AT + SZ_2M, 3) = OTHER | PAGE_LEAF;
			finds(AT + SZ_2M, 3, OTHER);
		} else {
			/* The call may be made on any CPU. */
			cpu_switch(1);
			kvm_flushes(&id);
			cpu_switch(0);
		}
		finds(AT, 3, OTHER);
	}
}

/* The same address of another VM, that has its slot in the table of VMs too. */
static void test_other_vm(void **state)
{
	struct vm_identity first = id, second = kvm_vm(500, 40);
	struct vm *other, *was = vm;
	u64 flushes;

	(void)state;
	*kvm_entry(&id, AT, 3) = OUT | PAGE_LEAF;
	*kvm_entry(&second, AT, 3) = OTHER | PAGE_LEAF;
	other = kvm_get(&second);
	finds(AT, 3, OUT);
	other->flushes = vm->flushes;
	vm = other;
	finds(AT, 3, OTHER);
	vm = was;
	finds(AT, 3, OUT);
	vm_put(other);

	flushes = vm->flushes;
	vm_put(vm);
	spin_lock(&vms_lock);
	assert_true(vm_evict(was));
	spin_unlock(&vms_lock);
	id = kvm_vm(501, 40);
	*kvm_entry(&id, AT, 3) = OTHER | PAGE_LEAF;
	vm = kvm_get(&id);
	assert_ptr_equal(vm, was);
	assert_true(vm->flushes > flushes);
	finds(AT, 3, OTHER);
	assert_int_equal(first.pgd.v == id.pgd.v, 0);
}

/* It rests: its host can give it away, and then nothing of it is read. */
static void test_claimed(void **state)
{
	u64 pa;

	(void)state;
	*kvm_entry(&id, AT, 3) = OUT | PAGE_LEAF;
	pa = table();
	finds(AT, 3, OUT);
	assert_int_equal(own_claim(PA(pa), 9, 9, true), HYPSEC_OK);
	memset(raw(pa), 0xff, PAGE_SIZE);	/* the VM's own, valid to whoever reads it */
	fails(AT, HYPSEC_DENIED, 3);
	fails(AT, HYPSEC_DENIED, 3);
	assert_int_equal(own_return(PA(pa), 9, 9), HYPSEC_OK);
	fails(AT, HYPSEC_RANGE, 3);
	((u64 *)raw(pa))[(AT >> PAGE_SHIFT) % 512] = OUT | PAGE_LEAF;
	finds(AT, 3, OUT);
	/* On another CPU too, at once. */
	cpu_switch(1);
	finds(AT, 3, OUT);
	assert_int_equal(own_claim(PA(pa), 9, 9, true), HYPSEC_OK);
	fails(AT, HYPSEC_DENIED, 3);
	cpu_switch(0);
	fails(AT, HYPSEC_DENIED, 3);
	assert_int_equal(own_return(PA(pa), 9, 9), HYPSEC_OK);
}

/* Setting a flag elsewhere maps another table there, which is none that was walked to. */
static void test_used_elsewhere(void **state)
{
	u64 pa = kvm_page();
	struct kvm_entry entry = { PA(pa + AT % SZ_2M / 512), 0 };

	(void)state;
	vm->host.vtcr |= BIT(21);	/* HA */
	*kvm_entry(&id, AT, 3) = OUT | PAGE_LEAF;
	finds(AT, 3, OUT);
	assert_true(kvm_set_used(vm, &entry));
	assert_int_equal(*(u64 *)raw(entry.pa.v), PTE_AF);
	finds(AT, 3, OUT);
}

/* A memory error in it: said of that walk, and nothing of the page stays mapped. */
static void test_error(void **state)
{
	(void)state;
	*kvm_entry(&id, AT, 3) = OUT | PAGE_LEAF;
	finds(AT, 3, OUT);
	poison(table(), 1, 2);
	machine_event();			/* as it is mapped */
	fails(AT, HYPSEC_FAULT, 3);
	assert_true(poison_met());
	assert_int_equal(this_cpu()->slots_lost, 0);
	fails(AT, HYPSEC_FAULT, 3);
	finds(AT, 3, OUT);
	/* One of another slot is not the walk's to tell, and stays for who is to be told. */
	slot_lose(SLOT_LEASE_VCPU);
	finds(AT, 3, OUT);
	assert_int_equal(this_cpu()->slots_lost, BIT(SLOT_LEASE_VCPU));
	this_cpu()->slots_lost = 0;
	finds(AT, 3, OUT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_flush),
		TEST(test_other_vm),
		TEST(test_claimed),
		TEST(test_used_elsewhere),
		TEST(test_error),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
