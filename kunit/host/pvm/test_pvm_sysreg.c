// SPDX-License-Identifier: GPL-2.0-only
/* Trapped system registers, and the ID registers; the whole encoding space: test_sysregs.c. */
#include "pvm_world.h"

#define RT	5

/* One access; returns true if the guest goes on. */
static bool trap(struct vcpu *v, u64 reg, bool read, u32 rt, enum vcpu_exit *code)
{
	v->esr = (u64)EC_SYS64 << ESR_EC_SHIFT | ESR_IL | reg | rt << 5 | (read ? ESR_SYS_READ : 0);
	*code = EXIT_TRAP;
	return pvm_sysreg(v, code);
}

static u64 read_reg(struct vcpu *v, u64 reg)
{
	enum vcpu_exit code;
	unsigned int skips = w.skips;

	v->regs.x[RT] = 0x5ec2e7;
	assert_true(trap(v, reg, true, RT, &code));
	assert_int_equal(w.skips, skips + 1);
	return v->regs.x[RT];
}

static void id_registers(void **state)
{
	static const struct { enum pvm_id reg; unsigned int shift; } hidden[] = {
		{ PVM_ID_PFR0, 8 },	/* EL2 */
		{ PVM_ID_PFR0, 12 },	/* EL3 */
		{ PVM_ID_PFR0, 28 },	/* RAS */
		{ PVM_ID_ZFR0, 56 },	/* F64MM */
		{ PVM_ID_PFR0, 36 },	/* SEL2 */
		{ PVM_ID_PFR0, 40 },	/* MPAM */
		{ PVM_ID_PFR0, 44 },	/* AMU */
		{ PVM_ID_PFR0, 52 },	/* RME */
		{ PVM_ID_PFR1, 8 },	/* MTE */
		{ PVM_ID_PFR1, 24 },	/* SME */
		{ PVM_ID_PFR1, 44 },	/* GCS */
		{ PVM_ID_DFR0, 4 },	/* TraceVer */
		{ PVM_ID_DFR0, 8 },	/* PMUVer */
		{ PVM_ID_DFR0, 32 },	/* PMSVer */
		{ PVM_ID_DFR0, 44 },	/* TraceBuffer */
		{ PVM_ID_DFR0, 52 },	/* BRBE */
		{ PVM_ID_ISAR0, 24 },	/* TME */
		{ PVM_ID_ISAR1, 60 },	/* LS64 */
		{ PVM_ID_ISAR2, 0 },	/* WFxT */
		{ PVM_ID_ISAR2, 16 },	/* MOPS */
		{ PVM_ID_MMFR0, 8 },	/* BigEnd */
		{ PVM_ID_MMFR0, 56 },	/* FGT */
		{ PVM_ID_MMFR0, 60 },	/* ECV */
		{ PVM_ID_MMFR1, 8 },	/* VH */
		{ PVM_ID_MMFR1, 40 },	/* HCX */
		{ PVM_ID_MMFR2, 24 },	/* NV */
	};
	(void)state;

	for (int reg = 0; reg < PVM_ID_COUNT; reg++) {
		/* No field is more than hardware has, but for those that are fixed. */
		for (int i = 0; i < 1000; i++) {
			u64 hw = test_rand(), v = pvm_id_value(reg, hw, 48);

			for (unsigned int s = 0; s < 64; s += 4) {
				u64 h = hw >> s & 15, g = v >> s & 15;
				bool fixed = reg == PVM_ID_PFR0 ? s < 8 || s == 24 :
					reg == PVM_ID_DFR0 && (s == 12 || s == 20);

				if (!fixed)
					assert_true(g <= h);
			}
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		assert_int_equal(pvm_id_value(hidden[i].reg, ~0UL, 48) >> hidden[i].shift & 15, 0);
	assert_int_equal(pvm_id_value(PVM_ID_PFR0, 0x2222, 48) & 0xff, 0x11);

	/* 0xf is a CPU without FP: it stays. */
	assert_int_equal(pvm_id_value(PVM_ID_PFR0, 0xff0000, 48) & 0xff0000, 0xff0000);
	/* LPA2 goes, "no 4 KiB granule" stays. */
	assert_int_equal(pvm_id_value(PVM_ID_MMFR0, 1UL << 28, 48) >> 28 & 15, 0);
	assert_int_equal(pvm_id_value(PVM_ID_MMFR0, 15UL << 28, 48) >> 28 & 15, 15);
	assert_int_equal(pvm_id_value(PVM_ID_MMFR0, 6, 48) & 15, 5);
	assert_int_equal(pvm_id_value(PVM_ID_MMFR0, 5, 40) & 15, 2);
	/* Between two sizes the larger: all of its RAM is in reach. */
	for (u8 bits = 32; bits <= 48; bits++) {
		for (u64 hw = 0; hw <= 5; hw++) {
			u64 range = pvm_id_value(PVM_ID_MMFR0, hw, bits) & 15;

			assert_true(pa_bits(range) >= bits || range == hw);
			assert_true(range <= hw && (!range || pa_bits(range - 1) < bits));
		}
	}
	assert_int_equal(pvm_id_value(PVM_ID_MMFR0, 5, 41) & 15, 3);
	assert_int_equal(pvm_id_value(PVM_ID_MMFR0, 5, 43) & 15, 4);
	assert_int_equal(pvm_id_value(PVM_ID_MMFR0, 1, 48) & 15, 1);
	assert_int_equal(pvm_id_value(PVM_ID_MMFR0, 5, 32) & 15, 0);
	/* The size of the VM's address space is PARange's business, and of no other field. */
	for (int reg = 0; reg < PVM_ID_COUNT; reg++)
		for (u64 n = 0; n < 16; n++) {
			u64 hw = n * 0x1111111111111111, here = pvm_id_value(reg, hw, 48);

			if (reg == PVM_ID_MMFR0)
				here &= ~15UL;
			assert_int_equal(pvm_id_value(reg, hw, 32), here);
		}
	/* One field is one register's: bits 31:28 are TGran4 in MMFR0 and nowhere else. */
	assert_int_equal(pvm_id_value(PVM_ID_ISAR0, 1UL << 28, 48), 1UL << 28);
}

/* Of a CPU that has all there is, a field at a time: what a guest may have, and no less. */
static void most(void **state)
{
	static const u64 all[PVM_ID_COUNT] = {
		[PVM_ID_PFR0] = 0x1101000101ff0011, [PVM_ID_PFR1] = 0x21,
		[PVM_ID_ZFR0] = 0x0010110100210022, [PVM_ID_DFR0] = 0x101006,
		[PVM_ID_ISAR0] = 0x1221111110312120, [PVM_ID_ISAR1] = 0x0011211111311552,
		[PVM_ID_ISAR2] = 0x0010000011105110, [PVM_ID_MMFR0] = 0xff100025,
		[PVM_ID_MMFR1] = 0x1001102001302002, [PVM_ID_MMFR2] = 0x1021001110010111,
		[PVM_ID_CTR] = 0xb00fc00f,
	};
	(void)state;

	for (int reg = 0; reg < PVM_ID_COUNT; reg++)
		assert_int_equal(pvm_id_value(reg, ~0UL, 48), all[reg]);
}

/* No CPU lacks what is shown: a host could run the guest there. */
static void ids_of_all_cpus(void **state)
{
	(void)state;
	for (int round = 0; round < 1000; round++) {
		world_new();
		for (int id = 0; id < PVM_ID_COUNT; id++) {
			u64 both, one[2], ctr;

			for (int cpu = 0; cpu < 2; cpu++) {
				world_cpus[cpu].id_regs[id] = test_rand();
				one[cpu] = pvm_id_value(id, world_cpus[cpu].id_regs[id], 48);
			}
			both = pvm_id_common(id, 48);
			for (int shift = 0; shift < 64; shift += 4) {
				u64 f = both >> shift & 15, a = one[0] >> shift & 15,
					b = one[1] >> shift & 15;
				bool sign = (id == PVM_ID_PFR0 && (shift == 16 || shift == 20)) ||
					(id == PVM_ID_MMFR0 && (shift == 24 || shift == 28));

				if (sign) {
					/* 0xf: not there */
					assert_true(((f + 1) & 15) <= ((a + 1) & 15) || f > 7);
					assert_true((a != 15 && b != 15) || f > 7);
				} else if (id == PVM_ID_CTR && shift == 28) {
					ctr = a & b;
					assert_int_equal(f, ctr);
				} else {
					assert_int_equal(f, a < b ? a : b);
				}
			}
		}
	}
}

/* One feature needs another (Arm ARM A2): @id at least @min means @needs at least @nmin. */
static const struct { enum pvm_id id; int shift; u64 min; enum pvm_id needs; int nshift; u64 nmin; }
needs[] = {
	{ PVM_ID_ISAR0, 12, 2, PVM_ID_ISAR0, 8, 1 },	/* SHA512: SHA1 */
	{ PVM_ID_ISAR0, 32, 1, PVM_ID_ISAR0, 12, 2 },	/* SHA3: SHA512 */
	{ PVM_ID_ISAR0, 36, 1, PVM_ID_ISAR0, 40, 1 },	/* SM3: SM4 */
	{ PVM_ID_ISAR0, 40, 1, PVM_ID_ISAR0, 36, 1 },	/* SM4: SM3 */
	{ PVM_ID_ISAR0, 44, 1, PVM_ID_ISAR0, 28, 1 },	/* DotProd: RDM */
	{ PVM_ID_ISAR0, 20, 3, PVM_ID_MMFR2, 32, 1 },	/* LSE128: LSE2 */
	{ PVM_ID_MMFR2, 32, 1, PVM_ID_ISAR0, 20, 2 },	/* LSE2: LSE */
	{ PVM_ID_ISAR0, 52, 2, PVM_ID_ISAR0, 52, 1 },	/* FlagM2: FlagM */
	{ PVM_ID_ISAR2, 4, 1, PVM_ID_MMFR1, 44, 1 },	/* RPRES: AFP */
	{ PVM_ID_MMFR2, 60, 1, PVM_ID_PFR0, 60, 1 },	/* E0PD: CSV3 */
	{ PVM_ID_MMFR2, 12, 1, PVM_ID_PFR0, 28, 1 },	/* IESB: RAS */
	{ PVM_ID_MMFR1, 20, 3, PVM_ID_MMFR1, 20, 2 },	/* PAN3: PAN2 */
	{ PVM_ID_PFR0, 32, 1, PVM_ID_ISAR1, 16, 1 },	/* SVE: FCMA */
	{ PVM_ID_ZFR0, 0, 1, PVM_ID_PFR0, 32, 1 },	/* SVE2: SVE */
	{ PVM_ID_ZFR0, 4, 1, PVM_ID_PFR0, 32, 1 },
	{ PVM_ID_ZFR0, 16, 1, PVM_ID_PFR0, 32, 1 },
	{ PVM_ID_ZFR0, 32, 1, PVM_ID_PFR0, 32, 1 },
	{ PVM_ID_PFR1, 36, 1, PVM_ID_PFR0, 24, 1 },	/* NMI: GIC system registers */
};

static bool unmet(const u64 *ids, size_t i)
{
	return (ids[needs[i].id] >> needs[i].shift & 15) >= needs[i].min &&
	       (ids[needs[i].needs] >> needs[i].nshift & 15) < needs[i].nmin;
}

/* Where every CPU is as the architecture allows, so is what is shown of them. */
static void ids_consistent(void **state)
{
	u64 v[PVM_ID_COUNT];
	(void)state;

	for (int round = 0; round < 2000; round++) {
		world_new();
		for (int cpu = 0; cpu < 2; cpu++) {
			u64 *ids = world_cpus[cpu].id_regs;
			bool again = true;

			for (int id = 0; id < PVM_ID_COUNT; id++)
				ids[id] = test_rand() & 0x3333333333333333;
			while (again) {
				again = false;
				for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
					if (unmet(ids, i)) {
						ids[needs[i].id] &= ~(15UL << needs[i].shift);
						again = true;
					}
			}
		}
		for (int id = 0; id < PVM_ID_COUNT; id++)
			v[id] = pvm_id_common(id, 48);
		for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
			if (unmet(v, i))
				fail_msg("ID register %d, bit %d, needs %d, bit %d", needs[i].id,
					 needs[i].shift, needs[i].needs, needs[i].nshift);
	}
	/* Values that the architecture has: two breakpoints and watchpoints at least, EL0 and EL1. */
	assert_int_equal(v[PVM_ID_DFR0] & 0xfffffff0, 0x00101000);
	assert_int_equal(v[PVM_ID_PFR0] & 0xff, 0x11);
	assert_int_equal(v[PVM_ID_CTR] >> 32, 0);
	/* PAuth: two algorithms have nothing in common. */
	world_cpus[0].id_regs[PVM_ID_ISAR1] = 0x01000010;	/* QARMA5 */
	world_cpus[1].id_regs[PVM_ID_ISAR1] = 0x10000100;	/* IMPLEMENTATION DEFINED */
	assert_int_equal(pvm_id_common(PVM_ID_ISAR1, 48) & 0xff000ff0, 0);
}

static void values(void **state)
{
	struct vcpu *v;
	enum vcpu_exit code;
	(void)state;

	world_new();
	v = &world_vcpu[0];
	world_pvm.id[PVM_ID_MMFR1] = 0x1234;
	assert_int_equal(read_reg(v, ESR_SYS(3, 0, 0, 7, 1)), 0x1234);
	assert_int_equal(read_reg(v, ESR_SYS(3, 0, 0, 4, 4)), 0);	/* ZFR0 */
	assert_int_equal(read_reg(v, ESR_SYS(3, 0, 0, 1, 0)), 0);	/* ID_PFR0 */
	assert_int_equal(read_reg(v, ESR_SYS(2, 0, 1, 1, 4)), 8);	/* OSLSR */
	assert_int_equal(read_reg(v, ESR_SYS(3, 0, 12, 12, 5)), 7);	/* ICC_SRE */
	assert_int_equal(read_reg(v, ESR_SYS(3, 3, 14, 2, 1)), 2);	/* CNTP_CTL */

	/* What has no answer is undefined, after all were looked at and nothing past them. */
	w.undefs = 0;
	assert_true(trap(v, ESR_SYS(3, 7, 15, 15, 7), true, RT, &code));
	assert_true(trap(v, ESR_SYS(3, 7, 15, 15, 7), false, RT, &code));
	assert_int_equal(w.undefs, 2);

	/* Breakpoints are not there to be armed. */
	v->regs.x[RT] = ~0UL;
	assert_true(trap(v, ESR_SYS(2, 0, 0, 0, 5), false, RT, &code));
	assert_int_equal(read_reg(v, ESR_SYS(2, 0, 0, 0, 5)), 0);
	/* MDSCR: step and its relatives, not MDE. */
	v->regs.x[RT] = ~0UL;
	assert_true(trap(v, ESR_SYS(2, 0, 0, 2, 2), false, RT, &code));
	assert_int_equal(w.mdscr, 0x3001);
	w.mdscr = ~0UL;
	assert_int_equal(read_reg(v, ESR_SYS(2, 0, 0, 2, 2)), 0x3001);
	/* Each vCPU selects its own cache; all are one line of 64 bytes. */
	world_pvm.id[PVM_ID_CTR] = 0x84448004;
	for (u64 n = 0; n < 16; n++) {
		v->regs.x[RT] = ~0xfUL | n;
		assert_true(trap(v, ESR_SYS(3, 2, 0, 0, 0), false, RT, &code));
		assert_int_equal(read_reg(v, ESR_SYS(3, 2, 0, 0, 0)), n);
		assert_int_equal(read_reg(v, ESR_SYS(3, 1, 0, 0, 0)), 2);
	}
	assert_int_equal(world_vcpu[1].sr[GSR_CSSELR_EL1], 0);
	/* The physical timer can be switched off, not on. */
	v->regs.x[RT] = 1;
	w.undefs = 0;
	trap(v, ESR_SYS(3, 3, 14, 2, 1), false, RT, &code);
	assert_int_equal(w.undefs, 1);
	/* x30 is the last; x31 is the zero register, not an element past the array. */
	v->regs.x[30] = 1;
	assert_true(trap(v, ESR_SYS(2, 0, 0, 2, 2), false, 30, &code));
	assert_int_equal(w.mdscr, 1);
	assert_true(trap(v, ESR_SYS(2, 0, 0, 2, 2), false, 31, &code));
	assert_int_equal(w.mdscr, 0);
	assert_true(trap(v, ESR_SYS(3, 0, 0, 7, 1), true, 31, &code));
	assert_false(trap(v, ESR_SYS(3, 0, 12, 11, 5), false, 31, &code));
}

/* A debugger's registers: there, and nothing behind them that a guest could see or change. */
static void debug(void **state)
{
	enum { READ_ONLY = 3 };			/* the first ones */
	static const u64 reg[] = {
		ESR_SYS(2, 0, 7, 14, 6),	/* DBGAUTHSTATUS */
		ESR_SYS(2, 3, 0, 1, 0),		/* MDCCSR_EL0 */
		ESR_SYS(2, 0, 1, 0, 0),		/* MDRAR */
		ESR_SYS(2, 0, 0, 0, 2),		/* OSDTRRX */
		ESR_SYS(2, 0, 0, 3, 2),		/* OSDTRTX */
		ESR_SYS(2, 0, 0, 6, 2),		/* OSECCR */
		ESR_SYS(2, 0, 0, 2, 0),		/* MDCCINT */
		ESR_SYS(2, 0, 7, 8, 6),		/* DBGCLAIMSET */
		ESR_SYS(2, 0, 7, 9, 6),		/* DBGCLAIMCLR */
		ESR_SYS(2, 3, 0, 4, 0),		/* DBGDTR_EL0 */
		ESR_SYS(2, 3, 0, 5, 0),		/* DBGDTRRX_EL0, DBGDTRTX_EL0 */
		ESR_SYS(2, 0, 1, 3, 4),		/* OSDLR */
		ESR_SYS(2, 0, 1, 4, 4),		/* DBGPRCR */
		/* DBGBVR, DBGBCR, DBGWVR, DBGWCR: two of each */
		ESR_SYS(2, 0, 0, 0, 4), ESR_SYS(2, 0, 0, 0, 5), ESR_SYS(2, 0, 0, 0, 6),
		ESR_SYS(2, 0, 0, 0, 7), ESR_SYS(2, 0, 0, 1, 4), ESR_SYS(2, 0, 0, 1, 5),
		ESR_SYS(2, 0, 0, 1, 6), ESR_SYS(2, 0, 0, 1, 7),
	};
	struct vcpu *v;
	enum vcpu_exit code;
	(void)state;

	world_new();
	v = &world_vcpu[0];
	for (size_t i = 0; i < ARRAY_SIZE(reg); i++) {
		w.undefs = 0;
		v->regs.x[RT] = ~0UL;
		assert_true(trap(v, reg[i], false, RT, &code));
		assert_int_equal(w.undefs, i < READ_ONLY);
		assert_int_equal(read_reg(v, reg[i]), 0);
		assert_int_equal(w.undefs, i < READ_ONLY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id_registers),
		cmocka_unit_test(most),
		cmocka_unit_test(ids_of_all_cpus),
		cmocka_unit_test(ids_consistent),
		cmocka_unit_test(values),
		cmocka_unit_test(debug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
