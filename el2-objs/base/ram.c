// SPDX-License-Identifier: GPL-2.0-only
/* The RAM map: taken from the host at install, never changed. */
#include "base/memory.h"
#include "base/check.h"
#include "base/sysreg.h"

_Static_assert(HYPSEC_MAX_RAM <= 64, "bits of ram_later");

static struct map {
	struct hypsec_ram range[HYPSEC_MAX_RAM];
	unsigned int nr;
} ram __ro_after_seal, there __ro_after_seal;	/* all; and what was there at the install */
static u64 linear_offset __ro_after_seal;

u64 pa_limit __ro_after_seal;

/* Sorted, disjoint, of pages, inside the PA space. */
static bool __init map_ok(const struct hypsec_install *in, u64 limit)
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

/* Adjacent ranges are one, so that a block may span both. */
static void __init map_add(struct map *m, const struct hypsec_ram *r)
{
	struct hypsec_ram *last = m->nr ? &m->range[m->nr - 1] : NULL;

	if (last && last->base + last->size == r->base)
		last->size += r->size;
	else
		m->range[m->nr++] = *r;
}

static bool map_has(const struct map *m, u64 base, u64 size)
{
	unsigned int i;

	if (!size)
		return false;
	for (i = 0; i < m->nr; i++) {
		const struct hypsec_ram *r = &m->range[i];

		if (base >= r->base && range_ok(base - r->base, size, r->size))
			return true;
	}
	return false;
}

int __init ram_init(const struct hypsec_install *in)
{
	u64 limit = BIT(pa_bits(read_idreg(ID_AA64MMFR0_EL1, 0)));
	u32 i;

	if (!map_ok(in, limit))
		return HYPSEC_INVALID;
	ram.nr = there.nr = 0;
	for (i = 0; i < in->nr_ram; i++) {
		map_add(&ram, &in->ram[i]);
		if (!(in->ram_later & BIT(i)))
			map_add(&there, &in->ram[i]);
	}
	linear_offset = in->linear_offset;
	pa_limit = limit;
	return HYPSEC_OK;
}

u64 ram_present(void)
{
	u64 size = 0;

	for (unsigned int i = 0; i < there.nr; i++)
		size += there.range[i].size;
	return size;
}

bool ram_range(unsigned int n, struct hypsec_ram *r)
{
	if (n >= ram.nr)
		return false;
	*r = ram.range[n];
	return true;
}

bool pa_is_ram(pa_t pa, u64 size)
{
	return map_has(&ram, pa.v, size);
}

bool pa_was_there(pa_t pa, u64 size)
{
	return map_has(&there, pa.v, size);
}

bool pa_touches_ram(pa_t pa, u64 size)
{
	unsigned int i;

	/* What wraps touches everything. */
	if (!range_ok(pa.v, size, ~0UL))
		return true;
	for (i = 0; i < ram.nr; i++) {
		const struct hypsec_ram *r = &ram.range[i];

		if (pa.v < r->base + r->size && r->base < pa.v + size)
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
