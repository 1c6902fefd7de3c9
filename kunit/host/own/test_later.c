// SPDX-License-Identifier: GPL-2.0-only
/*
 * RAM that was not there at the install: the host's and its VMs', but no memory for the core, which
 * an access to what is not there, or not there any more, would break.
 */
#include "test.h"
#include "machine.h"
#include "base/core.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"

#define LATER		(MEM_BASE + 3 * SZ_2M)
#define LATER_END	(LATER + SZ_2M + 3 * PAGE_SIZE)

static struct hypsec_install in;

static void set_later(void)
{
	machine_install_params(&in);
	in.nr_ram = 4;
	in.ram[0] = (struct hypsec_ram){ MEM_BASE, LATER - MEM_BASE };
	in.ram[1] = (struct hypsec_ram){ LATER, LATER_END - LATER };
	in.ram[3] = in.ram[2];
	in.ram[2] = (struct hypsec_ram){ LATER_END, RAM_END - LATER_END };
	/* What is said of ranges past the last is nothing. */
	in.ram_later = BIT(1) | BIT(3) | ~0UL << 4;
}

static int boot(void **state)
{
	(void)state;
	machine_reset(2);
	set_later();
	pool_init(PA(in.pool), PA(in.region + in.region_size));
	tlb_watch(&host_s2);
	return host_s2_init(&in);
}

static void test_no_donation(void **state)
{
	static const u64 later[] = { LATER, LATER + SZ_2M - PAGE_SIZE, LATER + SZ_2M,
				     LATER_END - PAGE_SIZE, RAM_FAR, RAM_FAR + 0x4000 };
	static const u64 there[] = { MEM_BASE, LATER - PAGE_SIZE, LATER_END, REGION - PAGE_SIZE };
	u64 tables = pool_account(HYPSEC_ACC_HOST_S2), free = pool_account(HYPSEC_ACC_FREE);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(later); i++) {
		assert_true(pa_is_ram(PA(later[i]), PAGE_SIZE));
		assert_int_equal(own_donate(PA(later[i])), HYPSEC_RANGE);
		assert_int_equal(own_lookup(PA(later[i])).state, PG_HOST);
		assert_int_equal(own_reclaim(PA(later[i])), HYPSEC_DENIED);
	}
	/* Nothing was even begun: a store there need not fail at once. */
	assert_int_equal(pool_account(HYPSEC_ACC_HOST_S2), tables);
	assert_int_equal(pool_account(HYPSEC_ACC_FREE), free);
	for (unsigned int i = 0; i < ARRAY_SIZE(there); i++) {
		assert_int_equal(own_donate(PA(there[i])), HYPSEC_OK);
		assert_int_equal(own_reclaim(PA(there[i])), HYPSEC_OK);
	}
}

/* All else is as with any RAM, in blocks that do not care. */
static void test_else_ram(void **state)
{
	(void)state;
	assert_int_equal(own_lookup(PA(LATER + SZ_2M)).level, 2);
	for (u64 pa = LATER - PAGE_SIZE; pa <= LATER_END; pa += 29 * PAGE_SIZE) {
		assert_true(host_can(pa, true, true));
		assert_int_equal(own_share(PA(pa)), HYPSEC_OK);
		assert_int_equal(own_unshare(PA(pa)), HYPSEC_OK);
		assert_int_equal(own_claim(PA(pa), 5, 0x777, true), HYPSEC_OK);
		assert_int_equal(own_return(PA(pa), 5, 0x777), HYPSEC_OK);
		assert_int_equal(own_stamp(PA(pa), PAGE_SIZE), PAGE_SIZE);
		own_epoch_end(own_epoch_begin());
	}
	assert_int_equal(own_lookup(PA(LATER + SZ_2M)).level, 2);
	assert_int_equal(own_claim_block(PA(LATER + SZ_2M), 5, 0x800), HYPSEC_OK);
	assert_int_equal(own_return_block(PA(LATER + SZ_2M), 5, 0x800), HYPSEC_OK);
}

/* The core itself is not in it, nor the end of its region. */
static void test_region(void **state)
{
	static const u64 bits[] = { BIT(2), ~0UL };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++) {
		set_later();
		in.ram_later = bits[i];
		assert_int_equal(host_s2_init(&in), HYPSEC_INVALID);
	}
	set_later();
	in.ram[2].size = in.region + in.region_size - PAGE_SIZE - LATER_END;
	in.ram[3] = (struct hypsec_ram){ in.region + in.region_size - PAGE_SIZE, PAGE_SIZE };
	assert_int_equal(host_s2_init(&in), HYPSEC_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_donation),
		cmocka_unit_test(test_else_ram),
		cmocka_unit_test(test_region),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
