/* SPDX-License-Identifier: GPL-2.0-only */
/* EL2 virtual == physical for the core's own pages (pgt/el2map.c). */
#ifndef HYPSEC_CORE_VA_H
#define HYPSEC_CORE_VA_H

static inline void *core_va(pa_t pa)
{
	return (void *)pa.v;
}

static inline pa_t core_pa(const void *va)
{
	return PA((u64)va);
}

/* Single-copy atomic; ordering is the caller's. */
static inline void pte_write(u64 *ptep, u64 pte)
{
	WRITE_ONCE(*ptep, pte);
}

#endif
