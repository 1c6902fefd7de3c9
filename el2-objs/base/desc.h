/* SPDX-License-Identifier: GPL-2.0-only */
/* What descriptors of all tables of 4 KiB pages have in common (Arm ARM D8.3). */
#ifndef HYPSEC_DESC_H
#define HYPSEC_DESC_H

#include "base/memory.h"

#define PTRS		512U			/* entries of one table page */
#define LAST_LEVEL	3

#define PTE_VALID	BIT(0)
#define PTE_TABLE	BIT(1)			/* levels 0-2: table; level 3: page */
#define PTE_ADDR	GENMASK(47, 12)

/* What an entry at a level of any table of 4 KiB pages describes. */
static inline unsigned int level_shift(u8 level)
{
	return 39 - 9 * level;
}

static inline u64 level_size(u8 level)
{
	return 1UL << level_shift(level);
}

static inline bool pte_valid(u64 pte)
{
	return pte & PTE_VALID;
}

static inline bool pte_table(u64 pte, u8 level)
{
	return level < LAST_LEVEL && (pte & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

static inline u64 *pte_next(u64 pte)
{
	return core_va(PA(pte & PTE_ADDR));
}

static inline u64 pte_mktable(const u64 *table)
{
	return core_pa(table).v | PTE_TABLE | PTE_VALID;
}

#endif
