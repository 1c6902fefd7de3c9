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
	*kvm_entry(&id, IPA0 + PAGE_SIZE, 3) = (pa + PAGE_SIZE) | PAGE_RWX;
	shadow_answered(&v);
	assert_true(mapped(IPA0));
	assert_int_equal(s2_lookup(&vm->s2, IPA0).pte & S2_ADDR, pa);
	/* It alone: what KVM has beside it costs nothing until it is asked for. */
	assert_false(mapped(IPA0 + PAGE_SIZE));
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

static unsigned int looks;

static void count(const struct spinlock *l)
{
	(void)l;
	looks++;
}

/* It leaves, as for a fault at @level. Return: nothing was looked at for that, nor locked. */
static bool unseen(u64 esr, u64 ipa, u64 type, u8 level)
{
	bool before = mapped(ipa);

	v.asked = false;
	looks = 0;
	lock_hook = count;
	assert_false(fault_seen(esr, ipa));
	lock_hook = NULL;
	assert_int_equal(code, EXIT_TRAP);
	assert_int_equal(v.esr, (esr & ~ESR_FSC) | type | level);
	assert_int_equal(v.far, ipa | LOW_BITS);
	assert_int_equal(v.hpfar, IPA_HPFAR(ipa));
	assert_int_equal(mapped(ipa), before);
	assert_true(v.asked);
	return !looks;
}

#define SEEN_AT	0x40210000UL
#define SEEN_PAGE (GUEST_PAGES + 64 * PAGE_SIZE)

/* Of a table's entries, those beside the one that was looked at; and all below a hole. */
static void test_seen(void **state)
{
	u64 beyond[] = { SEEN_AT - PAGE_SIZE, SEEN_AT + KVM_AROUND * PAGE_SIZE, SEEN_AT + SZ_1G,
			 SEEN_AT + BIT(39) }, i;

	(void)state;
	*kvm_entry(&id, SEEN_AT + PAGE_SIZE, 3) = SEEN_PAGE | PAGE_RWX;
	for (i = 0; i < ARRAY_SIZE(beyond); i++) {
		maps(READ | FSC_TRANS | 3, SEEN_AT + PAGE_SIZE, SEEN_PAGE, PAGE_SIZE,
		     S2_R | S2_W | WB);
		assert_true(unseen(WRITE | FSC_TRANS | 1, SEEN_AT, FSC_TRANS, 3));
		assert_true(unseen(FETCH | ESR_S1PTW | FSC_TRANS | 2, SEEN_AT + 15 * PAGE_SIZE,
				   FSC_TRANS, 3));
		/* Other faults are of an entry that the shadow has, or had. */
		assert_false(unseen(READ | FSC_ACCESS | 3, SEEN_AT, FSC_TRANS, 3));
		assert_false(unseen(WRITE | FSC_PERM | 3, SEEN_AT, FSC_TRANS, 3));
		assert_false(unseen(READ | FSC_TRANS | 3, beyond[i], FSC_TRANS, i < 2 ? 3 : 1));
		assert_true(unseen(READ | FSC_TRANS | 3, beyond[i], FSC_TRANS, i < 2 ? 3 : 1));
	}
	/* A hole of 1 GiB, with its two ends. */
	assert_false(unseen(READ | FSC_TRANS | 3, 3 * SZ_1G + 5 * SZ_2M, FSC_TRANS, 1));
	assert_true(unseen(READ | FSC_TRANS | 3, 3 * SZ_1G, FSC_TRANS, 1));
	assert_true(unseen(READ | FSC_TRANS | 3, 4 * SZ_1G - PAGE_SIZE, FSC_TRANS, 1));
	assert_false(unseen(READ | FSC_TRANS | 3, 4 * SZ_1G, FSC_TRANS, 1));
	/* A table that the host may not read has nothing to be seen, nor a block. */
	*kvm_entry(&id, 0x80000000, 2) = REGION | S2_TABLE | S2_VALID;
	assert_false(unseen(READ | FSC_TRANS | 1, 0x80000000, FSC_TRANS, 3));
	assert_false(unseen(READ | FSC_TRANS | 1, 0x80000000, FSC_TRANS, 3));
	*kvm_entry(&id, 0x80000000, 2) = (MEM_BASE + 24 * SZ_2M) | (RWX & ~S2_W);
	assert_false(unseen(WRITE | FSC_TRANS | 1, 0x80000000, FSC_PERM, 2));
	assert_false(unseen(WRITE | FSC_TRANS | 1, 0x80000000, FSC_PERM, 2));
}

/*
 * KVM has filled the entry meanwhile, which it need not tell: the guest gets it after one exit, and
 * what it may not do with it is KVM's to hear then.
 */
static void test_seen_no_more(void **state)
{
	static const struct { u64 pte, type; } late[] = {
		{ SEEN_PAGE | PAGE_RWX, 0 }, { (SEEN_PAGE | PAGE_RWX) & ~S2_W, FSC_PERM },
		{ (SEEN_PAGE | PAGE_RWX) & ~PTE_AF, FSC_ACCESS }, { REGION | PAGE_RWX, 1 },
	};
	u64 *pte = kvm_entry(&id, SEEN_AT, 3);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(late); i++) {
		*pte = 0;
		forwards(WRITE | FSC_TRANS | 3, SEEN_AT, FSC_TRANS, 3);
		*pte = late[i].pte;
		assert_true(unseen(WRITE | FSC_TRANS | 3, SEEN_AT, FSC_TRANS, 3));
		shadow_answered(&v);
		assert_int_equal(mapped(SEEN_AT), !late[i].type);
		if (late[i].type == 1) {
			assert_true(fault_seen(WRITE | FSC_TRANS | 3, SEEN_AT));
			assert_int_equal(aborts, 1);
			aborts = 0;
		} else if (late[i].type) {
			assert_false(unseen(WRITE | FSC_TRANS | 3, SEEN_AT, late[i].type, 3));
		}
		s2_unmap(&vm->s2, SEEN_AT, PAGE_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answered, begin, end),
		cmocka_unit_test_setup_teardown(test_seen, begin, end),
		cmocka_unit_test_setup_teardown(test_seen_no_more, begin, end),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
