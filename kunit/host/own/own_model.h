/* SPDX-License-Identifier: GPL-2.0-only */
/* What is expected of every operation, and the way back to HOST from every state. */
#ifndef HYPSEC_OWN_MODEL_H
#define HYPSEC_OWN_MODEL_H

#include "own_common.h"

static u64 donated;			/* pages that the host has to get back */

static inline void back_to_host(u64 pa, u8 s, u16 vm, u64 frame)
{
	switch (s) {
	case PG_SHARED:
		assert_int_equal(own_unshare(PA(pa)), HYPSEC_OK);
		break;
	case PG_DONATED:
		assert_int_equal(own_reclaim(PA(pa)), HYPSEC_OK);
		donated--;
		break;
	case PG_PRIVATE:
		assert_int_equal(own_return(PA(pa), vm, frame), HYPSEC_OK);
		break;
	case PG_MOVING:
	case PG_LOST:
		s2_replace(&host_s2, pa, s2_lookup(&host_s2, pa).pte,
			   pa | S2_R | S2_W | S2_MEMATTR_WB | S2_SH_INNER | S2_AF | S2_TABLE |
			   S2_VALID);
		assert_int_equal(own_share(PA(pa)), HYPSEC_OK);	/* joins the block */
		assert_int_equal(own_unshare(PA(pa)), HYPSEC_OK);
		break;
	}
}

/* The rules once more, in other words than the table's. */
static inline int expected(enum own_op op, u8 s, u8 cond, u8 *to)
{
	bool slot = cond & IF_IN_SLOT, stamped = cond & IF_STAMPED, same = cond & IF_SAME;

	*to = s;
	if (s == PG_NONE)
		return HYPSEC_RANGE;
	if (s == PG_MOVING)
		return HYPSEC_BUSY;
	if (s == PG_CORE || s == PG_LOST)
		return HYPSEC_DENIED;
	switch (op) {
	case OWN_DONATE:
	case OWN_CLAIM:
		if (s == PG_SHARED)
			return HYPSEC_BUSY;
		if (op == OWN_CLAIM && s == PG_PRIVATE && same)
			return HYPSEC_OK;
		if (s != PG_HOST)
			return HYPSEC_DENIED;
		if (slot)
			return HYPSEC_BUSY;
		if (stamped)
			return HYPSEC_EPOCH;
		*to = op == OWN_DONATE ? PG_DONATED : PG_PRIVATE;
		return HYPSEC_OK;
	case OWN_RECLAIM:
		if (s != PG_DONATED)
			return HYPSEC_DENIED;
		if (!(cond & IF_FREE))
			return HYPSEC_BUSY;
		*to = PG_HOST;
		return HYPSEC_OK;
	case OWN_SHARE:
		if (s == PG_SHARED)
			return HYPSEC_STATE;
		if (s != PG_HOST)
			return HYPSEC_DENIED;
		*to = PG_SHARED;
		return HYPSEC_OK;
	case OWN_UNSHARE:
		if (s == PG_HOST)
			return HYPSEC_STATE;
		if (s != PG_SHARED)
			return HYPSEC_DENIED;
		if (slot)
			return HYPSEC_BUSY;
		*to = PG_HOST;
		return HYPSEC_OK;
	case OWN_RETURN:
		if (s != PG_PRIVATE || !same)
			return HYPSEC_DENIED;
		if (slot)
			return HYPSEC_BUSY;
		*to = PG_HOST;
		return HYPSEC_OK;
	default:
		fail();
		return 0;
	}
}

#endif
