// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free donated pages. The host may ask for one back, by address, so a free one must be
 * found quickly, and nothing that is written in a page in use may make it look free.
 *
 * They form groups: a group page holds the addresses of up to GROUP_MAX others and is
 * free itself. A free page says at which index of its group it is; that is a hint only,
 * what the group page says counts.
 */
#include "pool/groups.h"
#include "pool/pool.h"
#include "base/memory.h"
#include "base/sysreg.h"

#define GROUP_MAX	510

struct group {
	struct group *next;
	u64 n;
	u64 page[GROUP_MAX];		/* physical addresses */
};
_Static_assert(sizeof(struct group) == PAGE_SIZE, "a group is a page");

static struct group *groups;

/*
 * For pool_lock's holder, before it touches a donated page. Another CPU may have
 * mapped it a moment ago: a translation made here before the lock was taken would be
 * a fault (without FEAT_ETS a DSB over there does not rule that out).
 */
static void see_donated(void)
{
	isb();
}

void *group_take(void)
{
	struct group *g = groups;
	u64 *page;

	if (!g)
		return NULL;
	see_donated();
	if (g->n) {
		page = core_va(PA(g->page[--g->n]));
		page[0] = 0;
		g->page[g->n] = 0;
		return page;
	}
	groups = g->next;
	g->next = NULL;
	return g;			/* all zero again */
}

void group_put(u64 *page)
{
	struct group *g = groups;

	see_donated();
	if (g && g->n < GROUP_MAX) {
		page[0] = g->n;
		g->page[g->n++] = core_pa(page).v;
		return;
	}
	g = (struct group *)page;
	g->next = groups;
	groups = g;
}

/* @link is where the group's address is kept. */
static void withdraw_group(struct group **link)
{
	struct group *g = *link, *heir;

	if (g->n) {
		/* Its last member takes over the rest; their indices stay. */
		heir = core_va(PA(g->page[--g->n]));
		g->page[g->n] = 0;
		memcpy(heir, g, sizeof(*g));
		memset(g, 0, sizeof(*g));
		*link = heir;
	} else {
		*link = g->next;
		g->next = NULL;
	}
}

bool group_withdraw(u64 pa)
{
	struct group **link;
	u64 *page = core_va(PA(pa));

	see_donated();
	for (link = &groups; *link; link = &(*link)->next) {
		struct group *g = *link;
		u64 i = page[0];

		if (core_pa(g).v == pa) {
			withdraw_group(link);
			return true;
		}
		if (i < g->n && g->page[i] == pa) {
			u64 last = g->page[--g->n];

			*(u64 *)core_va(PA(last)) = i;
			g->page[i] = last;
			g->page[g->n] = 0;
			page[0] = 0;
			return true;
		}
	}
	return false;
}
