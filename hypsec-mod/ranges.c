// SPDX-License-Identifier: GPL-2.0-only
/* Sets of physical addresses, as the core takes them. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "ranges.h"

static u64 end_of(const struct hypsec_ram *r)
{
	return r->base + r->size;
}

int ranges_add(struct hypsec_ram *r, u32 *nr, u32 max, u64 base, u64 end)
{
	u32 first = 0, last;

	if (base >= end)
		return 0;
	while (first < *nr && end_of(&r[first]) < base)
		first++;
	/* Those that it overlaps or touches become one with it. */
	for (last = first; last < *nr && r[last].base <= end; last++) {
		if (r[last].base < base)
			base = r[last].base;
		if (end_of(&r[last]) > end)
			end = end_of(&r[last]);
	}
	if (first == last && *nr >= max)
		return -E2BIG;
	memmove(&r[first + 1], &r[last], (*nr - last) * sizeof(*r));
	*nr = *nr - (last - first) + 1;
	r[first].base = base;
	r[first].size = end - base;
	return 0;
}

int ranges_cut(struct hypsec_ram *r, u32 *nr, u32 max, u64 base, u64 end)
{
	u32 i;

	for (i = 0; i < *nr && base < end; i++) {
		u64 left = r[i].base, right = end_of(&r[i]);

		if (right <= base || left >= end)
			continue;
		if (left < base && right > end) {
			if (*nr >= max)
				return -E2BIG;
			memmove(&r[i + 1], &r[i], (*nr - i) * sizeof(*r));
			(*nr)++;
			r[i].size = base - left;
			r[i + 1].base = end;
			r[i + 1].size = right - end;
			break;
		}
		if (left < base) {
			r[i].size = base - left;
		} else if (right > end) {
			r[i].base = end;
			r[i].size = right - end;
		} else {
			memmove(&r[i], &r[i + 1], (*nr - i - 1) * sizeof(*r));
			(*nr)--;
			i--;
		}
	}
	return 0;
}

bool ranges_have(const struct hypsec_ram *r, u32 nr, u64 base, u64 end)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (r[i].base <= base && end <= end_of(&r[i]))
			return base < end;
	}
	return false;
}
