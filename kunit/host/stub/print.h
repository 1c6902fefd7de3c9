/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>

#define UART	((volatile uint32_t *)0x9000000)

static inline void print(const char *s)
{
	while (*s)
		*UART = (uint8_t)*s++;
}

static inline void print_hex(uint64_t v, int digits)
{
	while (digits--)
		*UART = (uint8_t)"0123456789abcdef"[v >> (4 * digits) & 0xf];
}

static inline void print_value(const char *name, uint64_t v)
{
	print(name);
	print_hex(v, 16);
}
