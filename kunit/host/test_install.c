// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the install leaves of the host's seed and secret: nothing, in memory either. The module has
 * cleaned its page to memory; zeros that are in a cache only are lost at a reset, and the next
 * kernel finds what was there before.
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

u32 core_phase;
u64 boot_ttbr;
const char host_vectors[1];

void dcache_clean_inval_poc(const void *va, size_t n)
{
	const u8 *p = va;

	if (p >= region && p < region + sizeof(dram))
		memcpy(dram + (p - region), p, n);
	else if (p == (u8 *)&core_install)
		memcpy(&dram_install, p, n);
	else
		assert_ptr_equal(va, &boot_ttbr);
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
int el2map_init(pa_t *next) { next->v += PAGE_SIZE; return HYPSEC_OK; }
u64 el2map_ttbr(void) { return 1; }
void el2map_use_pool(void) { }
void el2_switch_tables(u64 ttbr) { assert_int_equal(ttbr, 1); }
void pool_init(pa_t start, pa_t end) { assert_true(start.v < end.v); }
void uart_init(u64 pa) { (void)pa; }
void account_add(enum hypsec_account acc, s64 pages) { (void)acc; assert_true(pages > 0); }
int host_s2_init(const struct hypsec_install *in) { (void)in; return HYPSEC_OK; }
void vms_init(void) { }
void psci_init(void) { }
void hlog(const char *fmt, ...) { (void)fmt; }
void gic_reset(void) { }
void pvm_record_cpu(struct percpu *cpu) { (void)cpu; }
void el2_apply_host(const struct percpu *cpu) { (void)cpu; }
void install_leave(struct percpu *cpu)
{
	(void)cpu;
	fail();
	abort();
}

u64 *fake_reg(const char *name)
{
	static u64 mpidr = MPIDR, other;

	return strstr(name, "MPIDR") ? &mpidr : &other;
}

static bool finds(const void *where, size_t size, const u8 *what)
{
	return memmem(where, size, what, 8);
}

static void residue(void **state)
{
	struct hypsec_install *in = (void *)(region + IMAGE);
	struct percpu *cpu;
	(void)state;

	bundle_header.image_size = IMAGE;
	in->magic = HYPSEC_INSTALL_MAGIC;
	in->region = (u64)region;
	in->region_size = sizeof(dram);
	in->image_size = IMAGE;
	in->cpu_areas = (u64)region + 0x10000;
	in->nr_cpus = 1;
	in->pool = in->cpu_areas + HYPSEC_CPU_AREA;
	in->mpidr[0] = 3;
	in->nr_ram = 1;
	in->ram[0] = (struct hypsec_ram){ 0, SZ_1G };
	in->source = HYPSEC_PLATFORM;
	test_fill(seed, sizeof(seed));
	test_fill(secret, sizeof(secret));
	memcpy(in->seed, seed, sizeof(seed));
	memcpy(in->secret, secret, sizeof(secret));
	memcpy(dram, region, sizeof(dram));
	assert_true(finds(dram, sizeof(dram), secret));

	cpu = (void *)(in->cpu_areas + HYPSEC_CPU_AREA - PAGE_SIZE);
	assert_int_equal(core_install_cpu(cpu, in, 0, 0), HYPSEC_OK);
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(residue) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
