// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's TLB calls beside what other CPUs do at the same time, and what each kind of CPU needs: the
 * barriers and errata that KVM's own EL2 code takes care of for its EL1.
 */
#include "kvm_common.h"

static void another_vcpu(void **state)
{
	struct vm_identity id = kvm_vm(0, 40);

	(void)state;
	kvm_ran(&id);
	counts_reset();
	call(KVM_FN_kvm_flush_cpu_context, id.mmu.v, 0, 0);
	assert_int_equal(counts.vmalls12e1, 1);
	assert_int_equal(counts.iallu, 1);
}

/* Another CPU makes the VM, and walks its table just before the store to it is seen. */
static struct vm_identity late_id;
static struct vm *late_vm;

static void walks_meanwhile(const char *op)
{
	if (strcmp(op, "dsb ish"))
		return;
	barrier_hook = NULL;
	late_vm = kvm_ran(&late_id);
	map(late_vm, IPA0, PAGE_SIZE);
}


static void store_then_flush(void **state)
{
	static const u64 fns[] = { KVM_FN_kvm_tlb_flush_vmid_ipa, KVM_FN_kvm_tlb_flush_vmid,
				   KVM_FN_kvm_tlb_flush_vmid_range,
				   KVM_FN_kvm_tlb_flush_vmid_ipa_nsh };
	(void)state;

	for (unsigned int i = 0; i < ARRAY_SIZE(fns); i++) {
		late_id = kvm_vm(i, 40);
		late_vm = NULL;
		barrier_hook = walks_meanwhile;
		call(fns[i], late_id.mmu.v, IPA0, 1);
		assert_null(barrier_hook);
		assert_non_null(late_vm);
		assert_false(mapped(late_vm, IPA0));
	}
}


/* The other half: who makes a VM can be found before it reads an entry of its table. */
static bool found;

static void look(const char *op)
{
	struct vm *vm;

	if (strcmp(op, "dsb ish") || this_cpu()->running)
		return;
	vm = vm_find(late_id.mmu);
	found |= vm != NULL;
	if (vm)
		vm_put(vm);
}

static void made_then_walked(void **state)
{
	(void)state;
	late_id = kvm_vm(0, 40);
	found = false;
	barrier_hook = look;
	kvm_ran(&late_id);
	barrier_hook = NULL;
	assert_true(found);
}

/* MIDR_EL1: implementer, variant, part, revision */
#define MIDR(imp, var, part, rev) ((u64)(imp) << 24 | (var) << 20 | 0xf << 16 | (part) << 4 | (rev))

static void errata(void **state)
{
	static const struct { u64 midr; bool spec_at, par_dmb; } cpus[] = {
		{ MIDR(0x41, 0, 0xd05, 0), true, false },	/* A55 */
		{ MIDR(0x41, 1, 0xd07, 0), true, false },	/* A57 */
		{ MIDR(0x41, 0, 0xd08, 3), true, false },	/* A72 */
		{ MIDR(0x41, 2, 0xd0b, 0), true, false },	/* A76 */
		{ MIDR(0x51, 13, 0x805, 14), true, false },	/* Kryo 4xx Silver */
		{ MIDR(0x51, 13, 0xd08, 14), false, false },
		{ MIDR(0x41, 0, 0xd0d, 0), false, true },	/* A77 */
		{ MIDR(0x41, 1, 0xd0d, 0), false, true },
		{ MIDR(0x51, 1, 0xd0d, 0), false, false },
		{ MIDR(0x41, 0, 0xd03, 4), false, false },	/* A53 */
		{ MIDR(0x41, 3, 0xd0c, 1), false, false },	/* N1 */
	};
	struct cpu_run *c = cpu_run();
	(void)state;

	for (unsigned int i = 0; i < ARRAY_SIZE(cpus); i++) {
		write_sysreg(cpus[i].midr, MIDR_EL1);
		c->ready = false;
		assert_int_equal(cpu_run()->feat.spec_at, cpus[i].spec_at);
		assert_int_equal(cpu_run()->feat.par_dmb, cpus[i].par_dmb);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_vcpu),
		TEST(store_then_flush),
		TEST(made_then_walked),
		TEST(errata),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
