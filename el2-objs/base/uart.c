// SPDX-License-Identifier: GPL-2.0-only
/* Debug builds: the log on a PL011 that the host shares. Otherwise nothing. */
#include "base/log.h"

#ifdef HYPSEC_DEBUG

#define PL011_DR	0x00
#define PL011_FR	0x18
#define PL011_FR_TXFF	BIT(5)
#define PL011_TRIES	100000		/* the host can stop the port: no more output then */

static u64 uart;

void uart_init(u64 va)
{
	uart = va;
}

static void uart_put(char c)
{
	u32 tries = PL011_TRIES;

	while (uart && READ_ONCE(*(u32 *)(uart + PL011_FR)) & PL011_FR_TXFF) {
		if (!--tries)
			uart = 0;
	}
	if (uart)
		WRITE_ONCE(*(u32 *)(uart + PL011_DR), c);
}

void uart_write(const char *s, size_t n)
{
	static const char prefix[] = "[EL2] ";
	const char *p;

	if (!uart)
		return;
	for (p = prefix; *p; p++)
		uart_put(*p);
	while (n--) {
		if (*s == '\n')
			uart_put('\r');
		uart_put(*s++);
	}
}
#endif
