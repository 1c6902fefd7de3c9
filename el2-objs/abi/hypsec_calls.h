/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers of the host's calls, expanded from hcalls.def as the kernel's stubs are
 * (hypsec-mod/calls.h). Calling convention: hypsec_abi.h.
 */
#ifndef HYPSEC_ABI_CALLS_H
#define HYPSEC_ABI_CALLS_H

#include "hypsec_abi.h"

#define HYPSEC_CALL_BASE	0xC6000000	/* fast, SMC64, owner 6 */
#define HYPSEC_CALL_HINT	0x00010000	/* "no live SVE state": ignored */
#define HYPSEC_CALL_FIRST	(HYPSEC_CALL_BASE + 0x8000)
#define HYPSEC_CALL_LAST	(HYPSEC_CALL_BASE + 0x80ff)

/* Phases as hcalls.def names them, and as HYPSEC_CALL_VERSION reports them. */
#define PH_I	(1 << HYPSEC_PHASE_INSTALL)
#define PH_S	(1 << HYPSEC_PHASE_SEALED)
#define PH_B	(1 << HYPSEC_PHASE_BROKEN)

enum hypsec_phase {
	HYPSEC_PHASE_INSTALL,
	HYPSEC_PHASE_SEALED,
	HYPSEC_PHASE_BROKEN,
	HYPSEC_PHASE_COUNT
};

/* HYPSEC_CALL_VERSION, x2 */
#define HYPSEC_FEAT_DEBUG	(1 << 0)	/* debug build: EL2 may print */
#define HYPSEC_FEAT_MEM_PROTECT	(1 << 1)	/* firmware clears memory at every reset */
/* Sources of the random generator, beside the host's seed, that were good when last asked. */
#define HYPSEC_FEAT_RNDR	(1 << 2)	/* the CPU's */
#define HYPSEC_FEAT_TRNG	(1 << 3)	/* firmware's */
/* What is built of the core's options (Kconfig), from bit 8 on. ABI 1.5; before it all were. */
#define HYPSEC_FEAT_ATTEST	(1 << 8)
#define HYPSEC_FEAT_SHARE	(1 << 9)
#define HYPSEC_FEAT_RELINQUISH	(1 << 10)
#define HYPSEC_FEAT_RSI		(1 << 11)
#define HYPSEC_FEAT_GUEST_DEBUG	(1 << 12)

/* HYPSEC_CALL_PAGE_INFO, x1: no more than touching the page would tell. */
enum hypsec_page {
	HYPSEC_PAGE_NOT_HOST,		/* the core's or a protected VM's */
	HYPSEC_PAGE_HOST,
	HYPSEC_PAGE_SHARED,		/* the host's, shared with the core */
};

/* HYPSEC_CALL_STATS, x1: since the seal, or the last reset */
enum hypsec_stats {
	HYPSEC_STATS_READ,
	HYPSEC_STATS_RESET,		/* read, then begin anew */
};

/* HYPSEC_CALL_VM_INFO, x1 */
enum hypsec_vm_state {
	HYPSEC_VM_NONE,
	HYPSEC_VM_ORDINARY,
	HYPSEC_VM_PROTECTING,
	HYPSEC_VM_PROTECTED,
	HYPSEC_VM_DEAD,
};

enum hypsec_call {
#define HYPSEC_CALL(nr, NAME, name, phases, caller, arity, values, handler, what) \
	HYPSEC_CALL_##NAME = HYPSEC_CALL_BASE + (nr),
#include "hcalls.def"
#undef HYPSEC_CALL
};

#endif
