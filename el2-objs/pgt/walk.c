// SPDX-License-Identifier: GPL-2.0-only
/* Stage-2 tables: geometry, walks, splitting. */
#include "pgt/pte.h"
#include "base/check.h"
#include "base/percpu.h"
#include "base/sysreg.h"
#include "pool/pool.h"

#define PARANGE_48	5	/* ID_AA64MMFR0_EL1.PARange; 52 bits need LPA2, unused here */
#define PA_BITS_LEVEL0	44	/* start level 0 is reserved below this PA size (D24.2.211 SL0) */
#define LEVEL0_MIN_IPA	40
#define CONCAT_BITS	4	/* at most 16 concatenated tables */

/* VTCR_EL2 (D24.2.211) */
#define VTCR_T0SZ(bits)	(64UL - (bits))
#define VTCR_SL0(level)	((level) == 0 ? 2UL << 6 : 1UL << 6)	/* 4 KiB granule */
#define VTCR_IRGN_WBWA	(1UL << 8)
#define VTCR_ORGN_WBWA	(1UL << 10)
#define VTCR_SH_INNER	(3UL << 12)
#define VTCR_PS_SHIFT	16
#define VTCR_VS		BIT(19)
#define VTCR_RES1	BIT(31)
#define VMIDBITS_16	2	/* ID_AA64MMFR1_EL1.VMIDBits */

_Static_assert((ANN_STATE & S2_VALID) == 0, "an annotation must be invalid to hardware");
_Static_assert(!(S2_SHARED & S2_SW), "the stamp and the shared bit are distinct");

static u32 parange(void)
{
	u32 range = read_idreg(ID_AA64MMFR0_EL1, 0);

	return range > PARANGE_48 ? PARANGE_48 : range;
}

static u64 vtcr_vs __ro_after_seal;

bool __init s2_wide_vmids(void)
{
	if (read_idreg(ID_AA64MMFR1_EL1, 4) != VMIDBITS_16)
		return false;
	vtcr_vs = VTCR_VS;
	return true;
}

static bool all_set_af __ro_after_seal;

void s2_know_cpus(void)
{
	all_set_af = true;
	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		all_set_af &= cpu_by_id(cpu)->sets_af;
}

void s2_track_use(struct s2 *s2)
{
	if (all_set_af)
		s2->vtcr |= S2_VTCR_HA;
}

/**
 * s2_init() - an empty table
 * @s2: to be filled in
 * @ipa_bits: input size, 32 up to the PA size of the CPU
 * @vmid: hardware VMID, 0 for the host
 * @acc: account of all its pages
 *
 * Start level 1 up to 39 bits; above, start level 0, or concatenated level-1
 * tables where the PA size does not allow level 0 (Arm ARM D8.2.8).
 * Return: HYPSEC_OK, HYPSEC_RANGE, HYPSEC_NO_MEMORY.
 */
int s2_init(struct s2 *s2, u8 ipa_bits, u16 vmid, enum hypsec_account acc)
{
	u8 most = pa_bits(parange()), start, order = 0;
	unsigned int bits;
	u64 *root;

	if (ipa_bits < 32 || ipa_bits > most)
		return HYPSEC_RANGE;

	start = ipa_bits >= LEVEL0_MIN_IPA && most >= PA_BITS_LEVEL0 ? 0 : 1;
	bits = ipa_bits - level_shift(start);
	if (bits > 9)
		order = bits - 9;
	CHECK(order <= CONCAT_BITS);

	root = order ? pool_alloc_contig(order, acc) : pool_alloc(acc);
	if (!root)
		return HYPSEC_NO_MEMORY;

	share_charge(vmid, 1 << order);
	s2->root = root;
	s2->ipa_bits = ipa_bits;
	s2->start_level = start;
	s2->root_order = order;
	s2->vmid = vmid;
	s2->acc = acc;
	s2->holds = false;
	s2->record = false;
	s2->held = 0;
	CHECK(vmid <= (vtcr_vs ? GENMASK(15, 0) : GENMASK(7, 0)));
	/* No HD, and HA by s2_track_use(): nobody but the core writes these tables. */
	s2->vtcr = VTCR_RES1 | vtcr_vs | ((u64)parange() << VTCR_PS_SHIFT) | VTCR_SH_INNER |
		   VTCR_ORGN_WBWA | VTCR_IRGN_WBWA | VTCR_SL0(start) | VTCR_T0SZ(ipa_bits);
	return HYPSEC_OK;
}

struct s2_pos s2_walk(const struct s2 *s2, u64 ia, u8 max_level)
{
	unsigned int shift = level_shift(s2->start_level);
	u8 level = s2->start_level;
	u64 *ptep = &s2->root[pte_index(s2, ia, level)];

	for (;;) {
		u64 pte = READ_ONCE(*ptep);

		if (level >= max_level || !pte_table(pte, level))
			return (struct s2_pos){ ptep, level };
		level++;
		shift -= 9;
		ptep = pte_next(pte) + ((ia >> shift) & (PTRS - 1));
	}
}

struct s2_leaf s2_lookup(const struct s2 *s2, u64 ia)
{
	struct s2_leaf leaf = { 0, s2->start_level, level_size(s2->start_level) };
	struct s2_pos pos;

	if (ia >> s2->ipa_bits)
		return leaf;
	pos = s2_walk(s2, ia, LAST_LEVEL);
	leaf.pte = READ_ONCE(*pos.ptep);
	leaf.level = pos.level;
	leaf.size = level_size(pos.level);
	return leaf;
}

u64 *s2_entry(const struct s2 *s2, u64 ia)
{
	struct s2_pos pos = s2_walk(s2, ia, LAST_LEVEL);

	CHECK(!(ia >> s2->ipa_bits) && pos.level == LAST_LEVEL);
	return pos.ptep;
}

/* The entries of a new table that say together what @pte says at @level. */
static void fill_split(u64 *table, u64 pte, u8 level)
{
	u64 step = level_size(level + 1);
	unsigned int i;

	for (i = 0; i < PTRS; i++) {
		u64 child = pte;

		if (pte_valid(pte)) {
			child += i * step;
			if (level + 1 == LAST_LEVEL)
				child |= S2_TABLE;	/* there: page */
		} else {
			child = ann_page(pte, i * step);
		}
		table[i] = child;
	}
}

/* True if the block @pte comes with a page for its split: see pool_hold(). */
static bool has_held(const struct s2 *s2, u64 pte)
{
	return pte_valid(pte) ? s2->holds : (pte & ANN_STATE) == ANN_PRIVATE;
}

int s2_split(struct s2 *s2, u64 ia, u8 level)
{
	if (ia >> s2->ipa_bits)
		return HYPSEC_RANGE;
	for (;;) {
		struct s2_pos pos = s2_walk(s2, ia, level);
		u64 pte = READ_ONCE(*pos.ptep);
		u64 *table;

		if (pos.level >= level)
			return HYPSEC_OK;

		if (has_held(s2, pte)) {
			CHECK(s2->held && pos.level == 2);
			s2->held--;
			table = pool_alloc_held(s2->acc);
		} else {
			table = pool_alloc(s2->acc);
			share_charge(s2->vmid, table ? 1 : 0);
		}
		if (!table)
			return HYPSEC_NO_MEMORY;
		if (pte)
			fill_split(table, pte, pos.level);
		dsb(ishst);		/* the table before the entry that leads to it */
		if (pte_valid(pte)) {
			/* Break-before-make: who faults meanwhile finds the new table. */
			pte_write(pos.ptep, 0);
			tlb_flush_ipa(s2, ALIGN_DOWN(ia, level_size(pos.level)));
		}
		pte_write(pos.ptep, pte_mktable(table));
		dsb(ishst);
	}
}
