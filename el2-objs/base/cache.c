// SPDX-License-Identifier: GPL-2.0-only
/* Cache maintenance and zeroing. */
#include "base/memory.h"
#include "base/sysreg.h"

#define CTR_DMINLINE_SHIFT	16	/* log2 of words */
#define CTR_DIC			BIT(29)
#define DCZID_DZP		BIT(4)

/* Loops unrolled: 2 MiB are 32,768 lines, and a guest waits for them. */
#define UNROLL		8
#define EIGHT_TIMES(x)	x x x x x x x x

static u64 line_size(void)
{
	return 4UL << ((read_sysreg(CTR_EL0) >> CTR_DMINLINE_SHIFT) & 0xf);
}

/* What DC ZVA zeroes, 0: it may not be used. */
static u64 zva_size(void)
{
	u64 id = read_sysreg(DCZID_EL0);

	return id & DCZID_DZP ? 0 : 4UL << (id & 0xf);
}

void dcache_clean_inval_poc(const void *va, size_t n)
{
	u64 line = line_size();
	u64 p = ALIGN_DOWN((u64)va, line);
	u64 end = (u64)va + n;

	while (p + UNROLL * line <= end) {
		EIGHT_TIMES(dc(civac, p); p += line;)
	}
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
	u64 block = zva_size();
	char *p = page;

	if (!block || block > PAGE_SIZE) {
		memset(page, 0, PAGE_SIZE);
		return;
	}
	if (UNROLL * block > PAGE_SIZE) {
		for (; p < (char *)page + PAGE_SIZE; p += block)
			dc(zva, p);
		return;
	}
	while (p < (char *)page + PAGE_SIZE) {
		EIGHT_TIMES(dc(zva, p); p += block;)
	}
}

void pages_zero_clean(void *pages, size_t n)
{
	u64 line = line_size(), p = (u64)pages, end = p + n;

	if (zva_size() != line || UNROLL * line > PAGE_SIZE) {
		for (; p < end; p += PAGE_SIZE)
			page_zero((void *)p);
		dcache_clean_inval_poc(pages, n);
		return;
	}
	while (p < end) {
		EIGHT_TIMES(dc(zva, p); dc(civac, p); p += line;)
	}
	dsb(sy);
}
