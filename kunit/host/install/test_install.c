// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an install is refused for; and what it leaves of the host's seed and secret: nothing, in
 * memory either. The module has cleaned its page to memory; zeros that are in a cache only are
 * lost at a reset, and the next kernel finds what was there before.
 */
#include "install_common.h"

/* Every condition on its own, and each number one past its limit. */
static void refused(void **state)
{
	struct hypsec_install *in = (void *)(region + IMAGE);
	struct percpu *cpu;
	(void)state;

	for (int what = 0; what < 15; what++) {
		cpu = filled(in, what == 1 ? HYPSEC_MAX_CPUS + 1 : what == 2 ? 0 : 2);
		switch (what) {
		case 0:
			in->magic++;
			break;
		case 3:
			in->region += SZ_2M;
			break;
		case 4:
			in->image_size++;
			break;
		case 5:
			in->region_size -= PAGE_SIZE;
			break;
		case 6:
			in->cpu_areas += 8;
			in->pool += PAGE_SIZE;	/* behind them still */
			break;
		case 7:
			in->pool += 8;
			break;
		case 8:			/* an area in the image */
			in->cpu_areas = in->region + IMAGE - PAGE_SIZE;
			break;
		case 9:			/* the pool in an area */
			in->pool -= PAGE_SIZE;
			break;
		case 10:		/* no page of it in the region */
			in->pool = in->region + in->region_size;
			break;
		case 11:
			in->policy.any = 1;
			break;
		case 12:		/* this is another CPU */
			in->mpidr[0] = 4;
			break;
		case 13:		/* none to take, or more than there are */
			in->nr_taken = 0;
			break;
		case 14:
			in->nr_taken = 3;
			break;
		}
		assert_int_equal(install(cpu, in), HYPSEC_INVALID);
		assert_int_equal(left, 1);
		assert_int_equal(began, what == 12);	/* seen before anything is done */
	}
	/* A CPU that comes first and was given nothing. */
	cpu = filled(in, 1);
	boot_ttbr = 0;
	assert_int_equal(install(cpu, NULL), HYPSEC_STATE);
}

/* No memory for its tables or the host's, no seed, no random number: the host goes on without. */
static void fails(void **state)
{
	int *const status[] = { &map_status, &seed_status, &random_status, &s2_status };
	struct hypsec_install *in = (void *)(region + IMAGE);
	(void)state;

	for (volatile size_t i = 0; i < ARRAY_SIZE(status); i++) {
		struct percpu *cpu = filled(in, 2);

		*status[i] = HYPSEC_NO_MEMORY;
		assert_int_equal(install(cpu, in), HYPSEC_NO_MEMORY);
		*status[i] = HYPSEC_OK;
		assert_int_equal(left, 1);
		assert_null(confined);
		assert_false(asked_firmware);
	}
}

/* As many CPUs as there can be; areas that begin where the image ends. */
static void accepted(void **state)
{
	struct hypsec_install *in = (void *)(region + IMAGE);
	struct percpu *cpu = filled(in, HYPSEC_MAX_CPUS);
	(void)state;

	in->nr_taken = HYPSEC_MAX_CPUS;		/* all are taken */
	cpu = (void *)cpu - (in->cpu_areas - in->region - IMAGE);
	in->pool -= in->cpu_areas - in->region - IMAGE;
	in->cpu_areas = in->region + IMAGE;
	assert_int_equal(install(cpu, in), HYPSEC_OK);
	assert_int_equal(left, 0);
	assert_int_equal(nr_cpus, HYPSEC_MAX_CPUS);
	assert_int_equal(cpu->online, 1);
	assert_ptr_equal(confined, cpu);
	assert_true(asked_firmware);
	/* The pool is the region from where the tables end; a late CPU of this kind has a twin. */
	assert_int_equal(pool_start.v, tables_end.v);
	assert_int_equal(pool_end.v, core_install.region + core_install.region_size);
	for (int i = 0; i < CPU_KIND_REGS; i++)
		assert_int_equal(cpu->kind[i], 0x4b4b4b4b4b4b4b4bUL);
	assert_int_equal(image_pages, (core_install.pool - core_install.region) / PAGE_SIZE);
	for (u32 i = 0; i < nr_cpus; i++) {
		u64 area = core_install.cpu_areas + i * HYPSEC_CPU_AREA;

		assert_int_equal((u64)cpu_by_id(i), area + HYPSEC_CPU_AREA - PAGE_SIZE);
		assert_int_equal(cpu_by_id(i)->id, i);
		assert_int_equal(cpu_by_id(i)->mpidr, i ? 0x100 + i : 3);
		assert_int_equal(cpu_by_id(i)->stack_top, (u64)cpu_by_id(i));
	}
	expect_assert_failure(cpu_by_id(HYPSEC_MAX_CPUS));
}

/* VMIDs are as wide on all CPUs, or the id of one VM is another's on some. */
static void vmids(void **state)
{
	static const struct { u32 bits; bool cpu; s64 ret; } t[] = {
		{ 8, false, HYPSEC_OK }, { 8, true, HYPSEC_OK }, { 16, true, HYPSEC_OK },
		{ 16, false, HYPSEC_INVALID }, { 0, true, HYPSEC_INVALID }, { 12, true, HYPSEC_INVALID },
	};
	struct hypsec_install *in = (void *)(region + IMAGE);
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct percpu *cpu = filled(in, 2);

		in->vmid_bits = t[i].bits;
		cpu_wide = t[i].cpu;
		left = 0;
		install(cpu, in);
		assert_int_equal((s64)cpu->host.x[0], t[i].ret);
		assert_int_equal(left, t[i].ret != HYPSEC_OK);
		if (t[i].ret == HYPSEC_OK)
			assert_int_equal(wide_vmids, t[i].bits == 16);
	}
	/* The second CPU has them, or not. */
	for (int has = 1; has >= 0; has--) {
		struct percpu *cpu = filled(in, 2);

		in->nr_taken = 2;
		in->vmid_bits = 16;
		cpu_wide = true;
		assert_int_equal(install(cpu, in), HYPSEC_OK);
		hw_mpidr = BIT(31) | 0x101;
		cpu_wide = has;
		assert_int_equal(install((void *)cpu + HYPSEC_CPU_AREA, NULL),
				 has ? HYPSEC_OK : HYPSEC_INVALID);
		hw_mpidr = MPIDR;
	}
	cpu_wide = false;
	vms_status = HYPSEC_NO_MEMORY;
	left = 0;
	install(filled(in, 2), in);
	assert_int_equal(left, 1);
	vms_status = HYPSEC_OK;
	left = 0;
}

static void residue(void **state)
{
	struct hypsec_install *in = (void *)(region + IMAGE);
	struct percpu *cpu = filled(in, 2);
	(void)state;

	assert_true(finds(dram, sizeof(dram), secret));

	assert_int_equal(install(cpu, in), HYPSEC_OK);
	assert_int_equal(core_install.magic, HYPSEC_INSTALL_MAGIC);
	for (int i = 0; i < 32; i += 8) {
		assert_false(finds(region, sizeof(dram), seed + i));
		assert_false(finds(region, sizeof(dram), secret + i));
		assert_false(finds(&core_install, sizeof(core_install), seed + i));
		assert_false(finds(&core_install, sizeof(core_install), secret + i));
		assert_false(finds(dram, sizeof(dram), seed + i));
		assert_false(finds(dram, sizeof(dram), secret + i));
		assert_false(finds(&dram_install, sizeof(dram_install), seed + i));
		assert_false(finds(&dram_install, sizeof(dram_install), secret + i));
	}
}

/*
 * The second CPU is offline. What VMs are told that all CPUs have is as if it were not there, and
 * it is not known as one that was taken.
 */
static void sealed_without_one(void **state)
{
	struct percpu *first = cpu_by_id(0), *later = cpu_by_id(1);
	u64 val[3];

	(void)state;
	assert_int_equal(nr_cpus, 2);
	assert_true(first->taken && first->online);
	first->online = 0;
	assert_int_equal(hc_seal(first, NULL, val), HYPSEC_STATE);
	assert_int_equal(knows, 0);
	assert_int_equal(core_phase, 0);
	first->online = 1;
	assert_int_equal(hc_seal(first, NULL, val), HYPSEC_OK);
	assert_int_equal(core_phase, HYPSEC_PHASE_SEALED);
	assert_int_equal(knows, 3);
	assert_memory_equal(later->id_regs, first->id_regs, sizeof(first->id_regs));
	assert_memory_equal(later->wa, first->wa, sizeof(first->wa));
	assert_int_equal(later->midr, first->midr);
	assert_int_equal(later->harden, first->harden);
	assert_int_equal(later->ssbd, SSBD_UNKNOWN);
	assert_int_equal(later->sve_vl, 48);
	assert_true(later->tlbi_range);
	assert_false(later->taken || later->online);
	assert_int_equal(later->mpidr, 0x101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(fails),
		cmocka_unit_test(accepted),
		cmocka_unit_test(vmids),
		cmocka_unit_test(residue),
		cmocka_unit_test(sealed_without_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
