// SPDX-License-Identifier: GPL-2.0-only
/* The lease of a vCPU's structures: how long it lasts, and what a pointer in it may be. */
#include "kvm_common.h"

/* A vCPU whose structures are where KVM would have them. */
static u64 good_vcpu(void)
{
	u8 *k = raw(STRUCTS);
	unsigned int i;

	*(u64 *)(k + KVM_VCPU_HW_MMU) = kva(STRUCTS + 2 * PAGE_SIZE);
	*(u64 *)(k + KVM_VCPU_KVM) = kva(STRUCTS + 3 * PAGE_SIZE);
	*(u64 *)raw(STRUCTS + 3 * PAGE_SIZE + KVM_KVM_POFFSET) = 0x1111;
	for (i = 0; i < KVM_FGT_COUNT; i++)
		*(u64 *)raw(STRUCTS + 3 * PAGE_SIZE + KVM_KVM_FGU + i * 8) = 0xf0 + i;
	return kva(STRUCTS);
}

static void test_lease(void **state)
{
	struct cpu_run *c = cpu_run();
	u64 vcpu = good_vcpu();
	u8 *k = kvm_lease(c, KVA(vcpu));

	(void)state;
	assert_non_null(k);
	assert_int_equal(KV64(k, 0), 0x1234);
	assert_int_equal(c->lease.poffset, 0x1111);
	assert_int_equal(c->lease.fgu[FGT_HFGRTR], 0xf0 + KVM_FGT_HFGXTR);
	assert_int_equal(c->lease.fgu[FGT_HFGITR], 0xf0 + KVM_FGT_HFGITR);
	assert_int_equal(c->lease.fgu[FGT_HAFGRTR], 0xf0 + KVM_FGT_HAFGRTR);
	assert_ptr_equal(kvm_lease(c, KVA(vcpu)), k);
	/* Kept over returns to the host, and nobody is given the pages meanwhile. */
	assert_true(slots_empty());
	assert_int_equal(own_claim(PA(STRUCTS), 50, 1, true), HYPSEC_BUSY);
	assert_int_equal(own_claim(PA(STRUCTS + 2 * PAGE_SIZE), 50, 1, true), HYPSEC_BUSY);
	/* The mmu is another: of that one the lease is then. */
	KV64(k, KVM_VCPU_HW_MMU) = kva(STRUCTS + 4 * PAGE_SIZE);
	k = kvm_lease(c, KVA(vcpu));
	assert_int_equal(c->lease.mmu.v, kva(STRUCTS + 4 * PAGE_SIZE));
	assert_int_equal(own_claim(PA(STRUCTS + 2 * PAGE_SIZE), 50, 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(STRUCTS + 2 * PAGE_SIZE), 50, 1), HYPSEC_OK);
	call(KVM_FN_kvm_timer_set_cntvoff, 0x5555, 0, 0);
	assert_int_equal(read_sysreg(CNTVOFF_EL2), 0x5555);
	/* It rests: the same again where it was, with what KVM may have changed meanwhile. */
	assert_false(c->lease.held);
	*(u64 *)raw(STRUCTS + 3 * PAGE_SIZE + KVM_KVM_POFFSET) = 0x2222;
	c->vcpu.offered.valid = true;
	assert_ptr_equal(kvm_lease(c, KVA(vcpu)), k);
	assert_int_equal(c->lease.poffset, 0x2222);
	/* So what was made of them is no good any more. */
	assert_false(c->vcpu.offered.valid);
	assert_int_equal(own_claim(PA(STRUCTS), 50, 1, true), HYPSEC_BUSY);
	call(KVM_FN_kvm_timer_set_cntvoff, 0x5555, 0, 0);
	assert_int_equal(own_claim(PA(STRUCTS), 50, 1, true), HYPSEC_OK);
	assert_null(kvm_lease(c, KVA(vcpu)));
	assert_null(c->lease.vcpu_map);
	assert_int_equal(own_return(PA(STRUCTS), 50, 1), HYPSEC_OK);
}

/* Of a lease that rests, each page in turn is given away: it is not used again, by nobody. */
static void test_lease_taken(void **state)
{
	static const u64 pages[] = { 0, 1, 2, 4 };	/* vCPU, its end, mmu, kvm (below) */
	struct cpu_run *c = cpu_run();
	u64 vcpu = good_vcpu();
	bool rested;

	(void)state;
	*(u64 *)raw(STRUCTS + KVM_VCPU_HW_MMU) = kva(STRUCTS + 2 * PAGE_SIZE);
	*(u64 *)raw(STRUCTS + KVM_VCPU_KVM) = kva(STRUCTS + 4 * PAGE_SIZE);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
		u64 pa = STRUCTS + pages[i] * PAGE_SIZE;

		if (pages[i] * PAGE_SIZE >= KVM_VCPU_SIZE && pages[i] == 1)
			continue;
		for (int how = 0; how < 3; how++) {
			int status = how == 2 ? HYPSEC_OK : HYPSEC_BUSY;

			assert_non_null(kvm_lease(c, KVA(vcpu)));
			if (how == 1) {		/* a look holds the vCPU, nothing else */
				kvm_lease_rest(c);
				assert_non_null(kvm_lease_peek(c, KVA(vcpu), &rested));
				assert_true(rested);
				if (pages[i] > 1)
					status = HYPSEC_OK;
			} else if (how == 2) {
				kvm_lease_rest(c);
				kvm_lease_rest(c);
				assert_non_null(kvm_lease_peek(c, KVA(vcpu), &rested));
				kvm_lease_unpeek(rested);
			}
			assert_int_equal(own_claim(PA(pa), 50, 1, true), status);
			if (how == 1)
				kvm_lease_unpeek(rested);
			if (status != HYPSEC_OK)
				continue;
			/* Gone for a look as for a run; another vCPU is not looked for here. */
			assert_null(kvm_lease_peek(c, KVA(vcpu + 16), &rested));
			assert_null(kvm_lease_peek(c, KVA(0), &rested));
			if (pages[i] < 2)
				assert_null(kvm_lease_peek(c, KVA(vcpu), &rested));
			assert_null(kvm_lease(c, KVA(vcpu)));
			assert_null(c->lease.vcpu_map);
			assert_null(c->lease.mmu_map);
			assert_null(c->lease.kvm_map);
			assert_int_equal(own_return(PA(pa), 50, 1), HYPSEC_OK);
			good_vcpu();
			*(u64 *)raw(STRUCTS + KVM_VCPU_KVM) = kva(STRUCTS + 4 * PAGE_SIZE);
		}
	}
	/* The page came back as the host's own before the lease was asked for: mapped anew. */
	assert_non_null(kvm_lease(c, KVA(vcpu)));
	kvm_lease_rest(c);
	assert_int_equal(own_claim(PA(STRUCTS), 50, 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(STRUCTS), 50, 1), HYPSEC_OK);
	assert_int_equal(c->lease.vcpu.v, vcpu);
	assert_null(kvm_lease_peek(c, KVA(vcpu), &rested));
	good_vcpu();
	assert_non_null(kvm_lease(c, KVA(vcpu)));
	assert_int_equal(own_claim(PA(STRUCTS), 50, 1, true), HYPSEC_BUSY);
	kvm_lease_end(c);
	assert_int_equal(own_claim(PA(STRUCTS), 50, 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(STRUCTS), 50, 1), HYPSEC_OK);
}

/* KVM's calls between two runs find it there, and leave it at rest. */
static void test_lease_calls(void **state)
{
	struct cpu_run *c = cpu_run();
	u64 vcpu = good_vcpu(), mapped;
	u32 *cpu_if = (u32 *)raw(STRUCTS + KVM_VCPU_GIC);

	(void)state;
	for (int held = 0; held < 2; held++) {
		assert_non_null(kvm_lease(c, KVA(vcpu)));
		mapped = (u64)c->lease.vcpu_map;
		if (!held)
			kvm_lease_rest(c);
		cpu_if[KVM_GIC_SRE / 4] = 7;
		cpu_if[KVM_GIC_AP1R / 4 + 3] = 0xa13;
		cpu_if[KVM_GIC_VMCR / 4] = 0x55 + held;
		call(KVM_FN_vgic_v3_restore_vmcr_aprs, vcpu + KVM_VCPU_GIC, 0, 0);
		assert_int_equal(read_sysreg(ICH_VMCR_EL2), 0x55 + held);
		write_sysreg(0x66 + held, ICH_VMCR_EL2);
		call(KVM_FN_vgic_v3_save_vmcr_aprs, vcpu + KVM_VCPU_GIC, 0, 0);
		assert_int_equal(cpu_if[KVM_GIC_VMCR / 4], 0x66 + held);
		/* Once each: not by the lease, and then as if there were none. */
		assert_int_equal(gic_loads, held + 1);
		assert_int_equal(gic_saves, held + 1);
		adjusts = 0;
		call(KVM_FN_kvm_adjust_pc, vcpu, 0, 0);
		assert_int_equal(adjusts, 1);
		assert_int_equal((u64)c->lease.vcpu_map, mapped);
		assert_int_equal(c->lease.held, held);
		assert_int_equal(own_claim(PA(STRUCTS), 50, 1, true),
				 held ? HYPSEC_BUSY : HYPSEC_OK);
		if (held)
			continue;
		/* The struct is another VM's now: nothing of it is read or written. */
		write_sysreg(0x77, ICH_VMCR_EL2);
		call(KVM_FN_vgic_v3_restore_vmcr_aprs, vcpu + KVM_VCPU_GIC, 0, 0);
		assert_int_equal(read_sysreg(ICH_VMCR_EL2), 0x77);
		call(KVM_FN_vgic_v3_save_vmcr_aprs, vcpu + KVM_VCPU_GIC, 0, 0);
		call(KVM_FN_kvm_adjust_pc, vcpu, 0, 0);
		assert_int_equal(adjusts, 1);
		assert_int_equal(own_return(PA(STRUCTS), 50, 1), HYPSEC_OK);
		vcpu = good_vcpu();
		KV64(raw(STRUCTS), 0) = 0x1234;		/* kvm_common.h */
	}
}

/* Each pointer in the vCPU's structure in turn: all of the lease or nothing of it. */
static void test_lease_pointers(void **state)
{
	static const u64 fields[] = { KVM_VCPU_HW_MMU, KVM_VCPU_KVM };
	static const u64 bad[] = { 0, ~0UL, 0x1000, -16UL, LINEAR + DEVICE, LINEAR + REGION + 8,
				   LINEAR + RAM_END - 16, LINEAR + MEM_BASE - PAGE_SIZE };
	struct cpu_run *c = cpu_run();
	unsigned int f, i;

	(void)state;
	for (f = 0; f < ARRAY_SIZE(fields); f++) {
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			u64 vcpu = good_vcpu();

			assert_non_null(kvm_lease(c, KVA(vcpu)));
			kvm_lease_end(c);
			*(u64 *)raw(STRUCTS + fields[f]) = bad[i];
			assert_null(kvm_lease(c, KVA(vcpu)));
			assert_int_equal(c->lease.vcpu.v, 0);
			assert_null(c->lease.vcpu_map);
			assert_null(c->lease.mmu_map);
			assert_int_equal(own_claim(PA(STRUCTS), 50, 1, false), HYPSEC_OK);
			assert_int_equal(own_return(PA(STRUCTS), 50, 1), HYPSEC_OK);
		}
	}
	good_vcpu();
	*(u64 *)raw(STRUCTS + KVM_VCPU_HW_MMU) += 4;
	assert_null(kvm_lease(c, KVA(kva(STRUCTS))));
}

/* A kernel with KASAN or MTE has tags in its pointers: the lease is found with any, or none. */
static void test_lease_tagged(void **state)
{
	const u64 tag = 0xf3UL << 56, other = 0x5aUL << 56, low = GENMASK(55, 0);
	struct cpu_run *c = cpu_run();
	u64 vcpu = good_vcpu();
	bool rested;
	u8 *k;

	(void)state;
	KV64(raw(STRUCTS), KVM_VCPU_HW_MMU) = (kva(STRUCTS + 2 * PAGE_SIZE) & low) | other;
	KV64(raw(STRUCTS), KVM_VCPU_KVM) = (kva(STRUCTS + 3 * PAGE_SIZE) & low) | tag;
	k = kvm_lease(c, KVA((vcpu & low) | tag));
	assert_non_null(k);
	assert_int_equal(c->lease.poffset, 0x1111);
	assert_int_equal(c->lease.mmu.v, kva(STRUCTS + 2 * PAGE_SIZE));
	assert_int_equal(c->lease.kvm.v, kva(STRUCTS + 3 * PAGE_SIZE));
	/* Held, it is not made again: what is read once would be read anew. */
	KV64(raw(STRUCTS), 3 * PAGE_SIZE + KVM_KVM_POFFSET) = 0x2222;
	assert_ptr_equal(kvm_lease(c, KVA((vcpu & low) | tag)), k);
	assert_ptr_equal(kvm_lease(c, KVA(vcpu)), k);
	assert_int_equal(c->lease.poffset, 0x1111);
	assert_ptr_equal(kvm_lease_peek(c, KVA((vcpu & low) | other), &rested), k);
	assert_false(rested);
	kvm_lease_unpeek(rested);
	kvm_lease_end(c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_lease),
		TEST(test_lease_taken),
		TEST(test_lease_calls),
		TEST(test_lease_pointers),
		TEST(test_lease_tagged),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
