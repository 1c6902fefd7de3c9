// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which ways to start a CPU the core can stand between. Firmware starts a CPU at EL2 where its
 * caller says; with PSCI over SMC the caller is the core (el2-objs/firmware/psci.c). A CPU in a spin
 * table or in an ACPI parking mailbox waits at EL2 for an address in the host's own memory: a
 * host that writes one has EL2.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/kernel.h>
#include <linux/string.h>
#include "bringup.h"

/**
 * hypsec_bringup_ok() - does this CPU come up through the core, and in no other way?
 * @where: what the log names
 * @method: enable method, NULL: none named
 * @conduit: how PSCI is called, NULL: there is no PSCI 0.2 or later
 */
bool hypsec_bringup_ok(const char *where, const char *method, const char *conduit)
{
	if (!method || strcmp(method, "psci")) {
		pr_err("%s comes up by \"%s\", not by PSCI: it would be the host's to start at EL2; use firmware that has PSCI for every CPU\n",
		       where, method ?: "(nothing named)");
		return false;
	}
	if (!conduit) {
		pr_err("%s comes up by a PSCI older than 0.2, or one that is not described; use firmware with PSCI 0.2 or later\n",
		       where);
		return false;
	}
	if (strcmp(conduit, "smc")) {
		pr_err("%s comes up by PSCI over \"%s\", which goes to whoever has EL2 and not to firmware; PSCI over SMC is needed\n",
		       where, conduit);
		return false;
	}
	return true;
}
