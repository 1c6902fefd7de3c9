// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fault that KVM was told of, once KVM runs the vCPU again: what it has made of its table is
 * looked up before the guest is entered.
 */
#include "shadow_common.h"

/* What KVM has made of a fault is there before the guest is; what it has not made is no fault. */
static void test_answered(void **state)
{
	u64 pa = GUEST_PAGES + 64 * PAGE_SIZE;

	(void)state;
	v.asked = false;
	forwards(READ | FSC_TRANS | 3, IPA0, FSC_TRANS, 1);
	assert_true(v.asked);
	/* It has done nothing, or what does not allow the access. */
	shadow_answered(&v);
	assert_false(mapped(IPA0));
	*kvm_entry(&id, IPA0, 3) = (pa | PAGE_RWX) & ~S2_W;
	forwards(WRITE | FSC_TRANS | 3, IPA0, FSC_PERM, 3);
	shadow_answered(&v);
	assert_false(mapped(IPA0));
	*kvm_entry(&id, IPA0, 3) |= S2_W;
	shadow_answered(&v);
	assert_true(mapped(IPA0));
	assert_int_equal(s2_lookup(&vm->s2, IPA0).pte & S2_ADDR, pa);
	/* It is a mapping like any other. */
	claim_drops(pa);
	assert_false(mapped(IPA0));

	/* A page that is not the host's, and an address that no guest can have faulted on. */
	*kvm_entry(&id, IPA0, 3) = 0;
	forwards(READ | FSC_TRANS | 3, IPA0, FSC_TRANS, 3);
	*kvm_entry(&id, IPA0, 3) = REGION | PAGE_RWX;
	assert_int_equal(own_claim(PA(pa), 50, 1, true), HYPSEC_OK);
	shadow_answered(&v);
	*kvm_entry(&id, IPA0, 3) = pa | PAGE_RWX;
	shadow_answered(&v);
	assert_false(mapped(IPA0));
	assert_int_equal(own_return(PA(pa), 50, 1), HYPSEC_OK);
	assert_int_equal(aborts, 0);
	assert_int_equal(pvm_sealed, 0);

	v.hpfar = IPA_HPFAR(BIT(vm->s2.ipa_bits) + IPA0);
	shadow_answered(&v);
	assert_false(mapped(IPA0));

	/* With more rights than the CPU's TLBs have seen there. */
	*kvm_entry(&id, IPA0, 3) = (pa | PAGE_RWX) & ~S2_W;
	maps(READ | FSC_TRANS | 3, IPA0, pa, PAGE_SIZE, S2_R | WB);
	forwards(WRITE | FSC_PERM | 3, IPA0, FSC_PERM, 3);
	*kvm_entry(&id, IPA0, 3) |= S2_W;
	shadow_answered(&v);
	assert_true(s2_lookup(&vm->s2, IPA0).pte & S2_W);
	assert_false(tlb_stale(~0UL));
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answered, begin, end),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
