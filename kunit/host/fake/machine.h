/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine of fake/hw.c, for the tests. */
#ifndef HYPSEC_FAKE_MACHINE_H
#define HYPSEC_FAKE_MACHINE_H

#include "own/own.h"
#include "pool/pool.h"
#include "base/percpu.h"

/* RAM of the map: from there on; to the middle of a GiB; and some pages far behind. */
#define RAM_BASE	0x40000000UL
#define RAM_END		(MEM_BASE + 0xffe00000UL)
#define RAM_FAR		(MEM_BASE + 7 * SZ_1G)
#ifdef MACHINE_1T
#define MEM_BASE	0xffc0000000UL	/* nearly all of it is before */
#else
#define MEM_BASE	RAM_BASE
#endif
/* Of this there is memory. */
#define MEM_SIZE	(128UL << 20)
#define REGION		(MEM_BASE + 0x2000000UL)	/* the core's */
#define REGION_SIZE	(4UL << 20)
#define IMAGE_SIZE	(1UL << 20)	/* of the region; the rest is pool */
#define DEVICE		0x09000000UL
#define FAKE_CPUS	4

/* Install parameters with that RAM map. */
void machine_install_params(struct hypsec_install *in);
/* Registers, memory and CPUs as at reset. Once a process: the core has no uninstall. */
void machine_reset(u32 parange);
/* pool_init() and host_s2_init() as install/ does it, CPU 0 loaded with the host's stage 2. */
void machine_boot(void);

/* Takes pages from the pool: one, all but the reserve, all; gives everything back. */
bool hog_one(void);
void hog_unreserved(void);
void hog_all(void);
void hog_give(unsigned int pages);
void hog_none(void);
unsigned int hog_count(void);		/* pages it has now */

/* this_cpu() from now on: a trap comes from the host; or it goes on where it was. */
void cpu_switch(u32 id);
void cpu_resume(u32 id);
u32 cpu_now(void);

/* A shadow that the TLB model should follow; with its own VMID. */
void tlb_watch(struct s2 *s2);
void tlb_unwatch(struct s2 *s2);
/* A stale translation to @pa (or to anything: ~0) may be in some TLB. */
bool tlb_stale(u64 pa);
/* Walkers see all entries written: a DSB followed. */
bool ptes_ordered(void);
/* Called at every write of a stage-2 entry, before the model is told; NULL: none. */
extern void (*pte_hook)(u64 *ptep, u64 old, u64 new);
/* Called at every barrier. */
extern void (*barrier_hook)(const char *op);
/* Called before a lock is taken: another CPU may come first. */
extern void (*lock_hook)(const struct spinlock *l);
/* Called at every cache line cleaned or zeroed. */
extern void (*dc_hook)(const char *op, u64 pa);
/* Called at every barrier: what it lets another CPU's stores be seen of. */
extern void (*barrier_hook)(const char *op);

/* What ran, since the last count_reset(). */
struct counts {
	unsigned int ipas2e1is, ripas2e1is, vmalle1is, vmalls12e1is, vmalls12e1, alle1is;
	unsigned int alle2is, vae2;
	unsigned int zva, civac, ialluis, iallu, vttbr, pte, events, core_pa;
	u64 ipa;			/* of the last ipas2e1is */
};
extern struct counts counts;
void counts_reset(void);

/* The memory itself, past all translation; asserts that it exists. */
u8 *raw(u64 pa);
/* No invalidation of EL1's, or of instructions, that is issued and not complete. */
bool flushes_done(void);
/* A host access: true and the byte, or false if stage 2 stops it. */
bool host_can(u64 pa, bool write, bool exec);
/* All lines of the page were cleaned after the last write by the core. */
bool page_is_clean(u64 pa);
void page_dirtied(u64 pa);

extern char logged[192];		/* the last line of hlog() */
extern unsigned int log_lines;		/* how many there were */
/* host_abort()'s answers. */
extern unsigned int injected, touched, skipped;
extern u64 injected_far;
extern bool injected_exec, injected_el0;
extern struct page_info touched_info;
extern u64 touched_pa;
/* The next el2_map() fails. */
extern bool el2_map_fails;
/*
 * A memory error of the page at @pa: from the @event-th thing on that the machine does (a line of
 * cache, an entry written, a TLBI; 0: now) for @maps mappings of it in a slot, that in force then
 * included; then a store has ended it. Accesses of that mapping abort, at EL2.
 */
void poison(u64 pa, unsigned int event, unsigned int maps);
bool poison_met(void);			/* since: an access has been aborted */
void machine_event(void);
bool core_mapped(u64 pa);		/* by el2_map() */
bool in_window(const void *va);		/* of a slot, of any CPU */

#endif
