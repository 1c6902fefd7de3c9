/* SPDX-License-Identifier: GPL-2.0-only */
/* What the soak's guest writes at the start of each page, and its host looks for. */
#ifndef SOAK_PATTERN_H
#define SOAK_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#define PATTERN_PAGE		4096UL
#define PATTERN_WORDS		(PATTERN_PAGE / 8)
#define PATTERN_NAME		"HypSec: a protected guest's page"
#define PATTERN_TEXT_LEN	32

_Static_assert(sizeof(PATTERN_NAME) == PATTERN_TEXT_LEN + 1, "whole words");

/*
 * The text is made when a program runs: neither the image of the guest, which its VMM
 * has in memory, nor the program that looks for it holds a copy that would be found.
 */
static volatile uint8_t pattern_mask = 0x5a;
static uint8_t pattern_text[PATTERN_TEXT_LEN];

static inline void pattern_init(void)
{
	unsigned int i;

	for (i = 0; i < PATTERN_TEXT_LEN; i++)
		pattern_text[i] = (uint8_t)(PATTERN_NAME[i] ^ pattern_mask);
}

#endif
