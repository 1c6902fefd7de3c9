/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPSEC_MOD_REASON_H
#define HYPSEC_MOD_REASON_H

/* Why, if @line of the core's log ends in a boot stub's reason that is known; else NULL. */
const char *hypsec_reason_words(const char *line);

#endif
