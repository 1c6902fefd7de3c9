/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors and geometry of stage 2, for the files of pgt/ only (Arm ARM D8.3, 4 KiB granule). */
#ifndef PGT_PTE_H
#define PGT_PTE_H

#include "pgt/pgt.h"

/* What s2_map() takes from its caller; the rest of a leaf it adds itself. */
#define S2_ATTR		(S2_R | S2_W | S2_XN | S2_MEMATTR | S2_SW | S2_SHARED)
/* What may change in a live leaf without break-before-make (D8.16.1). */
#define S2_LIVE		(S2_R | S2_W | S2_XN | S2_SW | S2_SHARED)
/* What of it the TLB does not hold. */
#define S2_SOFT		(S2_SW | S2_SHARED)

static inline u64 pte_mkleaf(u64 pa, u8 level, u64 attr)
{
	return pa | attr | S2_SH_INNER | S2_AF | S2_VALID |
	       (level == LAST_LEVEL ? S2_TABLE : 0);
}

/* Entries of the root, and the entry for @ia in a table of @level. */
static inline unsigned int root_entries(const struct s2 *s2)
{
	return 1U << (s2->ipa_bits - level_shift(s2->start_level));
}

static inline unsigned int pte_index(const struct s2 *s2, u64 ia, u8 level)
{
	u64 i = ia >> level_shift(level);

	/* The root may be several pages, with more than 9 bits of index. */
	return level == s2->start_level ? i & (root_entries(s2) - 1) : i & (PTRS - 1);
}

/* Where a walk ended: the entry, not a table unless the walk was told to stop there. */
struct s2_pos {
	u64 *ptep;
	u8 level;
};

/* Walks to the leaf or invalid entry for @ia, or to @max_level; @ia is in range. */
struct s2_pos s2_walk(const struct s2 *s2, u64 ia, u8 max_level);

/* tlb.c: while another VMID's translations are invalidated. */
struct vmid_context {
	u64 vttbr, tcr, sctlr;
	bool switched;
	bool traced;			/* SPE and TRBE were stopped */
};

/* False: there is nothing to invalidate. Else flush_combined() is to follow. */
bool vmid_enter(struct vmid_context *c, const struct s2 *s2);
/* The end of a flush: the stage-2 entries have been invalidated. */
void flush_combined(const struct vmid_context *c);
/* tlb_flush_ipa() for several addresses at once. */
void tlb_flush_ipas(const struct s2 *s2, const u64 *ia, unsigned int n);
/* range.c: tables and leaves of a range, and perhaps of more; of all of the VMID where that is as well. */
#ifdef CONFIG_HYPSEC_TLBI_RANGE
void tlb_flush_range(const struct s2 *s2, u64 ia, u64 size);
#else
static inline void tlb_flush_range(const struct s2 *s2, u64 ia, u64 size)
{
	tlb_flush_vmid(s2);
}
#endif

#endif
