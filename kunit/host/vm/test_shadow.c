// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage-2 faults of ordinary guests: what becomes of KVM's entry in the shadow, what is KVM's
 * to handle and how it is told, and that no entry of the host's gives a guest a page that
 * is not the host's.
 */
#include "shadow_common.h"

static void test_pages(void **state)
{
	u64 pa = GUEST_PAGES + 5 * PAGE_SIZE;

	(void)state;
	*kvm_entry(&id, IPA0, 3) = pa | PAGE_RWX;
	maps(READ | FSC_TRANS | 1, IPA0, pa, PAGE_SIZE, S2_R | S2_W | WB);
	/* Where nothing was, no TLB has anything: one more page costs no broadcast. */
	*kvm_entry(&id, IPA0 + 2 * PAGE_SIZE, 3) = pa | PAGE_RWX;
	counts_reset();
	maps(READ | FSC_TRANS | 3, IPA0 + 2 * PAGE_SIZE, pa, PAGE_SIZE, S2_R | S2_W | WB);
	assert_int_equal(counts.ipas2e1is, 0);
	/* Its neighbours are not there. */
	assert_false(mapped(IPA0 + PAGE_SIZE) || mapped(IPA0 - PAGE_SIZE));
	/* Another entry of KVM's at the same place, and less of a right. */
	s2_unmap(&vm->s2, IPA0, PAGE_SIZE);
	*kvm_entry(&id, IPA0, 3) = ((pa + PAGE_SIZE) | PAGE_RWX | PTE_XN) & ~S2_W;
	maps(READ | FSC_TRANS | 3, IPA0, pa + PAGE_SIZE, PAGE_SIZE, S2_R | S2_XN | WB);
	/* Now more: the CPU faulted on what it had. */
	*kvm_entry(&id, IPA0, 3) |= S2_W;
	counts_reset();
	maps(WRITE | FSC_PERM | 3, IPA0, pa + PAGE_SIZE, PAGE_SIZE, S2_R | S2_W | S2_XN | WB);
	assert_true(counts.ipas2e1is > 0);
	/* The entry was there all the time, and the TLB had an older one. */
	counts_reset();
	maps(WRITE | FSC_PERM | 3, IPA0, pa + PAGE_SIZE, PAGE_SIZE, S2_R | S2_W | S2_XN | WB);
	assert_true(counts.ipas2e1is > 0);
	assert_int_equal(counts.ipa, IPA0);
}

static void test_blocks(void **state)
{
	u64 in_2m = 7 * PAGE_SIZE, in_1g = 5 * SZ_2M + 9 * PAGE_SIZE, ipa = 0xc0000000;

	(void)state;
	*kvm_entry(&id, ipa + SZ_2M, 2) = (MEM_BASE + 24 * SZ_2M) | RWX;
	maps(READ | FSC_TRANS | 2, ipa + SZ_2M + in_2m, MEM_BASE + 24 * SZ_2M + in_2m, SZ_2M,
	     S2_R | S2_W | WB);
	/* A GiB that the host has in one piece. */
	*kvm_entry(&id, 0x1c0000000, 1) = 0x80000000 | RWX;
	maps(READ | FSC_TRANS | 1, 0x1c0000000 + in_1g, 0x80000000 + in_1g, SZ_1G,
	     S2_R | S2_W | WB);
	/* One with the core in it, and one that ends past RAM: no more than is the host's. */
	*kvm_entry(&id, 0x140000000, 1) = 0x40000000 | RWX;
	maps(READ | FSC_TRANS | 1, 0x140000000 + in_1g, 0x40000000 + in_1g, SZ_2M,
	     S2_R | S2_W | WB);
	aborts_guest(READ | FSC_TRANS | 1, 0x140000000 + (REGION - 0x40000000));
	*kvm_entry(&id, 0x180000000, 1) = ALIGN_DOWN(RAM_END, SZ_1G) | RWX;
	maps(READ | FSC_TRANS | 1, 0x180000000, ALIGN_DOWN(RAM_END, SZ_1G), SZ_2M,
	     S2_R | S2_W | WB);
	maps(READ | FSC_TRANS | 1, 0x180000000 + (RAM_END & (SZ_1G - 1)), RAM_END, SZ_2M,
	     S2_R | S2_W | WB);
}

static void test_block_with_hole(void **state)
{
	u64 base = MEM_BASE + 26 * SZ_2M, hole = base + 3 * PAGE_SIZE, ipa = 0x100000000;

	(void)state;
	*kvm_entry(&id, ipa, 2) = base | RWX;
	/* Elsewhere in the block one page is another VM's. */
	assert_int_equal(own_claim(PA(hole), 50, 1, true), HYPSEC_OK);
	maps(READ | FSC_TRANS | 2, ipa, base, PAGE_SIZE, S2_R | S2_W | WB);
	assert_int_equal(own_return(PA(hole), 50, 1), HYPSEC_OK);
	maps(READ | FSC_TRANS | 2, ipa + PAGE_SIZE, base + PAGE_SIZE, SZ_2M, S2_R | S2_W | WB);
	/* And once the block is mapped, none of it can be claimed. */
	claim_drops(hole);
}

static void test_what_is_kvms(void **state)
{
	(void)state;
	forwards(READ | FSC_TRANS | 0, IPA0, FSC_TRANS, 1);
	kvm_entry(&id, IPA0, 2);
	forwards(READ | FSC_TRANS | 0, IPA0, FSC_TRANS, 2);
	kvm_entry(&id, IPA0, 3);
	forwards(WRITE | FSC_PERM | 1, IPA0, FSC_TRANS, 3);
	forwards(FETCH | FSC_ACCESS | 2, IPA0, FSC_TRANS, 3);

	/* Not accessed: before the rights are looked at. */
	*kvm_entry(&id, IPA0, 3) = (GUEST_PAGES | PAGE_RWX) & ~(PTE_AF | S2_W);
	forwards(WRITE | FSC_TRANS | 1, IPA0, FSC_ACCESS, 3);

	*kvm_entry(&id, IPA0, 3) = (GUEST_PAGES | PAGE_RWX) & ~S2_W;
	forwards(WRITE | FSC_TRANS | 1, IPA0, FSC_PERM, 3);
	*kvm_entry(&id, IPA0, 3) = (GUEST_PAGES | PAGE_RWX) & ~S2_R;
	forwards(READ | FSC_TRANS | 1, IPA0, FSC_PERM, 3);
	*kvm_entry(&id, IPA0, 3) = GUEST_PAGES | PAGE_RWX | PTE_XN;
	forwards(FETCH | FSC_TRANS | 1, IPA0, FSC_PERM, 3);
	*kvm_entry(&id, IPA0, 2) = (ALIGN_DOWN(GUEST_PAGES, SZ_2M) | RWX) & ~S2_W;
	forwards(WRITE | FSC_PERM | 3, IPA0, FSC_PERM, 2);

	/* Where a table should be there is what the host may not read: it has no entry. */
	*kvm_entry(&id, 0x80000000, 2) = REGION | S2_TABLE | S2_VALID;
	forwards(READ | FSC_TRANS | 1, 0x80000000, FSC_TRANS, 3);
	forwards(WRITE | FSC_PERM | 1, 0x80000000, FSC_TRANS, 3);

	/* To be written and not read. */
	*kvm_entry(&id, 0x90000000, 3) = (GUEST_PAGES | PAGE_RWX) & ~S2_R;
	maps(WRITE | FSC_TRANS | 1, 0x90000000, GUEST_PAGES, PAGE_SIZE, S2_W | WB);

	/* A cache operation is a read, though it is reported as a write. */
	maps(WRITE | ESR_CM | FSC_TRANS | 1, IPA0, GUEST_PAGES + IPA0 % SZ_2M, SZ_2M, S2_R | WB);
}

/* The walk of the guest's own stage-1 table: a read, or with a permission fault the update. */
static void test_stage1_walk(void **state)
{
	(void)state;
	*kvm_entry(&id, IPA0, 3) = (GUEST_PAGES | PAGE_RWX | PTE_XN) & ~S2_W;
	forwards(WRITE | ESR_S1PTW | FSC_PERM | 3, IPA0, FSC_PERM, 3);
	forwards(FETCH | ESR_S1PTW | FSC_PERM | 3, IPA0, FSC_PERM, 3);
	maps(WRITE | ESR_S1PTW | FSC_TRANS | 3, IPA0, GUEST_PAGES, PAGE_SIZE, S2_R | S2_XN | WB);
	*kvm_entry(&id, IPA0, 3) |= S2_W;
	maps(READ | ESR_S1PTW | FSC_PERM | 3, IPA0, GUEST_PAGES, PAGE_SIZE,
	     S2_R | S2_W | S2_XN | WB);
	s2_drop(&vm->s2);
	*kvm_entry(&id, IPA0, 3) &= ~S2_R;
	forwards(READ | ESR_S1PTW | FSC_TRANS | 3, IPA0, FSC_PERM, 3);
}

/* Pages around the one that faulted, as KVM has them; what it has not, or not for this VM, stays out. */
static void test_around(void **state)
{
	u64 ipa = 0xa0000000, pa = GUEST_PAGES + 64 * PAGE_SIZE, in = ipa + 21 * PAGE_SIZE;
	u64 first = ipa + 16 * PAGE_SIZE, at;
	unsigned int i, faults;

	(void)state;
	for (i = 0; i < 64; i++)
		*kvm_entry(&id, ipa + i * PAGE_SIZE, 3) = (pa + i * PAGE_SIZE) | PAGE_RWX;
	*kvm_entry(&id, first, 3) &= ~PTE_AF;				/* idle: KVM is to see its use */
	*kvm_entry(&id, first + PAGE_SIZE, 3) &= ~S2_W;
	*kvm_entry(&id, first + 2 * PAGE_SIZE, 3) |= PTE_XN;
	*kvm_entry(&id, first + 3 * PAGE_SIZE, 3) = 0;
	*kvm_entry(&id, first + 4 * PAGE_SIZE, 3) = REGION | PAGE_RWX;	/* the core's */
	*kvm_entry(&id, first + 6 * PAGE_SIZE, 3) &= ~S2_TABLE;		/* reserved */
	assert_int_equal(own_donate(PA(pa + 23 * PAGE_SIZE)), HYPSEC_OK);
	assert_int_equal(own_claim(PA(pa + 24 * PAGE_SIZE), 50, 1, true), HYPSEC_OK);
	maps(READ | FSC_TRANS | 3, in, pa + 21 * PAGE_SIZE, PAGE_SIZE, S2_R | S2_W | WB);
	for (i = 0; i < 64; i++) {
		struct s2_leaf leaf = s2_lookup(&vm->s2, ipa + i * PAGE_SIZE);
		bool out = i < 16 || i >= 32 || i == 16 || i == 19 || i == 20 || i == 22 ||
			   i == 23 || i == 24;

		assert_int_equal(!(leaf.pte & S2_VALID), out);
		if (out)
			continue;
		assert_int_equal(leaf.pte & S2_ADDR, pa + i * PAGE_SIZE);
		assert_int_equal(leaf.pte & (S2_R | S2_W | S2_XN | S2_MEMATTR),
				 S2_R | WB | (i == 17 ? 0 : S2_W) | (i == 18 ? S2_XN : 0));
		/* And none can be taken while it is there. */
		assert_int_equal(own_claim(PA(pa + i * PAGE_SIZE), 50, 2, true), HYPSEC_EPOCH);
	}
	assert_int_equal(aborts, 0);
	assert_int_equal(pvm_sealed, 0);
	forwards(READ | FSC_TRANS | 3, first, FSC_ACCESS, 3);

	/* What the shadow has stays as it is: KVM tells when that is to change. */
	*kvm_entry(&id, in + 5 * PAGE_SIZE, 3) = (pa + 60 * PAGE_SIZE) | PAGE_RWX;
	s2_unmap(&vm->s2, in, PAGE_SIZE);
	maps(READ | FSC_TRANS | 3, in, pa + 21 * PAGE_SIZE, PAGE_SIZE, S2_R | S2_W | WB);
	assert_int_equal(s2_lookup(&vm->s2, in + 5 * PAGE_SIZE).pte & S2_ADDR, pa + 26 * PAGE_SIZE);

	drop_all();
	assert_int_equal(own_reclaim(PA(pa + 23 * PAGE_SIZE)), HYPSEC_OK);
	assert_int_equal(own_return(PA(pa + 24 * PAGE_SIZE), 50, 1), HYPSEC_OK);

	/* All that a guest uses of 2 MiB, after a drop. */
	ipa = 0xb0000000;
	pa = MEM_BASE + 26 * SZ_2M;
	for (i = 0; i < 512; i++)
		*kvm_entry(&id, ipa + i * PAGE_SIZE, 3) = (pa + i * PAGE_SIZE) | PAGE_RWX;
	for (faults = 0, at = ipa; at < ipa + SZ_2M; at += PAGE_SIZE) {
		if (mapped(at))
			continue;
		maps(READ | FSC_TRANS | 3, at, pa + (at - ipa), PAGE_SIZE, S2_R | S2_W | WB);
		faults++;
	}
	assert_int_equal(faults, 512 / KVM_AROUND);
}

#define AGED	64			/* pages, and a block, and a page far away */
#define AGED_AT	0xa0000000ULL
#define AGED_BLOCK 0x180000000ULL
#define AGED_LAST (BIT(40) - PAGE_SIZE)

static u64 aged_ipa(unsigned int i)
{
	return i < AGED ? AGED_AT + i * PAGE_SIZE : i == AGED ? AGED_BLOCK : AGED_LAST;
}

static u64 *aged_entry(unsigned int i)
{
	return kvm_entry(&id, aged_ipa(i), i == AGED ? 2 : 3);
}

/* Of all that is mapped what is @old goes, and nothing else. */
static void ages(const bool *old)
{
	unsigned int i, calls, going = 0, gone = 0, before;

	for (i = 0; i < AGED + 2; i++) {
		*aged_entry(i) = old[i] ? *aged_entry(i) & ~PTE_AF : *aged_entry(i) | PTE_AF;
		going += old[i];
	}
	for (calls = 0; calls < 100; calls++) {
		before = gone;
		spin_lock(&vm->lock);
		counts_reset();
		shadow_age(vm);
		spin_unlock(&vm->lock);
		assert_false(tlb_stale(~0UL));
		assert_int_equal(counts.vmalls12e1is, 0);
		for (i = gone = 0; i < AGED + 2; i++) {
			gone += !mapped(aged_ipa(i));
			/* What its host has seen in use stays. */
			assert_true(old[i] || mapped(aged_ipa(i)));
		}
		assert_in_range(gone, before, before + AGED);
		assert_int_equal(counts.ipas2e1is, gone - before);
	}
	assert_int_equal(gone, going);
}

/*
 * A host that clears access flags and flushes nothing, as it takes pages away: the entries of such
 * pages go, a few for each that is taken, and the next use is KVM's to see.
 */
static void test_age(void **state)
{
	u64 pa = GUEST_PAGES + AGED * PAGE_SIZE;
	bool old[AGED + 2] = {};
	unsigned int i, n;

	(void)state;
	*aged_entry(AGED + 1) = pa | PAGE_RWX;
	*aged_entry(AGED) = (MEM_BASE + 24 * SZ_2M) | RWX;
	for (i = 0; i < AGED; i++)
		*aged_entry(i) = (pa + i * PAGE_SIZE) | PAGE_RWX;
	for (n = 0; n < 4; n++) {
		for (i = 0; i < AGED + 2; i++) {
			*aged_entry(i) |= PTE_AF;
			if (mapped(aged_ipa(i)))
				continue;
			if (i == AGED)
				maps(READ | FSC_TRANS | 2, AGED_BLOCK, MEM_BASE + 24 * SZ_2M, SZ_2M,
				     S2_R | S2_W | WB);
			else
				maps(READ | FSC_TRANS | 3, aged_ipa(i), i < AGED ? pa + i * PAGE_SIZE : pa,
				     PAGE_SIZE, S2_R | S2_W | WB);
		}
		/* None, all, some, those at the ends. */
		for (i = 0; i < AGED + 2; i++)
			old[i] = n == 1 || (n == 2 && test_rand() & 1) || (n == 3 && i >= AGED - 1);
		ages(old);
	}
	forwards(READ | FSC_TRANS | 3, AGED_LAST, FSC_ACCESS, 3);
	/* One call looks at four times what a fault brings, and no further. */
	vm->hand = AGED_AT;
	spin_lock(&vm->lock);
	shadow_age(vm);
	spin_unlock(&vm->lock);
	assert_int_equal(vm->hand, AGED_AT + 4 * KVM_AROUND * PAGE_SIZE);
	/* What KVM does not have any more is old, too. */
	*kvm_entry(&id, AGED_AT, 2) = 0;
	for (i = 0; i < 300; i++) {
		spin_lock(&vm->lock);
		shadow_age(vm);
		spin_unlock(&vm->lock);
	}
	for (i = 0; i < AGED; i++)
		assert_false(mapped(aged_ipa(i)));
	/* Where a VM of more bits was before. */
	vm->hand = ~0UL;
	spin_lock(&vm->lock);
	shadow_age(vm);
	spin_unlock(&vm->lock);
	assert_int_equal(vm->hand, 0);
}

/* Faults that are none of the shadow's go to KVM as they are. */
static void test_other_faults(void **state)
{
	u64 type;

	(void)state;
	*kvm_entry(&id, IPA0, 3) = GUEST_PAGES | PAGE_RWX;
	for (type = 0; type < 0x40; type++) {
		if ((type & 0x3c) >= FSC_TRANS && (type & 0x3c) <= FSC_PERM)
			continue;
		assert_false(fault(READ | type, IPA0));
		assert_int_equal(code, EXIT_TRAP);
		assert_int_equal(v.esr, READ | type);
		assert_false(mapped(IPA0));
	}
}

/* Past the IPA space. What KVM has more of than the core cannot be served, nor looped on. */
static void test_size(void **state)
{
	(void)state;
	assert_false(fault(READ | FSC_TRANS | 0, BIT(40)));
	assert_int_equal(code, EXIT_TRAP);
	assert_int_equal(v.esr, READ | FSC_TRANS);
	new_vm(52);
	*kvm_entry(&id, BIT(48), 3) = GUEST_PAGES | PAGE_RWX;
	assert_false(fault(READ | FSC_TRANS | 0, BIT(48)));
	assert_int_equal(code, EXIT_IL);
	new_vm(48);
	assert_false(fault(READ | FSC_TRANS | 0, BIT(48)));
	assert_int_equal(code, EXIT_TRAP);
	*kvm_entry(&id, BIT(48) - PAGE_SIZE, 3) = GUEST_PAGES | PAGE_RWX;
	maps(READ | FSC_TRANS | 0, BIT(48) - PAGE_SIZE, GUEST_PAGES, PAGE_SIZE, S2_R | S2_W | WB);
}

/* Memory types from a list: none that differs from the host's mapping of the page in silence. */
static void test_memory_types(void **state)
{
	u64 attr, fwb;

	(void)state;
	for (fwb = 0; fwb < 2; fwb++) {
		v.hcr = fwb ? HCR_FWB : 0;
		for (attr = 0; attr < 16; attr++) {
			u64 wb = fwb ? 6 : 0xf;
			u64 want = attr == wb || attr == 5 ? attr : 1;

			s2_drop(&vm->s2);
			*kvm_entry(&id, IPA0, 3) = GUEST_PAGES |
						   (PAGE_RWX & ~S2_MEMATTR) | attr << 2;
			maps(READ | FSC_TRANS | 3, IPA0, GUEST_PAGES, PAGE_SIZE,
			     S2_R | S2_W | want << 2);
		}
	}
	v.hcr = 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_pages),
		TEST(test_blocks),
		TEST(test_block_with_hole),
		TEST(test_what_is_kvms),
		TEST(test_stage1_walk),
		TEST(test_around),
		TEST(test_age),
		TEST(test_other_faults),
		TEST(test_size),
		TEST(test_memory_types),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
