// SPDX-License-Identifier: GPL-2.0-only
/* Suite hypsec_abi: the calls as a kernel sees them, whatever they do. */
#include <linux/ctype.h>
#include <linux/smp.h>
#include <asm/neon.h>
#include <asm/sysreg.h>
#include "core.h"

#define PATTERN(i)	(0x5ec0000000000000UL + (i))
#define NOT_SUPPORTED	((u64)(s64)HYPSEC_NOT_SUPPORTED)

static const struct call {
	u32 id;
	unsigned int phases, arity, values;
	const char *name;
} calls[] = {
#define HYPSEC_CALL(nr, NAME, name, phases, caller, arity, values, handler, what) \
	{ HYPSEC_CALL_##NAME, phases, arity, values, #NAME },
#include "hcalls.def"
#undef HYPSEC_CALL
};

static void call_desc(const struct call *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(call, calls, call_desc);

/* An argument that each call takes without an effect: an odd address, an index too far. */
#define HARMLESS	(~0UL)

static void full(u64 *x, void (*insn)(u64 *x))
{
	unsigned long flags;

	local_irq_save(flags);
	insn(x);
	local_irq_restore(flags);
}

static void fill(u64 *x, u64 x0, u64 x1)
{
	unsigned int i;

	for (i = 0; i < 31; i++)
		x[i] = PATTERN(i);
	x[0] = x0;
	x[1] = x1;
}

static void expect_preserved(struct kunit *test, const u64 *x, const char *what)
{
	unsigned int i;

	for (i = 4; i < 31; i++)
		KUNIT_EXPECT_EQ_MSG(test, x[i], PATTERN(i), "x%u after %s", i, what);
}

static void version(struct kunit *test)
{
	struct arm_smccc_res res;

	KUNIT_ASSERT_EQ(test, hypsec_call_version(&res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, res.a1, HYPSEC_ABI_MAJOR << 16 | HYPSEC_ABI_MINOR);
	KUNIT_EXPECT_EQ(test, res.a3, HYPSEC_PHASE_SEALED);
}

/* Sealed: what belongs to this phase is answered, what belongs to install is gone. */
static void every_call(struct kunit *test)
{
	const struct call *c = test->param_value;
	static const u64 variant[] = { 0, HYPSEC_CALL_HINT, 0xffffffff00000000,
				       0x1234567800000000 | HYPSEC_CALL_HINT };
	bool here = c->phases & PH_S;
	unsigned int i, v;
	u64 x[31];

	for (i = 0; i < ARRAY_SIZE(variant); i++) {
		fill(x, c->id | variant[i], HARMLESS);
		full(x, hypsec_hvc_full);
		if (here) {
			KUNIT_EXPECT_NE(test, x[0], NOT_SUPPORTED);
			KUNIT_EXPECT_NE(test, x[0], (u64)(s64)HYPSEC_BROKEN);
		} else {
			KUNIT_EXPECT_EQ(test, x[0], NOT_SUPPORTED);
		}
		KUNIT_EXPECT_LE(test, (s64)x[0], 0);
		KUNIT_EXPECT_GE(test, (s64)x[0], HYPSEC_FAULT);
		/* Values only where the table says, none with an error. */
		for (v = x[0] ? 0 : c->values; v < 3; v++)
			KUNIT_EXPECT_EQ(test, x[1 + v], 0);
		expect_preserved(test, x, c->name);
	}
}

static void unknown_ids(struct kunit *test)
{
	static const struct {
		u32 first, last;
	} range[] = {
		/* KVM's range, past any call of any version of it */
		{ 0xc6000060, 0xc600007f },
		{ 0xc6000080, 0xc60000ff },
		{ 0xc6007ff0, 0xc60081ff },	/* ours, the guests', and around */
		{ 0xc600ff00, 0xc600ffff },
		{ 0xc6020000, 0xc602001f },	/* bits the hint is not */
		{ 0x86008000, 0x8600801f },	/* SMC32, yielding, other owners */
		{ 0x46008000, 0x4600801f },
		{ 0xc5000020, 0xc5000022 },
		{ 0x84000000, 0x8400001f },	/* PSCI has another conduit */
		{ 0xc4000000, 0xc400001f },
		{ 0x80000000, 0x80000003 },
		{ 0x00000010, 0x0000001f },
	};
	unsigned int i, k;
	u64 x[31];
	u32 id;

	for (i = 0; i < ARRAY_SIZE(range); i++) {
		for (id = range[i].first; id <= range[i].last; id++) {
			bool known = false;

			for (k = 0; k < ARRAY_SIZE(calls); k++)
				known |= calls[k].id == id;
			if (known)
				continue;
			fill(x, id, PATTERN(1));
			full(x, hypsec_hvc_full);
			KUNIT_EXPECT_EQ_MSG(test, x[0], NOT_SUPPORTED, "id %x", id);
			expect_preserved(test, x, "an unknown id");
		}
	}
}

static void immediates(struct kunit *test)
{
	register u64 r0 asm("x0");
	register u64 r1 asm("x1");

#define HVC_IMM(imm, id) \
	do { \
		r0 = (id); \
		r1 = HARMLESS; \
		asm volatile("hvc #" #imm : "+r" (r0), "+r" (r1) : : "x2", "x3", "memory"); \
		KUNIT_EXPECT_EQ(test, ({ u64 v = r0; v; }), NOT_SUPPORTED); \
	} while (0)
	HVC_IMM(1, HYPSEC_CALL_VERSION);
	HVC_IMM(0x8000, HYPSEC_CALL_VERSION);
	HVC_IMM(0xffff, HYPSEC_CALL_VERSION);
	HVC_IMM(2, 2);			/* a stub call */
}

static void bad_arguments(struct kunit *test)
{
	static const u64 index[] = { HYPSEC_ACC_COUNT, 0xff, 1UL << 16, 1UL << 32,
				     1UL << 32 | 1, 1UL << 63, ~0UL };
	/* no struct kvm: a user address, no canonical one, text, the end of everything */
	static const u64 kvm[] = { 0, 1, 8, 0x1000, 0x0000ffffffffffff, 0x8000000000000000,
				   0xffff7fffffffffff, ~0UL, ~7UL };
	struct arm_smccc_res res;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(index); i++) {
		KUNIT_EXPECT_EQ(test, hypsec_call_account(index[i], &res), HYPSEC_RANGE);
		KUNIT_EXPECT_EQ(test, hypsec_call_lost(index[i], &res), HYPSEC_RANGE);
		if (index[i] > 64)
			KUNIT_EXPECT_EQ(test, hypsec_call_vm_info(index[i], &res), HYPSEC_RANGE);
		if (index[i] > 2)
			KUNIT_EXPECT_EQ(test, hypsec_call_platform(index[i], &res), HYPSEC_RANGE);
	}
	KUNIT_EXPECT_EQ(test, hypsec_call_vm_info(0, &res), HYPSEC_RANGE);
	/* No VM is protected here: no piece of any identity. */
	for (i = 0; i <= 65; i++) {
		int status = hypsec_call_vm_identity(i, i % 5, &res);

		if (i < 1 || i > 64)
			KUNIT_EXPECT_EQ(test, status, HYPSEC_RANGE);
		else
			KUNIT_EXPECT_TRUE(test, status == HYPSEC_STATE || status == HYPSEC_RANGE);
		KUNIT_EXPECT_EQ(test, res.a1 | res.a2 | res.a3, 0);
		KUNIT_EXPECT_EQ(test, hypsec_call_vm_status(i, &res),
				i < 1 || i > 64 ? HYPSEC_RANGE : HYPSEC_STATE);
		KUNIT_EXPECT_EQ(test, res.a1 | res.a2 | res.a3, 0);
	}
	for (i = 0; i < ARRAY_SIZE(kvm); i++) {
		int status = hypsec_call_vm_teardown(kvm[i], &res);

		KUNIT_EXPECT_LE(test, status, 0);
		KUNIT_EXPECT_GT(test, status, HYPSEC_BROKEN);
		status = hypsec_call_vm_end(kvm[i], &res);
		KUNIT_EXPECT_LE(test, status, 0);
		KUNIT_EXPECT_GT(test, status, HYPSEC_BROKEN);
	}
	KUNIT_EXPECT_EQ(test, hypsec_call_vm_reap(&res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, hypsec_call_version(&res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, res.a3, HYPSEC_PHASE_SEALED);
}

/* FP/SIMD is the host's: no call uses it, none changes it. */
static void fp_preserved(struct kunit *test)
{
	u64 x[31], v0, v31, fpcr;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		fill(x, calls[i].id, HARMLESS);
		kernel_neon_begin();
		asm volatile(".arch_extension fp\n"
			     "fmov d0, %0\n"
			     "fmov d31, %1\n" : : "r" (PATTERN(100)), "r" (PATTERN(131)));
		hypsec_hvc_full(x);
		asm volatile(".arch_extension fp\n"
			     "fmov %0, d0\n"
			     "fmov %1, d31\n"
			     "mrs %2, fpcr\n" : "=r" (v0), "=r" (v31), "=r" (fpcr));
		kernel_neon_end();
		KUNIT_EXPECT_EQ(test, v0, PATTERN(100));
		KUNIT_EXPECT_EQ(test, v31, PATTERN(131));
		KUNIT_EXPECT_EQ(test, fpcr, 0);
	}
}

#define EL1_REGS(X) \
	X(sctlr_el1) X(tcr_el1) X(ttbr0_el1) X(ttbr1_el1) X(vbar_el1) X(mair_el1) \
	X(cpacr_el1) X(contextidr_el1) X(tpidr_el0) X(tpidrro_el0) X(tpidr_el1) X(sp_el0) \
	X(cntkctl_el1) X(mdscr_el1) X(elr_el1) X(spsr_el1) X(esr_el1) X(far_el1) X(par_el1) \
	X(daif) X(currentel) X(spsel) X(cntv_ctl_el0) X(cntv_cval_el0) X(midr_el1) X(mpidr_el1)

static void el1_registers_preserved(struct kunit *test)
{
#define X(r) #r,
	static const char *const name[] = { EL1_REGS(X) };
#undef X
	u64 before[ARRAY_SIZE(name)], after[ARRAY_SIZE(name)], x[31];
	unsigned long flags;
	unsigned int i, c, n;

	for (c = 0; c < ARRAY_SIZE(calls); c++) {
		fill(x, calls[c].id, HARMLESS);
		local_irq_save(flags);
		n = 0;
#define X(r) before[n++] = read_sysreg(r);
		EL1_REGS(X)
#undef X
		hypsec_hvc_full(x);
		n = 0;
#define X(r) after[n++] = read_sysreg(r);
		EL1_REGS(X)
#undef X
		local_irq_restore(flags);
		for (i = 0; i < ARRAY_SIZE(name); i++)
			KUNIT_EXPECT_EQ_MSG(test, after[i], before[i], "%s after %s", name[i],
					    calls[c].name);
	}
}

/* An SMC of the host: x4-x30 come back, whatever firmware does with x4-x17. */
static void smc_preserves(struct kunit *test)
{
	static const u32 id[] = { 0x84000000, 0x80000000, 0xc4000004, 0xc200ffff, 0x84000063 };
	unsigned int i;
	u64 x[31];

	for (i = 0; i < ARRAY_SIZE(id); i++) {
		fill(x, id[i], PATTERN(1));
		full(x, hypsec_smc_full);
		expect_preserved(test, x, "an SMC");
	}
}

static void version_here(void *info)
{
	struct arm_smccc_res res;

	if (hypsec_call_version(&res) == HYPSEC_OK && res.a3 == HYPSEC_PHASE_SEALED)
		atomic_inc(info);
}

static void all_cpus(struct kunit *test)
{
	atomic_t n = ATOMIC_INIT(0);
	unsigned int i;

	/* All at once, many times. */
	for (i = 0; i < 100; i++)
		on_each_cpu(version_here, &n, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&n), 100 * num_online_cpus());
}

static void log_is_text(struct kunit *test)
{
	unsigned int i, n = 0;
	char text[25];

	/* Bounded: the core writes a line now and then, the suites make it. */
	while (n++ < 4096) {
		KUNIT_ASSERT_EQ(test, hk_read_log(text), HYPSEC_OK);
		if (!text[0])
			break;
		for (i = 0; i < strlen(text); i++)
			KUNIT_EXPECT_TRUE(test, isprint(text[i]) || text[i] == '\n');
		/* NUL padding only at the end */
		for (; i < 24; i++)
			KUNIT_EXPECT_EQ(test, text[i], 0);
	}
	KUNIT_EXPECT_LT(test, n, 4096);
}

static struct kunit_case abi_cases[] = {
	KUNIT_CASE(version),
	KUNIT_CASE_PARAM(every_call, call_gen_params),
	KUNIT_CASE(unknown_ids),
	KUNIT_CASE(immediates),
	KUNIT_CASE(bad_arguments),
	KUNIT_CASE(fp_preserved),
	KUNIT_CASE(el1_registers_preserved),
	KUNIT_CASE(smc_preserves),
	KUNIT_CASE(all_cpus),
	KUNIT_CASE(log_is_text),
	{}
};

static struct kunit_suite abi_suite = {
	.name = "hypsec_abi",
	.init = hk_init,
	.test_cases = abi_cases,
};
kunit_test_suite(abi_suite);
