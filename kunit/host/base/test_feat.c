// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a CPU has, by its ID registers: each field by itself, with the values that the Arm ARM (D23)
 * gives it. What is taken for there and is not would be UNDEFINED at EL2, and end the core; what is
 * overlooked stays the host's, or the guest's, in a switch.
 */
#include "test.h"
#include "base/check.h"
#include "own/own.h"
#include "pool/pool.h"
#include "base/percpu.h"
#include "vcpu/run.h"

static struct { char name[24]; u64 v; } regs[64];
static unsigned int nr_regs;
static struct percpu cpus[2];
static unsigned int current;
static u8 pages[2][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static unsigned int allocated;
u32 nr_cpus;

u64 *fake_reg(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_regs; i++)
		if (!strcmp(regs[i].name, name))
			return &regs[i].v;
	strcpy(regs[nr_regs].name, name);
	return &regs[nr_regs++].v;
}

struct percpu *this_cpu(void)
{
	return &cpus[current];
}

void *pool_alloc(enum hypsec_account acc)
{
	assert_int_equal(acc, HYPSEC_ACC_IMAGE);
	if (allocated == ARRAY_SIZE(pages))
		return NULL;
	return memset(pages[allocated++], 0, PAGE_SIZE);
}

static void no_cpu(void)
{
	memset(cpus, 0, sizeof(cpus));
	cpus[1].id = 1;
	current = 0;
	for (unsigned int i = 0; i < nr_regs; i++)
		regs[i].v = 0;
	allocated = 0;
	nr_cpus = 2;
	cpu_run_init();
}

/* As it is found now. */
static const struct cpu_feat *this_feat(void)
{
	cpu_detect(this_cpu());
	return cpu_run()->feat;
}

struct percpu *cpu_by_id(u32 id)
{
	return &cpus[id];
}

#define FEAT(f)	offsetof(struct cpu_feat, f), #f
/* The values of a field for which a CPU has the feature: a bit each. */
#define FROM(n)	((0xffffU << (n)) & 0xffff)
#define ONLY(n)	(1U << (n))

static const struct {
	const char *reg;
	int shift;
	u32 values;
	size_t at;
	const char *name;
} fields[] = {
	{ __sr_str(ID_AA64PFR0_EL1), 0, ONLY(2), FEAT(el0_32) },
	{ __sr_str(ID_AA64PFR0_EL1), 4, ONLY(2), FEAT(el1_32) },
	{ __sr_str(ID_AA64PFR0_EL1), 28, FROM(1), FEAT(ras) },
	{ __sr_str(ID_AA64PFR0_EL1), 32, FROM(1), FEAT(sve) },
	{ __sr_str(ID_AA64PFR0_EL1), 44, FROM(1), FEAT(amu) },
	{ __sr_str(ID_AA64PFR1_EL1), 8, FROM(2), FEAT(mte) },
	{ __sr_str(ID_AA64PFR1_EL1), 24, FROM(1), FEAT(sme) },
	{ __sr_str(ID_AA64PFR2_EL1), 32, FROM(1), FEAT(fpmr) },
	{ __sr_str(ID_AA64DFR0_EL1), 8, FROM(1) & ~ONLY(15), FEAT(pmu) },
	{ __sr_str(ID_AA64DFR0_EL1), 32, FROM(1), FEAT(spe) },
	{ __sr_str(ID_AA64DFR0_EL1), 44, FROM(1), FEAT(trbe) },
	{ __sr_str(ID_AA64DFR0_EL1), 40, FROM(1), FEAT(trf) },
	{ __sr_str(ID_AA64DFR0_EL1), 52, FROM(1), FEAT(brbe) },
	{ __sr_str(ID_AA64ISAR1_EL1), 4, FROM(1), FEAT(pauth) },	/* APA */
	{ __sr_str(ID_AA64ISAR1_EL1), 8, FROM(1), FEAT(pauth) },	/* API */
	{ __sr_str(ID_AA64ISAR1_EL1), 24, FROM(1), FEAT(pauth) },	/* GPA */
	{ __sr_str(ID_AA64ISAR1_EL1), 28, FROM(1), FEAT(pauth) },	/* GPI */
	{ __sr_str(ID_AA64ISAR2_EL1), 8, FROM(1), FEAT(pauth) },	/* GPA3 */
	{ __sr_str(ID_AA64ISAR2_EL1), 12, FROM(1), FEAT(pauth) },	/* APA3 */
	{ __sr_str(ID_AA64ISAR2_EL1), 60, FROM(1), FEAT(ats1a) },
	{ __sr_str(ID_AA64MMFR0_EL1), 56, FROM(1), FEAT(fgt) },
	{ __sr_str(ID_AA64MMFR1_EL1), 40, FROM(1), FEAT(hcx) },
	{ __sr_str(ID_AA64MMFR2_EL1), 40, FROM(1), FEAT(fwb) },
	{ __sr_str(ID_AA64MMFR3_EL1), 0, FROM(1), FEAT(tcr2) },
	{ __sr_str(ID_AA64MMFR3_EL1), 8, FROM(1), FEAT(s1pie) },
	{ __sr_str(ID_AA64MMFR3_EL1), 16, FROM(1), FEAT(s1poe) },
};

/* What else a feature asks for: the unit below the trace, the register that TCR2 is enabled in. */
static void prerequisites(size_t i)
{
	if (fields[i].at == offsetof(struct cpu_feat, trf))
		SREG(ID_AA64DFR0_EL1) |= 1UL << 44;
	if (fields[i].at == offsetof(struct cpu_feat, tcr2))
		SREG(ID_AA64MMFR1_EL1) |= 1UL << 40;
	if (fields[i].at == offsetof(struct cpu_feat, brbe))
		cpus[0].el2_snapshot[EL2S_HDFGWTR] = BIT(60);
}

static bool flag(const struct cpu_feat *f, size_t i)
{
	return *(const bool *)((const u8 *)f + fields[i].at);
}

static void each_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		for (u64 value = 0; value < 16; value++) {
			struct cpu_feat f, none;

			no_cpu();
			prerequisites(i);
			none = *this_feat();
			no_cpu();
			prerequisites(i);
			*fake_reg(fields[i].reg) |= value << fields[i].shift;
			f = *this_feat();
			if (flag(&f, i) != (fields[i].values >> value & 1))
				fail_msg("%s: %#llx in %s", fields[i].name,
					 (unsigned long long)value, fields[i].reg);
			/* And nothing but that. */
			*(bool *)((u8 *)&f + fields[i].at) = *(bool *)((u8 *)&none + fields[i].at);
			assert_memory_equal(&f, &none, sizeof(f));
		}
	}
}

/* Units that EL3, or the host's boot, has kept. */
static void kept(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 64; bit++) {
		no_cpu();
		SREG(ID_AA64DFR0_EL1) = 1UL << 32 | 1UL << 44 | 1UL << 40 | 1UL << 52;
		SREG(PMBIDR_EL1) = SREG(TRBIDR_EL1) = BIT(bit);
		cpus[0].el2_snapshot[EL2S_HDFGWTR] = BIT(bit);
		assert_int_equal(this_feat()->spe, bit != 4);
		assert_int_equal(this_feat()->trbe, bit != 4);
		assert_int_equal(this_feat()->trf, bit != 4);
		assert_int_equal(this_feat()->brbe, bit == 60);
	}
	no_cpu();
	SREG(ID_AA64DFR0_EL1) = 1UL << 40;
	assert_false(this_feat()->trf);
	no_cpu();
	SREG(ID_AA64MMFR3_EL1) = 1;
	assert_false(this_feat()->tcr2);
}

static void numbers(void **state)
{
	(void)state;
	for (u64 n = 0; n < 16; n++) {
		no_cpu();
		SREG(ID_AA64DFR0_EL1) = n << 12 | (15 - n) << 20;
		SREG(ICH_VTR_EL2) = n | n / 2 << 26;
		assert_int_equal(this_feat()->breakpoints, n + 1);
		assert_int_equal(this_feat()->watchpoints, 16 - n);
		assert_int_equal(this_feat()->lrs, n + 1);
		assert_int_equal(this_feat()->pri_bits, n / 2 + 1);
	}
	/* 16 list registers are all that the architecture has names for. */
	no_cpu();
	SREG(ICH_VTR_EL2) = 0x1f;
	assert_int_equal(this_feat()->lrs, 16);
}

static void errata(void **state)
{
	static const struct { u64 midr; bool at, par; } t[] = {
		{ 0x411fd050, true, false },	/* Cortex-A55 */
		{ 0x411fd071, true, false },	/* A57 */
		{ 0x411fd083, true, false },	/* A72 */
		{ 0x414fd0b1, true, false },	/* A76 */
		{ 0x411fd0d0, false, true },	/* A77 */
		{ 0x517f8051, true, false },	/* Kryo 4xx Silver */
		{ 0x517f8041, false, false },	/* its Gold */
		{ 0x411fd030, false, false },	/* A53 */
		{ 0x411f8050, false, false },
		{ 0x511fd050, false, false },
		{ 0x511fd0d0, false, false },
		{ 0x611fd0b0, false, false },	/* another implementer's */
		{ 0x611fd0d0, false, false },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		no_cpu();
		SREG(MIDR_EL1) = t[i].midr;
		assert_int_equal(this_feat()->spec_at, t[i].at);
		assert_int_equal(this_feat()->par_dmb, t[i].par);
	}
}

/* Each CPU is looked at by itself. */
static void each_cpu(void **state)
{
	struct cpu_run *first;
	(void)state;

	no_cpu();
	assert_int_equal(allocated, 2);
	SREG(ID_AA64PFR0_EL1) = 1UL << 32;
	first = cpu_run();
	cpu_detect(this_cpu());
	assert_true(first->feat->sve);
	SREG(ID_AA64PFR0_EL1) = 0;
	current = 1;
	assert_ptr_not_equal(cpu_run(), first);
	cpu_detect(this_cpu());
	assert_false(cpu_run()->feat->sve);
	assert_true(first->feat->sve);
	nr_cpus = 3;
	allocated = 0;
	expect_assert_failure(cpu_run_init());		/* no memory */
	nr_cpus = 0;
	expect_assert_failure(cpu_run_init());
	nr_cpus = HYPSEC_MAX_CPUS + 1;
	expect_assert_failure(cpu_run_init());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field),
		cmocka_unit_test(kept),
		cmocka_unit_test(numbers),
		cmocka_unit_test(errata),
		cmocka_unit_test(each_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
