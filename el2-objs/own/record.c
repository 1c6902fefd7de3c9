// SPDX-License-Identifier: GPL-2.0-only
/* What the record, the host's stage 2, says of a page. Who changes it is own.c. */
#include "own/own.h"

_Static_assert(PG_NONE == 0, "an all-zero entry must mean: nobody's");

struct page_info own_decode(const struct s2_leaf *leaf)
{
	struct page_info pi = { .level = leaf->level };
	u64 pte = leaf->pte;

	if (pte & S2_VALID) {
		/* Of what is not RAM nearly nothing is executable (own/host_s2.c). */
		pi.state = (pte & S2_XN) || !pa_is_ram(PA(pte & S2_ADDR), leaf->size) ?
			   PG_NONE : PG_HOST;
		pi.shared = pte & S2_SHARED;
		return pi;
	}
	switch (pte & ANN_STATE) {
	case 0:
		pi.state = PG_NONE;
		break;
	case ANN_CORE:
		pi.state = PG_CORE;
		break;
	case ANN_DONATED:
		pi.state = PG_DONATED;
		break;
	case ANN_PRIVATE:
		pi.state = PG_PRIVATE;
		pi.vm = ann_vm(pte);
		pi.frame = (pte & ANN_FRAME) >> PAGE_SHIFT;
		break;
	case ANN_LOST:
		pi.state = PG_LOST;
		break;
	default:			/* ANN_MOVING; and what nobody writes */
		pi.state = PG_MOVING;
		break;
	}
	return pi;
}

struct page_info own_peek(pa_t pa)
{
	struct s2_leaf leaf = s2_lookup(&host_s2, pa.v);

	leaf.pte = ann_page(leaf.pte, pa.v & (leaf.size - 1));
	return own_decode(&leaf);
}

struct page_info own_lookup(pa_t pa)
{
	struct page_info pi;

	spin_lock(&host_s2_lock);
	pi = own_peek(pa);
	spin_unlock(&host_s2_lock);
	return pi;
}
