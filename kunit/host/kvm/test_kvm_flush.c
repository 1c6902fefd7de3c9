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
	assert_true(flushes_done());
}

/* Calls that have nothing to do, and nothing to say. */
static void no_result(void **state)
{
	static const u64 fns[] = { KVM_FN_kvm_hyp_init, KVM_FN_kvm_enable_ssbs,
				   KVM_FN_kvm_flush_vm_context, KVM_FN_vgic_v3_init_lrs };
	(void)state;

	this_cpu()->host_mdcr = 0x1234;
	for (size_t i = 0; i < ARRAY_SIZE(fns); i++) {
		assert_true(call(fns[i], 0, 0, 0));
		assert_int_equal(this_cpu()->host.x[1], 0);
	}
	assert_true(call(KVM_FN_kvm_get_mdcr_el2, 0, 0, 0));
	assert_int_equal(this_cpu()->host.x[1], 0x1234);
}

/* Each call does its own, and nothing of the next one's. */
static void one_at_a_time(void **state)
{
	enum { RUN = 1, ADJUST = 2, UNMAP = 4, LOCAL = 8, CNTVOFF = 16, SAVE = 32, LOAD = 64,
	       CLEAR = 128 };
	static const struct { u64 fn; int does; } e[] = {
		{ KVM_FN_kvm_hyp_init, 0 }, { KVM_FN_kvm_get_mdcr_el2, 0 },
		{ KVM_FN_kvm_enable_ssbs, 0 }, { KVM_FN_vgic_v3_init_lrs, CLEAR },
		{ KVM_FN_vgic_v3_get_gic_config, 0 }, { KVM_FN_kvm_flush_vm_context, 0 },
		{ KVM_FN_kvm_vcpu_run, RUN }, { KVM_FN_kvm_adjust_pc, ADJUST },
		{ KVM_FN_kvm_tlb_flush_vmid_ipa, UNMAP }, { KVM_FN_kvm_tlb_flush_vmid, UNMAP },
		{ KVM_FN_kvm_tlb_flush_vmid_ipa_nsh, UNMAP },
		{ KVM_FN_kvm_tlb_flush_vmid_range, UNMAP },
		{ KVM_FN_kvm_flush_cpu_context, LOCAL }, { KVM_FN_kvm_timer_set_cntvoff, CNTVOFF },
		{ KVM_FN_vgic_v3_save_vmcr_aprs, SAVE }, { KVM_FN_vgic_v3_restore_vmcr_aprs, LOAD },
	};
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm;
	u64 all = kva(STRUCTS);		/* a vCPU, an mmu, a CPU interface */
	u32 *cpu_if = (u32 *)raw(STRUCTS);
	(void)state;

	id.mmu = KVA(all);
	vm = kvm_ran(&id);
	*(u64 *)raw(STRUCTS + KVM_VCPU_HW_MMU) = all;
	cpu_if[KVM_GIC_AP1R / 4 + 3] = 0xa13;
	for (size_t i = 0; i < ARRAY_SIZE(e); i++) {
		int did;

		if (!mapped(vm, IPA0))
			map(vm, IPA0, PAGE_SIZE);
		runs = adjusts = gic_loads = gic_saves = gic_clears = 0;
		write_sysreg(0x5a, CNTVOFF_EL2);
		counts_reset();
		assert_true(call(e[i].fn, all, IPA0, 3));
		did = (runs ? RUN : 0) | (adjusts ? ADJUST : 0) | (mapped(vm, IPA0) ? 0 : UNMAP) |
		      (counts.vmalls12e1 ? LOCAL : 0) | (gic_saves ? SAVE : 0) |
		      (gic_loads ? LOAD : 0) | (gic_clears ? CLEAR : 0) |
		      (read_sysreg(CNTVOFF_EL2) == 0x5a ? 0 : CNTVOFF);
		assert_int_equal(did, e[i].does);
		cpu_if[KVM_GIC_AP1R / 4 + 3] = 0xa13;
	}
}

/*
 * What a protected VM shares is a cache of KVM's table: a call of KVM's takes out what it is about,
 * before it is looked at what is to be sealed, and nothing private.
 */
static void shared_frames(void **state)
{
	static struct shared s;
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm = kvm_get(&id);
	const u64 pool = SZ_1G, single = SZ_1G + 3 * SZ_2M, own = single + PAGE_SIZE;
	const struct { u64 fn, x2, x3; bool first, last, single; } e[] = {
		{ KVM_FN_kvm_tlb_flush_vmid_ipa, pool, 3, true, false, false },
		{ KVM_FN_kvm_tlb_flush_vmid_ipa_nsh, single, 3, false, false, true },
		{ KVM_FN_kvm_tlb_flush_vmid_ipa, own, 3, false, false, false },
		{ KVM_FN_kvm_tlb_flush_vmid_range, pool + PAGE_SIZE, 511, false, true, false },
		{ KVM_FN_kvm_tlb_flush_vmid_range, 0, BIT(20), true, true, true },
		{ KVM_FN_kvm_tlb_flush_vmid, 0, 0, true, true, true },
	};

	(void)state;
	protect(vm);
	s = (struct shared){ .base = pool, .size = SZ_2M, .grants = 1, .grant = { single } };
	vm->shared = &s;
	for (size_t i = 0; i < ARRAY_SIZE(e); i++) {
		map(vm, pool, PAGE_SIZE);
		map(vm, pool + SZ_2M - PAGE_SIZE, PAGE_SIZE);
		map(vm, single, PAGE_SIZE);
		map(vm, own, PAGE_SIZE);
		call(e[i].fn, id.mmu.v, e[i].x2, e[i].x3);
		assert_int_equal(mapped(vm, pool), !e[i].first);
		assert_int_equal(mapped(vm, pool + SZ_2M - PAGE_SIZE), !e[i].last);
		assert_int_equal(mapped(vm, single), !e[i].single);
		assert_true(mapped(vm, own));
		assert_false(tlb_stale(~0UL));
	}
	vm->shared = NULL;
	vm_put(vm);
}

/* A level that is none says nothing of the size: whole pages, one of them. */
static void no_level(void **state)
{
	static const u64 levels[] = { 3, 4, 5, 0x7fffffff, 0xffffffff };
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm = kvm_get(&id);

	(void)state;
	protect(vm);
	vm_put(vm);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		invalidated = invalidated_size = 0;
		call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, IPA0 | 0x123, levels[i]);
		assert_int_equal(invalidated, IPA0);
		assert_int_equal(invalidated_size, PAGE_SIZE);
	}
	/* All of it is no range, whatever is in the other registers: no frame is sealed. */
	invalidated = invalidated_size = 0;
	call(KVM_FN_kvm_tlb_flush_vmid, id.mmu.v, IPA0, 1);
	assert_int_equal(invalidated_size, 0);
}

/* After each of them no walk goes on where one of before has been: vm/walk.c. */
static void forgets_walks(void **state)
{
	static const u64 fns[] = { KVM_FN_kvm_tlb_flush_vmid_ipa, KVM_FN_kvm_tlb_flush_vmid,
				   KVM_FN_kvm_tlb_flush_vmid_range,
				   KVM_FN_kvm_tlb_flush_vmid_ipa_nsh };
	struct vm_identity id = kvm_vm(0, 40), other = kvm_vm(1, 40);
	struct vm *vm = kvm_ran(&id), *beside = kvm_ran(&other);
	u64 was, of_other = beside->flushes;

	(void)state;
	for (u32 i = 0; i < 2 * ARRAY_SIZE(fns); i++) {
		if (i == ARRAY_SIZE(fns)) {
			assert_ptr_equal(kvm_get(&id), vm);
			protect(vm);
			vm_put(vm);
		}
		was = vm->flushes;
		call(fns[i % ARRAY_SIZE(fns)], id.mmu.v, IPA0, 1);
		assert_int_equal(vm->flushes, was + 1);
	}
	assert_int_equal(beside->flushes, of_other);
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
	(void)state;

	for (unsigned int i = 0; i < ARRAY_SIZE(cpus); i++) {
		write_sysreg(cpus[i].midr, MIDR_EL1);
		cpu_detect(this_cpu());
		assert_int_equal(this_cpu()->feat.spec_at, cpus[i].spec_at);
		assert_int_equal(this_cpu()->feat.par_dmb, cpus[i].par_dmb);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_vcpu),
		TEST(no_level),
		TEST(forgets_walks),
		TEST(shared_frames),
		TEST(one_at_a_time),
		TEST(no_result),
		TEST(store_then_flush),
		TEST(made_then_walked),
		TEST(errata),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
