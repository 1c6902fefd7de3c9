/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ownership of pages, and the only ways to touch a page of the host. The host's stage 2
 * (host_s2.c) is the record.
 */
#ifndef HYPSEC_OWN_H
#define HYPSEC_OWN_H

#include "base/lock.h"
#include "base/memory.h"
#include "base/percpu.h"
#include "pgt/pgt.h"

/* --- ownership (own.c, record.c); every transition is listed in transitions.def --- */

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
 * lost.c: a page that has become PG_LOST; with host_s2_lock held. lost_page(): the @n-th since
 * the install, from 0. Return: HYPSEC_OK, HYPSEC_RANGE: not so many; HYPSEC_STATE: too long ago,
 * it is in the log only. Locks: takes RANK_HOST_S2.
 */
void lost_add(pa_t pa);
int __must_check lost_page(u64 n, pa_t *pa);

/* Epochs: shadow_drop_all() in vm/ calls these around its work. */
u32 own_epoch_begin(void);	/* starts a new epoch, returns the old one's number */
void own_epoch_end(u32 old);	/* every mapping stamped in @old is gone */

/* --- the host's memory (slot.c; enum slot_id is in base/percpu.h) --- */

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

/* True if a slot of any CPU holds a page of the range. Locks: caller holds host_s2_lock. */
bool slot_holds(pa_t pa, u64 size);
/*
 * Pages, up to SLOT_PAGES, that their caller has made PG_MOVING (own.c), or that nobody
 * looks after any more (pvm/scrub.c), in SLOT_PAGE. No lock.
 */
void *slot_map_moving(pa_t pa, u32 pages);

/* --- the host's stage 2 (host_s2.c) --- */

/* Lock: host_s2_lock (RANK_HOST_S2). */
extern struct s2 host_s2;
extern struct spinlock host_s2_lock;
int host_s2_init(const struct hypsec_install *in);	/* identity, core region annotated */

/* What is to become of an access of the host that its stage 2 did not translate. */
enum host_fault {
	HOST_FAULT_RETRY,	/* it is mapped by now, or another CPU is at it */
	HOST_FAULT_REFUSE,	/* not the host's */
	HOST_FAULT_PRIVATE,	/* a VM's: @pi says whose */
};
/**
 * host_s2_fault() - a translation fault of the host at @pa
 * @pi: out: what the record says of the page
 *
 * Maps devices, in the largest block without RAM.
 * Locks: takes RANK_HOST_S2.
 */
enum host_fault host_s2_fault(u64 pa, struct page_info *pi);

#endif
