/* SPDX-License-Identifier: GPL-2.0-only */
/* transitions.def as C. */
#ifndef HYPSEC_MEM_TRANSITIONS_H
#define HYPSEC_MEM_TRANSITIONS_H

#include "own/own.h"
#include "pool/pool.h"

enum own_op { OWN_DONATE, OWN_RECLAIM, OWN_SHARE, OWN_UNSHARE, OWN_CLAIM, OWN_RETURN, OWN_COUNT };

#define PG_SHARED	(PG_LOST + 1)	/* PG_HOST with the shared bit: in the table only */
#define PG_COUNT	(PG_SHARED + 1)

enum own_condition {
	IF_ALWAYS	= 0,
	IF_IN_SLOT	= 1,
	IF_STAMPED	= 2,
	IF_SAME		= 4,
	IF_OTHER	= 8,
	IF_FREE		= 16,
};

struct transition {
	u8 op;			/* enum own_op */
	u8 from;		/* enum page_state or PG_SHARED */
	u8 condition;		/* enum own_condition */
	u8 to;
	s32 status;		/* enum hypsec_status */
};

#define T(o, f, c, s, t) { OWN_##o, PG_##f, IF_##c, PG_##t, s },
static const struct transition transitions[] = {
#include "own/transitions.def"
};
#undef T

#endif
