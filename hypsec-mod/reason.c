// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words for a line of the core's log that ends in a boot stub's reason. The core has the number
 * only: it is a guest's word, and a table of texts is nothing to trust a core with.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include "hypsec_reason.h"
#include "reason.h"

static const char *const words[] = {
#define X(number, name, text) [number] = text,
	HYPSEC_REASONS(X)
#undef X
};

const char *hypsec_reason_words(const char *line)
{
	const char *p = strstr(line, HYPSEC_REASON_IN_LOG);
	u64 n;

	if (!p || kstrtou64(p + strlen(HYPSEC_REASON_IN_LOG), 10, &n) || n >= ARRAY_SIZE(words))
		return NULL;
	return words[n];
}
