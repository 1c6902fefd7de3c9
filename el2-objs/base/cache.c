// SPDX-License-Identifier: GPL-2.0-only
/* Cache maintenance and zeroing. */
#include "base/memory.h"
#include "base/sysreg.h"

#define CTR_DMINLINE_SHIFT	16	/* log2 of words */
#define CTR_DIC			BIT(29)
#define DCZID_DZP		BIT(4)

void dcache_clean_inval_poc(const void *va, size_t n)
{
	u64 line = 4UL << ((read_sysreg(CTR_EL0) >> CTR_DMINLINE_SHIFT) & 0xf);
	u64 p = ALIGN_DOWN((u64)va, line);
	u64 end = (u64)va + n;

	for (; p < end; p += line)
		dc(civac, p);
	dsb(sy);
}

void icache_inval_all(void)
{
	if (read_sysreg(CTR_EL0) & CTR_DIC)
		return;
	ic(ialluis);
	dsb(ish);	/* no ISB: the core executes nothing of it, a lower EL after an ERET */
}

void page_zero(void *page)
{
	u64 id = read_sysreg(DCZID_EL0);
	u64 block = 4UL << (id & 0xf);
	char *p = page;

	if ((id & DCZID_DZP) || block > PAGE_SIZE) {
		memset(page, 0, PAGE_SIZE);
		return;
	}
	for (; p < (char *)page + PAGE_SIZE; p += block)
		dc(zva, p);
}
