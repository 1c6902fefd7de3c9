// SPDX-License-Identifier: GPL-2.0-only
/*
 * Before a reset or power-off that the host asks for: what belongs to protected VMs is
 * erased, and the secrets that their keys are made of, since the next kernel could read
 * what memory still holds. It is the one long operation that is not restarted: the host
 * does not come back.
 */
#include "pvm/pvm.h"
#include "auth/auth.h"
#include "base/check.h"
#include "base/log.h"
#include "crypto/crypto.h"

/*
 * After a panic some lock may never be free again, and pages of VMs are as they were:
 * the record is read, and pages are mapped, without one. Guests are cut off from memory first (vm_cut_off()).
 */
static bool broken(void)
{
	return READ_ONCE(core_broken);
}

static struct page_info look(pa_t pa)
{
	return broken() ? own_peek(pa) : own_lookup(pa);
}

/*
 * Another CPU that zeroes a page it has taken back holds it as PG_MOVING: it is let
 * finish, for longer than any page takes. Power may go in its midst otherwise. One that has
 * panicked does not finish, nor any page of the block that it was at: it is waited for once, as
 * a watchdog waits for nobody. @patience: looks left.
 */
static struct page_info settled(pa_t pa, unsigned int *patience)
{
	struct page_info pi = look(pa);
	unsigned int spins;

	for (spins = 0; pi.state == PG_MOVING && spins < *patience; spins++)
		pi = look(pa);
	if (pi.state == PG_MOVING && broken())
		*patience = 0;
	return pi;
}

static bool may_be_private(const struct page_info *pi)
{
	return pi->state == PG_PRIVATE || pi->state == PG_MOVING || pi->state == PG_LOST;
}

/* One page, if it is or may be a VM's. */
static bool scrub_page(pa_t pa, struct page_info pi, unsigned int *patience)
{
	void *va = NULL;

	/*
	 * Returned by another CPU since it was looked up: then that one erases it. Still
	 * moving: its mover has panicked, and will not finish. Lost: perhaps now.
	 */
	while (!va && may_be_private(&pi)) {
		if (pi.state != PG_PRIVATE || broken())
			va = slot_map_moving(pa, 1);
		else
			va = slot_map_private(pa, pi.vm);
		if (!va)
			pi = settled(pa, patience);
	}
	if (!va)
		return false;
	hypsec_wipe(va, PAGE_SIZE);
	dcache_clean_inval_poc(va, PAGE_SIZE);
	/* What cannot be written cannot be erased: the others are. */
	return slot_unmap(SLOT_PAGE) == HYPSEC_OK;
}

static u64 scrub_range(u64 pa, u64 end, unsigned int *patience)
{
	struct page_info pi;
	u64 size, pages = 0;

	for (; pa < end; pa = ALIGN_DOWN(pa, size) + size) {
		pi = settled(PA(pa), patience);
		/* What is not a VM's is passed over by the entry, what may be is erased by the page. */
		size = may_be_private(&pi) ? PAGE_SIZE : level_size(pi.level);
		if (scrub_page(PA(pa), pi, patience))
			pages++;
	}
	return pages;
}

void scrub_private(void)
{
	unsigned int patience = 1000000, i;
	struct hypsec_ram ram;
	u64 pages = 0;

	if (!broken()) {
		vm_close_all("the host is powered off or reset");
	} else {
		vm_cut_off();
		if (this_cpu()->slot[SLOT_PAGE].pages)
			(void)!slot_unmap(SLOT_PAGE);	/* this CPU panicked with it in use */
	}
	for (i = 0; ram_range(i, &ram); i++)
		pages += scrub_range(ram.base, ram.base + ram.size, &patience);
	if (pages && !broken())
		hlog("scrubbed %lu private pages", pages);
	platform_wipe();
	/* Last: who was inside has had all that time to leave, and wrote its registers back. */
	vm_wipe_all();
}
