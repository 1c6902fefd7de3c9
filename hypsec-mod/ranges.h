/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of physical addresses: sorted, disjoint ranges, none of which touch. */
#ifndef HYPSEC_RANGES_H
#define HYPSEC_RANGES_H

#include "../el2-objs/abi/hypsec_abi.h"

/* ranges.c: @end is exclusive; -E2BIG: no room for one more, @r is as it was */
int ranges_add(struct hypsec_ram *r, u32 *nr, u32 max, u64 base, u64 end);
int ranges_cut(struct hypsec_ram *r, u32 *nr, u32 max, u64 base, u64 end);
bool ranges_have(const struct hypsec_ram *r, u32 nr, u64 base, u64 end);

#endif
