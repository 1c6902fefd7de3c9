// SPDX-License-Identifier: GPL-2.0-only
/* TLB maintenance by range, where all CPUs have it (FEAT_TLBIRANGE). */
#include "pgt/pte.h"
#include "base/percpu.h"
#include "base/sysreg.h"

/* TLBI RIPAS2E1IS (C5.5): the operand */
#define TLBI_RANGE_SCALE_SHIFT	44
#define TLBI_RANGE_NUM_SHIFT	39
#define TLBI_RANGE_NUM		32		/* units at most */
#define TLBI_RANGE_TG_4K	(1UL << 46)
#define TLBI_RANGE_BASE		GENMASK(36, 0)
#define TLBI_RANGE_SCALES	4

/* Pages in a unit of @scale. */
static u64 range_unit(unsigned int scale)
{
	return 1UL << (5 * scale + 1);
}

static bool all_have_range __ro_after_seal;

/* A CPU without it could keep what the others lose. */
void tlb_know_cpus(void)
{
	all_have_range = true;
	for (u32 cpu = 0; cpu < nr_cpus; cpu++)
		all_have_range &= cpu_by_id(cpu)->tlbi_range;
}

void tlb_flush_range(const struct s2 *s2, u64 ia, u64 size)
{
	u64 pages = ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT, num;
	struct vmid_context c;
	unsigned int scale;

	for (scale = 0; scale < TLBI_RANGE_SCALES; scale++) {
		if (pages <= TLBI_RANGE_NUM * range_unit(scale))
			break;
	}
	if (!pages || scale == TLBI_RANGE_SCALES || !all_have_range) {
		tlb_flush_vmid(s2);
		return;
	}
	/* In whole units: what lies behind the range is found again, as after any flush. */
	num = (pages + range_unit(scale) - 1) / range_unit(scale) - 1;
	if (!vmid_enter(&c, s2))
		return;
	tlbi_ripas2e1is(((ia >> PAGE_SHIFT) & TLBI_RANGE_BASE) | num << TLBI_RANGE_NUM_SHIFT |
			(u64)scale << TLBI_RANGE_SCALE_SHIFT | TLBI_RANGE_TG_4K);
	flush_combined(&c);
}
