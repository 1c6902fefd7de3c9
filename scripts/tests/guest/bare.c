// SPDX-License-Identifier: GPL-2.0-only
/* The console and the end of a bare guest. */
#include "bare.h"

void print(const char *s)
{
	while (*s)
		store32(UART_DR, *s++);
}

void print_number(uint64_t v)
{
	char text[24];
	int i = sizeof(text);

	text[--i] = 0;
	do {
		text[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	print(text + i);
}

void off(void)
{
	for (;;)
		hvc(SYSTEM_OFF);
}

void bare_exception(uint64_t esr, uint64_t elr)
{
	print("exception esr=");
	print_number(esr);
	print(" pc=");
	print_number(elr);
	print("\n");
	off();
}
