/* SPDX-License-Identifier: GPL-2.0-only */
/* What the core was installed with, and how far it is. */
#ifndef HYPSEC_CORE_H
#define HYPSEC_CORE_H

#include "base/percpu.h"
#include "abi/hypsec_abi.h"
#include "abi/hypsec_bundle.h"
#include "abi/hypsec_calls.h"

/* What the host said at install, copied once; seed and secret are wiped. */
extern struct hypsec_install core_install;

/* install/bundle.lds */
extern struct hypsec_bundle bundle_header;
extern const char init_start[], init_end[];	/* __init */
extern char ro_start[], ro_end[];		/* __ro_after_seal */

/* Fixed once the core is sealed. */
extern u32 core_phase;			/* enum hypsec_phase, never BROKEN: that is core_broken */

#endif
