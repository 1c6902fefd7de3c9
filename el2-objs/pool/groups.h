/* SPDX-License-Identifier: GPL-2.0-only */
/* Free donated pages, all zero but for what groups.c keeps in them. Locks: the pool's, held. */
#ifndef HYPSEC_MEM_GROUPS_H
#define HYPSEC_MEM_GROUPS_H

#include "base/types.h"

void *group_take(void);			/* all zero; NULL: there is none */
void group_put(u64 *page);
bool group_withdraw(u64 pa);		/* false: not free */

#endif
