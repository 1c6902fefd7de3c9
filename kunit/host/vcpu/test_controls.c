// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's control registers for a run: bit by bit, what a host can ask for of an ordinary VM, on CPUs
 * that have a feature and on those that have not; and that of a protected VM it can ask for
 * nothing. Numbers here are those of the Arm ARM (D23.2), not the core's names for them.
 */
#include "cpu.h"

/* VM, SWIO, PTW, FMO, IMO, AMO, FB, BSU, TID3, TSC, TIDCP, TACR, TSW, TLOR */
#define HCR_ALWAYS	(GENMASK(5, 0) | BIT(9) | BIT(10) | GENMASK(22, 18) | BIT(35))
/* VF, VI, VSE, TWI, TWE, TID0-2, TPCP, TPU, TTLB, TVM, TRVM, TERR, TEA */
#define HCR_ASKED_LOW	(GENMASK(8, 6) | GENMASK(17, 13) | GENMASK(26, 23) | BIT(30) | \
			 GENMASK(37, 36))
/* TID4, TICAB, TOCU, TTLBIS, TTLBOS, TID5 */
#define HCR_ASKED	(HCR_ASKED_LOW | GENMASK(50, 49) | BIT(52) | GENMASK(55, 54) | BIT(58))
/* TPMCR, TPM, TDOSA, TDRA, TPMS, TTRF; E2PB, E2TB: 0b10 */
#define MDCR_ALWAYS	(GENMASK(6, 5) | GENMASK(11, 10) | BIT(14) | BIT(19) | BIT(13) | BIT(25))
/* RES1 and TZ, TFP, TSM, TTA, TAM */
#define CPTR_ALWAYS	(0x32ffUL | BIT(8) | BIT(10) | BIT(12) | BIT(20) | BIT(30))

static struct vcpu v;
static u64 fgu[FGT_COUNT];

/* Where a bit that is 0 traps, and what traps whatever the host says: BRBE, PMSNEVFR_EL1. */
static const struct { u64 negative, always; } fgt[FGT_COUNT] = {
	[FGT_HFGRTR] = { GENMASK(63, 52) | BIT(50), 0 },
	[FGT_HFGWTR] = { GENMASK(63, 52) | BIT(50), 0 },
	[FGT_HFGITR] = { GENMASK(59, 55), GENMASK(56, 55) },
	[FGT_HDFGRTR] = { GENMASK(62, 59), GENMASK(62, 59) },
	[FGT_HDFGWTR] = { GENMASK(62, 59), GENMASK(62, 59) },
};

/* A run's struct vcpu has in it what the last one left. */
static void fresh(void)
{
	cpu_new();
	memset(&v, 0xa5, sizeof(v));
	v.poffset = 0;
	memset(fgu, 0, sizeof(fgu));
	SREG(MDCR_EL2) = test_rand();
	SREG(CNTHCTL_EL2) = test_rand();
}

static void asked(u64 hcr, u64 mdcr, u64 hcrx)
{
	const struct cpu_feat *f = &this_feat;
	u64 want = HCR_ALWAYS | (hcr & HCR_ASKED) | (f->el1_32 ? hcr & BIT(31) : BIT(31)), x;

	if (f->pauth)
		want |= hcr & GENMASK(41, 40);
	if (f->mte)
		want |= hcr & BIT(56);
	if (f->fwb)
		want |= hcr & BIT(46);
	x = BIT(5) | BIT(11) | (f->tcr2 ? BIT(14) : 0) | (f->fpmr ? BIT(23) : 0);
	vcpu_controls_ordinary(&v, hcr, mdcr, hcrx, fgu);
	assert_int_equal(v.hcr, want);
	assert_int_equal(v.mdcr, (SREG(MDCR_EL2) & 31) | MDCR_ALWAYS | (mdcr & GENMASK(9, 8)));
	assert_int_equal(v.hcrx, f->hcx ? hcrx & x : 0);
	assert_int_equal(v.cptr, CPTR_ALWAYS);
	assert_int_equal(v.cnthctl, (SREG(CNTHCTL_EL2) & ~3UL) | !v.poffset);
	assert_false(v.own_cntvoff);
}

static void each_bit(void **state)
{
	(void)state;
	for (unsigned int without = 0; without < 8; without++) {
		for (unsigned int bit = 0; bit < 64; bit++) {
			struct cpu_feat *f = &this_feat;

			fresh();
			f->el1_32 = without & 1;
			f->pauth = f->tcr2 = without != 2;
			f->mte = f->fpmr = without != 3;
			f->fwb = without != 4;
			f->hcx = without != 5;
			v.poffset = bit & 1 ? test_rand() | 1 : 0;
			asked(BIT(bit), BIT(bit), BIT(bit));
			asked(~BIT(bit), ~BIT(bit), ~BIT(bit));
			asked(test_rand(), test_rand(), test_rand());
		}
	}
}

/* What traps is what the host wants UNDEFINED, and BRBE. */
static void fine_grained(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 70; bit++) {
		fresh();
		for (int i = 0; i < FGT_COUNT; i++)
			fgu[i] = bit < 64 ? BIT(bit) : test_rand();
		asked(0, 0, 0);
		for (int i = 0; i < FGT_COUNT; i++)
			assert_int_equal(v.fgt[i] ^ fgt[i].negative, fgu[i] | fgt[i].always);
	}
}

static void of_protected(void **state)
{
	(void)state;
	for (unsigned int without = 0; without < 5; without++) {
		struct cpu_feat *f = &this_feat;
		u64 want = HCR_ALWAYS | BIT(31) | BIT(16);

		fresh();
		v.poffset = 1;
		f->ras = without != 1;
		f->pauth = without != 2;
		f->mte = without != 3;
		f->fwb = without != 4;
		want |= (f->ras ? GENMASK(37, 36) : 0) | (f->pauth ? GENMASK(41, 40) : 0) |
			(f->mte ? BIT(58) : 0) | (f->fwb ? BIT(46) : 0);
		vcpu_controls_protected(&v);
		assert_int_equal(v.hcr, want);
		assert_int_equal(v.mdcr, (SREG(MDCR_EL2) & 31) | MDCR_ALWAYS | BIT(9));
		assert_int_equal(v.cptr, CPTR_ALWAYS);
		assert_int_equal(v.hcrx, 0);
		assert_int_equal(v.cnthctl, (SREG(CNTHCTL_EL2) & ~3UL) | 1);
		for (int i = 0; i < FGT_COUNT; i++)
			assert_int_equal(v.fgt[i], 0);
		assert_true(v.own_cntvoff);
		assert_int_equal(v.poffset, 0);
		assert_null(v.debug);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bit),
		cmocka_unit_test(fine_grained),
		cmocka_unit_test(of_protected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
