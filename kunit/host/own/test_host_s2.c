// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's stage 2 as built and as it grows on faults, on a CPU with 40 bits of
 * physical address (concatenated root).
 */
#include "test.h"
#include "machine.h"
#include "base/core.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"
#include "base/check.h"
#include "host/host.h"

#define HOST_PAGE	(MEM_BASE + 3 * SZ_2M + 5 * PAGE_SIZE)

static int boot(void **state)
{
	(void)state;
	machine_reset(2);
	machine_boot();
	return 0;
}

static void test_host_table(void **state)
{
	u64 pa;

	(void)state;
	assert_int_equal(host_s2.root_order, 1);	/* 40 bits, no level 0 */
	for (pa = 0; pa < 0x200010000UL; pa += pa < 0x48000000UL ? PAGE_SIZE : 0x7f5000) {
		bool ram = (pa >= MEM_BASE && pa < RAM_END) ||
			   (pa >= RAM_FAR && pa < RAM_FAR + 0x5000);
		bool core = pa >= REGION && pa < REGION + REGION_SIZE;

		assert_int_equal(host_can(pa, true, true), ram && !core);
	}
	/* In the largest blocks there are. */
	assert_int_equal(s2_lookup(&host_s2, 2 * SZ_1G).level, 1);
	assert_int_equal(s2_lookup(&host_s2, 3 * SZ_1G).level, 1);
	assert_int_equal(s2_lookup(&host_s2, MEM_BASE + 0x1234000).level, 2);
	assert_int_equal(s2_lookup(&host_s2, RAM_END - 1).level, 2);
	assert_int_equal(s2_lookup(&host_s2, RAM_FAR + 0x4000).level, 3);
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
	fault(DATA, 0x07, RAM_FAR + 0x5000);
	assert_int_equal(injected, 0);
	assert_int_equal(s2_lookup(&host_s2, RAM_FAR + 0x5000).level, 3);
	assert_false(host_can(0x200006000UL, false, false));
	assert_true(host_can(RAM_FAR + 0x4000, true, true));	/* RAM as it was */
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
		/* TLB conflict; access flag and permission: an entry replaced meanwhile */
		bool again = i == 0x30 || (i & 0x38) == 0x08;

		if ((i & 0x3c) == 0x04)
			continue;
		counts_reset();
		fault(DATA, i, DEVICE);
		assert_int_equal(injected, !again);
		assert_int_equal(counts.vmalls12e1, again);
		assert_true(flushes_done());
		counts_reset();
		fault(CODE, i, DEVICE);
		assert_int_equal(injected, i != 0x30);
		fault(CODE, i | 1 << 7, DEVICE);
		assert_int_equal(injected, !again);
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
	/* Cache maintenance takes nothing away from the VM; a walk of tables there does. */
	skipped = 0;
	fault(DATA, 0x07 | 1 << 8, HOST_PAGE);
	fault(DATA, 0x07 | 1 << 8 | 1 << 6, HOST_PAGE);
	assert_int_equal(skipped, 2);
	assert_int_equal(touched + injected, 0);
	fault(DATA, 0x07 | 1 << 8 | 1 << 7, HOST_PAGE);
	assert_int_equal(touched, 1);
	fault(CODE, 0x07 | 1 << 8, HOST_PAGE);
	assert_int_equal(touched, 1);
	assert_int_equal(skipped, 2);
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
	u64 old, pa, ptes[5];
	(void)state;

	/* Nor is it a part of the device memory around it. */
	for (pa = 0; pa < 5; pa++) {
		ptes[pa] = s2_lookup(&host_s2, RAM_FAR + pa * PAGE_SIZE).pte;
		s2_replace(&host_s2, RAM_FAR + pa * PAGE_SIZE, ptes[pa], 0);
	}
	assert_int_equal(own_stamp(PA(0x200006000UL), SZ_2M), PAGE_SIZE);
	assert_int_equal(own_stamp(PA(0x200001000UL), SZ_2M), HYPSEC_DENIED);
	for (pa = 0; pa < 5; pa++)
		s2_replace(&host_s2, RAM_FAR + pa * PAGE_SIZE, 0, ptes[pa]);

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_table),
		cmocka_unit_test(test_device_faults),
		cmocka_unit_test(test_faults_refused),
		cmocka_unit_test(test_private_fault),
		cmocka_unit_test(test_zero_is_nobody),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
