/* SPDX-License-Identifier: GPL-2.0-only */
/* Invariants: never compiled out, never continued past. */
#ifndef HYPSEC_CHECK_H
#define HYPSEC_CHECK_H

#include "base/types.h"

/**
 * core_panic() - the core found itself inconsistent
 * @file: source file
 * @line: source line
 * @what: the condition that failed
 *
 * Marks the core broken (no VM is served again, protected pages stay
 * unreachable), logs, loads the host's context and returns HYPSEC_BROKEN to
 * the host from the trap this CPU is in.
 */
__noreturn void core_panic(const char *file, int line, const char *what);

/* An exception of EL2 that has no right to be (broken.S): its ESR, ELR and FAR_EL2. */
__noreturn void core_exception(u64 esr, u64 elr, u64 far);

/* For a CPU that is to do nothing any more. */
__noreturn void core_park(void);

/* Upwards, by this name (../README): what core_panic() ends with. host/leave.c. */
struct percpu;
__noreturn void base_up_leave(struct percpu *cpu);

/* True once any CPU has panicked; spin loops test it. */
extern bool core_broken;

/* For conditions no caller can reach. Caller errors get a status instead. */
#define CHECK(cond) do { \
	if (unlikely(!(cond))) \
		core_panic(__FILE__, __LINE__, #cond); \
} while (0)

#endif
