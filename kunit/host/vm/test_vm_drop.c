// SPDX-License-Identifier: GPL-2.0-only
/*
 * shadow_drop_all(): a page leaves the host, and no shadow maps it any more, whatever VMs do
 * meanwhile; nobody waits for a VM that maps no page of the host.
 */
#include "vm_end_common.h"

static void map_host_page(struct vm *vm, u64 frame, u64 pa)
{
	spin_lock(&vm->lock);
	assert_int_equal(own_stamp(PA(pa), PAGE_SIZE), PAGE_SIZE);
	assert_int_equal(s2_map(&vm->s2, frame << PAGE_SHIFT, PA(pa), PAGE_SIZE,
				S2_R | S2_W | S2_MEMATTR_WB), HYPSEC_OK);
	spin_unlock(&vm->lock);
}

/* A page leaves the host: no shadow has it any more, and no protected VM lost a frame. */
static void test_drop_all(void **state)
{
	struct vm_identity id, a = kvm_vm(1, 40), b = kvm_vm(2, 40);
	struct vm *vm = protected_vm(&id, 0, 1), *va, *vb;
	u64 page = PRIVATE_PAGE + 16 * PAGE_SIZE;

	(void)state;
	va = kvm_get(&a);			/* in use */
	vb = kvm_ran(&b);
	map_host_page(va, 1, page);
	map_host_page(vb, 2, page);
	assert_int_equal(own_claim(PA(page), vm->id, FRAME + 1, true), HYPSEC_EPOCH);
	drop_all();
	assert_false(mapped(va, 1));
	assert_false(mapped(vb, 2));
	assert_true(mapped(vm, FRAME));
	assert_false(tlb_stale(page));
	assert_int_equal(own_claim(PA(page), vm->id, FRAME + 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(page), vm->id, FRAME + 1), HYPSEC_OK);
	assert_int_equal(va->refs, 1);
	assert_int_equal(vb->refs, 0);
	vm_put(va);
}

/* Whichever slots the VMs have. */
static void test_drop_all_slots(void **state)
{
	struct vm *vm[VM_MAX];
	struct vm_identity id;
	unsigned int i;

	(void)state;
	for (i = 0; i < nr_vms; i++) {
		id = kvm_vm(i, 40);
		vm[i] = kvm_ran(&id);
		map_host_page(vm[i], 1, PRIVATE_PAGE);
	}
	assert_int_equal(vms_in(VM_ORDINARY), nr_vms);
	assert_int_equal(own_claim(PA(PRIVATE_PAGE), 50, 1, true), HYPSEC_EPOCH);
	drop_all();
	for (i = 0; i < nr_vms; i++)
		assert_false(mapped(vm[i], 1));
	assert_int_equal(own_claim(PA(PRIVATE_PAGE), 50, 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(PRIVATE_PAGE), 50, 1), HYPSEC_OK);
}

static unsigned int locks_seen, at_lock;
static struct vm *actor;
static struct vm *locked[VM_MAX];
static void (*meanwhile)(void);

/* On CPU 1, before the lock number @at_lock that the drop takes. */
static void at_a_lock(const struct spinlock *l)
{
	unsigned int i;
	bool waits;

	for (i = 0; i < nr_vms; i++)
		if (l == &vms[i].lock)
			locked[i] = &vms[i];
	/* What CPU 1 does would wait for these. */
	if (this_cpu()->ranks_held & ~BIT(RANK_EPOCH))
		return;
	/* Who has the VM's lock has it until that is done. */
	waits = actor && l == &actor->lock && actor->state == VM_PROTECTING;
	if ((locks_seen++ != at_lock && !waits) || !meanwhile)
		return;
	lock_hook = NULL;
	cpu_switch(1);
	meanwhile();
	cpu_switch(0);
	lock_hook = at_a_lock;
}

/* Return: false: it takes no more than @n locks. */
static bool drop_with(unsigned int n, void (*what)(void))
{
	memset(locked, 0, sizeof(locked));
	locks_seen = 0;
	at_lock = n;
	meanwhile = what;
	lock_hook = at_a_lock;
	drop_all();
	lock_hook = NULL;
	return n < locks_seen;
}

/* Whoever holds the lock of a protected VM may be zeroing 2 MiB: nobody waits for eight of them. */
static void test_drop_all_beside_protected(void **state)
{
	struct vm_identity id, a = kvm_vm(20, 40), b = kvm_vm(21, 40);
	struct vm *va, *vb, *dead;
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++)
		protected_vm(&id, i, 0);
	dead = protected_vm(&id, i, 0);
	vm_kill(dead, "a test");
	va = kvm_ran(&a);
	vb = kvm_ran(&b);
	map_host_page(va, 1, PRIVATE_PAGE);
	map_host_page(vb, 1, PRIVATE_PAGE);
	drop_with(0, NULL);
	for (i = 0; i < nr_vms; i++)
		assert_ptr_equal(locked[i], &vms[i] == va || &vms[i] == vb ? &vms[i] : NULL);
	assert_false(mapped(va, 1) || mapped(vb, 1));

	/* A slot is what its last VM made of it: here one that maps pages of the host. */
	while (vm_teardown(dead->host.kvm) == HYPSEC_RESTART)
		;
	a = kvm_vm(22, 40);
	assert_ptr_equal(kvm_ran(&a), dead);
	map_host_page(dead, 1, PRIVATE_PAGE);
	drop_with(0, NULL);
	assert_ptr_equal(locked[dead->id - 1], dead);
	assert_false(mapped(dead, 1));
}

/* CPU 1 was first, and is done when CPU 0 has the lock: once is enough. */
static void drops_too(const struct spinlock *l)
{
	if (l->rank != RANK_EPOCH)
		return;
	lock_hook = NULL;
	cpu_switch(1);
	drop_all();
	cpu_switch(0);
	map_host_page(actor, 2, PRIVATE_PAGE);
	lock_hook = at_a_lock;
}

static void test_drop_all_once(void **state)
{
	struct vm_identity id = kvm_vm(0, 40);

	(void)state;
	actor = kvm_ran(&id);
	map_host_page(actor, 1, PRIVATE_PAGE);
	locks_seen = 0;
	at_lock = ~0U;
	lock_hook = drops_too;
	drop_all();
	lock_hook = NULL;
	assert_int_equal(locks_seen, 0);
	assert_false(mapped(actor, 1));
	assert_true(mapped(actor, 2));
	/* The next one is another. */
	drop_all();
	assert_false(mapped(actor, 2));
	actor = NULL;
}

static void waits(const struct spinlock *l)
{
	if (l->rank != RANK_VM)
		return;
	lock_hook = NULL;
	cpu_switch(1);
	irq_at = 3;
	assert_false(shadow_drop_all());
	assert_int_equal(irq_at, -1);
	irq_at = -1;
	cpu_switch(0);
}

/* Who comes while another CPU is at it waits, for as long as the host has no interrupt there. */
static void test_drop_all_waits(void **state)
{
	struct vm_identity id = kvm_vm(0, 40);
	struct vm *vm = kvm_ran(&id);

	(void)state;
	map_host_page(vm, 1, PRIVATE_PAGE);
	lock_hook = waits;
	assert_true(shadow_drop_all());
	assert_null(lock_hook);
	assert_false(mapped(vm, 1));
}

/*
 * The host has an interrupt in the midst of it: what is left is done by whoever comes next, who
 * may be another CPU, and until then nothing of the epoch can be claimed.
 */
static void test_drop_all_stopped(void **state)
{
	struct vm *vm[VM_MAX];
	struct vm_identity id;
	unsigned int i, few = nr_vms, drops = 0;
	bool done;

	(void)state;
	/* More than between two looks. */
	nr_vms = 200;
	for (i = 0; i < nr_vms; i++) {
		id = kvm_vm(i, 32);
		vm[i] = kvm_ran(&id);
		if (i % 50 == 0 || i == nr_vms - 1)
			map_host_page(vm[i], 1, PRIVATE_PAGE);
	}
	assert_int_equal(own_claim(PA(PRIVATE_PAGE), 50, 1, true), HYPSEC_EPOCH);
	do {
		irq_at = 0;
		cpu_switch(drops & 1);
		done = shadow_drop_all();
		assert_int_equal(this_cpu()->ranks_held, 0);
		for (i = 0; i < nr_vms; i++)
			assert_true(i >= 64 * (drops + 1) || !mapped(vm[i], 1));
		/* One that was passed already, at work meanwhile. */
		if (!drops)
			map_host_page(vm[1], 2, PRIVATE_PAGE + PAGE_SIZE);
		assert_int_equal(own_claim(PA(PRIVATE_PAGE), 50, 1, true),
				 done ? HYPSEC_OK : HYPSEC_EPOCH);
		drops++;
	} while (!done);
	assert_int_equal(drops, 4);
	cpu_switch(0);
	irq_at = -1;
	assert_int_equal(own_return(PA(PRIVATE_PAGE), 50, 1), HYPSEC_OK);
	/* Whose stamp is of the epoch that began with it needs another. */
	assert_true(mapped(vm[1], 2));
	assert_int_equal(own_claim(PA(PRIVATE_PAGE + PAGE_SIZE), 50, 1, true), HYPSEC_EPOCH);
	irq_at = 0;
	assert_false(shadow_drop_all());
	/* Behind where it is, and before. */
	map_host_page(vm[2], 2, PRIVATE_PAGE + 2 * PAGE_SIZE);
	map_host_page(vm[150], 2, PRIVATE_PAGE + 3 * PAGE_SIZE);
	assert_int_equal(own_claim(PA(PRIVATE_PAGE + 2 * PAGE_SIZE), 50, 1, true), HYPSEC_EPOCH);
	irq_at = -1;
	assert_true(shadow_drop_all());
	assert_false(mapped(vm[1], 2) || mapped(vm[150], 2));
	assert_true(mapped(vm[2], 2));
	assert_int_equal(own_claim(PA(PRIVATE_PAGE + 2 * PAGE_SIZE), 50, 1, true), HYPSEC_EPOCH);
	assert_true(shadow_drop_all());
	assert_int_equal(own_claim(PA(PRIVATE_PAGE + 2 * PAGE_SIZE), 50, 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(PRIVATE_PAGE + 2 * PAGE_SIZE), 50, 1), HYPSEC_OK);
	assert_int_equal(own_claim(PA(PRIVATE_PAGE + PAGE_SIZE), 50, 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(PRIVATE_PAGE + PAGE_SIZE), 50, 1), HYPSEC_OK);
	for (i = few; i < nr_vms; i++)
		assert_int_equal(vm_teardown(vm[i]->host.kvm), HYPSEC_OK);
	nr_vms = few;
}

static struct vm_identity actor_id;
static u64 actor_page;

static void maps_again(void)
{
	map_host_page(actor, 9, actor_page);
}

static void comes_and_maps(void)
{
	struct vm *vm = kvm_ran(&actor_id);

	map_host_page(vm, 10, actor_page);
}

/* What VM_PROTECT still has to do after the state: it holds the lock since before. */
static void goes_on_to_protect(void)
{
	if (actor->state != VM_PROTECTING)
		return;
	s2_drop(&actor->s2);
	actor->s2.holds = true;
	actor->pvm = a_pvm;
	actor->state = VM_PROTECTED;
}

/* It saw another vCPU come in: nothing has changed. */
static void takes_it_back(void)
{
	if (actor->state == VM_PROTECTING)
		actor->state = VM_ORDINARY;
}

static void goes(void)
{
	vm_teardown(actor_id.kvm);
}

/*
 * Before every lock of the drop, each of these in turn: afterwards a page that a VM maps cannot
 * be claimed, whatever the order.
 */
static void test_drop_all_races(void **state)
{
	static void (*const acts[])(void) = {
		maps_again, comes_and_maps, goes_on_to_protect, takes_it_back, goes,
	};
	unsigned int act, n, k = 0, went = 0;
	bool more;

	(void)state;
	actor_page = PRIVATE_PAGE + 20 * PAGE_SIZE;
	for (act = 0; act < ARRAY_SIZE(acts); act++) {
		for (n = 0, more = true; more; n++, k++) {
			struct vm_identity id = kvm_vm(0, 40), other = kvm_vm(1, 40);
			struct vm *beside = kvm_ran(&other);
			unsigned int i;
			int ret, want = HYPSEC_OK;

			actor_id = id;
			actor = kvm_ran(&id);
			map_host_page(actor, 9, actor_page);
			map_host_page(beside, 1, actor_page);
			if (acts[act] == comes_and_maps)
				actor_id = kvm_vm(2, 40);
			if (acts[act] == goes_on_to_protect || acts[act] == takes_it_back)
				actor->state = VM_PROTECTING;
			more = drop_with(n, acts[act]);
			/* Before its lock was asked for, or then. */
			assert_int_not_equal(actor->state, VM_PROTECTING);
			for (i = 0; i < nr_vms; i++) {
				struct vm *vm = &vms[i];

				if (vm->state != VM_NONE && (mapped(vm, 9) || mapped(vm, 10) ||
							     mapped(vm, 1)))
					want = HYPSEC_EPOCH;
			}
			went += want == HYPSEC_EPOCH;
			ret = own_claim(PA(actor_page), 50, 9, true);
			/* A mapping that came and went has left its stamp. */
			if (want != HYPSEC_OK || ret != HYPSEC_EPOCH)
				assert_int_equal(ret, want);
			if (ret == HYPSEC_OK)
				assert_int_equal(own_return(PA(actor_page), 50, 9), HYPSEC_OK);
			assert_false(tlb_stale(actor_page));
			for (i = 0; i < nr_vms; i++)
				while (vms[i].state != VM_NONE &&
				       vm_teardown(vms[i].host.kvm) == HYPSEC_RESTART)
					;
			drop_all();
		}
	}
	/* Both ends of it were seen. */
	assert_in_range(went, 4, k - 4);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, kvm_host_begin, kvm_host_end)
	const struct CMUnitTest tests[] = {
		TEST(test_drop_all),
		TEST(test_drop_all_slots),
		TEST(test_drop_all_beside_protected),
		TEST(test_drop_all_once),
		TEST(test_drop_all_stopped),
		TEST(test_drop_all_waits),
		TEST(test_drop_all_races),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
