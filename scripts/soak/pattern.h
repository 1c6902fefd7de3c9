/* SPDX-License-Identifier: GPL-2.0-only */
/* What the soak's guest writes at the start of each page, and its host looks for. */
#ifndef SOAK_PATTERN_H
#define SOAK_PATTERN_H

#include <stdbool.h>

#define PATTERN_PAGE		4096UL
#define PATTERN_WORDS		(PATTERN_PAGE / 8)
#define PATTERN_TEXT		"HypSec: a protected guest's page"
#define PATTERN_TEXT_LEN	32

_Static_assert(sizeof(PATTERN_TEXT) == PATTERN_TEXT_LEN + 1, "whole words");

#endif
