/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory: the pool, ownership of pages, and the only ways to touch a page of
 * the host. Implemented in mem/. The host's stage 2 (s2/host) is the record.
 */
#ifndef HYPSEC_MEM_H
#define HYPSEC_MEM_H

#include "types.h"
#include "lock.h"
#include "../abi/hypsec_abi.h"

/* --- EL2 mappings. The core's own pages are mapped at VA == PA. --- */

static inline void *core_va(pa_t pa);		/* of a CORE page */
static inline pa_t core_pa(const void *va);
static inline void pte_write(u64 *ptep, u64 pte);	/* a store a table walker may see at once */
#include <core_va.h>				/* the workstation has its own */

/* --- the pool (mem/pool.c) --- */

/**
 * pool_alloc() - a zeroed page
 * @acc: account it is moved to
 * Return: page, or NULL if the pool is empty (caller returns HYPSEC_NO_MEMORY).
 * Locks: takes RANK_POOL.
 */
void *pool_alloc(enum hypsec_account acc);
/* 2^order contiguous, naturally aligned zeroed pages; install region only. */
void *pool_alloc_contig(unsigned int order, enum hypsec_account acc);
/* Zeroes and gives back one page; @acc is the account it was allocated to. */
void pool_free(void *page, enum hypsec_account acc);
/*
 * A block of private pages can have to be split when the pool is empty and the host, which waits
 * for a page of it, cannot give more. So it comes with a page held for each table that its split
 * takes: pool_hold() before it is made, false: no memory; pool_unhold() when it goes whole.
 * pool_alloc_held() takes one, of which there is one: never NULL; pool_free_held() frees and holds.
 */
bool __must_check pool_hold(unsigned int pages);
void pool_unhold(unsigned int pages);
void *pool_alloc_held(enum hypsec_account acc);
void pool_free_held(void *page, enum hypsec_account acc);
u64 pool_account(enum hypsec_account acc);
void account_add(enum hypsec_account acc, s64 pages);
/* Install: [start, end), page aligned, becomes free pool: zeroed; its first pages hold the bitmap. */
void pool_init(pa_t start, pa_t end);
/* mem/own.c only: a donated page (mapped, zeroed) enters the free pool; leaves it again. */
void pool_donate(pa_t pa);
bool pool_withdraw(pa_t pa);		/* false: not a free donated page */
u64 pool_free_pages(void);		/* as pool_account(), a moment ago, without the lock */
/* Somebody waits for pages: the host is told with its next look at the account. */
void pool_want(void);
bool pool_wanted(void);			/* since the last page was donated */
/* From here to pool_reserve_close() this CPU may use the last POOL_RESERVE pages. */
void pool_reserve_open(void);
void pool_reserve_close(void);
#define POOL_RESERVE	16
#define POOL_SHARED	64		/* before these: for VMs within their share */
#define POOL_OWNERS	65		/* VM ids, and 0 */

/* --- what VMs have of it (mem/share.c) --- */

/* @vm was given @pages, or gave them back. No lock. */
void share_charge(u16 vm, s32 pages);
/**
 * share_ok() - may @vm take a few pages for its tables now?
 *
 * If not, the caller does as where pool_alloc() has none. Asked once before the work of a
 * fault, which takes a page for each level of two tables at most.
 * Locks: takes RANK_TRASH, RANK_POOL.
 */
bool share_ok(u16 vm);

/* --- ownership (mem/own.c, record.c); every transition is listed in mem/transitions.def --- */

/* Only PG_HOST gives anybody but the core a right: test for it, not for the others. */
enum page_state {
	PG_NONE,		/* not RAM, or outside the map; all-zero: nobody's */
	PG_HOST,
	PG_CORE,		/* the region of the install: for ever */
	PG_PRIVATE,
	PG_DONATED,		/* the core's, given by own_donate() */
	PG_MOVING,		/* between two states: some CPU is zeroing or cleaning it */
	PG_LOST,		/* a VM's with a memory error, and cannot be zeroed: nobody's */
};

struct page_info {
	enum page_state state;
	u16 vm;			/* PG_PRIVATE: owner's id */
	u64 frame;		/* PG_PRIVATE: guest frame number (IPA >> 12) */
	bool shared;		/* PG_HOST: shared with the core */
	u8 level;		/* of the entry that says so: 0 to 3 */
};

/* What the record says of the page at @pa. Locks: takes RANK_HOST_S2. */
struct page_info own_lookup(pa_t pa);
/* The same without the lock, which a broken core may never get: for its last act only. */
struct page_info own_peek(pa_t pa);
/* The same from an entry of the host's stage 2. Locks: caller holds host_s2_lock. */
struct s2_leaf;
struct page_info own_decode(const struct s2_leaf *leaf);

/*
 * Host calls; @pa page aligned. Return HYPSEC_OK or, nothing changed, an error:
 * HYPSEC_INVALID unaligned, HYPSEC_RANGE not RAM of the fixed map, or (donate) not there at the
 * install, HYPSEC_DENIED not in a state the call starts from, HYPSEC_STATE shared twice or not
 * shared, HYPSEC_BUSY in use, HYPSEC_NO_MEMORY, HYPSEC_EPOCH (donate) as own_claim(), HYPSEC_FAULT
 * (donate) a memory error: it stays the host's, with what is left in it.
 * Locks: take RANK_HOST_S2; own_donate() and own_reclaim() map at EL2: no lock held.
 */
int own_donate(pa_t pa);		/* HOST -> DONATED (pool) */
int own_reclaim(pa_t pa);		/* DONATED (free pool page) -> HOST, zeroed */
int own_share(pa_t pa);			/* HOST: pinned, core may hold it mapped */
int own_unshare(pa_t pa);

/**
 * own_claim() - HOST -> PRIVATE {vm, frame}
 * @pa: page aligned, RAM
 * @zero: true: zero the page before anyone else can see it; false: keep its contents
 *
 * On return the host's entry is annotated, its TLB entries are gone on every
 * CPU and the page is clean to the PoC. If {vm, frame} already owns it: HYPSEC_OK,
 * contents untouched.
 * Return: HYPSEC_OK; HYPSEC_EPOCH: a shadow may map it: drop all locks, call
 * shadow_drop_all(), retry; HYPSEC_DENIED not HOST; HYPSEC_BUSY mapped by a
 * slot or shared with the core; HYPSEC_NO_MEMORY; HYPSEC_RANGE; HYPSEC_FAULT a memory error:
 * it stays the host's, as it was or partly zeroed.
 * Locks: takes RANK_HOST_S2.
 */
int own_claim(pa_t pa, u16 vm, u64 frame, bool zero);

/*
 * What is done to a page between two owners: it is mapped at @page, and whoever calls is the
 * only one to reach it. HYPSEC_OK, or an error, where one is allowed.
 */
typedef int page_work(void *page, void *arg);

/*
 * own_claim() that keeps the contents, if @open can make something of them: else the page
 * goes back to the host, zeroed, and its status is returned. HYPSEC_FAULT: a memory error; then
 * too, or nobody gets it (PG_LOST).
 */
int own_open(pa_t pa, u16 vm, u64 frame, page_work *open, void *arg);

/*
 * PRIVATE {vm, frame} -> HOST, zeroed. The VM must be unable to reach it any more:
 * unmapped from its shadow and invalidated, before the call.
 * Return: HYPSEC_OK; HYPSEC_DENIED not {vm, frame}'s; HYPSEC_BUSY in a slot, or another
 * CPU is moving it; HYPSEC_RANGE. Locks: takes RANK_HOST_S2; SLOT_PAGE is empty.
 * One with a memory error that cannot be zeroed is nobody's from then on (PG_LOST).
 */
int own_return(pa_t pa, u16 vm, u64 frame);
/*
 * The same, but the host gets what @seal, which cannot fail, leaves in the page. A VM may still
 * have it mapped when @seal is called, if @seal is what ends that. HYPSEC_FAULT: a memory error,
 * and what was in it is gone: it is the host's, zeroed, or PG_LOST.
 */
int own_seal(pa_t pa, u16 vm, u64 frame, page_work *seal, void *arg);

/*
 * The same for 2 MiB, zeroed, @frame as aligned as @pa, that have one entry in the record, and
 * will have one: HYPSEC_STATE: they have not, do it by the page. So where it is HYPSEC_FAULT, a
 * memory error: whose they are has not changed, some are zeroed. A page of a block can be returned
 * or sealed alone; that never lacks memory.
 */
#define PAGES_2M	512
int own_claim_block(pa_t pa, u16 vm, u64 frame);
int own_return_block(pa_t pa, u16 vm, u64 frame);

/**
 * own_stamp() - the caller is about to map host memory in a shadow
 * @pa: page aligned
 * @size: the most that will be mapped: 4 KiB, 2 MiB or 1 GiB
 *
 * Finds the largest naturally aligned block around @pa, of at most @size, every
 * page of which is HOST, and stamps the host's leaves with the current epoch. Only
 * [ALIGN_DOWN(pa, ret), + ret) may be mapped: what lies outside is not stamped, and
 * could be claimed with the mapping still there. The caller holds the VM's lock until
 * the mapping is installed. Ranges that are not RAM and not the core's are allowed.
 * Return: size of that block, or HYPSEC_INVALID, HYPSEC_RANGE, HYPSEC_DENIED.
 * Locks: caller holds RANK_VM; takes RANK_HOST_S2.
 */
s64 own_stamp(pa_t pa, u64 size);
/*
 * The same for up to @n single pages, the addresses in @page, 0 for none, with attributes around
 * them (S2_ADDR): one that may not be mapped becomes 0.
 */
void own_stamp_pages(u64 *page, u32 n);

/*
 * mem/lost.c: a page that has become PG_LOST; with host_s2_lock held. lost_page(): the @n-th since
 * the install, from 0. Return: HYPSEC_OK, HYPSEC_RANGE: not so many; HYPSEC_STATE: too long ago,
 * it is in the log only. Locks: takes RANK_HOST_S2.
 */
void lost_add(pa_t pa);
int __must_check lost_page(u64 n, pa_t *pa);

/* Epochs: shadow_drop_all() in vcpu/ calls these around its work. */
u32 own_epoch_begin(void);	/* starts a new epoch, returns the old one's number */
void own_epoch_end(u32 old);	/* every mapping stamped in @old is gone */

/* --- the fixed RAM map (mem/ram.c) --- */

/* Install: copies and checks the map. Return: HYPSEC_OK or HYPSEC_INVALID. */
int __must_check ram_init(const struct hypsec_install *in);
bool pa_is_ram(pa_t pa, u64 size);	/* whole range inside the fixed RAM map */
bool pa_touches_ram(pa_t pa, u64 size);	/* any byte of it */
/*
 * And it was there at the install. What becomes the core's own has to be: a store to memory that is
 * not there can end in a cache, and the abort comes later, to an access that nothing mends.
 */
bool pa_was_there(pa_t pa, u64 size);
/* The map, adjacent ranges joined: false past the last. */
bool ram_range(unsigned int n, struct hypsec_ram *r);
extern u64 pa_limit;			/* first address past the supported PA space */

/* --- the host's memory (mem/slot.c) --- */

enum slot_id {			/* per CPU */
	SLOT_COPY,		/* copy_from_host()/copy_to_host() */
	SLOT_WALK,		/* host page-table reads */
	SLOT_VCPU,		/* struct kvm_vcpu, up to SLOT_VCPU_PAGES consecutive pages */
	SLOT_FP,		/* SVE state */
	SLOT_PAGE,		/* a claimed page: zero, hash, return */
	SLOT_BY_CALL,		/* those above are empty whenever the host runs */
	/*
	 * Leases: may stay mapped over returns to the host. The pages are as any in a
	 * slot: HOST, and refused to a claim, until slot_unmap() or slot_rest() on this CPU.
	 */
	SLOT_LEASE_VCPU = SLOT_BY_CALL,	/* struct kvm_vcpu of the vCPU KVM has loaded here */
	SLOT_LEASE_MMU,		/* its struct kvm_s2_mmu */
	SLOT_LEASE_KVM,		/* fields of its struct kvm */
	SLOT_LEASE_TABLE,	/* of KVM's stage 2: kvm/walk.c. Held during a walk only */
	SLOT_COUNT
};
#define SLOT_PAGES	8	/* consecutive pages one slot can hold */

/**
 * slot_map() - map host memory here, on this CPU, until slot_unmap()
 * @id: which slot; must be empty
 * @pa: any alignment
 * @len: bytes; with @pa's offset at most SLOT_PAGES pages
 *
 * Publishes the pages as in use by this CPU, then checks that each is HOST, so
 * that a claim on another CPU either sees the slot (and gets HYPSEC_BUSY) or is
 * seen. Mapped Normal write-back, never executable.
 * Return: EL2 address of @pa, or NULL if a page is not HOST RAM.
 */
void *slot_map(enum slot_id id, pa_t pa, size_t len);
/*
 * HYPSEC_FAULT: an access through it was aborted, by a memory error, or since there is no memory.
 * What was read or computed there from then on is worth nothing, and what was written is lost.
 * ELR_EL2 and SPSR_EL2 are the host's trap's again.
 */
int __must_check slot_unmap(enum slot_id id);
/*
 * An abort that was taken at EL2. True: it was one of an access through a slot of this CPU, and the
 * instruction can be executed again; the slot is lost.
 */
bool slot_abort(u64 esr, u64 far);
/* What belongs to the contents of a slot, and was elsewhere, is lost: so is the slot. */
void slot_lose(enum slot_id id);
/*
 * A lease that is not used now: whoever claims a page of it takes it from this CPU.
 * slot_resume() tells: true: the pages are HOST still, mapped where they were, and refused to
 * claims again; false: one has gone, nothing may be accessed, slot_unmap() is to follow.
 */
void slot_rest(enum slot_id id);
bool slot_resume(enum slot_id id);
/* As slot_map() for one page that is PRIVATE to @vm (SLOT_PAGE only). */
void *slot_map_private(pa_t pa, u16 vm);
/* CHECK()ed at every return to EL1. */
bool slots_empty(void);

/*
 * Through SLOT_COPY, any length. Return: HYPSEC_OK; HYPSEC_RANGE not RAM;
 * HYPSEC_DENIED a page is not HOST, HYPSEC_FAULT a memory error (a part may have been copied).
 */
int __must_check copy_from_host(void *dst, pa_t src, size_t n);
int __must_check copy_to_host(pa_t dst, const void *src, size_t n);
/* Linear-map address to physical; HYPSEC_RANGE if outside RAM or it wraps. */
int __must_check kva_to_pa(kva_t va, size_t n, pa_t *pa);

/* True if a slot of any CPU holds a page of the range. Locks: caller holds host_s2_lock. */
bool slot_holds(pa_t pa, u64 size);
/*
 * Pages, up to SLOT_PAGES, that their caller has made PG_MOVING (mem/own.c), or that nobody
 * looks after any more (hcall/scrub.c), in SLOT_PAGE. No lock.
 */
void *slot_map_moving(pa_t pa, u32 pages);

/* --- caches (mem/cache.c) --- */

/* Clean and invalidate to the point of coherency. */
void dcache_clean_inval_poc(const void *va, size_t n);
/* All instruction caches of all CPUs, unless they are coherent (CTR_EL0.DIC). */
void icache_inval_all(void);
void page_zero(void *page);

#endif
