/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guests that count have in common: an arm64 Image for QEMU's virt machine, the same
 * in an ordinary and in a protected VM. One vCPU, MMU off, the PL011 as console.
 */
#ifndef GUEST_BARE_H
#define GUEST_BARE_H

#include <stdint.h>

#define read_sysreg(r) ({						\
	uint64_t __v;							\
	asm volatile("mrs %0, " #r : "=r" (__v) : : "memory");		\
	__v;								\
})
#define isb() asm volatile("isb" : : : "memory")

#define UART_DR		0x09000000UL	/* a store is a character */
#define UART_FR		0x09000018UL
#define UART_FR_RXFE	(1U << 4)	/* nothing was typed */
#define UART_LCRH	0x0900002cUL
#define UART_CR		0x09000030UL
#define UART_IMSC	0x09000038UL	/* no effect while nothing is unmasked */
#define GICD_TYPER	0x08000004UL
#define SMCCC_VERSION	0x80000000UL
#define SYSTEM_OFF	0x84000008UL

/* Called by bare-entry.S; bare.c has the second. */
void bare_main(void);
void bare_exception(uint64_t esr, uint64_t elr);

void print(const char *s);
void print_number(uint64_t v);
__attribute__((noreturn)) void off(void);

static inline uint64_t hvc(uint64_t fn)
{
	register uint64_t x0 asm("x0") = fn;

	asm volatile("hvc #0" : "+r" (x0) : : "x1", "x2", "x3", "memory");
	return x0;
}

static inline void store32(uint64_t at, uint32_t v)
{
	asm volatile("str %w0, [%1]" : : "r" (v), "r" (at) : "memory");
}

static inline uint32_t load32(uint64_t at)
{
	uint32_t v;

	asm volatile("ldr %w0, [%1]" : "=r" (v) : "r" (at) : "memory");
	return v;
}

static inline uint64_t ticks(void)
{
	isb();
	return read_sysreg(cntvct_el0);
}

/* Nanoseconds, which are instructions under -icount shift=0. */
static inline uint64_t instructions(uint64_t t)
{
	return t * (1000000000UL / read_sysreg(cntfrq_el0));
}

#endif
