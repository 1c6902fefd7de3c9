// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots: the only way the core touches memory that is not its own. Each CPU has a
 * few windows of address space; what is in them is published in its struct percpu,
 * so that a page in use is never given away under the user's feet.
 *
 * Why no claim can miss a slot: slot_map() publishes, then looks the page up with
 * host_s2_lock held; a claim scans the slots (slot_holds()) and changes the record
 * inside one critical section of that lock. If the look-up came first, its unlock made
 * the publication visible to the scan, which answers HYPSEC_BUSY. If the claim came
 * first, the look-up sees the page gone. A slot published but not yet looked
 * up can make a claim fail that need not have; the host tries again.
 *
 * A slot that rests is mapped and not used: a claim takes it away (SLOT_GONE) under that
 * lock, before it changes the record, and its CPU has to ask for it back. Of the two, one wins,
 * by compare-and-swap of @pages. The loser's entry stays in the window until slot_unmap():
 * no access is made through it, and its page's memory type is the same for whoever owns it.
 *
 * Memory fails, and what the host calls RAM need not be there: then a load or store here is
 * aborted, at EL2. This CPU's scrap page takes the page's place in the window (slot_abort()), and
 * the instruction is executed again. So nothing that works through a slot stops in the midst, with
 * locks held or a guest half loaded: it goes on, with values that are worth nothing, and is told
 * when it unmaps the slot, or asks slots_lost(). Each page is replaced once: a host that has many such
 * pages gets an abort for each, and no loop.
 */
#include "own/own.h"
#include "base/check.h"
#include "base/esr.h"
#include "base/sysreg.h"
#include "pgt/pgt.h"

/*
 * A slot's part of the window is used page after page, each once. The tables of EL2
 * are common to all CPUs, so another CPU may hold an entry of this window in
 * its TLB, by speculation. It makes no access through it; but were an entry to go from one
 * page to another before all TLBs have lost the first, that CPU could speculate
 * through a mix of both (Arm ARM D8.16.1, break-before-make). So a page of the window
 * is used again only after a TLBI on all CPUs, which is one for many slots,
 * where a broadcast for each would be felt at every exit of a VM.
 */
#define PART	(EL2_SLOT_PTES / SLOT_COUNT)
_Static_assert(PART >= 2 * SLOT_PAGES, "a slot fits in its part, more than once");

/* With the count, in struct slot.pages: only a CPU's own lease has them. */
#define SLOT_RESTS	(1U << 31)
#define SLOT_GONE	(1U << 30)
#define SLOT_NR(pages)	((pages) & 0xff)

/* A scan that sees the new @pages sees the new @pa. */
static void publish(struct slot *s, u64 pa, u32 pages)
{
	WRITE_ONCE(s->pa, pa);
	__atomic_store_n(&s->pages, pages, __ATOMIC_RELEASE);
}

bool slot_holds(pa_t pa, u64 size)
{
	u32 cpu, id;

	CHECK(spin_held(&host_s2_lock));
	for (cpu = 0; cpu < nr_cpus; cpu++) {
		struct percpu *p = cpu_by_id(cpu);

		for (id = 0; id < SLOT_COUNT; id++) {
			struct slot *s = &p->slot[id];
			u32 pages = __atomic_load_n(&s->pages, __ATOMIC_ACQUIRE);
			u64 held = READ_ONCE(s->pa);

			if (likely(!pages || (pages & SLOT_GONE) ||
				   pa.v >= held + SLOT_NR(pages) * PAGE_SIZE ||
				   held >= pa.v + size))
				continue;
			if (!(pages & SLOT_RESTS) ||
			    !__atomic_compare_exchange_n(&s->pages, &pages, pages | SLOT_GONE,
							 false, __ATOMIC_ACQ_REL,
							 __ATOMIC_RELAXED))
				return true;
		}
	}
	return false;
}

static void *window_open(enum slot_id id, u64 first, u32 pages)
{
	struct percpu *cpu = this_cpu();
	struct slot *s = &cpu->slot[id];
	u64 *ptes;
	u32 i;

	if (s->next + pages > PART) {
		/* The entries are invalid since their slot_unmap(). */
		dsb(ishst);
		tlbi(alle2is);
		dsb(ish);
		s->next = 0;
	}
	s->at = id * PART + s->next;
	s->next += pages;
	cpu->slots_open |= BIT(id);

	ptes = el2_slot_ptes(cpu->id) + s->at;
	for (i = 0; i < pages; i++)
		pte_write(&ptes[i], el2_slot_pte(PA(first + i * PAGE_SIZE)));
	dsb(nshst);
	isb();
	return el2_slot_va(cpu->id, s->at);
}

/* @at: of this CPU's window. False: it is the scrap page already. */
static bool replace(struct percpu *cpu, u32 at)
{
	u64 scrap = el2_slot_pte(el2_slot_scrap(cpu->id)), *pte = el2_slot_ptes(cpu->id) + at;

	if (READ_ONCE(*pte) == scrap)
		return false;
	/* By break-before-make, on all CPUs: see PART. */
	pte_write(pte, 0);
	dsb(ishst);
	tlbi_arg(vae2is, (u64)el2_slot_va(cpu->id, at) >> PAGE_SHIFT);
	dsb(ish);
	pte_write(pte, scrap);
	dsb(nshst);
	isb();
	return true;
}

bool slot_abort(u64 esr, u64 far)
{
	struct percpu *cpu = this_cpu();
	u64 fsc = esr & ESR_FSC, page = far & PAGE_MASK;
	bool any = false;
	u32 id, i;

	/* Nothing else is a failure of the memory. One that has spread is nobody's to mend. */
	if (ESR_EC(esr) != EC_DABT_CUR || (fsc != FSC_EXTABT && fsc != FSC_PARITY) ||
	    (fsc == FSC_EXTABT && (esr & ESR_SET) == ESR_SET_UC))
		return false;
	for (id = 0; id < SLOT_COUNT; id++) {
		struct slot *s = &cpu->slot[id];
		u32 pages = SLOT_NR(READ_ONCE(s->pages));

		for (i = 0; i < pages; i++) {
			/* Without an address: any of them, or none; then it comes again. */
			if (!(esr & ESR_FNV) && (u64)el2_slot_va(cpu->id, s->at + i) != page)
				continue;
			if (!replace(cpu, s->at + i))
				continue;
			cpu->slots_lost |= BIT(id);
			any = true;
		}
	}
	return any;
}

void slot_lose(enum slot_id id)
{
	this_cpu()->slots_lost |= BIT(id);
}

/* What the code that went on has written there may be a guest's. */
static int lost(struct percpu *cpu, enum slot_id id)
{
	void *scrap = core_va(el2_slot_scrap(cpu->id));

	cpu->slots_lost &= ~BIT(id);
	page_zero(scrap);
	dcache_clean_inval_poc(scrap, PAGE_SIZE);
	/* The abort was one more exception to EL2. Nothing has changed these since the trap. */
	write_sysreg(cpu->trap_elr, ELR_EL2);
	write_sysreg(cpu->trap_spsr, SPSR_EL2);
	return HYPSEC_FAULT;
}

int slot_unmap(enum slot_id id)
{
	struct percpu *cpu = this_cpu();
	struct slot *s;
	u64 *ptes, va;
	u32 i, pages;

	CHECK(id < SLOT_COUNT);
	s = &cpu->slot[id];
	pages = SLOT_NR(READ_ONCE(s->pages));
	CHECK(pages);
	cpu->slots_open &= ~BIT(id);
	ptes = el2_slot_ptes(cpu->id) + s->at;
	va = (u64)el2_slot_va(cpu->id, s->at);
	for (i = 0; i < pages; i++)
		pte_write(&ptes[i], 0);
	/* This CPU only: see PART. */
	dsb(nshst);
	for (i = 0; i < pages; i++)
		tlbi_arg(vae2, (va >> PAGE_SHIFT) + i);
	dsb(nsh);	/* no ISB: no access is made there before that of window_open() */
	/* Only now may another CPU take the page. */
	__atomic_store_n(&s->pages, 0, __ATOMIC_RELEASE);
	return unlikely(cpu->slots_lost & BIT(id)) ? lost(cpu, id) : HYPSEC_OK;
}

void slot_rest(enum slot_id id)
{
	struct slot *s = &this_cpu()->slot[id];
	u32 pages = READ_ONCE(s->pages);

	CHECK(id >= SLOT_BY_CALL && id < SLOT_COUNT && pages && SLOT_NR(pages) == pages);
	/* What was read and written here is complete before another CPU takes the page. */
	__atomic_store_n(&s->pages, pages | SLOT_RESTS, __ATOMIC_RELEASE);
}

bool slot_resume(enum slot_id id)
{
	struct slot *s = &this_cpu()->slot[id];
	u32 pages = READ_ONCE(s->pages), rests = SLOT_NR(pages) | SLOT_RESTS;

	CHECK(id >= SLOT_BY_CALL && id < SLOT_COUNT && (pages & SLOT_RESTS));
	return __atomic_compare_exchange_n(&s->pages, &rests, SLOT_NR(pages), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Every page from @first is HOST, or PRIVATE to @vm if that is not 0. */
static bool may_map(u64 first, u32 pages, u16 vm)
{
	u64 pa = first, end = first + pages * PAGE_SIZE;
	bool ok = true;

	spin_lock(&host_s2_lock);
	while (ok && pa < end) {
		struct s2_leaf leaf = s2_lookup(&host_s2, pa);
		struct page_info pi = own_decode(&leaf);

		ok = vm ? pi.state == PG_PRIVATE && pi.vm == vm : pi.state == PG_HOST;
		pa = ALIGN_DOWN(pa, leaf.size) + leaf.size;	/* a block says it for all */
	}
	spin_unlock(&host_s2_lock);
	return ok;
}

static void *slot_fill(enum slot_id id, pa_t pa, size_t len, u16 vm)
{
	struct slot *s;
	u64 first, pages;

	CHECK(id < SLOT_COUNT);
	s = &this_cpu()->slot[id];
	CHECK(!s->pages);

	/* RAM only: a read of a device has effects. */
	if (!pa_is_ram(pa, len))
		return NULL;
	first = ALIGN_DOWN(pa.v, PAGE_SIZE);
	pages = (ALIGN_UP(pa.v + len, PAGE_SIZE) - first) >> PAGE_SHIFT;
	if (pages > SLOT_PAGES)
		return NULL;

	publish(s, first, pages);
	if (!may_map(first, pages, vm)) {
		__atomic_store_n(&s->pages, 0, __ATOMIC_RELEASE);
		return NULL;
	}
	return (char *)window_open(id, first, pages) + (pa.v - first);
}

void *slot_map(enum slot_id id, pa_t pa, size_t len)
{
	return slot_fill(id, pa, len, 0);
}

void *slot_map_private(pa_t pa, u16 vm)
{
	CHECK(vm);
	return slot_fill(SLOT_PAGE, PA(ALIGN_DOWN(pa.v, PAGE_SIZE)), PAGE_SIZE, vm);
}

void *slot_map_moving(pa_t pa, u32 pages)
{
	struct slot *s = &this_cpu()->slot[SLOT_PAGE];

	CHECK(!s->pages && pages <= SLOT_PAGES);
	publish(s, pa.v, pages);
	return window_open(SLOT_PAGE, pa.v, pages);
}

bool slots_empty(void)
{
	/* Every trap ends with this. */
	return !(this_cpu()->slots_open & (BIT(SLOT_BY_CALL) - 1));
}

/* The host can change what is being read: every byte is read once, here. */
static int copy_host(void *buf, u64 pa, size_t n, bool to_host)
{
	char *p = buf;

	if (!n)
		return HYPSEC_OK;
	if (!pa_is_ram(PA(pa), n))
		return HYPSEC_RANGE;
	while (n) {
		size_t room = SLOT_PAGES * PAGE_SIZE - (pa & ~PAGE_MASK);
		size_t part = n < room ? n : room;
		void *host = slot_map(SLOT_COPY, PA(pa), part);

		if (!host)
			return HYPSEC_DENIED;
		if (to_host)
			memcpy(host, p, part);
		else
			memcpy(p, host, part);
		if (slot_unmap(SLOT_COPY) != HYPSEC_OK)
			return HYPSEC_FAULT;
		p += part;
		pa += part;
		n -= part;
	}
	return HYPSEC_OK;
}

int copy_from_host(void *dst, pa_t src, size_t n)
{
	return copy_host(dst, src.v, n, false);
}

int copy_to_host(pa_t dst, const void *src, size_t n)
{
	return copy_host((void *)src, dst.v, n, true);
}
