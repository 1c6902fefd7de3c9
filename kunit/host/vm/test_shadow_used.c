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

static void all_cpus_set_af(bool all)
{
	for (unsigned int i = 0; i < FAKE_CPUS; i++)
		cpu_by_id(i)->sets_af = all || i != 2;
	s2_know_cpus();
}

static bool shadow_af(u64 ipa)
{
	assert_true(mapped(ipa));
	return s2_lookup(&vm->s2, ipa).pte & S2_AF;
}

static void ages(void)
{
	for (unsigned int i = 0; i < 100; i++) {
		spin_lock(&vm->lock);
		shadow_age(vm);
		spin_unlock(&vm->lock);
	}
}

/* Hardware does what the host trusts it with, where all CPUs do it, and in no other table. */
static void test_tracked(void **state)
{
	struct vm_identity other = kvm_vm(1, 40);

	(void)state;
	all_cpus_set_af(false);
	other.vtcr |= VTCR_HA;
	assert_false(s2_tracks_use(&kvm_ran(&other)->s2));
	all_cpus_set_af(true);
	other = kvm_vm(2, 40);
	assert_false(s2_tracks_use(&kvm_ran(&other)->s2));
	other = kvm_vm(3, 40);
	other.vtcr |= VTCR_HA;
	assert_true(s2_tracks_use(&kvm_ran(&other)->s2));
	assert_int_equal(kvm_ran(&other)->s2.vtcr & GENMASK(22, 21), BIT(21));	/* HD is not set */
	assert_false(s2_tracks_use(&host_s2));
	all_cpus_set_af(false);
}

/*
 * Then nothing leaves the shadow that KVM has, and no guest faults, for its age: the flag of what was
 * used since the last look is set in KVM's table, of the rest it stays clear.
 */
static void test_age_by_hardware(void **state)
{
	u64 *block;
	unsigned int i, round;

	(void)state;
	vm->host.vtcr |= VTCR_HA;
	all_cpus_set_af(true);
	s2_track_use(&vm->s2);
	pte = kvm_entry(&id, IPA0, 3);
	for (i = 0; i < 20; i++) {
		pte[i] = (PAGE + i * PAGE_SIZE) | PAGE_RWX;
		assert_true(fault(READ | FSC_TRANS | 3, IPA0 + i * PAGE_SIZE));
	}
	block = kvm_entry(&id, 3UL * SZ_1G, 2);
	*block = BLOCK | RWX;
	assert_true(fault(READ | FSC_TRANS | 2, 3UL * SZ_1G));

	for (round = 0; round < 4; round++) {
		counts_reset();
		for (i = 0; i < 20; i++)
			pte[i] &= ~PTE_AF;
		*block &= ~PTE_AF;
		ages();
		for (i = 0; i < 20; i++) {
			/* At first all: they have been used since they were made. */
			assert_int_equal(!!(pte[i] & PTE_AF), !round || i % (round + 1) == 0);
			assert_false(shadow_af(IPA0 + i * PAGE_SIZE));
			/* A CPU uses some. */
			if (i % (round + 2) == 0)
				*s2_entry(&vm->s2, IPA0 + i * PAGE_SIZE) |= S2_AF;
		}
		assert_int_equal(!!(*block & PTE_AF), !round);
		assert_false(shadow_af(3UL * SZ_1G));
		assert_int_equal(counts.ipas2e1is + counts.vmalls12e1is + counts.ripas2e1is, 0);
	}
	/* What KVM has used stays used; a change of rights, and what it takes, are as ever. */
	pte[1] |= PTE_AF;
	ages();
	assert_true(pte[1] & PTE_AF);
	pte[3] = 0;
	*block = 0;
	ages();
	assert_false(mapped(IPA0 + 3 * PAGE_SIZE) || mapped(3UL * SZ_1G));
	pte[2] = ((PAGE + 2 * PAGE_SIZE) | PAGE_RWX) & ~S2_W;
	s2_unmap(&vm->s2, IPA0 + 2 * PAGE_SIZE, PAGE_SIZE);
	assert_true(fault(READ | FSC_TRANS | 3, IPA0 + 2 * PAGE_SIZE));
	ages();
	pte[2] |= S2_W;
	assert_true(fault(WRITE | FSC_PERM | 3, IPA0 + 2 * PAGE_SIZE));
	assert_true(shadow_af(IPA0 + 2 * PAGE_SIZE));
	all_cpus_set_af(false);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_set),
		TEST(test_refused),
		TEST(test_changed),
		TEST(test_claimed),
		TEST(test_tracked),
		TEST(test_age_by_hardware),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
