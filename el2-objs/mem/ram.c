// SPDX-License-Identifier: GPL-2.0-only
/* The RAM map: taken from the host at install, never changed. */
#include "mem.h"
#include "check.h"
#include "sysreg.h"

static struct hypsec_ram ram[HYPSEC_MAX_RAM];
static unsigned int nr_ram;
static u64 linear_offset;

u64 pa_limit;

/* Sorted, disjoint, of pages, inside the PA space. */
static bool map_ok(const struct hypsec_install *in, u64 limit)
{
	u64 last = 0;
	u32 i;

	if (in->nr_ram == 0 || in->nr_ram > HYPSEC_MAX_RAM)
		return false;
	for (i = 0; i < in->nr_ram; i++) {
		const struct hypsec_ram *r = &in->ram[i];

		if (!r->size || !IS_ALIGNED(r->base | r->size, PAGE_SIZE) ||
		    !range_ok(r->base, r->size, limit) || r->base < last)
			return false;
		last = r->base + r->size;
	}
	return true;
}

int ram_init(const struct hypsec_install *in)
{
	u64 limit = BIT(pa_bits(read_idreg(ID_AA64MMFR0_EL1, 0)));
	u32 i;

	if (!map_ok(in, limit))
		return HYPSEC_INVALID;
	nr_ram = 0;
	for (i = 0; i < in->nr_ram; i++) {
		const struct hypsec_ram *r = &in->ram[i];

		/* Adjacent ranges are one, so that a block may span both. */
		if (nr_ram && ram[nr_ram - 1].base + ram[nr_ram - 1].size == r->base)
			ram[nr_ram - 1].size += r->size;
		else
			ram[nr_ram++] = *r;
	}
	linear_offset = in->linear_offset;
	pa_limit = limit;
	return HYPSEC_OK;
}

bool ram_range(unsigned int n, struct hypsec_ram *r)
{
	if (n >= nr_ram)
		return false;
	*r = ram[n];
	return true;
}

bool pa_is_ram(pa_t pa, u64 size)
{
	unsigned int i;

	if (!size)
		return false;
	for (i = 0; i < nr_ram; i++) {
		if (pa.v >= ram[i].base && range_ok(pa.v - ram[i].base, size, ram[i].size))
			return true;
	}
	return false;
}

bool pa_touches_ram(pa_t pa, u64 size)
{
	unsigned int i;

	/* What wraps touches everything. */
	if (!range_ok(pa.v, size, ~0UL))
		return true;
	for (i = 0; i < nr_ram; i++) {
		if (pa.v < ram[i].base + ram[i].size && ram[i].base < pa.v + size)
			return true;
	}
	return false;
}

int kva_to_pa(kva_t va, size_t n, pa_t *pa)
{
	u64 p = va.v - linear_offset;

	if (!pa_is_ram(PA(p), n))
		return HYPSEC_RANGE;
	*pa = PA(p);
	return HYPSEC_OK;
}
