/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the machine of hw.h need of each other: hw*.c only. */
#ifndef HYPSEC_FAKE_HW_PARTS_H
#define HYPSEC_FAKE_HW_PARTS_H

#include "test.h"
#include "machine.h"
#include "boot.h"
#include "check.h"

#define BROKEN(...) fail_msg(__VA_ARGS__)

/* --- hw_memory.c --- */
void memory_reset(void);
/* Cache maintenance by @va, which may abort like a load. */
void window_touch(u64 va);
void window_tlbi_is(u64 va);
bool exists(u64 pa);
/* Physical address behind a core or window address, or 0. */
u64 pa_of(u64 va);
/* One cache line less of its page that was written and not cleaned. */
void line_cleaned(u64 pa);
/* @ptep is an entry of a slot window, and has been written. */
bool window_entry_write(const u64 *ptep, u64 pte);
void window_tlbi(u64 va);
/* A DSB on this CPU, and a broadcast TLBI of all of EL2. */
void window_dsb(void);
void window_alle2is(void);

/* --- hw_tlb.c --- */
void s2_entry_write(u64 *ptep, u64 old, u64 new);
void tlb_invalidate(const char *op, u16 vmid, u64 arg);
/* A DSB that walkers see; one that also completes invalidations. */
void tlb_ordered(void);
void tlb_dsb(void);

#endif
