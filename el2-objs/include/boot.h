/* SPDX-License-Identifier: GPL-2.0-only */
/* Install, the core's own address space, randomness. Implemented in boot/. */
#ifndef HYPSEC_BOOT_H
#define HYPSEC_BOOT_H

#include "types.h"
#include "percpu.h"
#include "../abi/hypsec_abi.h"

/* VBAR_EL2 while the host runs (hcall/vectors.S). */
extern const char host_vectors[];

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
/* A zeroed page of the core's, for slots of that CPU whose own cannot be accessed (mem/slot.c). */
pa_t el2_slot_scrap(u32 cpu);

/**
 * core_random() - random bytes
 * Return: HYPSEC_OK, or HYPSEC_STATE (unseeded; @out is zeroed).
 *
 * May reseed first: then RNDRRS is read, and with no lock held firmware is called.
 * Locks: takes RANK_RANDOM.
 */
int __must_check core_random(void *out, size_t n);
/* Which sources beside the host's seed were good when last asked: HYPSEC_FEAT_RNDR, _TRNG */
u64 core_random_sources(void);

/* Loads every EL2 register that confines the host, from @cpu; then HCR_EL2. */
void el2_apply_host(const struct percpu *cpu);

/*
 * Back to the host with the registers of @cpu->host, @cpu->trap_elr and
 * @cpu->trap_spsr, dropping whatever is on the EL2 stack.
 */
void __noreturn host_return(struct percpu *cpu);

/* --- debug output (boot/uart.c): nothing in a release build --- */
void uart_init(u64 pa);
void uart_write(const char *s, size_t n);

/* True where hlog() cannot deadlock on this CPU: for core_panic(). */
bool log_usable(void);

#endif
