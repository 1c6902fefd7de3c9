// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of VMs against a host that names VMs as it likes: whose slot it gets, whose it
 * never gets, and what a slot of a VM that is gone still has in it.
 */
#include "kvm_host.h"

#define KEPT_PAGE	GUEST_PAGES

static void test_identity(void **state)
{
	struct vm_identity good = kvm_vm(0, 40), id;
	unsigned int t0sz, off;

	(void)state;
	assert_true(vm_identity_valid(&good));
	for (t0sz = 0; t0sz < 64; t0sz++) {
		bool ok = t0sz >= 12 && t0sz <= 32;

		id = good;
		/* Whatever else the host says in VTCR. */
		id.vtcr = (~0UL << 6) | t0sz;
		assert_int_equal(vm_identity_valid(&id), ok);
		if (ok)
			continue;
		assert_null(kvm_get(&id));
		assert_null(this_cpu()->last_vm);
	}
	id = good;
	id.kvm = KVA(0);
	assert_false(vm_identity_valid(&id));
	assert_null(kvm_get(&id));
	id = good;
	id.mmu = KVA(0);
	assert_false(vm_identity_valid(&id));
	assert_null(kvm_get(&id));
	for (off = 1; off < PAGE_SIZE; off <<= 1) {
		id = good;
		id.pgd.v += off;
		assert_false(vm_identity_valid(&id));
		assert_null(kvm_get(&id));
	}
	assert_int_equal(vms_in(VM_NONE), nr_vms);
}

/* Until KVM runs a VM there is nothing to be found, by any name. */
static void test_unknown(void **state)
{
	struct vm_identity id = kvm_vm(0, 40);
	unsigned int i;

	(void)state;
	for (i = 0; i <= nr_vms + 1; i++)
		assert_null(vm_by_id(i));
	assert_null(vm_by_id(0xffff));
	assert_null(vm_find(id.mmu));
	assert_null(vm_find(KVA(0)));
	assert_null(vm_find(KVA(~0UL)));
	/* A look-up that came too late left no reference. */
	for (i = 0; i < nr_vms; i++) {
		assert_int_equal(vms[i].refs, BIT(31));
		assert_false(vm_ref(&vms[i]));
		assert_int_equal(vms[i].refs, BIT(31));
	}
	assert_int_equal(vm_teardown(KVA(0)), HYPSEC_INVALID);
	assert_int_equal(vm_teardown(id.kvm), HYPSEC_OK);
}

static void test_references(void **state)
{
	struct vm_identity id = kvm_vm(0, 40), other = kvm_vm(1, 40);
	struct vm *vm = kvm_get(&id);

	(void)state;
	assert_non_null(vm);
	assert_int_equal(vm->state, VM_ORDINARY);
	assert_int_equal(vm->s2.vmid, vm->id);
	assert_int_equal(vm->s2.ipa_bits, 40);
	assert_int_equal(vm->refs, 1);
	/* Again here, and on a CPU that does not know it. */
	assert_ptr_equal(kvm_get(&id), vm);
	cpu_switch(2);
	assert_ptr_equal(kvm_get(&id), vm);
	assert_ptr_equal(vm_find(id.mmu), vm);
	cpu_switch(3);
	assert_ptr_equal(vm_find(id.mmu), vm);
	assert_null(vm_find(other.mmu));
	assert_ptr_equal(vm_by_id(vm->id), vm);
	assert_null(vm_by_id(vm->id + 1));
	assert_int_equal(vm->refs, 6);
	while (vm->refs)
		vm_put(vm);
	/* One too many would let the slot go while somebody is in it. */
	expect_assert_failure(vm_put(vm));
	vm->refs = 0;
	assert_ptr_not_equal(kvm_ran(&other), vm);
}

/* Core tables have 48 bits at most; KVM's may have more. */
static void test_input_size(void **state)
{
	unsigned int bits;

	(void)state;
	for (bits = 32; bits <= 52; bits += 4) {
		struct vm_identity id = kvm_vm(bits, bits);
		struct vm *vm = kvm_ran(&id);

		assert_int_equal(vm->s2.ipa_bits, bits > 48 ? 48 : bits);
	}
}

static void map_one(struct vm *vm, u64 ipa)
{
	spin_lock(&vm->lock);
	assert_int_equal(s2_map(&vm->s2, ipa, PA(GUEST_PAGES), PAGE_SIZE, S2_R | S2_MEMATTR_WB),
			 HYPSEC_OK);
	spin_unlock(&vm->lock);
}

static bool mapped(struct vm *vm, u64 ipa)
{
	return s2_lookup(&vm->s2, ipa).pte & S2_VALID;
}

/* KVM gives a VM a new VMID instead of flushing it: the old one's entries must go. */
static void test_new_vmid(void **state)
{
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm = kvm_ran(&id);

	(void)state;
	map_one(vm, 0x5000);
	assert_ptr_equal(kvm_ran(&id), vm);
	assert_true(mapped(vm, 0x5000));
	/* The same 8 or 16 bits, another generation. */
	id.vmid_id += BIT(16);
	assert_ptr_equal(kvm_ran(&id), vm);
	assert_false(mapped(vm, 0x5000));
	assert_int_equal(vm->host.vmid_id, id.vmid_id);
	map_one(vm, 0x5000);
	cpu_switch(1);
	assert_ptr_equal(kvm_ran(&id), vm);
	assert_true(mapped(vm, 0x5000));

	/* A protected VM's table is the record of its frames, whatever KVM does. */
	vm = kvm_get(&id);
	protect(vm);
	give_private(vm, KEPT_PAGE, 0x5);
	vm_put(vm);
	id.vmid_id += BIT(16);
	assert_ptr_equal(kvm_ran(&id), vm);
	assert_true(mapped(vm, 0x5000));
	assert_int_equal(vm->host.vmid_id, id.vmid_id);
}

enum field { KVM_FIELD, PGD, VTCR_FIELD, FIELDS };

static struct vm_identity changed(struct vm_identity id, enum field f)
{
	if (f == KVM_FIELD)
		id.kvm.v += 0x2000;
	if (f == PGD)
		id.pgd = PA(kvm_page());
	if (f == VTCR_FIELD)
		id.vtcr = VTCR(39);
	return id;
}

/* The address of a struct kvm_s2_mmu names another VM now. */
static void test_reuse_of_ordinary(void **state)
{
	enum field f;

	(void)state;
	for (f = 0; f < FIELDS; f++) {
		struct vm_identity id = kvm_vm(f, 40), now = changed(id, f);
		struct vm *vm = kvm_ran(&id), *vm2, *vm3;

		map_one(vm, 0x7000);
		/* Idle: its slot is free at once, and nothing of it is left there. */
		vm2 = kvm_get(&now);
		assert_non_null(vm2);
		assert_int_equal(vms_in(VM_ORDINARY), f * 2 + 1);
		assert_false(mapped(vm2, 0x7000));
		/* In use: it keeps its slot but is nobody any more. */
		map_one(vm2, 0x7000);
		cpu_switch(1);
		vm3 = kvm_get(&id);
		assert_ptr_not_equal(vm3, vm2);
		assert_int_equal(vm2->state, VM_ORDINARY);
		assert_false(mapped(vm3, 0x7000));
		assert_ptr_equal(vm_find(id.mmu), vm3);
		vm_put(vm3);
		/* Not even for the CPU that has a hint. */
		cpu_switch(0);
		assert_ptr_equal(vm_find(id.mmu), vm3);
		vm_put(vm3);
		vm_put(vm3);
		vm_put(vm2);
	}
}

static void test_reuse_of_protected(void **state)
{
	enum field f;

	(void)state;
	for (f = 0; f < FIELDS; f++) {
		struct vm_identity id = kvm_vm(f, 40), now = changed(id, f);
		struct vm *vm = kvm_get(&id), *vm2;
		unsigned int freed = pvm_freed;

		protect(vm);
		give_private(vm, KEPT_PAGE + f * PAGE_SIZE, 0x8);
		/* The other vCPU is inside while the host does this. */
		vm->running = 1;
		cpu_switch(1);
		vm2 = kvm_get(&now);
		assert_ptr_not_equal(vm2, vm);
		assert_int_equal(vm2->state, VM_ORDINARY);
		assert_int_equal(vm->state, VM_DEAD);
		assert_string_equal(vm->end_reason, "the host reused its struct kvm");
		assert_false(mapped(vm, 0x8000));
		assert_int_equal(pvm_freed, freed);	/* its vCPU's page is in use */
		assert_int_equal(own_lookup(PA(KEPT_PAGE + f * PAGE_SIZE)).state, PG_PRIVATE);
		/* By its old name it does not come back. */
		assert_ptr_not_equal(kvm_ran(&id), vm);
		assert_int_equal(vm->state, VM_DEAD);
		vm_put(vm2);
		cpu_switch(0);
		vm->running = 0;
		vm_put(vm);
	}
	/* Dead, and owning pages: their slots are not to be had. */
	assert_int_equal(vms_in(VM_DEAD), FIELDS);
}

/* Two VMs that the host gave the same names in turn, each protected. */
static void test_reuse_twice(void **state)
{
	struct vm_identity a = kvm_vm(0, 40), b = changed(a, PGD);
	struct vm *vm = kvm_get(&a), *vm2;

	(void)state;
	protect(vm);
	vm_put(vm);
	vm2 = kvm_get(&b);
	protect(vm2);
	vm_put(vm2);
	vm = kvm_ran(&a);
	assert_int_equal(vm->state, VM_ORDINARY);
	assert_int_equal(vms_in(VM_PROTECTED), 0);
	/* Neither owned a page, nor is anybody in it. */
	assert_int_equal(pvm_freed, 2);
}

static void test_dead(void **state)
{
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm = kvm_get(&id), *vm2;

	(void)state;
	protect(vm);
	give_private(vm, KEPT_PAGE, 0x9);
	vm_kill(vm, "a test");
	vm_put(vm);
	/* Killed: what runs under its name is told that it is dead, and for ever. */
	assert_ptr_equal(kvm_ran(&id), vm);
	cpu_switch(1);
	assert_ptr_equal(kvm_ran(&id), vm);
	id.vmid_id++;
	assert_ptr_equal(kvm_ran(&id), vm);
	assert_int_equal(vm->state, VM_DEAD);

	/* It ended itself: a reset. While a vCPU is inside, that one comes first. */
	vm->powered_off = true;
	vm->running = 1;
	assert_ptr_equal(kvm_ran(&id), vm);
	assert_int_equal(own_lookup(PA(KEPT_PAGE)).vm, vm->id);
	vm->running = 0;
	/* One run to give its page back (test_vm_let_go.c). */
	assert_null(kvm_get(&id));
	assert_int_equal(own_lookup(PA(KEPT_PAGE)).state, PG_HOST);
	vm2 = kvm_ran(&id);
	assert_int_equal(vm2->state, VM_ORDINARY);
	assert_int_equal(vms_in(VM_DEAD), 0);
	assert_null(vm2->pvm);
	assert_int_equal(vm2->private_pages, 0);
	assert_ptr_equal(kvm_ran(&id), vm2);
	cpu_switch(0);
	assert_ptr_equal(kvm_ran(&id), vm2);
	/* What KVM flushes is flushed in the new one. */
	cpu_switch(3);
	assert_ptr_equal(vm_find(id.mmu), vm2);
	vm_put(vm2);
}

/* A slot's next user finds nothing of its last. */
static void test_slot_is_clean(void **state)
{
	struct vm_identity id = kvm_vm(0, 40), other = kvm_vm(1, 36);
	struct vm *vm = kvm_get(&id);

	(void)state;
	protect(vm);
	vm->scan = 0x12345000;
	vm->told_refused = ~0U;
	vm->told_waiting = vm->told_restored = true;
	vm_kill(vm, "a test");
	vm->powered_off = true;
	vm_put(vm);
	spin_lock(&vms_lock);
	assert_true(vm_evict(vm));
	spin_unlock(&vms_lock);
	assert_int_equal(vm->state, VM_NONE);
	assert_int_equal(vm->host.mmu.v | vm->host.kvm.v | vm->host.pgd.v | vm->host.vtcr, 0);
	assert_null(vm->s2.root);
	assert_null(vm->end_reason);

	counts_reset();
	assert_ptr_equal(kvm_ran(&other), vm);
	assert_true(counts.vmalls12e1is > 0);	/* TLBs may know the VMID from before */
	assert_int_equal(vm->scan, 0);
	assert_int_equal(vm->told_refused, 0);
	assert_false(vm->told_waiting || vm->told_restored);
	assert_null(vm->pvm);
	assert_false(vm->powered_off);
	assert_null(vm->end_reason);
	assert_int_equal(vm->s2.ipa_bits, 36);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, kvm_host_begin, kvm_host_end)
	const struct CMUnitTest tests[] = {
		TEST(test_identity),
		TEST(test_unknown),
		TEST(test_references),
		TEST(test_input_size),
		TEST(test_new_vmid),
		TEST(test_reuse_of_ordinary),
		TEST(test_reuse_of_protected),
		TEST(test_reuse_twice),
		TEST(test_dead),
		TEST(test_slot_is_clean),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
