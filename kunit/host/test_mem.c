// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool, slots, the RAM map, and the host's stage 2 as built and as it grows on
 * faults; on a CPU with 40 bits of physical address (concatenated root).
 */
#include "test.h"
#include "machine.h"
#include "boot.h"
#include "check.h"
#include "vcpu.h"

#define HOST_PAGE	(MEM_BASE + 3 * SZ_2M + 5 * PAGE_SIZE)
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
	unsigned int order;
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
	unsigned int i;

	(void)state;
	for (i = 0; i < 13; i++) {
		machine_install_params(&in);
		switch (i) {
		case 0: in.nr_ram = 0; break;
		case 1: in.nr_ram = HYPSEC_MAX_RAM + 1; break;
		case 2: in.ram[1].base -= PAGE_SIZE; break;		/* overlap */
		case 3: in.ram[2].base = 0x1000; break;			/* order */
		case 4: in.ram[0].size += 1; break;
		case 5: in.ram[0].base += 0x800; break;
		case 6: in.ram[2].size = 0; break;
		case 7: in.ram[2].size = 1UL << 40; break;		/* past the PA space */
		case 8: in.ram[2].size = ~0UL << 12; break;
		case 9: in.region = MEM_BASE + PAGE_SIZE; break;
		case 10: in.region_size = 0; break;
		case 11: in.region = RAM_END; break;
		case 12: in.region_size = 1UL << 41; break;
		}
		assert_int_equal(host_s2_init(&in), HYPSEC_INVALID);
	}
	/* And nothing was taken over. */
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

/* --- slots --- */

static void test_slots(void **state)
{
	u8 *p, *q;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3 * PAGE_SIZE; i++)
		raw(HOST_PAGE)[i] = test_rand();
	assert_true(slots_empty());
	p = slot_map(SLOT_VCPU, PA(HOST_PAGE + 0x123), 2 * PAGE_SIZE);
	assert_non_null(p);
	assert_false(slots_empty());
	assert_memory_equal(p, raw(HOST_PAGE + 0x123), 2 * PAGE_SIZE);
	/* Two slots at once, and the same page in both. */
	q = slot_map(SLOT_FP, PA(HOST_PAGE + PAGE_SIZE), PAGE_SIZE);
	assert_ptr_not_equal(p, q);
	q[0] ^= 0xff;
	assert_int_equal(p[PAGE_SIZE - 0x123], raw(HOST_PAGE + PAGE_SIZE)[0]);
	/* All of the pages are held, no other. */
	for (i = 0; i < 5; i++) {
		bool held;

		spin_lock(&host_s2_lock);
		held = slot_holds(PA(HOST_PAGE + i * PAGE_SIZE - PAGE_SIZE));
		spin_unlock(&host_s2_lock);
		assert_int_equal(held, i >= 1 && i <= 3);
	}
	slot_unmap(SLOT_VCPU);
	slot_unmap(SLOT_FP);
	assert_true(slots_empty());

	/* As many pages as there are, and one too many. */
	assert_non_null(slot_map(SLOT_WALK, PA(HOST_PAGE), SLOT_PAGES * PAGE_SIZE));
	slot_unmap(SLOT_WALK);
	assert_null(slot_map(SLOT_WALK, PA(HOST_PAGE + 1), SLOT_PAGES * PAGE_SIZE));
	assert_null(slot_map(SLOT_WALK, PA(HOST_PAGE), 0));
	assert_null(slot_map(SLOT_WALK, PA(HOST_PAGE), ~0UL));
	assert_null(slot_map(SLOT_WALK, PA(~0UL), 8));
	assert_null(slot_map(SLOT_WALK, PA(RAM_END - 4), 8));
	assert_null(slot_map(SLOT_WALK, PA(REGION), 8));
	assert_null(slot_map(SLOT_WALK, PA(REGION - 4), 8));
	assert_null(slot_map(SLOT_WALK, PA(REGION + REGION_SIZE - 4), 8));
	assert_null(slot_map(SLOT_WALK, PA(DEVICE), 8));
	assert_true(slots_empty());

	/* Round the window, many times: fake/hw.c watches each reuse. */
	counts_reset();
	for (i = 0; i < 3000; i++) {
		u64 pages = 1 + test_rand() % SLOT_PAGES;

		p = slot_map(SLOT_COPY, PA(HOST_PAGE + (i % 7) * PAGE_SIZE), pages * PAGE_SIZE);
		assert_int_equal(p[0], raw(HOST_PAGE + (i % 7) * PAGE_SIZE)[0]);
		slot_unmap(SLOT_COPY);
	}
	assert_in_range(counts.alle2is, 3000 / 100, 3000 / 8);
}

static void test_copy(void **state)
{
	static u8 buf[20 * PAGE_SIZE];
	size_t n;

	(void)state;
	test_fill(raw(HOST_PAGE), sizeof(buf));
	for (n = 0; n <= sizeof(buf) - 777; n = n * 3 + 1) {
		memset(buf, 0, sizeof(buf));
		assert_int_equal(copy_from_host(buf, PA(HOST_PAGE + 777), n), HYPSEC_OK);
		assert_memory_equal(buf, raw(HOST_PAGE + 777), n);
		assert_int_equal(buf[n], 0);
	}
	test_fill(buf, sizeof(buf));
	assert_int_equal(copy_to_host(PA(HOST_PAGE + 5), buf, 10 * PAGE_SIZE), HYPSEC_OK);
	assert_memory_equal(raw(HOST_PAGE + 5), buf, 10 * PAGE_SIZE);

	assert_int_equal(copy_from_host(buf, PA(DEVICE), 8), HYPSEC_RANGE);
	assert_int_equal(copy_from_host(buf, PA(RAM_END - 4), 8), HYPSEC_RANGE);
	assert_int_equal(copy_from_host(buf, PA(MEM_BASE), ~0UL), HYPSEC_RANGE);
	assert_int_equal(copy_to_host(PA(~0UL), buf, 8), HYPSEC_RANGE);
	assert_int_equal(copy_from_host(buf, PA(REGION), 8), HYPSEC_DENIED);
	assert_int_equal(copy_to_host(PA(REGION - 4), buf, 8), HYPSEC_DENIED);
	assert_int_equal(own_claim(PA(HOST_PAGE + PAGE_SIZE), 1, 1, true), HYPSEC_OK);
	assert_int_equal(copy_from_host(buf, PA(HOST_PAGE), 2 * PAGE_SIZE), HYPSEC_DENIED);
	assert_int_equal(copy_to_host(PA(HOST_PAGE), buf, 2 * PAGE_SIZE), HYPSEC_DENIED);
	assert_int_equal(raw(HOST_PAGE + PAGE_SIZE)[0], 0);
	assert_int_equal(own_return(PA(HOST_PAGE + PAGE_SIZE), 1, 1), HYPSEC_OK);
	assert_true(slots_empty());
}

/* --- the host's stage 2 --- */

static void test_host_table(void **state)
{
	u64 pa;

	(void)state;
	assert_int_equal(host_s2.root_order, 1);	/* 40 bits, no level 0 */
	for (pa = 0; pa < 0x200010000UL; pa += pa < 0x48000000UL ? PAGE_SIZE : 0x7f5000) {
		bool ram = (pa >= MEM_BASE && pa < RAM_END) ||
			   (pa >= 0x200000000UL && pa < 0x200005000UL);
		bool core = pa >= REGION && pa < REGION + REGION_SIZE;

		assert_int_equal(host_can(pa, true, true), ram && !core);
	}
	/* In the largest blocks there are. */
	assert_int_equal(s2_lookup(&host_s2, 2 * SZ_1G).level, 1);
	assert_int_equal(s2_lookup(&host_s2, 3 * SZ_1G).level, 1);
	assert_int_equal(s2_lookup(&host_s2, MEM_BASE + 0x1234000).level, 2);
	assert_int_equal(s2_lookup(&host_s2, RAM_END - 1).level, 2);
	assert_int_equal(s2_lookup(&host_s2, 0x200004000UL).level, 3);
	assert_int_equal(s2_lookup(&host_s2, REGION).level, 2);
	assert_int_equal(s2_lookup(&host_s2, REGION).pte, ANN_CORE);
	assert_int_equal(s2_lookup(&host_s2, 1UL << 40).pte, 0);
	/* Root (2 pages), 2 level-2 tables, and two for the range of 5 pages. */
	assert_int_equal(pool_account(HYPSEC_ACC_HOST_S2), 6);
}

enum { DATA = 0x24, CODE = 0x20 };

/* A fault as hardware reports it. */
static void fault(u32 ec, u32 fsc, u64 pa)
{
	u64 far = 0xffff800012340000UL | (pa & ~PAGE_MASK);

	injected = touched = 0;
	write_sysreg(far, FAR_EL2);
	/* NS, which is not part of the address. */
	write_sysreg((pa >> PAGE_SHIFT) << 4 | BIT(63), HPFAR_EL2);
	write_sysreg(0x5, SPSR_EL2);
	/* ISS2 is above EC. */
	host_abort((u64)ec << 26 | BIT(25) | fsc | BIT(36));
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_false(this_cpu()->pool_reserve);
	if (injected)
		assert_int_equal(injected_far, far);
}

static void test_device_faults(void **state)
{
	(void)state;
	assert_false(host_can(DEVICE, false, false));
	fault(DATA, 0x06, DEVICE + 0x18);
	assert_int_equal(injected + touched, 0);
	assert_true(host_can(DEVICE, true, false));
	assert_false(host_can(DEVICE, false, true));
	assert_int_equal(s2_lookup(&host_s2, DEVICE).level, 1);	/* [0, 1 GiB) has no RAM */
	assert_int_equal(s2_lookup(&host_s2, DEVICE).pte & S2_MEMATTR, S2_MEMATTR_WB);
	/* After the end of RAM, in the same GiB. */
	fault(DATA, 0x05, RAM_END + 5 * PAGE_SIZE);
	assert_int_equal(injected, 0);
	assert_int_equal(s2_lookup(&host_s2, RAM_END + 5 * PAGE_SIZE).level, 2);
	assert_false(host_can(RAM_END + SZ_2M, false, false));
	/* In the same 2 MiB as some RAM. */
	fault(DATA, 0x07, 0x200005000UL);
	assert_int_equal(injected, 0);
	assert_int_equal(s2_lookup(&host_s2, 0x200005000UL).level, 3);
	assert_false(host_can(0x200006000UL, false, false));
	assert_true(host_can(0x200004000UL, true, true));	/* RAM as it was */
	/* Mapped already, by another CPU: try again. */
	fault(DATA, 0x06, DEVICE);
	assert_int_equal(injected + touched, 0);
	/* Code from a device: a permission fault, HPFAR_EL2 says nothing. */
	fault(CODE, 0x0f, MEM_BASE);
	assert_int_equal(injected, 1);
	assert_true(injected_exec);
}

static void test_faults_refused(void **state)
{
	static const u64 core[] = { REGION, REGION + 0xff8, REGION + IMAGE_SIZE,
				    REGION + REGION_SIZE - 1 };
	static const u32 fsc[] = { 0x04, 0x05, 0x06, 0x07 };
	unsigned int i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(core); i++) {
		for (k = 0; k < ARRAY_SIZE(fsc); k++) {
			fault(DATA, fsc[k], core[i]);
			assert_int_equal(injected, 1);
			assert_false(injected_exec);
			assert_false(injected_el0);
			fault(CODE, fsc[k], core[i]);
			assert_true(injected == 1 && injected_exec);
			fault(DATA, fsc[k] | 1 << 7, core[i]);	/* a stage 1 table there */
			assert_int_equal(injected, 1);
			assert_int_equal(touched, 0);
		}
	}
	assert_int_equal(s2_lookup(&host_s2, REGION).pte, ANN_CORE);
	/* Past the PA space, and the codes that are not translation faults. */
	fault(DATA, 0x04, 1UL << 40);
	assert_int_equal(injected, 1);
	fault(DATA, 0x04, (1UL << 52) - PAGE_SIZE);
	assert_int_equal(injected, 1);
	for (i = 0; i < 64; i++) {
		if ((i & 0x3c) == 0x04)
			continue;
		counts_reset();
		fault(DATA, i, DEVICE);
		assert_int_equal(injected, i != 0x30);
		assert_int_equal(counts.vmalls12e1, i == 0x30);	/* TLB conflict */
	}
	/* From EL0. */
	write_sysreg(0, SPSR_EL2);
	injected = 0;
	write_sysreg((REGION >> PAGE_SHIFT) << 4, HPFAR_EL2);
	host_abort((u64)DATA << 26 | 0x06);
	assert_true(injected == 1 && injected_el0);
}

static void test_private_fault(void **state)
{
	(void)state;
	assert_int_equal(own_claim(PA(HOST_PAGE), 5, 0x777, true), HYPSEC_OK);
	fault(DATA, 0x07, HOST_PAGE + 0x10);
	assert_int_equal(injected, 0);
	assert_int_equal(touched, 1);
	assert_int_equal(touched_pa, HOST_PAGE);
	assert_int_equal(touched_info.state, PG_PRIVATE);
	assert_int_equal(touched_info.vm, 5);
	assert_int_equal(touched_info.frame, 0x777);
	fault(DATA, 0x07 | 1 << 7, HOST_PAGE);
	assert_int_equal(touched, 1);
	assert_int_equal(own_return(PA(HOST_PAGE), 5, 0x777), HYPSEC_OK);
	fault(DATA, 0x07, HOST_PAGE);		/* too late: retry */
	assert_int_equal(injected + touched, 0);

	assert_int_equal(own_donate(PA(HOST_PAGE)), HYPSEC_OK);
	fault(DATA, 0x07, HOST_PAGE);
	assert_int_equal(injected, 1);
	assert_int_equal(own_reclaim(PA(HOST_PAGE)), HYPSEC_OK);
}

/* RAM with no entry is nobody's: least authority, not the host's by default. */
static void test_zero_is_nobody(void **state)
{
	u64 old;

	(void)state;
	assert_int_equal(s2_split(&host_s2, HOST_PAGE, 3), HYPSEC_OK);
	old = s2_lookup(&host_s2, HOST_PAGE).pte;
	s2_replace(&host_s2, HOST_PAGE, old, 0);
	assert_int_equal(own_lookup(PA(HOST_PAGE)).state, PG_NONE);
	fault(DATA, 0x07, HOST_PAGE);
	assert_int_equal(injected, 1);
	assert_int_equal(s2_lookup(&host_s2, HOST_PAGE).pte, 0);
	assert_null(slot_map(SLOT_COPY, PA(HOST_PAGE), 1));
	assert_int_equal(own_claim(PA(HOST_PAGE), 1, 1, true), HYPSEC_RANGE);
	s2_replace(&host_s2, HOST_PAGE, 0, old);
	s2_merge(&host_s2, HOST_PAGE, 0);
	assert_int_equal(s2_lookup(&host_s2, HOST_PAGE).level, 2);
}

/* The moving CPU has panicked: no endless retry. */
static void test_broken(void **state)
{
	u64 old;

	(void)state;
	assert_int_equal(s2_split(&host_s2, HOST_PAGE, 3), HYPSEC_OK);
	old = s2_lookup(&host_s2, HOST_PAGE).pte;
	s2_replace(&host_s2, HOST_PAGE, old, ANN_MOVING);
	fault(DATA, 0x07, HOST_PAGE);
	assert_int_equal(injected, 0);
	core_broken = true;
	fault(DATA, 0x07, HOST_PAGE);
	assert_int_equal(injected, 1);
	core_broken = false;
	s2_replace(&host_s2, HOST_PAGE, ANN_MOVING, old);
	s2_merge(&host_s2, HOST_PAGE, 0);
}

static void test_device_no_memory(void **state)
{
	static void *hog[1024];
	unsigned int n = 0;

	(void)state;
	pool_reserve_open();
	while ((hog[n] = pool_alloc(HYPSEC_ACC_VM)))
		n++;
	pool_reserve_close();
	fault(DATA, 0x05, 0x300000000UL - PAGE_SIZE);	/* a 1 GiB block: no table needed */
	assert_int_equal(injected, 0);
	fault(DATA, 0x06, RAM_END + SZ_2M);
	assert_int_equal(injected, 0);
	while (n)
		pool_free(hog[--n], HYPSEC_ACC_VM);
}

/* Misuse by the core itself stops it. Last: the locks it died with stay taken. */
static void test_misuse(void **state)
{
	void *p = pool_alloc(HYPSEC_ACC_VM);

	(void)state;
	assert_non_null(slot_map(SLOT_WALK, PA(HOST_PAGE), 8));
	expect_assert_failure(slot_map(SLOT_WALK, PA(HOST_PAGE), 8));	/* in use */
	slot_unmap(SLOT_WALK);
	expect_assert_failure(slot_unmap(SLOT_WALK));
	expect_assert_failure(slot_map(SLOT_COUNT, PA(HOST_PAGE), 8));
	expect_assert_failure(slot_map_private(PA(HOST_PAGE), 0));
	expect_assert_failure(slot_holds(PA(HOST_PAGE)));	/* without the lock */
	expect_assert_failure(s2_unmap(&host_s2, MEM_BASE, PAGE_SIZE));	/* the record */
	expect_assert_failure(s2_replace(&host_s2, HOST_PAGE, 0x1234, 0));
	expect_assert_failure(pool_alloc(HYPSEC_ACC_FREE));
	assert_int_equal(s2_map(&host_s2, REGION, PA(REGION), PAGE_SIZE, S2_R), HYPSEC_DENIED);
	assert_int_equal(s2_map(&host_s2, REGION, PA(REGION), SZ_2M, S2_R), HYPSEC_DENIED);
	assert_int_equal(s2_map(&host_s2, MEM_BASE, PA(MEM_BASE), SZ_1G, S2_R), HYPSEC_DENIED);
	pool_free(p, HYPSEC_ACC_VM);
	expect_assert_failure(pool_free(p, HYPSEC_ACC_VM));	/* twice */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool_pages),
		cmocka_unit_test(test_pool_contig),
		cmocka_unit_test(test_host_table),
		cmocka_unit_test(test_pool_donated),
		cmocka_unit_test(test_ram),
		cmocka_unit_test(test_bad_install),
		cmocka_unit_test(test_kva),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_device_faults),
		cmocka_unit_test(test_faults_refused),
		cmocka_unit_test(test_private_fault),
		cmocka_unit_test(test_zero_is_nobody),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_device_no_memory),
		cmocka_unit_test(test_misuse),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
