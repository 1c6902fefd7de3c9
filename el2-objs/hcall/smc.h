/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files that serve the host's SMCs. */
#ifndef HYPSEC_SMC_H
#define HYPSEC_SMC_H

#include "types.h"
#include "psci.h"

struct percpu;

/* A result as it stands in x0 */
#define SMC_RET(v)		((u64)(s64)(v))

/* psci.c. @id without the hint bit. True if PSCI_FEATURES may tell of it. */
bool psci_offered(u32 id);
/* Serves a PSCI call of the host; @arg: x1-x3 as the host gave them. Returns x0. */
u64 psci_relay(struct percpu *cpu, u32 id, const u64 *arg);
/* scrub.c: no private page is readable after this. */
void scrub_private(void);

#endif
