// SPDX-License-Identifier: GPL-2.0-only
/* The pool of pages; the RAM map and the install parameters it comes from. */
#include "test.h"
#include "machine.h"
#include "base/core.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"
#include "base/check.h"

#define LINEAR		0xffff000000000000UL		/* of MEM_BASE */

static int boot(void **state)
{
	(void)state;
	machine_reset(2);
	machine_boot();
	return 0;
}

/* --- pool --- */

static void test_pool_pages(void **state)
{
	static u64 *page[1024];
	u64 n = pool_account(HYPSEC_ACC_FREE), i, k;

	(void)state;
	/* The bitmap is accounted, and the sum is the region's pool. */
	assert_int_equal(n + pool_account(HYPSEC_ACC_IMAGE) + pool_account(HYPSEC_ACC_HOST_S2),
			 (REGION_SIZE - IMAGE_SIZE) / PAGE_SIZE);
	for (i = 0; (page[i] = pool_alloc(HYPSEC_ACC_VM)); i++) {
		u64 pa = core_pa(page[i]).v;

		assert_true(pa >= REGION + IMAGE_SIZE && pa < REGION + REGION_SIZE);
		for (k = 0; k < 512; k++)
			assert_int_equal(page[i][k], 0);
		page[i][0] = page[i][511] = pa;		/* two owners would show */
	}
	assert_int_equal(i, n - POOL_RESERVE);
	assert_int_equal(pool_account(HYPSEC_ACC_VM), i);
	assert_null(pool_alloc_contig(1, HYPSEC_ACC_VM));
	while (i--) {
		assert_int_equal(page[i][0], core_pa(page[i]).v);
		assert_int_equal(page[i][511], core_pa(page[i]).v);
		pool_free(page[i], HYPSEC_ACC_VM);
	}
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), n);
	assert_int_equal(pool_account(HYPSEC_ACC_VM), 0);
	assert_int_equal(pool_account(HYPSEC_ACC_COUNT), 0);
	assert_int_equal(pool_account(-1), 0);
}

static void test_pool_contig(void **state)
{
	u64 n = pool_account(HYPSEC_ACC_FREE), i;
	static void *hog[1024];
	unsigned int order;
	struct s2 s2;
	void *one = pool_alloc(HYPSEC_ACC_VM);		/* breaks the alignment */

	(void)state;
	for (order = 0; order <= 4; order++) {
		u64 *p = pool_alloc_contig(order, HYPSEC_ACC_VM);

		assert_non_null(p);
		assert_int_equal(core_pa(p).v & ((PAGE_SIZE << order) - 1), 0);
		for (i = 0; i < 512UL << order; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, PAGE_SIZE << order);
		for (i = 0; i < 1UL << order; i++)
			pool_free((char *)p + i * PAGE_SIZE, HYPSEC_ACC_VM);
	}
	pool_free(one, HYPSEC_ACC_VM);
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), n);
	/* The pool has 3 MiB, and one naturally aligned 2 MiB range in it. */
	one = pool_alloc_contig(9, HYPSEC_ACC_VM);
	assert_non_null(one);
	assert_null(pool_alloc_contig(9, HYPSEC_ACC_VM));
	for (i = 0; i < 512; i++)
		pool_free((char *)one + i * PAGE_SIZE, HYPSEC_ACC_VM);
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), n);

	/* A dropped table in the way is freed first. */
	assert_int_equal(s2_init(&s2, 39, 1, HYPSEC_ACC_VM_S2), HYPSEC_OK);
	for (i = 0; i < 40; i++)
		assert_int_equal(s2_map(&s2, i * SZ_2M, PA(MEM_BASE), PAGE_SIZE, S2_R), HYPSEC_OK);
	for (i = 0; (hog[i] = pool_alloc(HYPSEC_ACC_VM)); i++)
		;
	assert_null(pool_alloc_contig(4, HYPSEC_ACC_VM));
	s2_destroy(&s2);
	one = pool_alloc_contig(4, HYPSEC_ACC_VM);
	assert_non_null(one);
	assert_in_range(pool_account(HYPSEC_ACC_VM_S2), 1, 41);
	while (i--)
		pool_free(hog[i], HYPSEC_ACC_VM);
	for (i = 0; i < 16; i++)
		pool_free((char *)one + i * PAGE_SIZE, HYPSEC_ACC_VM);
	while (trash_step(1))
		;
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), n);
}

/* Donated pages: more than two groups of them, taken back in any order. */
#define DONATED	1300
#define DONATED_BASE (MEM_BASE + 20 * SZ_2M)

static void test_pool_donated(void **state)
{
	static u64 *page[3000];
	static bool back[DONATED];
	u64 n = pool_account(HYPSEC_ACC_FREE), s2 = pool_account(HYPSEC_ACC_HOST_S2), used, i, k;
	u64 left = DONATED;

	(void)state;
	for (i = 0; i < DONATED; i++)
		assert_int_equal(own_donate(PA(DONATED_BASE + i * PAGE_SIZE)), HYPSEC_OK);
	used = pool_account(HYPSEC_ACC_HOST_S2) - s2;
	assert_int_equal(used, 3);		/* three 2 MiB blocks were split */
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), n + DONATED - used);

	/*
	 * A full group ends where it should: the page behind it is one of its own. And it is found in
	 * as many steps as there are groups.
	 */
	counts_reset();
	assert_int_equal(own_reclaim(PA(DONATED_BASE + PAGE_SIZE)), HYPSEC_OK);
	assert_in_range(counts.core_pa, 1, 10);
	assert_int_equal(own_donate(PA(DONATED_BASE + PAGE_SIZE)), HYPSEC_OK);

	/* In use: none can be had back, whatever its owner writes in it. */
	for (i = 0; (page[i] = pool_alloc(HYPSEC_ACC_VM)); i++) {
		for (k = 0; k < 512; k++)
			assert_int_equal(page[i][k], 0);
		for (k = 0; k < 512; k++)
			page[i][k] = test_rand() % 3 ? core_pa(page[0]).v : test_rand() % 511;
	}
	assert_int_equal(i, n + DONATED - used - POOL_RESERVE);
	for (k = 0; k < DONATED; k++) {
		bool in_use = false;
		u64 j, pa = DONATED_BASE + k * PAGE_SIZE;

		for (j = 0; j < i; j++)
			in_use |= core_pa(page[j]).v == pa;
		back[k] = !in_use;
		assert_int_equal(own_reclaim(PA(pa)), in_use ? HYPSEC_BUSY : HYPSEC_OK);
		left -= !in_use;
	}
	assert_in_range(left, DONATED - POOL_RESERVE, DONATED);
	while (i--)
		pool_free(page[i], HYPSEC_ACC_VM);

	/* Free: each once, in random order, mixed with use. */
	while (left) {
		u64 *p = pool_alloc(HYPSEC_ACC_VM);

		k = test_rand() % DONATED;
		while (back[k])
			k = (k + 1) % DONATED;
		if (own_reclaim(PA(DONATED_BASE + k * PAGE_SIZE)) == HYPSEC_OK) {
			back[k] = true;
			left--;
			for (i = 0; i < PAGE_SIZE; i++)
				assert_int_equal(raw(DONATED_BASE + k * PAGE_SIZE)[i], 0);
			assert_true(host_can(DONATED_BASE + k * PAGE_SIZE, true, true));
		}
		assert_int_equal(own_reclaim(PA(DONATED_BASE + k * PAGE_SIZE)), back[k] ?
				 HYPSEC_DENIED : HYPSEC_BUSY);
		p[test_rand() % 512] = test_rand();
		pool_free(p, HYPSEC_ACC_VM);
	}
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), n);
	assert_int_equal(pool_account(HYPSEC_ACC_HOST_S2), s2);
}

/* Pages that are held are in the pool, and nobody's to take: not the host's either. */
static void test_pool_held(void **state)
{
	u64 n;
	void *page;
	(void)state;

	assert_int_equal(own_donate(PA(DONATED_BASE)), HYPSEC_OK);
	pool_reserve_open();
	n = pool_account(HYPSEC_ACC_FREE);
	assert_false(pool_hold(n + 1));
	assert_true(pool_hold(n));
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), 0);
	assert_null(pool_alloc(HYPSEC_ACC_VM));
	assert_int_equal(own_reclaim(PA(DONATED_BASE)), HYPSEC_BUSY);
	page = pool_alloc_held(HYPSEC_ACC_VM);
	assert_non_null(page);
	assert_int_equal(pool_account(HYPSEC_ACC_HELD), n - 1);
	pool_free_held(page, HYPSEC_ACC_VM);
	pool_unhold(n);
	pool_reserve_close();
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), n);
	assert_int_equal(own_reclaim(PA(DONATED_BASE)), HYPSEC_OK);
}

/* --- the RAM map --- */

static void test_ram(void **state)
{
	struct hypsec_ram r;

	(void)state;
	assert_true(pa_is_ram(PA(MEM_BASE), 1));
	assert_true(pa_is_ram(PA(MEM_BASE), RAM_END - MEM_BASE));	/* two ranges, joined */
	assert_false(pa_is_ram(PA(MEM_BASE), RAM_END - MEM_BASE + 1));
	assert_false(pa_is_ram(PA(MEM_BASE - 1), 2));
	assert_false(pa_is_ram(PA(MEM_BASE), 0));
	assert_false(pa_is_ram(PA(MEM_BASE), ~0UL));
	assert_false(pa_is_ram(PA(~0UL), 2));
	assert_true(pa_is_ram(PA(0x200000000UL), 0x5000));
	assert_false(pa_touches_ram(PA(0), MEM_BASE));
	assert_true(pa_touches_ram(PA(0), MEM_BASE + 1));
	assert_true(pa_touches_ram(PA(RAM_END - 1), 1));
	assert_false(pa_touches_ram(PA(RAM_END), SZ_2M));
	assert_true(pa_touches_ram(PA(RAM_END), SZ_1G * 4));
	assert_true(pa_touches_ram(PA(~0UL - 5), 100));
	assert_true(ram_range(0, &r) && r.base == MEM_BASE && r.size == RAM_END - MEM_BASE);
	assert_true(ram_range(1, &r) && r.base == 0x200000000UL && r.size == 0x5000);
	assert_false(ram_range(2, &r));
	assert_int_equal(pa_limit, 1UL << 40);
}

static void test_bad_install(void **state)
{
	struct hypsec_install in;
#define BAD(f, v) { offsetof(struct hypsec_install, f), sizeof(in.f), v }
	static const struct {
		size_t at, size;
		u64 v;
	} bad[] = {
		BAD(nr_ram, 0),
		BAD(nr_ram, HYPSEC_MAX_RAM + 1),
		BAD(nr_ram, ~0U),
		BAD(ram[1].base, MEM_BASE + 0x1233000),	/* overlap */
		BAD(ram[2].base, 0x1000),			/* order */
		BAD(ram[0].size, 0x1234001),
		BAD(ram[0].base, MEM_BASE + 0x800),
		BAD(ram[2].size, 0),
		BAD(ram[2].size, 1UL << 40),			/* past the PA space */
		BAD(ram[2].size, ~0UL << 12),
		BAD(region, REGION + PAGE_SIZE),
		BAD(region, RAM_END),
		BAD(region, 0),
		BAD(region_size, 0),
		BAD(region_size, REGION_SIZE + PAGE_SIZE),
		BAD(region_size, 1UL << 41),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		machine_install_params(&in);
		memcpy((char *)&in + bad[i].at, &bad[i].v, bad[i].size);
		assert_int_equal(host_s2_init(&in), HYPSEC_INVALID);
	}
	/* And nothing was taken over. */
	test_ram(state);

	machine_install_params(&in);
	in.nr_ram = 0;
	assert_int_equal(ram_init(&in), HYPSEC_INVALID);
	in.nr_ram = 1;
	assert_int_equal(ram_init(&in), HYPSEC_OK);
	/* One range more than there is room for, although what follows the map would do. */
	machine_install_params(&in);
	in.nr_ram = HYPSEC_MAX_RAM + 1;
	for (i = 0; i < HYPSEC_MAX_RAM; i++)
		in.ram[i] = (struct hypsec_ram){ MEM_BASE + i * SZ_2M, PAGE_SIZE };
	in.exec[0] = (struct hypsec_ram){ MEM_BASE + i * SZ_2M, PAGE_SIZE };
	assert_int_equal(ram_init(&in), HYPSEC_INVALID);
	in.nr_ram = HYPSEC_MAX_RAM;
	assert_int_equal(ram_init(&in), HYPSEC_OK);
	machine_install_params(&in);
	assert_int_equal(ram_init(&in), HYPSEC_OK);
	test_ram(state);
}

static void test_kva(void **state)
{
	pa_t pa = PA(99);

	(void)state;
	assert_int_equal(kva_to_pa(KVA(LINEAR + 0x1234), 8, &pa), HYPSEC_OK);
	assert_int_equal(pa.v, MEM_BASE + 0x1234);
	pa = PA(99);
	assert_int_equal(kva_to_pa(KVA(0), 8, &pa), HYPSEC_RANGE);
	assert_int_equal(kva_to_pa(KVA(LINEAR - 1), 8, &pa), HYPSEC_RANGE);
	assert_int_equal(kva_to_pa(KVA(LINEAR - MEM_BASE), 8, &pa), HYPSEC_RANGE);
	assert_int_equal(kva_to_pa(KVA(~0UL), 8, &pa), HYPSEC_RANGE);
	assert_int_equal(kva_to_pa(KVA(~0UL - 3), 8, &pa), HYPSEC_RANGE);
	assert_int_equal(kva_to_pa(KVA(LINEAR), 0, &pa), HYPSEC_RANGE);
	assert_int_equal(kva_to_pa(KVA(LINEAR), ~0UL, &pa), HYPSEC_RANGE);
	assert_int_equal(kva_to_pa(KVA(LINEAR + RAM_END - MEM_BASE - 4), 8, &pa), HYPSEC_RANGE);
	assert_int_equal(pa.v, 99);
}

/* KASAN's tags, or MTE's, are in the top byte; bit 55 says whose half the address is in. */
static void test_kva_tags(void **state)
{
	const u64 va = LINEAR + 0x1234;
	unsigned int tag;
	pa_t pa;

	(void)state;
	for (tag = 0; tag < 256; tag++) {
		u64 tagged = (va & GENMASK(55, 0)) | (u64)tag << 56;

		pa = PA(99);
		assert_int_equal(KVA(tagged).v, va);
		assert_int_equal(kva_to_pa(KVA(tagged), 8, &pa), HYPSEC_OK);
		assert_int_equal(pa.v, MEM_BASE + 0x1234);
		/* The user's half, as far away as the top byte can hide it. */
		pa = PA(99);
		tagged &= ~BIT(55);
		assert_int_equal(kva_to_pa(KVA(tagged), 8, &pa), HYPSEC_RANGE);
		assert_int_equal(pa.v, 99);
	}
	assert_int_equal(KVA(0).v, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool_pages),
		cmocka_unit_test(test_pool_contig),
		cmocka_unit_test(test_pool_donated),
		cmocka_unit_test(test_pool_held),
		cmocka_unit_test(test_ram),
		cmocka_unit_test(test_bad_install),
		cmocka_unit_test(test_kva),
		cmocka_unit_test(test_kva_tags),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
