// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of private pages made, split, joined, given back, sealed and dropped in any order, with
 * and without memory: the record, the VM's table and the accounts of held pages agree.
 */
#include "seal_common.h"
/* This one's is linked, so that what is charged to whom can be seen. */
#include "../../../el2-objs/pool/share.c"

#define BASE	0x40400UL
#define AREAS	3			/* of 2 MiB, of the guest */
#define BLOCKS	4			/* of the host */
#define STEPS	3000

static u64 block(u64 n)
{
	return GUEST_PAGES + (n + 2) * SZ_2M;
}

static u64 any(u64 n)
{
	return test_rand() % n;
}

static void kvm_has_block(u64 area, u64 pa)
{
	*kvm_entry(&id, (BASE + area * PAGES_2M) << PAGE_SHIFT, 2) =
		pa ? (pa | PAGE_RWX) & ~S2_TABLE : 0;
}

static void kvm_has_pages(u64 area, u64 pa)
{
	u64 odd = any(PAGES_2M), other = any(PAGES_2M);

	kvm_has_block(area, 0);
	for (u64 i = 0; i < PAGES_2M; i++)
		kvm_maps(BASE + area * PAGES_2M + i,
			 any(4) || i != odd ? pa + i * PAGE_SIZE : pa + other * PAGE_SIZE);
}

static unsigned int blocks_seen, joined, mapped_blocks;

/* Held: one page a block, for the host's table and for the VM's. */
static void accounts_agree(void)
{
	u32 host = 0, guest = 0;

	for (u64 i = 0; i < BLOCKS; i++) {
		struct s2_leaf l = s2_lookup(&host_s2, block(i));

		host += l.level == 2 && own_decode(&l).state == PG_PRIVATE;
	}
	for (u64 i = 0; i < AREAS; i++) {
		struct s2_leaf l = s2_lookup(&vm->s2, (BASE + i * PAGES_2M) << PAGE_SHIFT);

		guest += l.level == 2 && (l.pte & S2_VALID);
	}
	assert_int_equal(host_s2.held, host);
	assert_int_equal(vm->s2.held, guest);
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), host + guest);
	blocks_seen += host;
	joined += host > mapped_blocks;
	mapped_blocks = host;
}

/*
 * What the pool has out for VMs, some VM is charged for, to the page: for its tables and tags, on
 * their way out too, its object, its vCPUs, and the pages held for splits of its table.
 */
static void charges_agree(void)
{
	u64 out = pool_account(HYPSEC_ACC_VM_S2) + pool_account(HYPSEC_ACC_VM) - hog_count() +
		pool_account(HYPSEC_ACC_SEAL) + pool_account(HYPSEC_ACC_HELD) - host_s2.held;
	s64 charged = 0;

	for (unsigned int i = 1; i < POOL_OWNERS; i++)
		charged += used[i];
	assert_int_equal(charged, out);
}

/* Each private page is one frame's, which has it, and no other is. */
static void record_agrees(void)
{
	u64 private_pages = 0, frames = 0;

	for (u64 i = 0; i < BLOCKS * PAGES_2M; i++) {
		u64 pa = block(0) + i * PAGE_SIZE;
		struct page_info pi = own_lookup(PA(pa));
		struct s2_leaf leaf;

		if (pi.state != PG_PRIVATE) {
			assert_int_equal(pi.state, PG_HOST);
			continue;
		}
		private_pages++;
		assert_int_equal(pi.vm, vm->id);
		leaf = s2_lookup(&vm->s2, pi.frame << PAGE_SHIFT);
		assert_true(leaf.pte & S2_VALID);
		assert_int_equal((leaf.pte & S2_ADDR) + (pi.frame << PAGE_SHIFT & (leaf.size - 1)), pa);
	}
	for (u64 i = 0; i < AREAS * PAGES_2M; i++)
		frames += s2_lookup(&vm->s2, (BASE + i) << PAGE_SHIFT).pte & S2_VALID;
	assert_int_equal(private_pages, frames);
	assert_int_equal(vm->private_pages, frames);
	assert_int_equal(pool_account(HYPSEC_ACC_PRIVATE), frames);
}

static void touch_some(u64 first, u64 n)
{
	for (u64 i = first; i < first + n && i < AREAS * PAGES_2M; i++) {
		int ret = touch(BASE + i);

		assert_true(ret == HYPSEC_OK || ret == HYPSEC_EXIT || ret == HYPSEC_DENIED ||
			    ret == HYPSEC_NO_MEMORY || ret == HYPSEC_BAD_SIGNATURE);
	}
}

static void invalidates(u64 first, u64 n)
{
	u64 start = (BASE + first) << PAGE_SHIFT, size = n << PAGE_SHIFT;

	do
		irq_after = (int)any(3);
	while (pvm_invalidate(vm, &start, &size) == HYPSEC_RESTART);
	irq_after = -1;
}

static void gives_back(u64 first, u64 n)
{
	u64 done, at;

	for (at = first; at < first + n; at += done)
		assert_int_equal(pvm_relinquish(vm, (BASE + at) << PAGE_SHIFT, first + n - at,
						&done), HYPSEC_OK);
}

/* It ends, and half of it comes back by touches. */
static void next_vm(void)
{
	kva_t kvm = id.kvm;
	u16 was = vm->id;

	vm_kill(vm, "a test");
	assert_int_equal(vm->s2.held, 0);
	for (int i = 0; i < 50; i++)
		host_touches(block(0) + any(BLOCKS * PAGES_2M) * PAGE_SIZE);
	hog_none();
	while (vm_teardown(kvm) == HYPSEC_RESTART)
		;
	assert_int_equal(vm->private_pages, 0);
	assert_int_equal(host_s2.held, 0);
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), 0);
	new_vm(40);
	while (vm_teardown(kvm) == HYPSEC_RESTART)
		;
	/* Of the pool it has nothing left. */
	assert_int_not_equal(vm->id, was);
	expect_assert_failure(share_charge(was, -1));
	share_charge(was, 1);		/* which was not taken off a sum of 0 */
	v = make_protected(vm);
}

static void any_order(void **state)
{
	bool hogged = false;
	(void)state;

	blocks_seen = joined = 0;
	for (int step = 0; step < STEPS; step++) {
		u64 area = any(AREAS), at = any(AREAS * PAGES_2M);
		u64 n = 1 + any(AREAS * PAGES_2M - at);

		switch (any(12)) {
		case 0:
			kvm_has_block(area, any(8) ? block(any(BLOCKS)) : 0);
			break;
		case 1:
			kvm_has_pages(area, block(any(BLOCKS)));
			break;
		case 2:
		case 3:
			touch_some(at, 1 + any(3));
			break;
		case 4:
		case 5:
			touch_some(area * PAGES_2M, PAGES_2M);
			break;
		case 6:
		case 7:
			host_touches(block(any(BLOCKS)) + any(PAGES_2M) * PAGE_SIZE);
			break;
		case 8:
			if (any(4) == 0)
				invalidates(at, any(2) ? n : 1 + any(20) % n);
			break;
		case 9:
			if (any(2))
				gives_back(area * PAGES_2M, PAGES_2M);
			else
				gives_back(at, any(4) ? 1 + any(20) % n : n);
			break;
		case 10:
			if (hogged)
				hog_none();
			else
				hog_all();
			hogged = !hogged;
			break;
		default:
			if (any(20) == 0) {
				next_vm();
				hogged = false;
			}
		}
		accounts_agree();
		charges_agree();
		if (step % 50 == 0)
			record_agrees();
	}
	hog_none();
	assert_true(blocks_seen > 100 && joined > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAL_TEST(any_order),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
