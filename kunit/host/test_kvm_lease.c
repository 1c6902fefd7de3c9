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
	assert_null(c->lease.vcpu_map);
	assert_int_equal(own_claim(PA(STRUCTS), 50, 1, true), HYPSEC_OK);
	assert_null(kvm_lease(c, KVA(vcpu)));
	assert_int_equal(own_return(PA(STRUCTS), 50, 1), HYPSEC_OK);
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_lease),
		TEST(test_lease_pointers),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
