// SPDX-License-Identifier: GPL-2.0-only
/*
 * More VMs than slots or memory, and two CPUs in the table of VMs at once: lock_hook is
 * what another CPU does just before this one takes a lock.
 */
#include "kvm_host.h"

#define KEPT_PAGE	GUEST_PAGES

static struct vm_identity ids[VM_MAX];

static void fill(void)
{
	unsigned int i;

	for (i = 0; i < nr_vms; i++) {
		ids[i] = kvm_vm(i, 36);
		assert_int_equal(kvm_ran(&ids[i])->id, i + 1);
	}
	assert_int_equal(vms_in(VM_ORDINARY), nr_vms);
}

static void test_oldest_goes(void **state)
{
	struct vm_identity more = kvm_vm(100, 36), bad = more;
	struct vm *vm;

	(void)state;
	fill();
	/* One that cannot be made costs nobody his slot. */
	bad.vtcr = VTCR(31);
	assert_null(kvm_get(&bad));
	assert_int_equal(vms_in(VM_ORDINARY), nr_vms);

	assert_int_equal(kvm_ran(&ids[0])->id, 1);	/* so the second is the oldest */
	vm = kvm_ran(&more);
	assert_int_equal(vm->id, 2);
	assert_null(vm_find(ids[1].mmu));
	/* It comes back in the place of the third. */
	assert_int_equal(kvm_ran(&ids[1])->id, 3);
	assert_null(vm_find(ids[2].mmu));
	assert_int_equal(vms_in(VM_ORDINARY), nr_vms);
}

static void test_all_in_use(void **state)
{
	struct vm_identity more = kvm_vm(100, 36);
	unsigned int i;

	(void)state;
	fill();
	for (i = 0; i < nr_vms; i++)
		assert_true(vm_ref(&vms[i]));
	assert_null(kvm_get(&more));
	assert_null(this_cpu()->last_vm);
	for (i = 0; i < nr_vms; i++)
		assert_int_equal(vms[i].refs, 1);
	vm_put(&vms[40]);
	assert_int_equal(kvm_ran(&more)->id, 41);
	for (i = 0; i < nr_vms; i++) {
		if (i != 40)
			vm_put(&vms[i]);
	}
}

/* A protected VM has its slot for as long as it owns a page. */
static void test_protected_stay(void **state)
{
	struct vm_identity more = kvm_vm(100, 36);
	unsigned int i;

	(void)state;
	fill();
	for (i = 0; i < nr_vms; i++)
		protect(&vms[i]);
	vms[5].state = VM_PROTECTING;
	assert_null(kvm_get(&more));
	spin_lock(&vms_lock);
	assert_false(vm_evict(&vms[4]));
	assert_false(vm_evict(&vms[5]));
	spin_unlock(&vms_lock);
	expect_assert_failure(vm_evict(&vms[6]));	/* without the lock */
	assert_int_equal(vms_in(VM_PROTECTED), nr_vms - 1);

	give_private(&vms[9], KEPT_PAGE, 0x55);
	vm_kill(&vms[9], "a test");
	assert_null(kvm_get(&more));
	assert_int_equal(vms[9].state, VM_DEAD);
	assert_int_equal(vms[9].refs, 0);	/* open again */
	assert_int_equal(own_lookup(PA(KEPT_PAGE)).vm, 10);

	vm_kill(&vms[7], "a test");		/* owns none */
	assert_int_equal(kvm_ran(&more)->id, 8);
	assert_int_equal(vms[7].state, VM_ORDINARY);
}

/* A dead VM that is only now left by its last vCPU: its pvm/ side goes with the slot. */
static void test_dead_slot(void **state)
{
	struct vm_identity more = kvm_vm(100, 36);
	unsigned int i;

	(void)state;
	fill();
	for (i = 0; i < nr_vms; i++)
		protect(&vms[i]);
	vms[3].running = 1;
	vm_kill(&vms[3], "a test");
	assert_int_equal(pvm_freed, 0);
	vms[3].running = 0;
	assert_int_equal(kvm_ran(&more)->id, 4);
	assert_int_equal(pvm_freed, 1);
}

static void test_no_memory(void **state)
{
	struct vm_identity a = kvm_vm(0, 40), b = kvm_vm(1, 40), c = kvm_vm(2, 40), d = kvm_vm(3, 40);
	struct vm *vm, *vm2;

	(void)state;
	/* Nobody has anything to give up. The reserve is for donation. */
	hog_unreserved();
	assert_null(kvm_get(&a));
	assert_int_equal(vms_in(VM_NONE), nr_vms);
	hog_none();

	/* One in use keeps its shadow; an idle one loses it to the new one. */
	vm = kvm_get(&a);
	kvm_ran(&b);
	hog_unreserved();
	vm2 = kvm_ran(&c);
	assert_int_equal(vm2->state, VM_ORDINARY);
	assert_int_equal(vm->state, VM_ORDINARY);
	assert_int_equal(vms_in(VM_ORDINARY), 2);
	/* A protected VM's table is no cache. */
	protect(vm);
	vm_put(vm);
	protect(kvm_ran(&c));
	assert_null(kvm_get(&d));
	assert_int_equal(vms_in(VM_PROTECTED), 2);
	hog_none();
	assert_int_equal(kvm_ran(&d)->state, VM_ORDINARY);
}

/* As many as the RAM can hold and the VMIDs name: no VM is the TLB's other one. */
static void test_how_many(void **state)
{
	static const struct { u64 ram; bool wide; u32 vms; } t[] = {
		{ SZ_1G, true, 64 }, { SZ_1G + SZ_16M - PAGE_SIZE, true, 64 },
		{ SZ_1G + SZ_16M, true, 65 }, { 2 * SZ_1G, true, 128 },
		{ 4 * SZ_1G - PAGE_SIZE, false, 255 }, { 4 * SZ_1G, false, 255 },
		{ 4 * SZ_1G, true, 256 }, { 1024UL * SZ_1G, false, 255 },
		{ 64 * SZ_1G - SZ_16M, true, 4095 }, { 1024UL * SZ_1G, true, 4095 },
	};
	u64 image = pool_account(HYPSEC_ACC_IMAGE);
	struct hypsec_install boot;
	struct vm *mine = vms;
	u32 few = nr_vms;
	u64 *hog[64], n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct hypsec_install in;

		machine_install_params(&in);
		/* In two pieces, above where the machine's is. */
		in.nr_ram = 3;
		in.ram_later = BIT(2);
		in.ram[2] = (struct hypsec_ram){ 1UL << 43, 64UL * SZ_1G };	/* not there */
		in.ram[0] = (struct hypsec_ram){ 1UL << 41, t[i].ram - PAGE_SIZE };
		in.ram[1] = (struct hypsec_ram){ 1UL << 42, PAGE_SIZE };
		assert_int_equal(ram_init(&in), HYPSEC_OK);
		assert_int_equal(vms_init(t[i].wide), HYPSEC_OK);
		assert_int_equal(nr_vms, t[i].vms);
		assert_int_equal(vm_last_id(), nr_vms);
		for (u32 id = 1; id <= nr_vms; id++) {
			assert_int_equal(vms[id - 1].id, id);
			assert_null(vm_by_id(id));
		}
		assert_null(vm_by_id(0));
		assert_null(vm_by_id(nr_vms + 1));
		n = pool_account(HYPSEC_ACC_IMAGE) - image;
		assert_in_range(n * PAGE_SIZE, nr_vms * sizeof(*vms),
				2 * nr_vms * sizeof(*vms) - 1 + PAGE_SIZE);
		while (n--)
			pool_free((char *)vms + n * PAGE_SIZE, HYPSEC_ACC_IMAGE);
	}
	/* No piece of the pool is as large: no core without a table. */
	for (n = 0; n < ARRAY_SIZE(hog) && (hog[n] = pool_alloc_contig(4, HYPSEC_ACC_VM)); n++)
		;
	assert_int_equal(vms_init(true), HYPSEC_NO_MEMORY);
	while (n--)
		for (u32 i = 0; i < 16; i++)
			pool_free((char *)hog[n] + i * PAGE_SIZE, HYPSEC_ACC_VM);
	machine_install_params(&boot);
	assert_int_equal(ram_init(&boot), HYPSEC_OK);
	vms = mine;
	nr_vms = few;
}

/*
 * Where a VM was found last is a hint: of two that share it each is found, as is one whose slot has
 * another by now, and a name that nobody has finds nobody.
 */
static void test_found_in_any_order(void **state)
{
	static struct vm_identity id[3 * VM_MAX];
	unsigned int few = nr_vms, n, i, k, round;
	struct vm *vm;

	(void)state;
	nr_vms = 200;
	/* Three in each slot, one after another, and in another order each time; their hints stay. */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < nr_vms; i++) {
			k = round * nr_vms + (i * 7 + 13 * round) % nr_vms;
			id[k] = kvm_vm(k, 32);
			id[k].mmu.v += k % 5 * 0x100000000;
			assert_int_equal(kvm_ran(&id[k])->id, i + 1);
		}
		for (i = 0; round < 2 && i < nr_vms; i++)
			while (vm_teardown(id[round * nr_vms + i].kvm) == HYPSEC_RESTART)
				;
	}
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 3 * nr_vms; i++) {
			k = i * 37 % (3 * nr_vms);
			cpu_switch(i & 1);
			vm = vm_find(id[k].mmu);
			assert_int_equal(!!vm, k >= 2 * nr_vms);
			if (!vm)
				continue;
			assert_int_equal(vm->host.mmu.v, id[k].mmu.v);
			assert_int_equal(vm->host.kvm.v, id[k].kvm.v);
			assert_int_equal(vm->refs, 1);
			vm_put(vm);
			assert_ptr_equal(kvm_ran(&id[k]), vm);
		}
	}
	cpu_switch(0);
	for (n = nr_vms, i = few; i < n; i++)
		assert_int_equal(vm_teardown(vms[i].host.kvm), HYPSEC_OK);
	nr_vms = few;
}

static unsigned int table_locks;

static void counts_locks(const struct spinlock *l)
{
	table_locks += l == &vms_lock;
}

/* Found where it was last by any CPU, with another VM in between: without the table's lock. A dead one too. */
static void test_without_the_lock(void **state)
{
	struct vm_identity a = kvm_vm(0, 40), b = kvm_vm(1, 40);
	struct vm *dead;

	(void)state;
	dead = kvm_ran(&a);
	kvm_ran(&b);
	cpu_switch(1);
	table_locks = 0;
	lock_hook = counts_locks;
	for (int i = 0; i < 4; i++) {
		kvm_ran(&a);
		kvm_ran(&b);
	}
	lock_hook = NULL;
	assert_int_equal(table_locks, 0);
	protect(dead);
	vm_kill(dead, "a test");
	lock_hook = counts_locks;
	for (int i = 0; i < 4; i++) {
		assert_ptr_equal(kvm_ran(&a), dead);
		kvm_ran(&b);
	}
	lock_hook = NULL;
	assert_int_equal(table_locks, 0);
	cpu_switch(0);
}

/* Of a whole table of idle VMs one that has no memory costs a few their shadows. */
static void test_few_go(void **state)
{
	struct vm_identity more = kvm_vm(100, 44);
	unsigned int i, before;

	(void)state;
	for (i = 0; i < nr_vms - 4; i++) {
		ids[i] = kvm_vm(i, 36);
		kvm_ran(&ids[i]);
	}
	before = vms_in(VM_ORDINARY);
	hog_unreserved();
	kvm_ran(&more);
	assert_in_range(before - vms_in(VM_ORDINARY), 1, EVICT_STEP);
	hog_none();
}

/* The slot a CPU remembers is another VM's by now. */
static void test_old_hint(void **state)
{
	struct vm_identity more = kvm_vm(100, 36);
	struct vm *vm;

	(void)state;
	cpu_switch(1);
	fill();
	cpu_switch(0);
	assert_int_equal(kvm_ran(&ids[0])->id, 1);
	cpu_switch(1);
	while (vm_find(ids[0].mmu)) {		/* until it is the oldest */
		vm_put(&vms[0]);
		more.kvm.v += 0x100000;
		more.mmu.v += 0x100000;
		kvm_ran(&more);
	}
	cpu_switch(0);
	assert_ptr_equal(this_cpu()->last_vm, &vms[0]);
	assert_null(vm_find(ids[0].mmu));
	assert_int_equal(vms[0].refs, 0);
	vm = kvm_ran(&ids[0]);
	assert_ptr_not_equal(vm, &vms[0]);
	assert_int_equal(vms[0].host.kvm.v, more.kvm.v);
	assert_int_equal(vms[0].refs, 0);
	/* Closed, not reused. */
	spin_lock(&vms_lock);
	assert_true(vm_evict(vm));
	spin_unlock(&vms_lock);
	assert_int_equal(vms_in(VM_NONE), 1);
	assert_ptr_equal(kvm_ran(&ids[0]), vm);
}

/* --- what another CPU does first --- */

static struct vm_identity race_id;
static struct vm *race_vm, *race_result;

static void same_vm_first(const struct spinlock *l)
{
	if (l != &vms_lock)
		return;
	lock_hook = NULL;
	cpu_switch(1);
	race_result = kvm_get(&race_id);
	cpu_switch(0);
}

/* Two vCPUs of a new VM run for the first time: it is one VM. */
static void test_made_twice(void **state)
{
	struct vm *vm;

	(void)state;
	race_id = kvm_vm(0, 40);
	lock_hook = same_vm_first;
	vm = kvm_get(&race_id);
	assert_ptr_equal(vm, race_result);
	assert_int_equal(vms_in(VM_ORDINARY), 1);
	assert_int_equal(vm->refs, 2);
	vm_put(vm);
	vm_put(vm);
}

/* The host, on another CPU, before one of the locks that giving up a slot takes: the @when-th. */
static unsigned int when;
static bool came, held;

static bool now(void)
{
	if (when--)
		return false;
	lock_hook = NULL;
	came = true;
	cpu_switch(1);
	return true;
}

static void settles(const struct spinlock *l)
{
	struct vm *vm;

	(void)l;
	if (!now())
		return;
	vm = vm_find(race_id.mmu);
	assert_ptr_equal(vm, race_vm);
	vm_put(vm);
	assert_ptr_equal(vm_by_id(race_vm->id), race_vm);
	vm_put(race_vm);
	while (vm_settle(race_id.kvm) == HYPSEC_RESTART)
		;
	/* OK means that a device may be told to write to it. */
	assert_int_equal(own_lookup(PA(KEPT_PAGE)).state, PG_HOST);
	cpu_switch(0);
}

static void holds(const struct spinlock *l)
{
	(void)l;
	if (!now())
		return;
	held = vm_ref(race_vm);
	cpu_switch(0);
}

static struct vm *dead_vm(unsigned int n, bool page)
{
	struct vm *vm;

	race_id = kvm_vm(n, 40);
	vm = kvm_get(&race_id);
	protect(vm);
	if (page)
		give_private(vm, KEPT_PAGE, 0x77);
	vm->running = 1;
	vm_kill(vm, "a test");
	vm->running = 0;
	vm_put(vm);
	return vm;
}

static bool evict(struct vm *vm, unsigned int k, void (*hook)(const struct spinlock *l))
{
	bool gone;

	spin_lock(&vms_lock);
	when = k;
	came = false;
	held = false;
	lock_hook = hook;
	gone = vm_evict(vm);
	lock_hook = NULL;
	spin_unlock(&vms_lock);
	return gone;
}

/* A dead VM that owns a page is not out of anybody's sight, not for the moment of a look. */
static void test_closing(void **state)
{
	unsigned int k;

	(void)state;
	came = true;
	for (k = 0; came; k++) {
		race_vm = dead_vm(k, true);
		if (!evict(race_vm, k, settles))
			assert_int_equal(race_vm->refs, 0);
		assert_true(came || own_lookup(PA(KEPT_PAGE)).state == PG_PRIVATE);
	}
	assert_true(k > 1);
}

/* And who has a reference before the slot is closed keeps the VM. */
static void test_closing_held(void **state)
{
	unsigned int k;
	bool gone;

	(void)state;
	came = true;
	for (k = 0; came; k++) {
		race_vm = dead_vm(k, false);
		gone = evict(race_vm, k, holds);
		assert_int_equal(gone, !held);
		if (!held)
			continue;
		assert_int_equal(race_vm->state, VM_DEAD);
		assert_non_null(race_vm->s2.root);
		assert_int_equal(race_vm->refs, 1);
		vm_put(race_vm);
	}
	assert_true(k > 1);
}

static void protect_first(const struct spinlock *l)
{
	if (l != &race_vm->lock)
		return;
	lock_hook = NULL;
	cpu_switch(1);
	protect(race_vm);
	give_private(race_vm, KEPT_PAGE, 0x77);
	cpu_switch(0);
}

/*
 * VM_PROTECT on another CPU between the look at the VMID and the lock: were the table
 * dropped then, the host could have another page put in the frame's place.
 */
static void test_new_vmid_late(void **state)
{
	(void)state;
	race_id = kvm_vm(0, 40);
	race_vm = kvm_ran(&race_id);
	race_id.vmid_id++;
	lock_hook = protect_first;
	assert_ptr_equal(kvm_ran(&race_id), race_vm);
	assert_null(lock_hook);
	assert_true(s2_lookup(&race_vm->s2, 0x77000).pte & S2_VALID);
}

static void kill_first(const struct spinlock *l)
{
	if (l != &race_vm->lock)
		return;
	lock_hook = NULL;
	cpu_switch(1);
	vm_kill(race_vm, "another CPU");
	cpu_switch(0);
}

static void test_killed_twice(void **state)
{
	struct vm_identity now;

	(void)state;
	race_id = kvm_vm(0, 40);
	race_vm = kvm_get(&race_id);
	protect(race_vm);
	now = race_id;
	now.vtcr = VTCR(39);
	lock_hook = kill_first;
	assert_ptr_not_equal(kvm_ran(&now), race_vm);
	assert_string_equal(race_vm->end_reason, "another CPU");
	assert_int_equal(pvm_freed, 1);
	assert_int_equal(race_vm->refs, 1);
	vm_put(race_vm);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, kvm_host_begin, kvm_host_end)
	const struct CMUnitTest tests[] = {
		TEST(test_oldest_goes),
		TEST(test_all_in_use),
		TEST(test_protected_stay),
		TEST(test_dead_slot),
		TEST(test_no_memory),
		TEST(test_how_many),
		TEST(test_found_in_any_order),
		TEST(test_without_the_lock),
		TEST(test_few_go),
		TEST(test_old_hint),
		TEST(test_made_twice),
		TEST(test_closing),
		TEST(test_closing_held),
		TEST(test_new_vmid_late),
		TEST(test_killed_twice),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
