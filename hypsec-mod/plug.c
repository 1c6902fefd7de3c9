// SPDX-License-Identifier: GPL-2.0-only
/* What firmware says of memory that may be plugged in, without what is none of it. */
#include <linux/acpi.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include "plug.h"
#include "ranges.h"

/* Whole pages of it, below what the core can address. */
void plug_add(struct plug *p, u64 start, u64 end)
{
	u64 base = PAGE_ALIGN(start), top = min(end & PAGE_MASK, p->limit);

	if (base >= start && end > top)
		p->lost += end - max(top, start);
	if (base >= start && base < top && ranges_add(p->r, &p->nr, HYPSEC_MAX_RAM, base, top))
		p->lost += top - base;
}

/* Each page that has a byte of it. */
void plug_cut(struct plug *p, u64 start, u64 end)
{
	u64 top = end < start || end > p->limit ? p->limit : PAGE_ALIGN(end);

	if (!ranges_cut(p->r, &p->nr, HYPSEC_MAX_RAM, start & PAGE_MASK, top))
		return;
	/* In too many pieces: which of them are memory is not known. */
	for (; p->nr; p->nr--)
		p->lost += p->r[p->nr - 1].size;
}

static void each_srat(struct plug *p, const struct acpi_table_header *srat, u32 wanted,
		      void (*each)(struct plug *p, u64 start, u64 end))
{
	const u32 flags = ACPI_SRAT_MEM_ENABLED | ACPI_SRAT_MEM_NON_VOLATILE | wanted;
	const u8 *at = (const u8 *)srat + sizeof(struct acpi_table_srat);
	const u8 *end = (const u8 *)srat + srat->length;
	const struct acpi_srat_mem_affinity *m;

	for (; at + sizeof(m->header) <= end; at += m->header.length) {
		m = (const void *)at;
		if (m->header.length < sizeof(m->header) || m->header.length > end - at)
			break;
		if (m->header.type == ACPI_SRAT_TYPE_MEMORY_AFFINITY &&
		    m->header.length >= sizeof(*m) && (m->flags & flags) == wanted)
			each(p, m->base_address, m->base_address + m->length);
	}
}

/* Of any type: what is in there the kernel gives to its driver of NVDIMMs. */
static void cut_nfit(struct plug *p, const struct acpi_table_header *nfit)
{
	const u8 *at = (const u8 *)nfit + sizeof(struct acpi_table_nfit);
	const u8 *end = (const u8 *)nfit + nfit->length;
	const struct acpi_nfit_system_address *s;

	for (; at + sizeof(s->header) <= end; at += s->header.length) {
		s = (const void *)at;
		if (s->header.length < sizeof(s->header) || s->header.length > end - at)
			break;
		/* The last field came with ACPI 6.4. */
		if (s->header.type == ACPI_NFIT_TYPE_SYSTEM_ADDRESS &&
		    s->header.length >= offsetof(struct acpi_nfit_system_address, memory_mapping) &&
		    s->length)
			plug_cut(p, s->address, s->address + s->length);
	}
}

/**
 * plug_acpi() - what ACPI's tables say may be plugged in
 * @p: is added to
 * @srat: or NULL. One entry of it may be a whole window of addresses, NVDIMMs' within
 * @nfit: or NULL. Says where NVDIMMs are whose driver has not claimed them yet
 */
void plug_acpi(struct plug *p, const struct acpi_table_header *srat,
	       const struct acpi_table_header *nfit)
{
	if (!srat)
		return;
	each_srat(p, srat, ACPI_SRAT_MEM_ENABLED | ACPI_SRAT_MEM_HOT_PLUGGABLE, plug_add);
	each_srat(p, srat, ACPI_SRAT_MEM_ENABLED | ACPI_SRAT_MEM_NON_VOLATILE, plug_cut);
	if (nfit)
		cut_nfit(p, nfit);
}

/**
 * plug_join() - RAM that is there, and RAM that may come, in one map
 * @p: loses what is there already, or has no place
 * @ram: what is there, sorted and disjoint; room for HYPSEC_MAX_RAM: so it is with that of @p
 * @nr: how many
 *
 * Return: bit n: ram[n] is not there.
 */
u64 plug_join(struct plug *p, struct hypsec_ram *ram, u32 *nr)
{
	u32 there = *nr, later, to, i;
	u64 bits = 0;

	for (i = 0; i < there; i++)
		plug_cut(p, ram[i].base, ram[i].base + ram[i].size);
	for (; p->nr > HYPSEC_MAX_RAM - there; p->nr--)
		p->lost += p->r[p->nr - 1].size;
	later = p->nr;
	*nr = there + later;
	/* The last first, so that each goes to a free place. */
	for (to = *nr; later; to--) {
		if (there && ram[there - 1].base > p->r[later - 1].base) {
			ram[to - 1] = ram[--there];
		} else {
			ram[to - 1] = p->r[--later];
			bits |= 1ULL << (to - 1);
		}
	}
	return bits;
}
