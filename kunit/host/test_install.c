// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an install is refused for; and what it leaves of the host's seed and secret: nothing, in
 * memory either. The module has cleaned its page to memory; zeros that are in a cache only are
 * lost at a reset, and the next kernel finds what was there before.
 */
#include "test.h"
#include "../../el2-objs/boot/boot_priv.h"
#include "auth.h"
#include "check.h"
#include "hcall.h"
#include "log.h"
#include "mem.h"
#include "s2.h"
#include "vcpu.h"

#define MPIDR	0x80000003UL
#define IMAGE	0x4000U

/* The region, by what the CPU sees, and what would be left of it without its caches. */
u8 install_region[2 * SZ_2M] __attribute__((aligned(SZ_2M)));	/* bundle_header, to the linker */
static u8 *const region = install_region;
static u8 dram[2 * SZ_2M];
static struct hypsec_install dram_install;
static u8 seed[32], secret[HYPSEC_SECRET_SIZE];

static int left, began;			/* install_leave(), el2map_init() */
static jmp_buf leaving;

u32 core_phase;
u64 boot_ttbr;
const char host_vectors[1];

static u64 vbar;			/* in force */
static u64 dram_ttbr;
static s64 image_pages;

void fake_isb(void)
{
	vbar = REG(VBAR_EL2);
}

void dcache_clean_inval_poc(const void *va, size_t n)
{
	const u8 *p = va;

	/* An exception from here on is the core's. */
	assert_int_equal(vbar, (u64)host_vectors);
	if (p >= region && p < region + sizeof(dram)) {
		memcpy(dram + (p - region), p, n);
	} else if (p == (u8 *)&core_install) {
		memcpy(&dram_install, p, n);
	} else {
		assert_ptr_equal(va, &boot_ttbr);
		memcpy(&dram_ttbr, p, n);
	}
}

int core_random_seed(const void *entropy, size_t n)
{
	/* A cache writes back when it likes. */
	memcpy(&dram_install, &core_install, sizeof(dram_install));
	assert_int_equal(n, sizeof(seed));
	assert_memory_equal(entropy, seed, n);
	return HYPSEC_OK;
}

int core_random(void *out, size_t n)
{
	test_fill(out, n);
	return HYPSEC_OK;
}

bool platform_valid(const struct hypsec_install *in)
{
	assert_memory_equal(in->secret, secret, sizeof(secret));
	return true;
}

void platform_init(struct hypsec_install *in, u8 *random)
{
	memset(in->secret, 0, sizeof(in->secret));
	memset(random, 0, PLATFORM_RANDOM);
}

bool policy_valid(const struct hypsec_policy *p) { return !p->any; }
void hypsec_wipe(void *p, size_t n) { memset(p, 0, n); }
void el2_take_snapshot(struct percpu *cpu, u64 hcr, u64 sctlr) { (void)cpu; (void)(hcr + sctlr); }
static int map_status;
static bool asked_firmware;

int el2map_init(pa_t *next)
{
	began++;
	next->v += PAGE_SIZE;
	return map_status;
}

u64 el2map_ttbr(void) { return 1; }
void el2map_use_pool(void) { }
void el2_switch_tables(u64 ttbr)
{
	assert_int_equal(ttbr, 1);
	assert_int_equal(dram_ttbr, 1);		/* the other CPUs read it there */
}

void pool_init(pa_t start, pa_t end) { assert_true(start.v < end.v); }
void uart_init(u64 pa) { (void)pa; }
void account_add(enum hypsec_account acc, s64 pages)
{
	assert_int_equal(acc, HYPSEC_ACC_IMAGE);
	image_pages += pages;
}

int host_s2_init(const struct hypsec_install *in) { (void)in; return HYPSEC_OK; }
void vms_init(void) { }
void psci_init(void) { asked_firmware = true; }
void hlog(const char *fmt, ...) { (void)fmt; }
void gic_reset(void) { }
void pvm_record_cpu(struct percpu *cpu)
{
	test_fill(cpu->id_regs, sizeof(cpu->id_regs));
	test_fill(cpu->wa, sizeof(cpu->wa));
	cpu->midr = test_rand();
	cpu->harden = test_rand();
	cpu->ssbd = SSBD_ON;
	cpu->sve_vl = 48;
	cpu->tlbi_range = true;
}

void el2_read_kind(u64 *kind) { (void)kind; }
static const struct percpu *confined;

void el2_apply_host(const struct percpu *cpu)
{
	assert_int_equal(cpu->online, 0);
	confined = cpu;
}

void install_leave(struct percpu *cpu)
{
	(void)cpu;
	left++;
	longjmp(leaving, 1);
}

u64 *fake_reg(const char *name)
{
	static u64 mpidr = MPIDR, vectors, other;

	return strstr(name, "MPIDR") ? &mpidr : strstr(name, "VBAR") ? &vectors : &other;
}

static bool finds(const void *where, size_t size, const u8 *what)
{
	return memmem(where, size, what, 8);
}

/* What the module would hand over, at @in, on the one CPU of @nr that this is. */
static struct percpu *filled(struct hypsec_install *in, u32 nr)
{
	memset(region, 0, sizeof(dram));
	bundle_header.image_size = IMAGE;
	in->magic = HYPSEC_INSTALL_MAGIC;
	in->region = (u64)region;
	in->region_size = sizeof(dram);
	in->image_size = IMAGE;
	in->cpu_areas = (u64)region + 0x10000;
	in->nr_cpus = nr;
	in->nr_taken = 1;
	in->pool = in->cpu_areas + (u64)nr * HYPSEC_CPU_AREA;
	in->mpidr[0] = 3;
	for (u32 i = 1; i < HYPSEC_MAX_CPUS; i++)
		in->mpidr[i] = 0x100 + i;
	in->nr_ram = 1;
	in->ram[0] = (struct hypsec_ram){ 0, SZ_1G };
	in->source = HYPSEC_PLATFORM;
	test_fill(seed, sizeof(seed));
	test_fill(secret, sizeof(secret));
	memcpy(in->seed, seed, sizeof(seed));
	memcpy(in->secret, secret, sizeof(secret));
	memcpy(dram, region, sizeof(dram));
	return (void *)(in->cpu_areas + HYPSEC_CPU_AREA - PAGE_SIZE);
}

static s64 install(struct percpu *cpu, struct hypsec_install *in)
{
	left = began = 0;
	confined = NULL;
	image_pages = 0;
	vbar = 0;
	if (!setjmp(leaving))
		return core_install_cpu(cpu, in, 0, 0);
	/* The status is the host's x0, and nothing of it is online. */
	assert_int_equal(cpu->online, 0);
	return (s64)cpu->host.x[0];
}

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
	/* No memory for its tables. */
	cpu = filled(in, 2);
	map_status = HYPSEC_NO_MEMORY;
	assert_int_equal(install(cpu, in), HYPSEC_NO_MEMORY);
	map_status = HYPSEC_OK;
	/* A CPU that comes first and was given nothing. */
	cpu = filled(in, 1);
	boot_ttbr = 0;
	assert_int_equal(install(cpu, NULL), HYPSEC_STATE);
}

/* As many CPUs as there can be; areas that begin where the image ends. */
static void accepted(void **state)
{
	struct hypsec_install *in = (void *)(region + IMAGE);
	struct percpu *cpu = filled(in, HYPSEC_MAX_CPUS);
	(void)state;

	in->nr_taken = HYPSEC_MAX_CPUS;		/* all are taken */
	assert_int_equal(install(cpu, in), HYPSEC_OK);
	assert_int_equal(left, 0);
	assert_int_equal(nr_cpus, HYPSEC_MAX_CPUS);
	assert_int_equal(cpu->online, 1);
	assert_ptr_equal(confined, cpu);
	assert_true(asked_firmware);
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
	assert_int_equal(core_phase, 0);
	first->online = 1;
	assert_int_equal(hc_seal(first, NULL, val), HYPSEC_OK);
	assert_int_equal(core_phase, HYPSEC_PHASE_SEALED);
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
		cmocka_unit_test(accepted),
		cmocka_unit_test(residue),
		cmocka_unit_test(sealed_without_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
