// SPDX-License-Identifier: GPL-2.0-only
/*
 * VTCR_EL2.HA: what a guest uses gets KVM's access flag without KVM, as from a CPU that has
 * FEAT_HAFDBS. It is one bit of memory that the host gave the address of.
 */
#include "shadow_common.h"

#define VTCR_HA		BIT(21)
#define PAGE		(GUEST_PAGES + 64 * PAGE_SIZE)
#define BLOCK		(MEM_BASE + 24 * SZ_2M)

static u64 *pte;

/* Nothing of KVM's has changed but @bits of its entry; and no flag of a neighbour. */
static bool changed(u64 ipa, u64 esr, u64 bits)
{
	static u64 before[PAGE_SIZE / 8];
	u64 *table = (u64 *)((u64)pte & PAGE_MASK), i;
	bool again, same = true;

	memcpy(before, table, sizeof(before));
	again = fault(esr, ipa);
	for (i = 0; i < ARRAY_SIZE(before); i++)
		same &= table[i] == (before[i] ^ (&table[i] == pte ? bits : 0));
	assert_true(same);
	return again;
}

static void test_set(void **state)
{
	u64 kinds[] = { FSC_TRANS, FSC_ACCESS, FSC_PERM }, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		vm->host.vtcr &= ~VTCR_HA;
		pte = kvm_entry(&id, IPA0, 3);
		pte[1] = pte[-1] = (PAGE + PAGE_SIZE) | (PAGE_RWX & ~PTE_AF);
		*pte = (PAGE | PAGE_RWX) & ~PTE_AF;
		/* A kernel for CPUs without it is told, as before. */
		assert_false(changed(IPA0, READ | kinds[i] | 3, 0));
		assert_int_equal(v.esr & ESR_FSC, FSC_ACCESS | 3);
		assert_true(v.asked);
		assert_false(mapped(IPA0));

		vm->host.vtcr |= VTCR_HA;
		v.asked = false;
		assert_true(changed(IPA0, WRITE | kinds[i] | 3, PTE_AF));
		assert_false(v.asked);
		assert_int_equal(s2_lookup(&vm->s2, IPA0).pte & S2_ADDR, PAGE);
		/* The use of one page is none of those beside it. */
		assert_false(mapped(IPA0 + PAGE_SIZE) || mapped(IPA0 - PAGE_SIZE));
		s2_unmap(&vm->s2, IPA0, PAGE_SIZE);
	}
	/* A block */
	pte = kvm_entry(&id, BIT(30), 2);
	*pte = (BLOCK | RWX) & ~PTE_AF;
	assert_true(changed(BIT(30) + 7 * PAGE_SIZE, READ | FSC_ACCESS | 2, PTE_AF));
	assert_int_equal(s2_lookup(&vm->s2, BIT(30)).size, SZ_2M);
}

/* What the access may not do is no use of the page. */
static void test_refused(void **state)
{
	(void)state;
	vm->host.vtcr |= VTCR_HA;
	pte = kvm_entry(&id, IPA0, 3);
	*pte = (PAGE | PAGE_RWX) & ~(PTE_AF | S2_W);
	assert_false(changed(IPA0, WRITE | FSC_TRANS | 3, 0));
	assert_int_equal(v.esr & ESR_FSC, FSC_ACCESS | 3);
	*pte = (PAGE | PAGE_RWX | PTE_XN) & ~PTE_AF;
	assert_false(changed(IPA0, FETCH | FSC_ACCESS | 3, 0));
	assert_int_equal(v.esr & ESR_FSC, FSC_ACCESS | 3);
	/* No entry has no flag. */
	*pte = ((PAGE | PAGE_RWX) & ~PTE_AF) ^ S2_VALID;
	assert_false(changed(IPA0, READ | FSC_TRANS | 3, 0));
	assert_false(mapped(IPA0));
}

/* Between the walk and the flag. */
static void test_changed(void **state)
{
	static const u64 others[] = {
		0, (PAGE + PAGE_SIZE) | (PAGE_RWX & ~PTE_AF), (PAGE | PAGE_RWX) & ~(PTE_AF | S2_W),
		PAGE | PAGE_RWX,
	};
	u64 around[KVM_AROUND];
	struct kvm_entry entry;
	unsigned int i;

	(void)state;
	vm->host.vtcr |= VTCR_HA;
	pte = kvm_entry(&id, IPA0, 3);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		*pte = (PAGE | PAGE_RWX) & ~PTE_AF;
		assert_int_equal(kvm_walk_around(vm, IPA(IPA0), around, &entry).status, HYPSEC_OK);
		*pte = others[i];
		assert_false(kvm_set_used(vm, &entry));
		assert_int_equal(*pte, others[i]);
	}
}

static u64 table;

/* The table's page is a protected VM's by then, or is taken by one while the flag is set. */
static void claim(const struct spinlock *l)
{
	if (l != &host_s2_lock || cpu_now())
		return;
	lock_hook = NULL;
	cpu_switch(1);
	assert_int_equal(own_claim(PA(table), 9, 9, true), HYPSEC_BUSY);
	cpu_switch(0);
}

static void test_claimed(void **state)
{
	u64 around[KVM_AROUND];
	struct kvm_entry entry;

	(void)state;
	vm->host.vtcr |= VTCR_HA;
	pte = kvm_entry(&id, IPA0, 3);
	*pte = (PAGE | PAGE_RWX) & ~PTE_AF;
	table = *kvm_entry(&id, IPA0, 2) & GENMASK(47, 12);
	assert_int_equal(kvm_walk_around(vm, IPA(IPA0), around, &entry).status, HYPSEC_OK);
	assert_int_equal(own_claim(PA(table), 9, 9, true), HYPSEC_OK);
	*pte = entry.pte;			/* its VM's own data, which happens to be that */
	assert_false(kvm_set_used(vm, &entry));
	assert_int_equal(*pte, entry.pte);
	assert_true(slots_empty());
	assert_int_equal(own_return(PA(table), 9, 9), HYPSEC_OK);

	*pte = entry.pte;
	lock_hook = claim;
	assert_true(kvm_set_used(vm, &entry));
	assert_null(lock_hook);
	assert_int_equal(*pte, PAGE | PAGE_RWX);
	assert_true(slots_empty());
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_set),
		TEST(test_refused),
		TEST(test_changed),
		TEST(test_claimed),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
