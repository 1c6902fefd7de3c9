/* SPDX-License-Identifier: GPL-2.0-only */
/* Install, the core's own address space, randomness. Implemented in boot/. */
#ifndef HYPSEC_BOOT_H
#define HYPSEC_BOOT_H

#include "types.h"
#include "percpu.h"
#include "../abi/hypsec_abi.h"

/*
 * Until the seal the host is trusted, and nothing but the install calls is
 * served. The change is one way and happens once.
 */
enum core_phase { PHASE_INSTALL, PHASE_SEALED };
extern u32 core_phase;

/* What the host said at install, copied once; the seed is wiped. */
extern struct hypsec_install core_install;

/* --- the core's stage 1 (boot/el2map.c): VA == PA, W^X --- */
#define EL2_RX		0UL	/* the bundle's text, nothing else */
#define EL2_RO		1UL
#define EL2_RW		2UL
#define EL2_DEVICE	3UL	/* RW, Device-nGnRE */

/*
 * The slot windows: 512 pages of address space a CPU at the top of the range.
 * el2_slot_ptes() is the page table (level 3) of that CPU's window, to be
 * written by that CPU only; el2_slot_pte() makes an entry for it.
 */
#define EL2_SLOT_PTES	512
u64 *el2_slot_ptes(u32 cpu);
void *el2_slot_va(u32 cpu, unsigned int page);
u64 el2_slot_pte(pa_t pa);	/* Normal write-back, RW, never executable */

/* The bundle, for the host's stage 2: [base, base + image_size). */
bool core_region_contains(u64 pa);

/**
 * core_random() - random bytes
 * Return: HYPSEC_OK, or HYPSEC_STATE (unseeded; @out is zeroed).
 * Locks: takes RANK_RANDOM.
 */
int __must_check core_random(void *out, size_t n);

/* --- seal and its undoing (boot/seal.c), from the trap of @cpu --- */
s64 install_seal(void);
void __noreturn install_leave(struct percpu *cpu);

/* --- debug output (boot/uart.c): nothing in a release build --- */
void uart_init(u64 pa);
void uart_write(const char *s, size_t n);

/* True where hlog() cannot deadlock on this CPU: for core_panic(). */
bool log_usable(void);

#endif
