// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shadow and who owns the page that KVM's entry names: the host may put any address
 * there, change it, and give the page away at any moment.
 */
#include "shadow_common.h"

#define PAGE_A		(GUEST_PAGES + 3 * PAGE_SIZE)
#define PAGE_B		(GUEST_PAGES + 4 * PAGE_SIZE)
#define ALL		(S2_R | S2_W | WB)

static struct vm *victim;

/* A protected VM with @pa as its frame 0x70; a secret in it. */
static void victim_owns(u64 pa)
{
	struct vm_identity other = kvm_vm(1000, 40);

	victim = kvm_get(&other);
	protect(victim);
	give_private(victim, pa, 0x70);
	memset(raw(pa), 0x5e, PAGE_SIZE);
	vm_put(victim);
	id = kvm_vm(1001, 40);		/* this_cpu()->last_vm, and the tables, are new again */
	vm_put(vm);
	vm = kvm_get(&id);
}

static void test_core(void **state)
{
	static const u64 pages[] = { REGION, REGION + IMAGE_SIZE, REGION + REGION_SIZE - PAGE_SIZE };
	static const u64 kinds[] = { READ, WRITE, FETCH, READ | ESR_S1PTW };
	unsigned int i, k;
	u64 donated;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		for (k = 0; k < ARRAY_SIZE(kinds); k++) {
			*kvm_entry(&id, IPA0, 3) = pages[i] | PAGE_RWX;
			aborts_guest(kinds[k] | FSC_TRANS | 3, IPA0);
		}
	}
	/* Where a block would put it in the middle. */
	*kvm_entry(&id, 0x80000000, 2) = REGION | RWX;
	aborts_guest(READ | FSC_TRANS | 2, 0x80000000 + 17 * PAGE_SIZE);

	donated = PAGE_A;
	assert_int_equal(own_donate(PA(donated)), HYPSEC_OK);
	*kvm_entry(&id, IPA0, 3) = donated | PAGE_RWX;
	aborts_guest(WRITE | FSC_TRANS | 3, IPA0);
	assert_int_equal(own_reclaim(PA(donated)), HYPSEC_OK);
	maps(WRITE | FSC_TRANS | 3, IPA0, donated, PAGE_SIZE, ALL);
}

/* Addresses that no table of the core's has. */
static void test_no_address(void **state)
{
	u64 bit;

	(void)state;
	vm->host.vtcr |= VTCR_DS;
	*kvm_entry(&id, IPA0, 3) = PAGE_A | PAGE_RWX;
	maps(READ | FSC_TRANS | 3, IPA0, PAGE_A, PAGE_SIZE, ALL);
	s2_drop(&vm->s2);
	for (bit = 8; bit <= 9; bit++) {
		*kvm_entry(&id, IPA0, 3) = PAGE_A | PAGE_RWX | BIT(bit);
		aborts_guest(READ | FSC_TRANS | 3, IPA0);
		/* Nor beside one that has. */
		*kvm_entry(&id, IPA0 + PAGE_SIZE, 3) = PAGE_A | PAGE_RWX;
		maps(READ | FSC_TRANS | 3, IPA0 + PAGE_SIZE, PAGE_A, PAGE_SIZE, ALL);
		assert_false(mapped(IPA0));
		s2_drop(&vm->s2);
	}
	for (bit = 48; bit <= 49; bit++) {
		*kvm_entry(&id, IPA0, 3) = PAGE_A | PAGE_RWX | BIT(bit);
		aborts_guest(READ | FSC_TRANS | 3, IPA0);
	}
}

/* A device that the host assigned: as KVM says, and not cut to the RAM map. */
static void test_device(void **state)
{
	(void)state;
	*kvm_entry(&id, IPA0, 3) = DEVICE | S2_TABLE | S2_VALID | S2_R | S2_W | PTE_AF |
				   PTE_XN | S2_MEMATTR_DEVICE_nGnRE;
	maps(WRITE | FSC_TRANS | 3, IPA0, DEVICE, PAGE_SIZE,
	     S2_R | S2_W | S2_XN | S2_MEMATTR_DEVICE_nGnRE);
	/* The host's own page stays where it is mapped: nothing was stamped. */
	assert_int_equal(own_lookup(PA(DEVICE)).state, PG_NONE);
}

/* A protected VM's page: that is the host's touch of it, which gets ciphertext. */
static void test_private(void **state)
{
	(void)state;
	victim_owns(PAGE_A);
	*kvm_entry(&id, IPA0, 3) = PAGE_A | PAGE_RWX;
	assert_true(fault(READ | FSC_TRANS | 3, IPA0));
	assert_false(mapped(IPA0));
	assert_int_equal(aborts, 0);
	assert_int_equal(victim->state, VM_PROTECTED);
	assert_int_equal(pvm_sealed, 1);
	assert_int_equal(own_lookup(PA(PAGE_A)).state, PG_HOST);
	assert_int_equal(raw(PAGE_A)[7], 0xc1);
	/* The guest tries again, and gets what is the host's now. */
	maps(READ | FSC_TRANS | 3, IPA0, PAGE_A, PAGE_SIZE, ALL);
}

/* In a block, next to pages of the host: they are served, and the VM lives. */
static void test_private_neighbour(void **state)
{
	u64 base = ALIGN_DOWN(PAGE_A, SZ_2M);

	(void)state;
	victim_owns(PAGE_A);
	*kvm_entry(&id, 0x80000000, 2) = base | RWX;
	maps(READ | FSC_TRANS | 2, 0x80000000, base, PAGE_SIZE, ALL);
	maps(READ | FSC_TRANS | 2, 0x80000000 + (PAGE_B - base), PAGE_B, PAGE_SIZE, ALL);
	assert_false(mapped(0x80000000 + (PAGE_A - base)));
	assert_int_equal(victim->state, VM_PROTECTED);
}

/* Shared with the core, which reads it: still the host's, and a guest may have it. */
static void test_shared(void **state)
{
	u64 base = ALIGN_DOWN(PAGE_A, SZ_2M);
	struct page_info pi;

	(void)state;
	assert_int_equal(own_share(PA(PAGE_A)), HYPSEC_OK);
	*kvm_entry(&id, IPA0, 3) = PAGE_A | PAGE_RWX;
	maps(WRITE | FSC_TRANS | 3, IPA0, PAGE_A, PAGE_SIZE, ALL);
	*kvm_entry(&id, 0x80000000, 2) = base | RWX;
	maps(WRITE | FSC_TRANS | 2, 0x80000000, base, SZ_2M, ALL);
	/* The stamp has not cost the page its state. */
	pi = own_lookup(PA(PAGE_A));
	assert_true(pi.state == PG_HOST && pi.shared);
	assert_int_equal(own_claim(PA(PAGE_A), 50, 1, true), HYPSEC_BUSY);
	assert_int_equal(own_unshare(PA(PAGE_A)), HYPSEC_OK);
	claim_drops(PAGE_A);
}

/* --- another CPU in the middle of a fault: before the @countdown-th lock on the record --- */

static int countdown;
static void (*meanwhile)(void);

static void hook(const struct spinlock *l)
{
	if (l != &host_s2_lock || cpu_now() || --countdown)
		return;
	lock_hook = NULL;
	cpu_switch(1);
	meanwhile();
	cpu_switch(0);
}

static void before_lock(int n, void (*f)(void))
{
	countdown = n;
	meanwhile = f;
	lock_hook = hook;
}

/* Three table pages are looked up for a walk of 40 bits, then the page itself. */
enum { OWN_STAMP = 4 };

static void claim_a(void)
{
	give_private(victim, PAGE_A, 0x71);
}

/* The page goes to a protected VM after the walk has found it. */
static void test_claimed_after_walk(void **state)
{
	(void)state;
	victim_owns(PAGE_B);
	*kvm_entry(&id, IPA0, 3) = PAGE_A | PAGE_RWX;
	before_lock(OWN_STAMP, claim_a);
	assert_true(fault(WRITE | FSC_TRANS | 3, IPA0));
	assert_null(lock_hook);
	assert_false(mapped(IPA0));
	assert_int_equal(pvm_sealed, 1);
	assert_int_equal(aborts, 0);
}

static void point_to_core(void)
{
	*kvm_entry(&id, IPA0, 3) = REGION | PAGE_RWX;
}

/* The entry is changed after it was read: what was checked is what is mapped. */
static void test_changed_after_walk(void **state)
{
	(void)state;
	*kvm_entry(&id, IPA0, 3) = PAGE_A | PAGE_RWX;
	before_lock(OWN_STAMP, point_to_core);
	maps(READ | FSC_TRANS | 3, IPA0, PAGE_A, PAGE_SIZE, ALL);
	assert_null(lock_hook);
	/* And before: the new one is. (The table of pages is still mapped here.) */
	s2_drop(&vm->s2);
	kvm_flushes(&id);
	*kvm_entry(&id, IPA0, 3) = PAGE_A | PAGE_RWX;
	before_lock(OWN_STAMP - 2, point_to_core);
	aborts_guest(READ | FSC_TRANS | 3, IPA0);
}

/* Between the stamp and the mapping nobody can take the page. */
static int late_claim;

static void claim_before_map(u64 *ptep, u64 old, u64 new)
{
	(void)ptep;
	(void)old;
	if ((new & (S2_VALID | S2_ADDR)) != (PAGE_A | S2_VALID) || cpu_now())
		return;
	pte_hook = NULL;
	cpu_switch(1);
	late_claim = own_claim(PA(PAGE_A), 50, 1, true);
	cpu_switch(0);
}

static void test_claimed_before_map(void **state)
{
	(void)state;
	*kvm_entry(&id, IPA0, 3) = PAGE_A | PAGE_RWX;
	pte_hook = claim_before_map;
	late_claim = 1;
	maps(READ | FSC_TRANS | 3, IPA0, PAGE_A, PAGE_SIZE, ALL);
	assert_null(pte_hook);
	assert_int_equal(late_claim, HYPSEC_EPOCH);
	/* With the mapping gone it can. */
	claim_drops(PAGE_A);
	assert_false(mapped(IPA0));
}

#define PAGE_C		(PAGE_B + SZ_2M)	/* in another block of the host's */

/*
 * The same of a neighbour that the fault brings along: its entry is read with the other one, and
 * once; what is claimed before the stamp stays out, and what is stamped cannot be claimed.
 */
static void neighbour_to_core(void)
{
	*kvm_entry(&id, IPA0 + PAGE_SIZE, 3) = REGION | PAGE_RWX;
}

static void claim_c(void)
{
	assert_int_equal(own_claim(PA(PAGE_C), 50, 2, true), HYPSEC_OK);
}

static int claim_of_c;

static void claim_c_before_map(u64 *ptep, u64 old, u64 new)
{
	(void)ptep;
	(void)old;
	if ((new & (S2_VALID | S2_ADDR)) != (PAGE_C | S2_VALID) || cpu_now())
		return;
	pte_hook = NULL;
	cpu_switch(1);
	claim_of_c = own_claim(PA(PAGE_C), 50, 2, true);
	cpu_switch(0);
}

static void test_neighbour(void **state)
{
	u64 *pte = kvm_entry(&id, IPA0, 3);

	(void)state;
	pte[0] = PAGE_A | PAGE_RWX;
	pte[1] = PAGE_C | PAGE_RWX;
	before_lock(OWN_STAMP, neighbour_to_core);
	maps(READ | FSC_TRANS | 3, IPA0, PAGE_A, PAGE_SIZE, ALL);
	assert_null(lock_hook);
	assert_int_equal(s2_lookup(&vm->s2, IPA0 + PAGE_SIZE).pte & S2_ADDR, PAGE_C);

	drop_all();
	kvm_flushes(&id);
	pte[1] = PAGE_C | PAGE_RWX;
	before_lock(OWN_STAMP, claim_c);	/* the neighbours' stamp: the table is mapped */
	maps(READ | FSC_TRANS | 3, IPA0, PAGE_A, PAGE_SIZE, ALL);
	assert_null(lock_hook);
	assert_false(mapped(IPA0 + PAGE_SIZE));
	assert_int_equal(own_return(PA(PAGE_C), 50, 2), HYPSEC_OK);

	drop_all();
	pte_hook = claim_c_before_map;
	claim_of_c = 1;
	maps(READ | FSC_TRANS | 3, IPA0, PAGE_A, PAGE_SIZE, ALL);
	assert_null(pte_hook);
	assert_true(mapped(IPA0 + PAGE_SIZE));
	assert_int_equal(claim_of_c, HYPSEC_EPOCH);
	claim_drops(PAGE_C);
	assert_false(mapped(IPA0 + PAGE_SIZE));
}

/* A page that another CPU is just cleaning: the guest waits. */
static void fault_now(const char *op, u64 pa)
{
	(void)op;
	if (ALIGN_DOWN(pa, PAGE_SIZE) != PAGE_A || cpu_now() != 1)
		return;
	dc_hook = NULL;
	cpu_switch(0);
	assert_int_equal(own_lookup(PA(PAGE_A)).state, PG_MOVING);
	assert_true(fault(READ | FSC_TRANS | 3, IPA0));
	assert_int_equal(aborts, 0);
	assert_false(mapped(IPA0));
	cpu_switch(1);
}

static void test_moving(void **state)
{
	(void)state;
	*kvm_entry(&id, IPA0, 3) = PAGE_A | PAGE_RWX;
	cpu_switch(1);
	dc_hook = fault_now;
	assert_int_equal(own_claim(PA(PAGE_A), 50, 1, true), HYPSEC_OK);
	assert_null(dc_hook);
	assert_int_equal(own_return(PA(PAGE_A), 50, 1), HYPSEC_OK);
	cpu_switch(0);
}

/* --- memory for tables --- */

static void test_no_memory(void **state)
{
	(void)state;
	*kvm_entry(&id, IPA0, 3) = PAGE_A | PAGE_RWX;
	hog_unreserved();
	assert_false(fault(READ | FSC_TRANS | 3, IPA0));
	/* As an interrupt: the host runs, can donate, and enters again. */
	assert_int_equal(code, EXIT_IRQ);
	assert_int_equal(v.esr, READ | FSC_TRANS | 3);
	assert_false(mapped(IPA0));
	hog_none();
	maps(READ | FSC_TRANS | 3, IPA0, PAGE_A, PAGE_SIZE, ALL);

	/* What the shadow has makes room for what it needs. */
	hog_unreserved();
	*kvm_entry(&id, BIT(39), 3) = PAGE_B | PAGE_RWX;
	maps(READ | FSC_TRANS | 3, BIT(39), PAGE_B, PAGE_SIZE, ALL);
	assert_false(mapped(IPA0));
	hog_none();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_core),
		TEST(test_no_address),
		TEST(test_device),
		TEST(test_private),
		TEST(test_private_neighbour),
		TEST(test_shared),
		TEST(test_claimed_after_walk),
		TEST(test_changed_after_walk),
		TEST(test_claimed_before_map),
		TEST(test_neighbour),
		TEST(test_moving),
		TEST(test_no_memory),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
