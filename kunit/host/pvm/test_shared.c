// SPDX-License-Identifier: GPL-2.0-only
/* Frames that a protected guest shares with its host: which, when, and that they stay the host's. */
#include "shared_common.h"

static int share(u64 base, u64 size)
{
	int ret = pvm_share(vm, base, size);

	assert_int_equal(this_cpu()->ranks_held, 0);
	return ret;
}

/* KVM takes these frames away: frame numbers. */
static void drop(u64 frame, u64 frames)
{
	spin_lock(&vm->lock);
	vm_drop_shared(vm, frame << PAGE_SHIFT, frames << PAGE_SHIFT);
	spin_unlock(&vm->lock);
	assert_false(tlb_stale(~0UL));
}

/* What is refused leaves the frames private. */
static void refused(void **state)
{
	static const struct {
		u64 base, size;
		int status;
	} cases[] = {
		{ POOL, 0, HYPSEC_INVALID },
		{ POOL + PAGE_SIZE, POOL_SIZE, HYPSEC_INVALID },
		{ POOL, POOL_SIZE - PAGE_SIZE, HYPSEC_INVALID },
		{ -(u64)SZ_2M, POOL_SIZE, HYPSEC_RANGE },
		{ POOL, -(u64)POOL, HYPSEC_RANGE },
		{ POOL, -(u64)SZ_2M, HYPSEC_RANGE },
		{ BIT(40) - SZ_2M, POOL_SIZE, HYPSEC_RANGE },
		{ SZ_1G - SZ_2M, POOL_SIZE, HYPSEC_RANGE },
		{ 2UL * SZ_1G - SZ_2M, POOL_SIZE, HYPSEC_RANGE },
		{ 2UL * SZ_1G, POOL_SIZE, HYPSEC_RANGE },
		{ POOL, SZ_2M, HYPSEC_DENIED },
		{ POOL, 3 * SZ_2M, HYPSEC_DENIED },
		{ SZ_1G, POOL_SIZE, HYPSEC_DENIED },			/* the image */
		{ SZ_1G + 3 * SZ_2M, POOL_SIZE, HYPSEC_DENIED },
		{ SZ_1G + 99 * SZ_2M, POOL_SIZE, HYPSEC_DENIED },	/* the tree */
		{ SZ_1G + 100 * SZ_2M, POOL_SIZE, HYPSEC_DENIED },
	};

	(void)state;
	log_lines = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(share(cases[i].base, cases[i].size), cases[i].status);
		assert_null(vm->shared);
	}
	/* Nobody reads in the log that it was shared. */
	assert_int_equal(log_lines, 0);
	/* Its signer does not allow it. */
	vm->pvm->flags = 0;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_DENIED);
	vm->pvm->flags = HYPSEC_FLAG_SHARE;
	kvm_maps(IN_POOL, PAGE_A);
	assert_true(access(WRITE, IN_POOL));
	assert_true(private(IN_POOL, PAGE_A));
	/* The first that is right ends it. */
	assert_int_equal(share(POOL + 2 * SZ_2M, POOL_SIZE), HYPSEC_OK);
	assert_int_equal(log_lines, 1);
	assert_non_null(strstr(logged, "shares 4096 KiB"));
	assert_int_equal(share(POOL + 2 * SZ_2M, POOL_SIZE), HYPSEC_STATE);
	assert_int_equal(share(POOL + 8 * SZ_2M, POOL_SIZE), HYPSEC_STATE);
	assert_false(vm_shares(vm, POOL + 8 * SZ_2M, POOL_SIZE));
}

/* Right between image and tree: what is next to them is neither. */
static void beside(void **state)
{
	struct pvm *p = vm->pvm;

	(void)state;
	p->dtb.base = p->image.base + p->image.size + POOL_SIZE;
	assert_int_equal(share(p->dtb.base - POOL_SIZE, POOL_SIZE), HYPSEC_OK);
}

static void touched_before(void **state)
{
	u64 last = ((POOL + POOL_SIZE) >> PAGE_SHIFT) - 1, done;

	(void)state;
	/* Just outside is another matter. */
	kvm_maps(last + 1, PAGE_B);
	assert_true(access(WRITE, last + 1));
	/* Private, sealed, given back. */
	kvm_maps(last, PAGE_A);
	assert_true(access(WRITE, last));
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_STATE);
	host_touches(PAGE_A);
	assert_true(sealed(last));
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_STATE);
	assert_int_equal(pvm_relinquish(vm, last << PAGE_SHIFT, 1, &done), HYPSEC_OK);
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_STATE);
	assert_int_equal(share(POOL - SZ_2M, POOL_SIZE), HYPSEC_OK);
	vm_kill(vm, "test");
	assert_int_equal(share(POOL - SZ_2M, POOL_SIZE), HYPSEC_STATE);
}

static void is_the_hosts(void **state)
{
	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	raw(PAGE_A)[17] = 0x5a;
	/* KVM has none: it is told which, and whether the guest writes; of the rest nothing. */
	assert_false(access(READ | SYNDROME, IN_POOL));
	assert_int_equal(io.esr, READ | FSC_TRANS | 1);
	assert_int_equal(io.hpfar, IPA_HPFAR(IN_POOL << PAGE_SHIFT));
	assert_int_equal(io.far, 0);
	assert_int_equal(io.out_mask, 0);
	kvm_maps(IN_POOL + 1, PAGE_B);
	assert_false(access(WRITE | SYNDROME, IN_POOL));
	assert_int_equal(io.esr, WRITE | FSC_TRANS | 3);
	/* Cache maintenance writes nothing, nor does a walk. */
	assert_false(access(WRITE | ESR_CM, IN_POOL));
	assert_int_equal(io.esr, READ | FSC_TRANS | 3);
	assert_false(access(WRITE | ESR_S1PTW, IN_POOL));
	assert_int_equal(io.esr, READ | FSC_TRANS | 3);

	kvm_maps(IN_POOL, PAGE_A);
	assert_true(access(READ, IN_POOL));
	assert_true(has_host_page(IN_POOL, PAGE_A));
	assert_int_equal(raw(PAGE_A)[17], 0x5a);
	/* Its neighbour came along. */
	assert_true(has_host_page(IN_POOL + 1, PAGE_B));
	/* Never executed. */
	assert_true(access(FETCH, IN_POOL + 2));
	assert_int_equal(aborts, 1);
	assert_true(abort_exec);
	assert_int_equal(abort_far, v->far);
	assert_false(entry(IN_POOL + 2));
	assert_int_equal(vm->private_pages, 0);
}

/* The first frame and the last are shared; the one before, the one behind, and those further on not. */
static void no_more(void **state)
{
	u64 first = POOL >> PAGE_SHIFT, end = (POOL + POOL_SIZE) >> PAGE_SHIFT;

	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	kvm_maps(first - 1, PAGE_A);
	assert_true(access(WRITE, first - 1));
	assert_true(private(first - 1, PAGE_A));
	kvm_maps(end, PAGE_B);
	assert_true(access(WRITE, end));
	assert_true(private(end, PAGE_B));
	assert_int_equal(vm->private_pages, 2);
	kvm_maps(first, (PAGE_B + PAGE_SIZE));
	assert_true(access(WRITE, first));
	assert_true(has_host_page(first, (PAGE_B + PAGE_SIZE)));
	kvm_maps(end - 1, (PAGE_B + PAGE_SIZE));
	assert_true(access(WRITE, end - 1));
	assert_true(has_host_page(end - 1, (PAGE_B + PAGE_SIZE)));
	for (u64 at = end << PAGE_SHIFT; at < 2UL * SZ_1G; at += SZ_2M)
		assert_false(vm_shares(vm, at, SZ_2M));
	for (u64 at = SZ_1G; at < POOL; at += SZ_2M)
		assert_false(vm_shares(vm, at, SZ_2M));
}

/* A call of KVM's for frames on both sides of an end takes the shared ones, and those alone. */
static void over_the_ends(void **state)
{
	u64 first = POOL >> PAGE_SHIFT, end = (POOL + POOL_SIZE) >> PAGE_SHIFT;
	u64 frame[] = { first - 1, first, first + 1, end - 2, end - 1, end };
	static const bool left[3][6] = {
		{ true, false, true, true, true, true },
		{ true, false, true, true, false, true },
		{ true, false, false, false, false, true },
	};

	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	for (unsigned int i = 0; i < ARRAY_SIZE(frame); i++) {
		kvm_maps(frame[i], PAGE_A + i * PAGE_SIZE);
		assert_true(access(WRITE, frame[i]));
	}
	for (unsigned int k = 0; k < ARRAY_SIZE(left); k++) {
		if (k < 2)
			drop(k ? end - 1 : first - 1, 2);
		else
			drop(first - 1, end - first + 2);
		for (unsigned int i = 0; i < ARRAY_SIZE(frame); i++) {
			u64 page = PAGE_A + i * PAGE_SIZE;

			if (i == 0 || i == 5)
				assert_true(private(frame[i], page));
			else if (left[k][i])
				assert_true(has_host_page(frame[i], page));
			else
				assert_int_equal(entry(frame[i]), 0);
		}
	}
	/* Another CPU could be mapping one of them. */
	expect_assert_failure(vm_drop_shared(vm, POOL, PAGE_SIZE));
}

/* A VMM has RAM where it likes, a guest shares what it likes of it: from address 0 on, too. */
static void at_zero(void **state)
{
	(void)state;
	vm->pvm->ram[0] = (struct pvm_range){ 0, SZ_1G };
	assert_int_equal(share(0, POOL_SIZE), HYPSEC_OK);
	assert_true(vm_shares(vm, 0, PAGE_SIZE));
	/* That is the one range. */
	assert_int_equal(share(0, POOL_SIZE), HYPSEC_STATE);
	assert_int_equal(share(POOL_SIZE, POOL_SIZE), HYPSEC_STATE);
	kvm_maps(POOL_SIZE >> PAGE_SHIFT, PAGE_A);
	assert_true(access(WRITE, POOL_SIZE >> PAGE_SHIFT));
	assert_true(private(POOL_SIZE >> PAGE_SHIFT, PAGE_A));
	for (u64 i = 0; i < 3; i++) {
		kvm_maps(i, PAGE_B + i * PAGE_SIZE);
		assert_true(access(WRITE, i));
		assert_true(has_host_page(i, PAGE_B + i * PAGE_SIZE));
	}
	drop(1, 2);
	assert_true(has_host_page(0, PAGE_B));
	assert_int_equal(entry(1) | entry(2), 0);
	drop(0, 1);
	assert_int_equal(entry(0), 0);
}

/* The page is the zero page, or KSM's: a store is KVM's to answer, by another page. */
static void read_only(void **state)
{
	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	kvm_maps(IN_POOL, PAGE_A);
	*kvm_entry(&id, IN_POOL << PAGE_SHIFT, 3) &= ~S2_W;
	assert_true(access(READ, IN_POOL));
	assert_false(entry(IN_POOL) & S2_W);
	assert_false(access(WRITE, IN_POOL));
	assert_int_equal(io.esr, WRITE | FSC_PERM | 3);
	kvm_maps(IN_POOL, PAGE_B);
	drop(IN_POOL, 1);
	assert_true(access(WRITE, IN_POOL));
	assert_true(has_host_page(IN_POOL, PAGE_B));
	/* Old: its first use is for KVM to see. */
	kvm_maps(IN_POOL + 1, PAGE_A);
	*kvm_entry(&id, (IN_POOL + 1) << PAGE_SHIFT, 3) &= ~PTE_AF;
	assert_false(access(READ, IN_POOL + 1));
	assert_int_equal(io.esr, READ | FSC_ACCESS | 3);
}

/*
 * The guest has tables there. A walk reads them; one that a permission stops is about to set a
 * flag: the page that KVM then has is one that may be written.
 */
static void walks(void **state)
{
	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	kvm_maps(IN_POOL, PAGE_A);
	*kvm_entry(&id, IN_POOL << PAGE_SHIFT, 3) &= ~S2_W;
	for (int wnr = 0; wnr < 2; wnr++) {
		u64 esr = (wnr ? WRITE : READ) | ESR_S1PTW;

		assert_true(faults(esr | FSC_TRANS | 3, IN_POOL));
		assert_false(entry(IN_POOL) & S2_W);
		assert_false(faults(esr | FSC_PERM | 3, IN_POOL));
		assert_int_equal(io.esr, WRITE | FSC_PERM | 3);
	}
	/* Maintenance by address that a permission stops is none. */
	assert_true(faults(WRITE | ESR_CM | FSC_PERM | 3, IN_POOL));
	assert_false(entry(IN_POOL) & S2_W);
}

/* A block of KVM's is mapped by the page: blocks of this table are private ones. */
static void block_of_kvms(void **state)
{
	u64 pages = GUEST_PAGES + SZ_2M;

	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	*kvm_entry(&id, POOL, 2) = (pages | PAGE_RWX) & ~S2_TABLE;
	assert_true(access(WRITE, IN_POOL));
	assert_true(has_host_page(IN_POOL, pages + 5 * PAGE_SIZE));
	assert_int_equal(vm->s2.held, 0);
}

/* What is private next to the range may be a block. */
static void block_beside(void **state)
{
	u64 pages = GUEST_PAGES + SZ_2M;

	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	*kvm_entry(&id, POOL - SZ_2M, 2) = (pages | PAGE_RWX) & ~S2_TABLE;
	assert_true(access(WRITE, (POOL >> PAGE_SHIFT) - 1));
	assert_int_equal(vm->s2.held, 1);
	assert_int_equal(vm->private_pages, PAGES_2M);
}

/* What the host maps there and has no right to, the guest does not get, nor any other VM's data. */
static void not_the_hosts(void **state)
{
	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	/* A private page of the guest's own. */
	kvm_maps(FRAME, PAGE_A);
	assert_true(access(WRITE, FRAME));
	assert_true(private(FRAME, PAGE_A));
	kvm_maps(IN_POOL, PAGE_A);
	assert_true(access(READ, IN_POOL));
	assert_false(entry(IN_POOL));
	assert_true(sealed(FRAME));
	assert_true(access(READ, IN_POOL));
	assert_true(has_host_page(IN_POOL, PAGE_A));
	/* The core's. */
	drop_all();
	assert_int_equal(own_donate(PA(PAGE_B)), HYPSEC_OK);
	kvm_maps(IN_POOL + 1, PAGE_B);
	assert_true(access(READ, IN_POOL + 1));
	assert_int_equal(aborts, 1);
	assert_false(entry(IN_POOL + 1));
	assert_int_equal(own_reclaim(PA(PAGE_B)), HYPSEC_OK);
}

/* A page that was shared becomes private to somebody: this guest has lost it first. */
static void epoch(void **state)
{
	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	kvm_maps(IN_POOL, PAGE_A);
	kvm_maps(FRAME, PAGE_B);
	assert_true(access(WRITE, FRAME));
	assert_true(access(WRITE, IN_POOL));
	assert_int_equal(own_claim(PA(PAGE_A), 50, 1, true), HYPSEC_EPOCH);
	drop_all();
	assert_false(entry(IN_POOL));
	assert_false(tlb_stale(~0UL));
	assert_true(private(FRAME, PAGE_B));
	assert_int_equal(own_claim(PA(PAGE_A), 50, 1, true), HYPSEC_OK);
	/* It is offered again, and is none of the host's now. */
	assert_true(access(READ, IN_POOL));
	assert_false(entry(IN_POOL));
	assert_int_equal(own_return(PA(PAGE_A), 50, 1), HYPSEC_OK);
	/* The same by its own other frame: a page is not private and shared at once. */
	assert_true(access(READ, IN_POOL));
	assert_true(has_host_page(IN_POOL, PAGE_A));
	kvm_maps(FRAME + 1, PAGE_A);
	assert_true(access(WRITE, FRAME + 1));
	assert_true(private(FRAME + 1, PAGE_A));
	assert_false(entry(IN_POOL));
}

/* KVM's calls have nothing to seal there; RELINQUISH gives nothing back; the VM's end neither. */
static void is_not_private(void **state)
{
	u64 start = POOL, size = POOL_SIZE, done = 7;

	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	kvm_maps(IN_POOL, PAGE_A);
	assert_true(access(WRITE, IN_POOL));
	raw(PAGE_A)[9] = 0x77;
	kvm_maps(IN_POOL, 0);
	assert_int_equal(pvm_invalidate(vm, &start, &size), HYPSEC_OK);
	assert_int_equal(seals, 0);
	assert_int_equal(pvm_relinquish(vm, IN_POOL << PAGE_SHIFT, 1, &done), HYPSEC_RANGE);
	assert_int_equal(pvm_relinquish(vm, POOL, 512, &done), HYPSEC_RANGE);
	assert_int_equal(done, 0);
	assert_true(has_host_page(IN_POOL, PAGE_A));
	vm_kill(vm, "test");
	assert_null(vm->shared);
	assert_int_equal(raw(PAGE_A)[9], 0x77);
	assert_int_equal(vm->private_pages, 0);
	assert_false(tlb_stale(~0UL));
}

static unsigned int locks;

static void count_locks(const struct spinlock *l)
{
	locks += l == &vm->lock;
}

/*
 * Others hold the VM's lock over 2 MiB that they zero: a fault waits for it once, and looks for
 * the host's interrupts meanwhile.
 */
static void waits_once(void **state)
{
	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	kvm_maps(IN_POOL, PAGE_A);
	vm->lock.holder = 2;
	irq_after = 3;
	assert_false(access(READ, IN_POOL));
	assert_int_equal(code, EXIT_IRQ);
	assert_int_equal(irq_after, -1);
	vm->lock.holder = 0;
	locks = 0;
	lock_hook = count_locks;
	assert_true(access(READ, IN_POOL));
	lock_hook = NULL;
	assert_int_equal(locks, 1);
	assert_true(has_host_page(IN_POOL, PAGE_A));
}

/* No page for a table: it waits, and loses nothing for it. */
static void empty_pool(void **state)
{
	(void)state;
	assert_int_equal(share(POOL, POOL_SIZE), HYPSEC_OK);
	kvm_maps(FRAME, PAGE_B);
	assert_true(access(WRITE, FRAME));
	kvm_maps(IN_POOL, PAGE_A);
	hog_all();
	assert_false(access(READ, IN_POOL));
	assert_int_equal(io.esr, HYPSEC_ESR_WAIT);
	assert_true(private(FRAME, PAGE_B));
	hog_none();
	assert_true(access(READ, IN_POOL));
	assert_true(has_host_page(IN_POOL, PAGE_A));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SHARED_TEST(refused), SHARED_TEST(beside), SHARED_TEST(touched_before),
		SHARED_TEST(is_the_hosts), SHARED_TEST(no_more),
		SHARED_TEST(over_the_ends), SHARED_TEST(at_zero),
		SHARED_TEST(walks), SHARED_TEST(read_only), SHARED_TEST(block_of_kvms),
		SHARED_TEST(block_beside), SHARED_TEST(not_the_hosts),
		SHARED_TEST(epoch), SHARED_TEST(waits_once), SHARED_TEST(is_not_private), SHARED_TEST(empty_pool),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
