/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables (VMSAv8-64, 4 KiB granule, Arm ARM D8), in core pages: stage 2, of the host and of
 * VMs, and the core's own stage 1; loading them, and TLB maintenance.
 */
#ifndef HYPSEC_PGT_H
#define HYPSEC_PGT_H

#include "abi/hypsec_abi.h"
#include "base/desc.h"

struct s2 {
	u64 *root;		/* 1 << root_order consecutive pages */
	u64 vtcr;		/* VTCR_EL2 for it; 0: no hardware walks it (seal/) */
	u8 ipa_bits;
	u8 start_level;		/* 0 or 1 */
	u8 root_order;
	u16 vmid;		/* 0: the host */
	enum hypsec_account acc;
	/*
	 * A protected VM's: no page of the host is in it but with S2_SHARED, and each block has a
	 * page held for its split.
	 */
	bool holds;
	bool record;		/* the host's: who owns a page, and no cache of anything */
	u32 held;		/* blocks that have */
};

#define S2_VALID	PTE_VALID
#define S2_TABLE	PTE_TABLE
#define S2_MEMATTR	GENMASK(5, 2)
#define S2_MEMATTR_WB	(0xfUL << 2)	/* without FWB */
#define S2_MEMATTR_WB_FWB (0x6UL << 2)	/* with FWB: forced write-back */
#define S2_MEMATTR_DEVICE_nGnRE (0x1UL << 2)
#define S2_R		BIT(6)
#define S2_W		BIT(7)
#define S2_SH_INNER	(3UL << 8)
#define S2_AF		BIT(10)
#define S2_VTCR_HA	BIT(21)		/* VTCR_EL2: hardware sets AF */
#define S2_XN		BIT(54)		/* XN[1:0] == 0b10: no execution at EL1 or EL0 */
/*
 * Software's: the epoch stamp in the host's leaves, and whether the page is shared with the core.
 * Of these bits 62 to 59 are ignored by hardware as long as VTCR_EL2.HWU62 to HWU59 are 0.
 */
#define S2_SW		GENMASK(61, 55)
#define S2_SW_SHIFT	55
#define S2_SHARED	BIT(62)
#define S2_ADDR		PTE_ADDR

/*
 * Annotations: entries of the host's table with bit 0 clear, for pages the host
 * may not use. Zero is not an annotation: nobody has a right to such a page, and
 * the host may get it mapped only if it is not RAM.
 */
#define ANN_STATE	GENMASK(3, 1)
#define ANN_CORE	(1UL << 1)
#define ANN_DONATED	(2UL << 1)
#define ANN_MOVING	(3UL << 1)
#define ANN_PRIVATE	(4UL << 1)
#define ANN_LOST	(5UL << 1)
#define ANN_FRAME	GENMASK(47, 12)
/* Of a VM's id 8 bits are below the frame, and 4 above it. */
#define ANN_VM_LOW	GENMASK(11, 4)
#define ANN_VM_HIGH	GENMASK(51, 48)
#define ANN_VM_MAX	GENMASK(11, 0)

/*
 * What the entry of a block says of the page at @offset in it: private frames count up as
 * addresses do.
 */
static inline u64 ann_page(u64 pte, u64 offset)
{
	return !(pte & S2_VALID) && (pte & ANN_STATE) == ANN_PRIVATE ? pte + (offset & PAGE_MASK) : pte;
}

static inline u64 ann_private(u16 vm, u64 frame)
{
	return ANN_PRIVATE | ((frame << 12) & ANN_FRAME) | (((u64)vm << 4) & ANN_VM_LOW) |
	       (((u64)vm << 40) & ANN_VM_HIGH);
}

static inline u16 ann_vm(u64 pte)
{
	return (pte & ANN_VM_LOW) >> 4 | (pte & ANN_VM_HIGH) >> 40;
}

/* The stamps that count: two at most, 0 is none. */
#define S2_STAMPS(a, b)	((a) | (b) << 8)

/* The stamp of @pte if it is one of @live, else 0. */
static inline u64 s2_stamp(u64 pte, u32 live)
{
	u64 stamp = (pte & S2_SW) >> S2_SW_SHIFT;

	return stamp == (live & 0xff) || stamp == live >> 8 ? stamp : 0;
}

/* One entry as found: @pte as read, at @level, covering @size bytes. */
struct s2_leaf {
	u64 pte;
	u8 level;
	u64 size;
};

int s2_init(struct s2 *s2, u8 ipa_bits, u16 vmid, enum hypsec_account acc);
/*
 * VMIDs have 16 bits from here on (VTCR_EL2.VS): for all tables, the host's too, as a TLBI means
 * the VMID of another VM in the form that VTCR_EL2 says. Before the first s2_init(). False: this
 * CPU has 8, of which an id above 255 would be somebody else's.
 */
bool __must_check s2_wide_vmids(void);
/* Whether all CPUs set access flags (FEAT_HAFDBS). Before the seal; until then none does. */
void s2_know_cpus(void);
/*
 * From here on, where all CPUs do that, one that uses an entry of @s2 sets its AF (VTCR_EL2.HA): the one bit
 * of any table that somebody else than the core writes. Before @s2 is loaded.
 */
void s2_track_use(struct s2 *s2);
static inline bool s2_tracks_use(const struct s2 *s2)
{
	return s2->vtcr & S2_VTCR_HA;
}
/*
 * True: @ia's entry has been used since this was asked last, or since it was made. A hint: no TLB forgets the
 * entry for it, as none does where Linux asks (ptep_test_and_clear_young()).
 */
bool s2_take_used(struct s2 *s2, u64 ia);
/* range.c: whether all CPUs have FEAT_TLBIRANGE. Before the seal; until then none has. */
#ifdef CONFIG_HYPSEC_TLBI_RANGE
void tlb_know_cpus(void);
#else
static inline void tlb_know_cpus(void) { }
#endif
/* Entry that translates @ia: valid leaf, or the invalid entry where the walk ends. */
struct s2_leaf s2_lookup(const struct s2 *s2, u64 ia);
/*
 * The level-3 entry for @ia, whose table is there: to look at. In tables that no hardware walks
 * what is in it is the caller's, until s2_destroy().
 */
u64 *s2_entry(const struct s2 *s2, u64 ia);
/*
 * Makes the walk of @ia end at @level or deeper, splitting a block or an annotated
 * block into equal parts (break-before-make), or linking empty tables.
 * Once it is done for level 3, s2_map() of that page needs no memory.
 * Return: HYPSEC_OK, HYPSEC_NO_MEMORY (translation unchanged), HYPSEC_RANGE.
 */
int s2_split(struct s2 *s2, u64 ia, u8 level);
/*
 * Replaces the entry where the walk of @ia ends, which must be @old: with an
 * annotation or another leaf of the same page. TLBI if @old was valid.
 */
void s2_replace(struct s2 *s2, u64 ia, u64 old, u64 new);
/*
 * Joins the table around @ia into a block if all its leaves are one range with one
 * attribute, and so upwards. A stamp (S2_SW) not in @live, S2_STAMPS(), counts as none. Private
 * pages, in the host's table and in a VM's, become blocks of 2 MiB at most; the page that
 * their table was is held for the next split.
 */
void s2_merge(struct s2 *s2, u64 ia, u32 live);
/* A block went whole, and not by s2_drop(): the page held for its split is free. RANK_POOL. */
void s2_unhold(struct s2 *s2);

/**
 * s2_map() - install one leaf
 * @size: 4 KiB, 2 MiB, 1 GiB; @ia, @pa aligned to it
 * @attr: S2_R, S2_W, S2_XN, S2_MEMATTR, S2_SW, S2_SHARED
 *
 * Break-before-make where a valid entry is replaced by a different one; splits a
 * block above and frees a table below; TLBI as needed.
 * Return: HYPSEC_OK, HYPSEC_NO_MEMORY (unchanged), HYPSEC_RANGE, HYPSEC_INVALID
 * (alignment, size, attributes), HYPSEC_DENIED (an annotation is in the way).
 * Locks: caller holds the lock that protects @s2.
 */
int s2_map(struct s2 *s2, u64 ia, pa_t pa, u64 size, u64 attr);
/*
 * @n pages from @ia on, each an address and attributes as of s2_map(), 0 for none: into entries
 * that have nothing, of one table of level 3 that is there. No memory, and no TLBI.
 */
void s2_fill(struct s2 *s2, u64 ia, const u64 *page, unsigned int n);
/*
 * Invalidates every entry in [ia, ia + size), whatever its level (a block that is
 * only partly covered goes whole: a shadow is a cache), then TLBI. Bounded: frees
 * whole tables through the trash list.
 */
void s2_unmap(struct s2 *s2, u64 ia, u64 size);
/* Those of the @n pages at @page that lie in [ia, ia + size), in no order, with one TLBI at most. */
void s2_unmap_pages(struct s2 *s2, const u64 *page, u32 n, u64 ia, u64 size);
/* Empties the table: TLBI of what was in it, the tables to the trash; the root stays. */
void s2_drop(struct s2 *s2);
/* Frees the root and everything; the s2 is unusable. */
void s2_destroy(struct s2 *s2);
/* Loads VTCR/VTTBR with the speculative-AT workaround order. */
void s2_load(const struct s2 *s2);

/* TLB maintenance for a VMID, callable from host context (tlb.c). */
void tlb_flush_ipa(const struct s2 *s2, u64 ia);
void tlb_flush_vmid(const struct s2 *s2);
void tlb_flush_vmid_local(const struct s2 *s2);	/* S1+S2 of this CPU, and its I-cache */

/*
 * SPE and TRBE write to addresses of the host's choice through whatever VMID is in force, so
 * they are stopped and drained while another's is (trace.c). What is stopped is kept in @cpu.
 */
struct percpu;
void trace_stop(struct percpu *cpu);
/* The host's translation is in place again. */
void trace_resume(struct percpu *cpu);
/*
 * Around a moment with another VMID in force. False: with a vCPU loaded they are stopped already,
 * and what it will restore must not be overwritten; else trace_unpause() is to follow.
 */
bool trace_pause(void);
void trace_unpause(void);

/* --- the core's stage 1 (el2map.c): VA == PA, W^X --- */
#define EL2_RX		0UL	/* the bundle's text, nothing else */
#define EL2_RO		1UL
#define EL2_RW		2UL
#define EL2_DEVICE	3UL	/* RW, Device-nGnRE */

/*
 * The slot windows: 512 pages of address space a CPU at the top of the range.
 * el2_slot_ptes() is the page table (level 3) of that CPU's window, to be
 * written by that CPU only; el2_slot_pte() makes an entry for it.
 */
#define EL2_SLOT_PTES	512
u64 *el2_slot_ptes(u32 cpu);
void *el2_slot_va(u32 cpu, unsigned int page);
u64 el2_slot_pte(pa_t pa);	/* Normal write-back, RW, never executable */
/* A zeroed page of the core's, for slots of that CPU whose own cannot be accessed (own/slot.c). */
pa_t el2_slot_scrap(u32 cpu);

int el2_map(pa_t pa, u64 size, u64 s1_attr);	/* identity, core page */
void el2_unmap(pa_t pa, u64 size);
/* Install. @next: first page of the pool, moved past the tables built. */
int el2map_init(pa_t *next);
u64 el2map_ttbr(void);
/*
 * The seal: code of the install is unmapped, and its pages are the pool's; data that is not written
 * from here on is read-only. On one CPU, with no CPU in the install any more.
 */
void el2map_seal(void);
/* From now on table pages come from the pool; accounts those built before. */
void el2map_use_pool(void);

#endif
