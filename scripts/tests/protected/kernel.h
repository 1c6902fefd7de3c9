/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the small test kernel. */
#ifndef PROTECTED_KERNEL_H
#define PROTECTED_KERNEL_H

#include <stdint.h>

typedef uint64_t u64;
typedef uint32_t u32;

#define UART		((volatile u32 *)0x09000000UL)

struct result { u64 x0, x1, x2, x3; };

struct result hvc(u64 fn, u64 a1, u64 a2, u64 a3);
void say(const char *s);
void say_hex(u64 v);
void say_bytes(u64 v);		/* in the order of memory */
/* A check: one that fails is reported, and counted. */
void is(const char *what, u64 got, u64 expected);

/* attest.c */
void attest(void);

#endif
