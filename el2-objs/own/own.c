// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns a page. The record is the host's stage 2; what may happen to a page is
 * in transitions.def. A page changes hands in three steps:
 *
 * 1. with host_s2_lock held: the table decides, from the entry as it is now; the
 *    entry becomes "moving", and no TLB has the old one any more. From here on
 *    nobody can reach the page but this CPU.
 * 2. without the lock: zero, clean to the PoC. A page is 4 KiB; other CPUs need not wait.
 * 3. with the lock: the entry becomes the new state.
 *
 * Nothing fails after step 1 but mapping a donated page at EL2, which puts the old
 * entry back (the page's contents are untouched then), and memory itself: a page that the host
 * gives stays its own; one that a VM had is zeroed, or nobody's (salvage()).
 */
#include "own/epoch.h"
#include "own/transitions.h"
#include "base/check.h"
#include "pgt/pgt.h"
#include "pool/pool.h"

#define HOST_LEAF	(S2_R | S2_W | S2_MEMATTR_WB | S2_SH_INNER | S2_AF | S2_TABLE | S2_VALID)

/* What changes hands: a page, or a block of 2 MiB that has one entry. */
struct move {
	enum own_op op;
	pa_t pa;
	u64 size;
	u64 mine;		/* the annotation the caller speaks for, 0: none */
	u64 old;		/* the entry before, to be replaced in the end; 0: nothing to do */
};

static bool holds(enum own_condition c, const struct move *m, u64 pte)
{
	switch (c) {
	case IF_ALWAYS:
		return true;
	case IF_IN_SLOT:
		return slot_holds(m->pa, m->size);
	case IF_STAMPED:
		return s2_stamp(pte, epochs_dirty());
	case IF_SAME:
		return pte == m->mine;
	case IF_OTHER:
		return pte != m->mine;
	case IF_FREE:
		return pool_withdraw(m->pa);
	}
	return false;
}

/* @leaf: of m->pa, with host_s2_lock held since it was looked up */
static const struct transition *decide(const struct move *m, const struct s2_leaf *leaf)
{
	struct page_info pi = own_decode(leaf);
	u64 pte = ann_page(leaf->pte, m->pa.v & (leaf->size - 1));
	u8 from = pi.shared ? PG_SHARED : pi.state;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(transitions); i++) {
		const struct transition *t = &transitions[i];

		if (t->op == m->op && t->from == from && holds(t->condition, m, pte))
			return t;
	}
	core_panic(__FILE__, __LINE__, "no transition");
}

/* Step 1. @m: op to mine; on HYPSEC_OK also old. HYPSEC_STATE: a block that is in pieces. */
static int move_begin(struct move *m)
{
	const struct transition *t;
	struct s2_leaf leaf;
	bool moves;
	int ret;

	m->old = 0;
	spin_lock(&host_s2_lock);
	leaf = s2_lookup(&host_s2, m->pa.v);
	if (leaf.size < m->size) {
		spin_unlock(&host_s2_lock);
		return HYPSEC_STATE;
	}
	t = decide(m, &leaf);
	ret = t->status;
	moves = ret == HYPSEC_OK && t->to != t->from;
	/*
	 * Split for the stamp's sake too: a busy VM has stamped the block again for a neighbour of
	 * this page before the claim is retried, and so drop upon drop, for ever.
	 */
	if ((moves || ret == HYPSEC_EPOCH) && leaf.size != m->size) {
		int split = s2_split(&host_s2, m->pa.v, m->size == PAGE_SIZE ? 3 : 2);

		if (split != HYPSEC_OK)
			ret = split;
		leaf = s2_lookup(&host_s2, m->pa.v);
	}
	if (moves && ret == HYPSEC_OK) {
		m->old = leaf.pte;
		s2_replace(&host_s2, m->pa.v, m->old, ANN_MOVING);
	}
	spin_unlock(&host_s2_lock);
	return ret;
}

/* Step 3. A block that becomes private has a page held for its split, until it goes whole. */
static void move_end(const struct move *m, u64 new, s64 private_pages)
{
	spin_lock(&host_s2_lock);
	if (m->size == SZ_2M && private_pages)
		host_s2.held += private_pages > 0 ? 1 : -1;
	s2_replace(&host_s2, m->pa.v, ANN_MOVING, new);
	if ((new & S2_VALID) || (new & ANN_STATE) == ANN_PRIVATE)
		s2_merge(&host_s2, m->pa.v, epochs_dirty());
	account_add(HYPSEC_ACC_PRIVATE, private_pages);
	if (new == ANN_LOST)
		lost_add(m->pa);
	spin_unlock(&host_s2_lock);
}

int own_donate(pa_t pa)
{
	struct move m = { .op = OWN_DONATE, .pa = pa, .size = PAGE_SIZE };
	int ret;

	if (!IS_ALIGNED(pa.v, PAGE_SIZE))
		return HYPSEC_INVALID;
	/* Some machines have RAM at 0. At EL2 that page would be NULL: free, and not to be had. */
	if (!pa.v || !pa_was_there(pa, PAGE_SIZE))
		return HYPSEC_RANGE;
	pool_reserve_open();
	ret = move_begin(&m);
	if (ret == HYPSEC_OK) {
		ret = el2_map(pa, PAGE_SIZE, EL2_RW);
		if (ret == HYPSEC_OK) {
			/* Not through its mapping as the core's: there an error breaks the core. */
			page_zero(slot_map_moving(pa, 1));
			ret = slot_unmap(SLOT_PAGE);
			if (ret != HYPSEC_OK)
				el2_unmap(pa, PAGE_SIZE);
		}
		move_end(&m, ret == HYPSEC_OK ? ANN_DONATED : m.old, 0);
		if (ret == HYPSEC_OK)
			pool_donate(pa);
	}
	pool_reserve_close();
	return ret;
}

int own_reclaim(pa_t pa)
{
	struct move m = { .op = OWN_RECLAIM, .pa = pa, .size = PAGE_SIZE };
	int ret;

	if (!IS_ALIGNED(pa.v, PAGE_SIZE))
		return HYPSEC_INVALID;
	ret = move_begin(&m);
	if (ret != HYPSEC_OK)
		return ret;
	/* Free pages are zero; the host may look past the caches. */
	dcache_clean_inval_poc(core_va(pa), PAGE_SIZE);
	el2_unmap(pa, PAGE_SIZE);
	move_end(&m, pa.v | HOST_LEAF, 0);
	return HYPSEC_OK;
}

/* The page stays the host's, so there is nothing to move. */
static int set_shared(enum own_op op, pa_t pa)
{
	const struct transition *t;
	struct s2_leaf leaf;
	int ret;

	if (!IS_ALIGNED(pa.v, PAGE_SIZE))
		return HYPSEC_INVALID;
	spin_lock(&host_s2_lock);
	leaf = s2_lookup(&host_s2, pa.v);
	t = decide(&(struct move){ .op = op, .pa = pa, .size = PAGE_SIZE }, &leaf);
	ret = t->status;
	if (ret == HYPSEC_OK)
		ret = s2_split(&host_s2, pa.v, 3);
	if (ret == HYPSEC_OK) {
		u64 old = s2_lookup(&host_s2, pa.v).pte;
		bool share = t->to == PG_SHARED;

		s2_replace(&host_s2, pa.v, old, share ? old | S2_SHARED : old & ~S2_SHARED);
		account_add(HYPSEC_ACC_SHARED, share ? 1 : -1);
		if (!share)
			s2_merge(&host_s2, pa.v, epochs_dirty());
	}
	spin_unlock(&host_s2_lock);
	return ret;
}

int own_share(pa_t pa)
{
	return set_shared(OWN_SHARE, pa);
}

int own_unshare(pa_t pa)
{
	return set_shared(OWN_UNSHARE, pa);
}

/* What does not fit an annotation would be taken for another owner. */
static bool owner_ok(u16 vm, u64 frame)
{
	return vm && vm <= ANN_VM_MAX && frame <= ANN_FRAME >> PAGE_SHIFT;
}

static int move_private(struct move *m, u16 vm, u64 frame)
{
	if (!IS_ALIGNED(m->pa.v | frame << PAGE_SHIFT, m->size) || !owner_ok(vm, frame))
		return HYPSEC_INVALID;
	m->mine = ann_private(vm, frame);
	return move_begin(m);
}

static int zero_page(void *page, void *arg)
{
	(void)arg;
	page_zero(page);
	return HYPSEC_OK;
}

/*
 * A memory error in a page that has, or may have, a VM's data: nobody gets it but zeroed. A store
 * often ends such an error; where it does not, the page is nobody's. Return: its entry.
 */
static u64 salvage(pa_t pa)
{
	void *page = slot_map_moving(pa, 1);

	pages_zero_clean(page, PAGE_SIZE);
	return slot_unmap(SLOT_PAGE) == HYPSEC_OK ? pa.v | HOST_LEAF : ANN_LOST;
}

/* @work: NULL: the contents stay. m->old: 0: it was the VM's before, and is untouched. */
static int claim(struct move *m, u16 vm, u64 frame, page_work *work, void *arg)
{
	u64 back = m->pa.v | HOST_LEAF;
	void *page;
	int ret;

	ret = move_private(m, vm, frame);
	if (ret != HYPSEC_OK || !m->old)
		return ret;

	page = slot_map_moving(m->pa, 1);
	/* What the host wrote past the caches counts, and a guest with its caches off sees. */
	if (work != zero_page)
		dcache_clean_inval_poc(page, PAGE_SIZE);
	if (work == zero_page) {
		pages_zero_clean(page, PAGE_SIZE);
	} else if (work) {
		ret = work(page, arg);
		if (ret != HYPSEC_OK)
			page_zero(page);
		/* Nor must that guest find what the caches hide of ours. */
		dcache_clean_inval_poc(page, PAGE_SIZE);
	}
	if (slot_unmap(SLOT_PAGE) != HYPSEC_OK) {
		ret = HYPSEC_FAULT;
		/* It may be decrypted in part. */
		if (work && work != zero_page)
			back = salvage(m->pa);
	}
	/*
	 * Contents that are kept may be checked as data and then executed: instruction
	 * caches filled before the host's last write would hold other code than was checked.
	 */
	if (work != zero_page)
		icache_inval_all();

	move_end(m, ret == HYPSEC_OK ? m->mine : back, ret == HYPSEC_OK);
	return ret;
}

int own_claim(pa_t pa, u16 vm, u64 frame, bool zero)
{
	struct move m = { .op = OWN_CLAIM, .pa = pa, .size = PAGE_SIZE };

	return claim(&m, vm, frame, zero ? zero_page : NULL, NULL);
}

int own_open(pa_t pa, u16 vm, u64 frame, page_work *open, void *arg)
{
	struct move m = { .op = OWN_CLAIM, .pa = pa, .size = PAGE_SIZE };
	int ret = claim(&m, vm, frame, open, arg);

	/* A frame that has its page is not sealed: or else what was sealed would be passed over. */
	CHECK(ret != HYPSEC_OK || m.old);
	return ret;
}

int own_seal(pa_t pa, u16 vm, u64 frame, page_work *seal, void *arg)
{
	struct move m = { .op = OWN_RETURN, .pa = pa, .size = PAGE_SIZE };
	void *page;
	int ret;

	ret = move_private(&m, vm, frame);
	if (ret != HYPSEC_OK)
		return ret;

	page = slot_map_moving(pa, 1);
	if (seal == zero_page) {
		pages_zero_clean(page, PAGE_SIZE);
	} else {
		CHECK(seal(page, arg) == HYPSEC_OK);
		dcache_clean_inval_poc(page, PAGE_SIZE);
	}
	ret = slot_unmap(SLOT_PAGE);

	move_end(&m, ret == HYPSEC_OK ? pa.v | HOST_LEAF : salvage(pa), -1);
	return ret;
}

int own_return(pa_t pa, u16 vm, u64 frame)
{
	int ret = own_seal(pa, vm, frame, zero_page, NULL);

	return ret == HYPSEC_FAULT ? HYPSEC_OK : ret;	/* no VM has it any more */
}

/* About 120,000 instructions: nobody waits longer for anything of it, nor for an interrupt. */
static int zero_block(pa_t block)
{
	u64 part = SLOT_PAGES * PAGE_SIZE, at;
	int ret = HYPSEC_OK;

	for (at = 0; at < SZ_2M; at += part) {
		char *pages = slot_map_moving(PA(block.v + at), SLOT_PAGES);

		pages_zero_clean(pages, part);
		if (slot_unmap(SLOT_PAGE) != HYPSEC_OK)
			ret = HYPSEC_FAULT;
	}
	return ret;
}

int own_claim_block(pa_t pa, u16 vm, u64 frame)
{
	struct move m = { .op = OWN_CLAIM, .pa = pa, .size = SZ_2M };
	int ret;

	if (!pool_hold(1))
		return HYPSEC_NO_MEMORY;
	ret = move_private(&m, vm, frame);
	if (ret == HYPSEC_OK && !m.old)
		ret = HYPSEC_STATE;
	if (ret != HYPSEC_OK) {
		pool_unhold(1);
		return ret;
	}
	ret = zero_block(pa);
	if (ret != HYPSEC_OK) {
		move_end(&m, pa.v | (HOST_LEAF & ~S2_TABLE), 0);
		pool_unhold(1);
		return ret;
	}
	move_end(&m, m.mine, PAGES_2M);
	return HYPSEC_OK;
}

int own_return_block(pa_t pa, u16 vm, u64 frame)
{
	struct move m = { .op = OWN_RETURN, .pa = pa, .size = SZ_2M };
	int ret = move_private(&m, vm, frame);

	if (ret != HYPSEC_OK)
		return ret;
	ret = zero_block(pa);
	if (ret != HYPSEC_OK) {
		move_end(&m, m.mine, 0);	/* by the page, one of which may be lost */
		return ret;
	}
	move_end(&m, pa.v | (HOST_LEAF & ~S2_TABLE), -PAGES_2M);
	pool_unhold(1);
	return HYPSEC_OK;
}
