// SPDX-License-Identifier: GPL-2.0-only
/* What the host executes from that is not RAM: firmware's code beside devices. */
#include "test.h"
#include "machine.h"
#include "base/core.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"
#include "base/check.h"
#include "host/host.h"

#define CODE	(DEVICE + 0x10000)		/* among devices, in pages */
#define BIG	0x180000000UL			/* a block and a page more */
#define BIG_END	(BIG + SZ_2M + PAGE_SIZE)
#define LAST	0x200005000UL			/* right after RAM */
#define UNUSED	0x200007000UL			/* in the parameters, past what is counted */
#define INSIDE	(MEM_BASE + 0x1234000)		/* RAM on both sides, in one block of 2 MiB */
#define IN_GIB	0x80200000UL			/* and in one of 1 GiB */

static struct hypsec_install in;

static void set_exec(void)
{
	machine_install_params(&in);
	in.nr_cpus = 2;
	in.nr_ram = 4;
	in.ram[3] = in.ram[2];
	in.ram[1] = (struct hypsec_ram){ INSIDE + PAGE_SIZE, IN_GIB - INSIDE - PAGE_SIZE };
	in.ram[2] = (struct hypsec_ram){ IN_GIB + SZ_2M, RAM_END - IN_GIB - SZ_2M };
	in.nr_exec = 6;
	in.exec[0] = (struct hypsec_ram){ CODE, 2 * PAGE_SIZE };
	in.exec[1] = (struct hypsec_ram){ CODE + 2 * PAGE_SIZE, PAGE_SIZE };
	in.exec[2] = (struct hypsec_ram){ INSIDE, PAGE_SIZE };
	in.exec[3] = (struct hypsec_ram){ IN_GIB, SZ_2M };
	in.exec[4] = (struct hypsec_ram){ BIG, SZ_2M + PAGE_SIZE };
	in.exec[5] = (struct hypsec_ram){ LAST, PAGE_SIZE };
	in.exec[6] = (struct hypsec_ram){ UNUSED, PAGE_SIZE };
}

/* Without memory for all of its table there is none. */
static void all_or_none(void)
{
	int ret = HYPSEC_NO_MEMORY;
	u64 pa;

	for (unsigned int pages = 0; ret == HYPSEC_NO_MEMORY; pages++) {
		hog_all();
		hog_give(pages);
		pool_reserve_open();
		ret = host_s2_init(&in);
		pool_reserve_close();
		hog_none();
	}
	assert_int_equal(ret, HYPSEC_OK);
	for (pa = in.region - SZ_2M; pa <= in.region + in.region_size; pa += SZ_2M)
		assert_int_equal(own_lookup(PA(pa)).state, pa - in.region < in.region_size ?
				 PG_CORE : PG_HOST);
	for (unsigned int i = 0; i < in.nr_ram; i++)
		assert_true(host_can(in.ram[i].base + in.ram[i].size - 1, true, true));
	for (unsigned int i = 0; i < in.nr_exec; i++)
		assert_true(host_can(in.exec[i].base + in.exec[i].size - 1, true, true));
}

static int boot(void **state)
{
	(void)state;
	machine_reset(2);
	set_exec();
	pool_init(PA(in.pool), PA(in.region + in.region_size));
	all_or_none();
	in.nr_exec = 0;
	all_or_none();
	in.region = 3 * SZ_1G;		/* needs a table of its own */
	in.region_size = SZ_1G;
	all_or_none();
	set_exec();
	tlb_watch(&host_s2);
	return host_s2_init(&in);
}

static void touch(u64 pa)
{
	write_sysreg((pa >> PAGE_SHIFT) << 4, HPFAR_EL2);
	write_sysreg(pa & ~PAGE_MASK, FAR_EL2);
	write_sysreg(0x5, SPSR_EL2);
	injected = touched = 0;
	host_abort(0x24UL << 26 | BIT(25) | 0x07);
	assert_int_equal(injected + touched, 0);
}

/* All of it, and not a page more: neither before anything was touched nor after. */
static void check_map(bool devices)
{
	for (unsigned int i = 0; i < in.nr_exec; i++) {
		u64 pa = in.exec[i].base, end = pa + in.exec[i].size;

		for (; pa < end; pa += PAGE_SIZE)
			assert_true(host_can(pa, true, true));
	}
	assert_int_equal(host_can(CODE - PAGE_SIZE, true, false), devices);
	assert_int_equal(host_can(CODE + 3 * PAGE_SIZE, true, false), devices);
	assert_int_equal(host_can(BIG - PAGE_SIZE, true, false), devices);
	assert_int_equal(host_can(BIG_END, true, false), devices);
	assert_int_equal(host_can(LAST + PAGE_SIZE, true, false), devices);
	assert_false(host_can(UNUSED, false, true));
	assert_false(host_can(CODE - PAGE_SIZE, false, true));
	assert_false(host_can(CODE + 3 * PAGE_SIZE, false, true));
	assert_false(host_can(BIG - PAGE_SIZE, false, true));
	assert_false(host_can(BIG_END, false, true));
	assert_false(host_can(LAST + PAGE_SIZE, false, true));
	assert_false(host_can(REGION, false, false));
	assert_true(host_can(0x200004000UL, true, true));
}

static void test_exec_map(void **state)
{
	static const u64 around[] = { CODE - PAGE_SIZE, CODE + 3 * PAGE_SIZE, BIG - PAGE_SIZE,
				      BIG_END, LAST + PAGE_SIZE, DEVICE };

	(void)state;
	check_map(false);
	assert_int_equal(s2_lookup(&host_s2, BIG).level, 2);
	for (unsigned int i = 0; i < ARRAY_SIZE(around); i++)
		touch(around[i]);
	check_map(true);
	/* The devices' blocks stop short of it. */
	assert_int_equal(s2_lookup(&host_s2, CODE - PAGE_SIZE).level, 3);
	assert_int_equal(s2_lookup(&host_s2, BIG - PAGE_SIZE).level, 1);
	assert_int_equal(s2_lookup(&host_s2, BIG_END).level, 3);
}

/* Executable, it is no more the host's to give than a device: no VM lives in it, nor the core. */
static void test_exec_is_not_ram(void **state)
{
	static const u64 all[] = { CODE, CODE + 2 * PAGE_SIZE, INSIDE, IN_GIB, BIG, BIG + SZ_2M,
				   LAST };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		pa_t pa = PA(all[i]);
		u64 pte = s2_lookup(&host_s2, pa.v).pte;

		assert_int_equal(own_lookup(pa).state, PG_NONE);
		assert_int_equal(own_donate(pa), HYPSEC_RANGE);
		assert_int_equal(own_share(pa), HYPSEC_RANGE);
		assert_int_equal(own_claim(pa, 5, 0x777, true), HYPSEC_RANGE);
		assert_int_equal(own_claim(pa, 5, 0x777, false), HYPSEC_RANGE);
		assert_int_equal(own_claim_block(PA(BIG), 5, 0x200), HYPSEC_RANGE);
		assert_null(slot_map(SLOT_COPY, pa, 8));
		/* An ordinary VM may map it as it may a device: no stamp, as it never moves. */
		assert_true(own_stamp(pa, PAGE_SIZE) == PAGE_SIZE);
		assert_int_equal(s2_lookup(&host_s2, pa.v).pte, pte);
	}
	check_map(true);
}

/* RAM beside it has the same attributes: a block of both would be nobody's for good. */
static void test_ram_beside_exec(void **state)
{
	static const u64 beside[] = { INSIDE - PAGE_SIZE, INSIDE + PAGE_SIZE };

	(void)state;
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(beside); i++) {
		pa_t pa = PA(beside[i % 2]);

		assert_int_equal(own_claim(pa, 5, 0x777, true), HYPSEC_OK);
		assert_int_equal(own_return(pa, 5, 0x777), HYPSEC_OK);
		assert_int_equal(own_donate(pa), HYPSEC_OK);
		assert_int_equal(own_reclaim(pa), HYPSEC_OK);
		assert_int_equal(own_lookup(pa).state, PG_HOST);
		assert_int_equal(own_stamp(pa, PAGE_SIZE), PAGE_SIZE);
		own_epoch_end(own_epoch_begin());
		assert_non_null(slot_map(SLOT_COPY, pa, 8));
		assert_int_equal(slot_unmap(SLOT_COPY), HYPSEC_OK);
		assert_int_equal(own_lookup(PA(INSIDE)).state, PG_NONE);
	}
	/* Block by block, and what is around. */
	for (u64 pa = IN_GIB - SZ_2M; pa <= IN_GIB + SZ_2M; pa += 2 * SZ_2M) {
		assert_int_equal(own_share(PA(pa)), HYPSEC_OK);
		assert_int_equal(own_unshare(PA(pa)), HYPSEC_OK);
		assert_int_equal(own_lookup(PA(pa)).state, PG_HOST);
		assert_int_equal(own_lookup(PA(pa)).level, 2);
	}
	/* All RAM, or none of it, is one block again. */
	assert_int_equal(s2_lookup(&host_s2, IN_GIB).level, 2);
	assert_int_equal(own_share(PA(SZ_1G * 3)), HYPSEC_OK);
	assert_int_equal(own_unshare(PA(SZ_1G * 3)), HYPSEC_OK);
	assert_int_equal(own_lookup(PA(SZ_1G * 3)).level, 1);
	check_map(true);
}

static void test_exec_bad(void **state)
{
#define BAD(f, v) { offsetof(struct hypsec_install, f), sizeof(in.f), v }
	static const struct {
		size_t at, size;
		u64 v;
	} bad[] = {
		BAD(nr_exec, HYPSEC_MAX_EXEC + 1),
		BAD(nr_exec, ~0U),
		BAD(nr_exec, 8),				/* the eighth is empty */
		BAD(exec[0].base, CODE + 0x800),
		BAD(exec[0].size, 0x1001),
		BAD(exec[0].size, 0),
		BAD(exec[0].size, 3 * PAGE_SIZE),		/* overlap */
		BAD(exec[1].base, 0x1000),			/* order */
		BAD(exec[4].base, MEM_BASE + SZ_2M),		/* RAM */
		BAD(exec[4].base, REGION),			/* the core's */
		BAD(exec[4].base, RAM_END - PAGE_SIZE),		/* its first page is RAM */
		BAD(exec[5].base, 0x200004000UL),
		BAD(exec[5].size, 1UL << 40),			/* past the PA space */
		BAD(exec[5].size, ~0UL << 12),
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		set_exec();
		memcpy((char *)&in + bad[i].at, &bad[i].v, bad[i].size);
		assert_int_equal(host_s2_init(&in), HYPSEC_INVALID);
	}
	set_exec();
	check_map(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exec_map),
		cmocka_unit_test(test_exec_is_not_ram),
		cmocka_unit_test(test_ram_beside_exec),
		cmocka_unit_test(test_exec_bad),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
