/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the machine of hw.h need of each other: hw*.c only. */
#ifndef HYPSEC_FAKE_HW_PARTS_H
#define HYPSEC_FAKE_HW_PARTS_H

#include "test.h"
#include "machine.h"
#include "base/core.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"
#include "base/check.h"

#define BROKEN(...) fail_msg(__VA_ARGS__)

/* --- hw_memory.c --- */
void memory_reset(void);
bool exists(u64 pa);
/* Physical address behind a core or window address, or 0. */
u64 pa_of(u64 va);
/* A cache line, of 64 bytes, is written, or what was written to it is cleaned. */
void line_dirtied(u64 pa);
void line_cleaned(u64 pa);
/* An ISB on @cpu, or an exception that it takes: it sees what others have mapped till now. */
void core_synchronized(u32 cpu);
/* The core's memory is as @cpu sees it, from here on. */
void core_runs_on(u32 cpu);

/* --- hw_window.c --- */
void window_reset(int memory_fd);
u64 window_pa_of(u64 va);
/* Cache maintenance by @va, which may abort like a load. */
void window_touch(u64 va);
/* @ptep is an entry of a slot window, and has been written. */
bool window_entry_write(const u64 *ptep, u64 pte);
/* Invalidations by address, on this CPU or all; of all of EL2's, on all. */
void window_tlbi(u64 va, bool all);
void window_alle2is(void);
/* On this CPU; @ish: for all CPUs; @st: for stores only, which completes no TLBI. */
void window_dsb(bool ish, bool st);
void window_isb(void);
/* A page or a block changes hands: fails if some CPU can still reach it. */
void window_left(u64 pa, u64 size);

/* --- hw_tlb.c --- */
void s2_entry_write(u64 *ptep, u64 old, u64 new);
void tlb_invalidate(const char *op, u16 vmid, u64 arg);
/* A DSB that walkers see; one that also completes invalidations. */
void tlb_ordered(void);
void tlb_dsb(void);
/* The pool has given or taken a page: what is in it walkers see after a DSB. */
void tlb_page_new(void);

#endif
