// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's calls with arguments that KVM never gives: pointers to anything, numbers that
 * overflow, VMs that are others'.
 */
#include "kvm_common.h"

static void test_numbers(void **state)
{
	unsigned int fn, known = 0;

	(void)state;
	for (fn = 0; fn < 128; fn++)
		known += call(fn, 0, 0, 0);
	assert_int_equal(known, 16);
	assert_int_equal(runs, 1);
	assert_true(call(KVM_FN_kvm_vcpu_run, 0x123456789a, 0, 0));
	assert_int_equal(ran, 0x123456789a);
	assert_int_equal(this_cpu()->host.x[1], 0x77);
	this_cpu()->host_mdcr = 0x4242;
	call(KVM_FN_kvm_get_mdcr_el2, 0, 0, 0);
	assert_int_equal(this_cpu()->host.x[1], 0x4242);
}

static void test_flush_one(void **state)
{
	static const u64 sizes[] = { PAGE_SIZE, SZ_2M, SZ_1G };
	static const u64 levels[] = { 3, 2, 1, 0, 4, 255, 0x7fffffff, ~0UL, BIT(32) | 1 };
	struct vm_identity id = kvm_vm(0, 40), other = kvm_vm(1, 40);
	struct vm *vm = kvm_ran(&id), *vm2 = kvm_ran(&other);
	unsigned int s, l, nsh;

	(void)state;
	map(vm2, IPA0, PAGE_SIZE);
	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (l = 0; l < ARRAY_SIZE(levels); l++) {
			for (nsh = 0; nsh < 2; nsh++) {
				map(vm, ALIGN_DOWN(IPA0, sizes[s]), sizes[s]);
				aged = 0;
				call(nsh ? KVM_FN_kvm_tlb_flush_vmid_ipa_nsh :
				     KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, IPA0, levels[l]);
				assert_false(mapped(vm, IPA0));
				/* A page is taken away: not of a right given, nor of all. */
				assert_int_equal(aged, !nsh && (u32)levels[l] != 0);
			}
		}
	}
	/* By level all of the block goes, and nothing around it. */
	for (l = 3; l >= 1; l--) {
		u64 size = PAGE_SIZE << (9 * (3 - l)), base = ALIGN_DOWN(IPA0, size);

		map(vm, base, PAGE_SIZE);
		map(vm, base + size - PAGE_SIZE, PAGE_SIZE);
		map(vm, base - PAGE_SIZE, PAGE_SIZE);
		map(vm, base + size, PAGE_SIZE);
		call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, IPA0, l);
		assert_false(mapped(vm, base) || mapped(vm, base + size - PAGE_SIZE));
		assert_true(mapped(vm, base - PAGE_SIZE) && mapped(vm, base + size));
	}
	/* KVM's level is an int: the upper half of x3 is whatever was there. */
	map(vm, ALIGN_DOWN(IPA0, SZ_2M), PAGE_SIZE);
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, IPA0, ~0UL << 32 | 2);
	assert_false(mapped(vm, ALIGN_DOWN(IPA0, SZ_2M)));
	/* 512 GiB: everything. */
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, 0, 0);
	assert_false(mapped(vm, ALIGN_DOWN(IPA0, SZ_1G) + SZ_1G));

	/* Nobody's mmu; addresses past everything. */
	map(vm, IPA0, PAGE_SIZE);
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, 0, IPA0, 3);
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, ~0UL, IPA0, 3);
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v + 1, IPA0, 3);
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, ~0UL, 3);
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, ~0UL, 1);
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, BIT(40), 2);
	assert_true(mapped(vm, IPA0));
	assert_true(mapped(vm2, IPA0));
}

/* Whatever the numbers: if the range has the address, or cannot be one, it is forgotten. */
static void test_flush_range(void **state)
{
	static const struct { u64 start, pages; bool gone; } c[] = {
		{ IPA0, 1, true }, { IPA0 - PAGE_SIZE, 1, false }, { IPA0 + PAGE_SIZE, 1, false },
		{ IPA0 - PAGE_SIZE, 2, true }, { IPA0 + 8, 1, true }, { 0, BIT(28), true },
		{ 0, 0, true }, { IPA0 + PAGE_SIZE, 0, true }, { 0, ~0UL, true },
		{ BIT(40), ~0UL, true }, { BIT(40), BIT(52), true }, { 0, BIT(52) + 1, true },
		{ ~0UL, 1, true }, { ~0UL, ~0UL, true }, { BIT(63), BIT(51), true },
		{ BIT(40), BIT(40), false }, { BIT(52), BIT(40), false },
	};
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm = kvm_ran(&id);
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		map(vm, IPA0, PAGE_SIZE);
		call(KVM_FN_kvm_tlb_flush_vmid_range, id.mmu.v, c[i].start, c[i].pages);
		assert_int_equal(mapped(vm, IPA0), !c[i].gone);
	}
	aged = 0;
	call(KVM_FN_kvm_tlb_flush_vmid, id.mmu.v, 0, 0);
	assert_false(mapped(vm, IPA0));
	assert_int_equal(aged, 0);
	call(KVM_FN_kvm_tlb_flush_vmid_range, id.mmu.v, IPA0, 1);
	assert_int_equal(aged, 1);
}

/* The host is to execute its HVC again, which is now a call for what is left. */
static void again(u64 fn, u64 mmu, u64 start, u64 x3, u64 pages)
{
	u64 *x = this_cpu()->host.x;

	restarts = 0;
	x[0] = 0xdead0001c6000000 | fn;		/* the upper half, and the hint bit, are not ours */
	x[1] = mmu;
	x[2] = start;
	x[3] = x3;
	for (u64 left = pages; left > 1; left--) {
		assert_true(kvm_host_call(this_cpu(), (u32)x[0] & ~BIT(16)));
		assert_int_equal(restarts, pages - left + 1);
		assert_int_equal(x[0], 0xdead0001c6000000 | KVM_FN_kvm_tlb_flush_vmid_range);
		assert_int_equal(x[1], mmu);
		assert_int_equal(x[2], invalidated + PAGE_SIZE);
		assert_int_equal(x[3], left - 1);
		assert_int_equal(invalidated_size, left * PAGE_SIZE);
	}
	assert_int_equal(invalidated, ALIGN_DOWN(start, PAGE_SIZE * pages) + (pages - 2) * PAGE_SIZE);
	invalidate_status = HYPSEC_OK;
	assert_true(kvm_host_call(this_cpu(), (u32)x[0] & ~BIT(16)));
	assert_int_equal(restarts, pages - 1);
	assert_int_equal(x[0], 0);
	assert_int_equal(x[1], 0);
	assert_int_equal(invalidated_size, PAGE_SIZE);
	invalidate_status = HYPSEC_RESTART;
}

static void test_flush_protected(void **state)
{
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm = kvm_get(&id);

	(void)state;
	protect(vm);
	give_private(vm, GUEST_PAGES, 5);
	vm_put(vm);
	/* Its table is no cache: pvm/ looks at what KVM has taken away, by address or range. */
	invalidated_size = 0;
	call(KVM_FN_kvm_tlb_flush_vmid, id.mmu.v, 0, 0);
	call(KVM_FN_kvm_tlb_flush_vmid_range, id.mmu.v, 0, ~0UL);
	assert_int_equal(invalidated_size, 0);
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, 5 << PAGE_SHIFT, 3);
	assert_int_equal(invalidated, 5 << PAGE_SHIFT);
	assert_int_equal(invalidated_size, PAGE_SIZE);
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, 5 << PAGE_SHIFT, 2);
	assert_int_equal(invalidated, 0);
	assert_int_equal(invalidated_size, SZ_2M);
	call(KVM_FN_kvm_tlb_flush_vmid_range, id.mmu.v, 5 << PAGE_SHIFT | 9, 7);
	assert_int_equal(invalidated, 5 << PAGE_SHIFT);
	assert_int_equal(invalidated_size, 7 * PAGE_SIZE);
	assert_true(mapped(vm, 5 << PAGE_SHIFT));
	invalidate_status = HYPSEC_RESTART;
	again(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, 5 << PAGE_SHIFT, 2, 512);
	again(KVM_FN_kvm_tlb_flush_vmid_range, id.mmu.v, 6 << PAGE_SHIFT, 2, 2);
	invalidate_status = HYPSEC_OK;
	/* Which of its vCPUs ran here the core knows itself (test_last_vcpu.c). */
	counts_reset();
	call(KVM_FN_kvm_flush_cpu_context, id.mmu.v, 0, 0);
	assert_int_equal(counts.vmalls12e1, 0);
	vm_kill(vm, "a test");
	call(KVM_FN_kvm_flush_cpu_context, id.mmu.v, 0, 0);
}

/*
 * KVM takes pages away from a VM that has ended, or from the one that came after it: they are
 * in no table any more, so all of them return. A device may read, or write, them next.
 */
static void test_flush_dead(void **state)
{
	struct vm_identity id = kvm_vm(0, 40), other = kvm_vm(1, 40);
	struct vm *neighbour = kvm_get(&other);
	u64 *x = this_cpu()->host.x;
	(void)state;

	protect(neighbour);
	give_private(neighbour, GUEST_PAGES + SZ_2M, 5);
	vm_kill(neighbour, "a test");
	vm_put(neighbour);
	for (int again = 0; again < 2; again++) {
		struct vm *vm = kvm_get(&id);
		unsigned int calls = 0;

		protect(vm);
		for (int i = 0; i < 200; i++) {
			give_private(vm, GUEST_PAGES + i * PAGE_SIZE, 5 + i);
			memset(raw(GUEST_PAGES + i * PAGE_SIZE), 0x5e, PAGE_SIZE);
		}
		vm_put(vm);
		vm_kill(vm, "a test");
		if (again) {
			id.pgd = PA(kvm_page());
			assert_ptr_not_equal(kvm_ran(&id), vm);
		}
		/* A change of permissions takes nothing. */
		call(KVM_FN_kvm_tlb_flush_vmid, id.mmu.v, 0, 0);
		assert_int_equal(vm->private_pages, 200);
		restarts = 0;
		x[0] = 0xc6000000 | KVM_FN_kvm_tlb_flush_vmid_ipa;
		x[1] = id.mmu.v;
		x[2] = 7 << PAGE_SHIFT;
		x[3] = 3;
		do
			assert_true(kvm_host_call(this_cpu(), (u32)x[0]));
		while (restarts == ++calls);
		assert_true(calls > 3);		/* interrupts come between */
		assert_int_equal(x[0], 0);
		assert_int_equal(vm->private_pages, 0);
		for (int i = 0; i < 200; i++) {
			assert_int_equal(own_lookup(PA(GUEST_PAGES + i * PAGE_SIZE)).state, PG_HOST);
			assert_int_equal(raw(GUEST_PAGES + i * PAGE_SIZE)[i], 0);
		}
		vm_teardown(id.kvm);
	}
	assert_int_equal(neighbour->private_pages, 1);
}

/* It ends as the core comes to seal what KVM has taken: then it comes back zeroed, in this call too. */
static void test_flush_dying(void **state)
{
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm = kvm_get(&id);

	(void)state;
	protect(vm);
	give_private(vm, GUEST_PAGES, 5);
	vm_put(vm);
	memset(raw(GUEST_PAGES), 0x5e, PAGE_SIZE);
	invalidate_kills = true;
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, 5 << PAGE_SHIFT, 3);
	assert_int_equal(vm->state, VM_DEAD);
	assert_int_equal(own_lookup(PA(GUEST_PAGES)).state, PG_HOST);
	assert_int_equal(raw(GUEST_PAGES)[0], 0);
}

/*
 * The guest has reset itself, and KVM's next run of it waits for the last one's pages: a page
 * that KVM takes away meanwhile is among them, and it is the dead VM that the call names.
 */
static void test_flush_reset(void **state)
{
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm = kvm_get(&id), *next;
	u64 *x = this_cpu()->host.x;

	(void)state;
	protect(vm);
	for (int i = 0; i < 200; i++)
		give_private(vm, GUEST_PAGES + i * PAGE_SIZE, 5 + i);
	vm_put(vm);
	vm_kill(vm, "reset by its guest");
	vm->powered_off = true;
	irq_at = 0;
	assert_null(kvm_get(&id));
	assert_true(vm->private_pages != 0);
	x[0] = 0xc6000000 | KVM_FN_kvm_tlb_flush_vmid_ipa;
	x[1] = id.mmu.v;
	x[2] = 100 << PAGE_SHIFT;
	x[3] = 3;
	do {
		restarts = 0;
		assert_true(kvm_host_call(this_cpu(), (u32)x[0]));
	} while (restarts);
	assert_int_equal(vm->private_pages, 0);

	/* The name is the next VM's alone. */
	next = kvm_ran(&id);
	assert_int_equal(next->state, VM_ORDINARY);
	assert_int_equal(vms_in(VM_DEAD), 0);
	map(next, IPA0, PAGE_SIZE);
	call(KVM_FN_kvm_tlb_flush_vmid_ipa, id.mmu.v, IPA0, 3);
	assert_false(mapped(next, IPA0));
}

/* Where no struct of KVM's can be: not RAM, not wholly the host's, past the end, wrapping. */
static const u64 bad_structs[] = {
	0, ~0UL, 0x1000, STRUCTS,				/* no linear address */
	LINEAR + DEVICE, LINEAR + REGION, LINEAR + RAM_END - 16, LINEAR + MEM_BASE - 16,
	LINEAR + REGION - PAGE_SIZE, LINEAR + GUEST_PAGES, -16UL,
};

static void test_bad_structs(void **state)
{
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm = kvm_get(&id);
	unsigned int i;

	(void)state;
	protect(vm);
	give_private(vm, GUEST_PAGES, 5);
	vm_put(vm);
	for (i = 0; i < ARRAY_SIZE(bad_structs); i++) {
		call(KVM_FN_kvm_adjust_pc, bad_structs[i], 0, 0);
		call(KVM_FN_vgic_v3_save_vmcr_aprs, bad_structs[i] | 0xff0, 0, 0);
		call(KVM_FN_vgic_v3_restore_vmcr_aprs, bad_structs[i] | 0xff0, 0, 0);
		assert_null(kvm_lease(cpu_run(), KVA(bad_structs[i])));
		assert_null(cpu_run()->lease.vcpu_map);
		assert_null(cpu_run()->lease.mmu_map);
	}
	assert_int_equal(adjusts, 0);
	for (i = 1; i < 16; i++) {
		/* What was there a moment ago is not what is used. */
		call(KVM_FN_kvm_adjust_pc, kva(STRUCTS), 0, 0);
		assert_int_equal(adjusts, i);
		call(KVM_FN_kvm_adjust_pc, kva(STRUCTS) + i, 0, 0);
		assert_int_equal(adjusts, i);
		assert_null(kvm_lease(cpu_run(), KVA(kva(STRUCTS) + i)));
	}
	assert_int_equal(gic_loads + gic_saves, 0);
	assert_int_equal(vm->state, VM_PROTECTED);
}

static void test_adjust(void **state)
{
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm = kvm_get(&id);

	(void)state;
	call(KVM_FN_kvm_adjust_pc, kva(STRUCTS), 0, 0);		/* of no VM we know */
	assert_int_equal(adjusts, 1);
	*(u64 *)raw(STRUCTS + KVM_VCPU_HW_MMU) = id.mmu.v;
	call(KVM_FN_kvm_adjust_pc, kva(STRUCTS), 0, 0);
	assert_int_equal(adjusts, 2);
	/* A protected one's flags stay for its next run. */
	protect(vm);
	call(KVM_FN_kvm_adjust_pc, kva(STRUCTS), 0, 0);
	vm_kill(vm, "a test");
	call(KVM_FN_kvm_adjust_pc, kva(STRUCTS), 0, 0);
	assert_int_equal(adjusts, 2);
	assert_int_equal(vm->refs, 1);
	vm_put(vm);
}

static void test_aprs(void **state)
{
	u32 *cpu_if = (u32 *)raw(STRUCTS + 0x400);

	(void)state;
	write_sysreg(0x99, ICH_VMCR_EL2);
	cpu_if[KVM_GIC_AP1R / 4 + 3] = 0xa13;
	cpu_if[KVM_GIC_VMCR / 4] = 0x55;
	call(KVM_FN_vgic_v3_restore_vmcr_aprs, kva(STRUCTS + 0x400), 0, 0);
	assert_int_equal(gic_loads, 1);
	assert_int_equal(read_sysreg(ICH_VMCR_EL2), 0x99);
	cpu_if[KVM_GIC_SRE / 4] = 7;
	call(KVM_FN_vgic_v3_restore_vmcr_aprs, kva(STRUCTS + 0x400), 0, 0);
	assert_int_equal(read_sysreg(ICH_VMCR_EL2), 0x55);
	write_sysreg(0x66, ICH_VMCR_EL2);
	memset(cpu_if + KVM_GIC_LR / 4, 0x5a, 64);
	call(KVM_FN_vgic_v3_save_vmcr_aprs, kva(STRUCTS + 0x400), 0, 0);
	assert_int_equal(cpu_if[KVM_GIC_VMCR / 4], 0x66);
	assert_int_equal(cpu_if[KVM_GIC_AP1R / 4 + 3], 0xb13);
	assert_int_equal(cpu_if[KVM_GIC_LR / 4], 0x5a5a5a5a);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_numbers),
		TEST(test_flush_one),
		TEST(test_flush_range),
		TEST(test_flush_protected),
		TEST(test_flush_dead),
		TEST(test_flush_reset),
		TEST(test_flush_dying),
		TEST(test_bad_structs),
		TEST(test_adjust),
		TEST(test_aprs),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
