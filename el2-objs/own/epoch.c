// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stamps and epochs: no page leaves HOST while a VM's shadow may still map it, with
 * no list of who maps what. See README.
 */
#include "own/epoch.h"
#include "own/own.h"
#include "base/check.h"

#define STAMP_LAST	(S2_SW >> S2_SW_SHIFT)

/* Protected by host_s2_lock. */
static u32 epoch = 1;		/* what new mappings are stamped with */
static u32 ending;		/* the one before, while its mappings are dropped; or 0 */

/*
 * True if all of [base, base + size) may be mapped in a shadow. A 1 GiB range that the
 * host has in 4 KiB entries is refused: looking at them all would take too long, and
 * so would stamping them.
 */
static bool may_stamp(u64 base, u64 size, bool ram)
{
	struct s2_leaf leaf;
	u64 ia;

	for (ia = base; ia < base + size; ia = ALIGN_DOWN(ia, leaf.size) + leaf.size) {
		struct page_info pi;

		leaf = s2_lookup(&host_s2, ia);
		if (size == SZ_1G && leaf.level == 3)
			return false;
		pi = own_decode(&leaf);
		if (pi.state != (ram ? PG_HOST : PG_NONE))
			return false;
	}
	return true;
}

static void stamp_leaf(u64 ia, const struct s2_leaf *leaf)
{
	u64 new = (leaf->pte & ~S2_SW) | (u64)epoch << S2_SW_SHIFT;

	/* Hardware ignores these bits: no break, no TLBI. */
	if (leaf->pte != new)
		s2_replace(&host_s2, ia, leaf->pte, new);
}

static void stamp(u64 base, u64 size)
{
	struct s2_leaf leaf;
	u64 ia;

	for (ia = base; ia < base + size; ia = ALIGN_DOWN(ia, leaf.size) + leaf.size) {
		leaf = s2_lookup(&host_s2, ia);
		stamp_leaf(ia, &leaf);
	}
}

/* One page. Return: 0: it may not be mapped; else of which block around it the same is true. */
static u64 stamp_page(u64 pa)
{
	struct s2_leaf leaf = s2_lookup(&host_s2, pa);
	struct page_info pi = own_decode(&leaf);

	if (pi.state == PG_NONE)
		return pa_touches_ram(PA(pa), PAGE_SIZE) ? 0 : PAGE_SIZE;
	if (pi.state != PG_HOST)
		return 0;
	stamp_leaf(pa, &leaf);
	return leaf.size;
}

s64 own_stamp(pa_t pa, u64 size)
{
	s64 ret = HYPSEC_DENIED;

	if (!IS_ALIGNED(pa.v, PAGE_SIZE) ||
	    (size != PAGE_SIZE && size != SZ_2M && size != SZ_1G))
		return HYPSEC_INVALID;
	if (!range_ok(pa.v, PAGE_SIZE, pa_limit))
		return HYPSEC_RANGE;

	spin_lock(&host_s2_lock);
	for (; size > PAGE_SIZE; size >>= 9) {
		u64 base = ALIGN_DOWN(pa.v, size);
		bool ram = pa_is_ram(PA(base), size);

		if (!ram && pa_touches_ram(PA(base), size))
			continue;
		if (!may_stamp(base, size, ram))
			continue;
		if (ram)
			stamp(base, size);
		ret = size;
		goto done;
	}
	if (stamp_page(pa.v))
		ret = PAGE_SIZE;
done:
	spin_unlock(&host_s2_lock);
	return ret;
}

void own_stamp_pages(u64 *page, u32 n)
{
	u64 base = 0, size = 0;		/* what the last one that is stamped has round it */
	u32 i;

	spin_lock(&host_s2_lock);
	for (i = 0; i < n; i++) {
		u64 pa = page[i] & S2_ADDR;

		if (!page[i] || pa - base < size)
			continue;
		size = range_ok(pa, PAGE_SIZE, pa_limit) ? stamp_page(pa) : 0;
		base = ALIGN_DOWN(pa, size);
		if (!size)
			page[i] = 0;
	}
	spin_unlock(&host_s2_lock);
}

u32 epochs_dirty(void)
{
	CHECK(spin_held(&host_s2_lock));
	return S2_STAMPS(epoch, ending);
}

u32 own_epoch_begin(void)
{
	u32 old;

	spin_lock(&host_s2_lock);
	/* RANK_EPOCH makes the callers take turns: two epochs are in use at most. */
	CHECK(!ending);
	old = ending = epoch;
	/*
	 * In turn: a stamp that is left over counts again when its number comes
	 * round, which is only a false alarm, and should be rare.
	 */
	epoch = epoch % STAMP_LAST + 1;
	spin_unlock(&host_s2_lock);
	return old;
}

void own_epoch_end(u32 old)
{
	spin_lock(&host_s2_lock);
	CHECK(old == ending);
	ending = 0;
	spin_unlock(&host_s2_lock);
}
