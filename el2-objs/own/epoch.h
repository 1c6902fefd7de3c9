/* SPDX-License-Identifier: GPL-2.0-only */
/* For own/own.c. */
#ifndef HYPSEC_MEM_EPOCH_H
#define HYPSEC_MEM_EPOCH_H

#include "base/types.h"

/* S2_STAMPS() of which shadows may map pages. Locks: caller holds host_s2_lock. */
u32 epochs_dirty(void);

#endif
