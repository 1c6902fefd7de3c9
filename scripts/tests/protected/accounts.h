/* SPDX-License-Identifier: GPL-2.0-only */
/* For programs in the host: what the core's accounts say. */
#ifndef HYPSEC_PROTECTED_ACCOUNTS_H
#define HYPSEC_PROTECTED_ACCOUNTS_H

#include <stdio.h>
#include <string.h>

/* Pages that are private to VMs; -1: it is not said. */
static inline long private_pages(void)
{
	FILE *f = fopen("/sys/kernel/security/hypsec/accounts", "r");
	char name[32];
	long n, found = -1;

	while (f && fscanf(f, "%31s %ld", name, &n) == 2)
		if (!strcmp(name, "private"))
			found = n;
	if (f)
		fclose(f);
	return found;
}

#endif
