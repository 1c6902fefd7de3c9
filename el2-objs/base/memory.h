/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The core's own pages, the map of RAM, and cache maintenance. Implemented in ram.c and cache.c.
 */
#ifndef HYPSEC_MEMORY_H
#define HYPSEC_MEMORY_H

#include "base/types.h"
#include "abi/hypsec_abi.h"

/* --- EL2 mappings. The core's own pages are mapped at VA == PA. --- */

static inline void *core_va(pa_t pa);		/* of a CORE page */
static inline pa_t core_pa(const void *va);
static inline void pte_write(u64 *ptep, u64 pte);	/* a store a table walker may see at once */
#include <base/core_va.h>				/* the workstation has its own */

/* --- the fixed RAM map (ram.c) --- */

/* Install: copies and checks the map. Return: HYPSEC_OK or HYPSEC_INVALID. */
int __must_check ram_init(const struct hypsec_install *in);
bool pa_is_ram(pa_t pa, u64 size);	/* whole range inside the fixed RAM map */
bool pa_touches_ram(pa_t pa, u64 size);	/* any byte of it */
/*
 * And it was there at the install. What becomes the core's own has to be: a store to memory that is
 * not there can end in a cache, and the abort comes later, to an access that nothing mends.
 */
bool pa_was_there(pa_t pa, u64 size);
u64 ram_present(void);			/* bytes that were there at the install */
/* The map, adjacent ranges joined: false past the last. */
bool ram_range(unsigned int n, struct hypsec_ram *r);
extern u64 pa_limit;			/* first address past the supported PA space */

/* Linear-map address to physical; HYPSEC_RANGE if outside RAM or it wraps. */
int __must_check kva_to_pa(kva_t va, size_t n, pa_t *pa);

/* --- caches (cache.c) --- */

/* Clean and invalidate to the point of coherency. */
void dcache_clean_inval_poc(const void *va, size_t n);
/* All instruction caches of all CPUs, unless they are coherent (CTR_EL0.DIC). */
void icache_inval_all(void);
void page_zero(void *page);
/*
 * Whole pages, zeroed and cleaned to the point of coherency, in one pass over them: a DC by address
 * comes after what was stored to its line before, as DC ZVA does (Arm ARM D7.5.9).
 */
void pages_zero_clean(void *pages, size_t n);

#endif
