/* SPDX-License-Identifier: GPL-2.0-only */
/* An install on one CPU: what the module hands over, and all around install/install.c. */
#ifndef HYPSEC_INSTALL_COMMON_H
#define HYPSEC_INSTALL_COMMON_H

#include "test.h"
#include "install/priv.h"
#include "auth/auth.h"
#include "base/check.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"
#include "base/log.h"
#include "own/own.h"
#include "pool/pool.h"
#include "vcpu/vcpu.h"
#include "pvm/pvm.h"
#include "base/core.h"

#define MPIDR	0x80000003UL

static u64 hw_mpidr = MPIDR;
#define IMAGE	0x4000U

/* The region, by what the CPU sees, and what would be left of it without its caches. */
u8 install_region[8 * SZ_2M] __attribute__((aligned(SZ_2M)));	/* bundle_header, to the linker */
static u8 *const region = install_region;
static u8 dram[8 * SZ_2M];
static struct hypsec_install dram_install;
static u8 seed[32], secret[HYPSEC_SECRET_SIZE];

static int left, began;			/* install_leave(), el2map_init() */
static jmp_buf leaving;

u64 boot_ttbr;
const char host_vectors[1], el2_cpu_entry[1];

static u64 vbar;			/* in force */
static u64 dram_ttbr;
static s64 image_pages;
static int map_status, seed_status, random_status, s2_status;
static bool asked_firmware;
static pa_t pool_start, pool_end, tables_end;

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
	return seed_status;
}

int core_random(void *out, size_t n)
{
	test_fill(out, n);
	return random_status;
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

int el2map_init(pa_t *next)
{
	began++;
	assert_int_equal(next->v, core_install.pool);
	next->v += 3 * PAGE_SIZE;
	tables_end = *next;
	return map_status;
}

u64 el2map_ttbr(void) { return 1; }
void el2map_use_pool(void) { assert_true(pool_end.v); }
void el2_switch_tables(u64 ttbr)
{
	assert_int_equal(ttbr, 1);
	assert_int_equal(dram_ttbr, 1);		/* the other CPUs read it there */
}

void pool_init(pa_t start, pa_t end)
{
	pool_start = start;
	pool_end = end;
}

void account_add(enum hypsec_account acc, s64 pages)
{
	assert_int_equal(acc, HYPSEC_ACC_IMAGE);
	image_pages += pages;
}

static bool wide_vmids, cpu_wide, asked_wide;
static int vms_status;
int host_s2_init(const struct hypsec_install *in)
{
	/* Its VTCR_EL2 has the width too. */
	assert_true(in->vmid_bits != 16 || asked_wide);
	return s2_status;
}
int vms_init(bool wide) { wide_vmids = wide; return vms_status; }
static unsigned int knows;		/* of all CPUs, what they have */
void pvm_know_cpus(void) { assert_int_equal(core_phase, 0); knows++; }
void s2_know_cpus(void) { assert_int_equal(core_phase, 0); knows++; }
void tlb_know_cpus(void) { assert_int_equal(core_phase, 0); knows++; }
bool s2_wide_vmids(void) { asked_wide = true; return cpu_wide; }
void psci_init(pa_t cpu_entry) { asked_firmware = true; }
void hlog(const char *fmt, ...) { (void)fmt; }
void el2map_seal(void) { }
void cpu_run_init(void) { }
void cpu_detect(struct percpu *cpu) { (void)cpu; }
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

void el2_read_kind(u64 *kind) { memset(kind, 0x4b, sizeof(((struct percpu *)0)->kind)); }
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
	static u64 vectors, other;

	return strstr(name, "MPIDR") ? &hw_mpidr : strstr(name, "VBAR") ? &vectors : &other;
}

static inline bool finds(const void *where, size_t size, const u8 *what)
{
	return memmem(where, size, what, 8);
}

/* What the module would hand over, at @in, on the one CPU of @nr that this is. */
static inline struct percpu *filled(struct hypsec_install *in, u32 nr)
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
	in->vmid_bits = 8;
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

static inline s64 install(struct percpu *cpu, struct hypsec_install *in)
{
	left = began = 0;
	confined = NULL;
	asked_firmware = asked_wide = false;
	pool_start = pool_end = tables_end = PA(0);
	image_pages = 0;
	vbar = 0;
	if (!setjmp(leaving))
		return core_install_cpu(cpu, in, 0, 0);
	/* The status is the host's x0, and nothing of it is online. */
	assert_int_equal(cpu->online, 0);
	return (s64)cpu->host.x[0];
}

#endif
