/* SPDX-License-Identifier: GPL-2.0-only */
/* For mem/own.c. */
#ifndef HYPSEC_MEM_EPOCH_H
#define HYPSEC_MEM_EPOCH_H

#include "types.h"

/* Bit n: a shadow may map pages with stamp n. Locks: caller holds host_s2_lock. */
u32 epochs_dirty(void);

#endif
