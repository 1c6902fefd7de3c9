// SPDX-License-Identifier: GPL-2.0-only
/*
 * A core that is not where 2 MiB begin (bundle_header is a page behind that, here): its region
 * would be mapped, and taken from the host, by blocks that it is not alone in.
 */
#include "install_common.h"

static void unaligned(void **state)
{
	struct hypsec_install *in = (void *)(region + IMAGE);
	struct percpu *cpu = filled(in, 2);
	(void)state;

	assert_int_equal((u64)&bundle_header, in->region + PAGE_SIZE);
	in->region += PAGE_SIZE;
	in->region_size -= SZ_2M;
	assert_int_equal(install(cpu, in), HYPSEC_INVALID);
	assert_int_equal(left, 1);
	assert_int_equal(began, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(unaligned) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
