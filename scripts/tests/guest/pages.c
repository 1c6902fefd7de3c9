// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that does with its memory what is typed on its console, and counts the instructions
 * that took (scripts/tests/soak/bench):
 *
 *   store FIRST COUNT STEP	a word into COUNT pages, every STEP-th from page FIRST of RAM on
 *   load FIRST COUNT STEP	reads these back
 *   off
 *
 * It answers "pages: ready", then for each line "pages: INSTRUCTIONS", or why not.
 */
#include "bare.h"

#define RAM		0x40000000UL
#define PAGE		4096UL

static char line[64];

static void read_line(void)
{
	unsigned int n = 0;
	char c = 0;

	while (c != '\n') {
		while (load32(UART_FR) & UART_FR_RXFE)
			;
		c = (char)load32(UART_DR);
		line[n] = c == '\n' ? 0 : c;
		if (n < sizeof(line) - 1)
			n++;
	}
}

/* The next number of @s; 0 where there is none. */
static uint64_t number(const char **s)
{
	uint64_t v = 0;

	while (**s && (**s < '0' || **s > '9'))
		(*s)++;
	while (**s >= '0' && **s <= '9')
		v = v * 10 + (uint64_t)(*(*s)++ - '0');
	return v;
}

static uint64_t store(uint64_t at, uint64_t count, uint64_t step)
{
	uint64_t from = ticks();

	for (; count; count--, at += step)
		*(volatile uint64_t *)at = ~at;
	return ticks() - from;
}

static uint64_t load(uint64_t at, uint64_t count, uint64_t step, uint64_t *wrong)
{
	uint64_t from = ticks();

	for (; count; count--, at += step)
		*wrong += *(volatile uint64_t *)at != ~at;
	return ticks() - from;
}

static void obey(void)
{
	const char *s = line;
	uint64_t at = RAM + number(&s) * PAGE, count = number(&s), step = number(&s) * PAGE;
	uint64_t wrong = 0, spent;

	if (line[0] == 's') {
		spent = store(at, count, step);
	} else if (line[0] == 'l') {
		spent = load(at, count, step, &wrong);
	} else {
		off();
	}
	print("pages: ");
	if (wrong)
		print("wrong contents of pages: ");
	print_number(wrong ? wrong : instructions(spent));
	print("\n");
}

void bare_main(void)
{
	store32(UART_LCRH, 0x70);	/* 8 bits, a FIFO */
	store32(UART_CR, 0x301);	/* on, both ways */
	print("pages: ready\n");
	for (;;) {
		read_line();
		obey();
	}
}
