/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose images may become protected VMs: struct hypsec_policy, from text. */
#ifndef HYPSEC_POLICY_H
#define HYPSEC_POLICY_H

#include "../el2-objs/abi/hypsec_abi.h"

/* policy_parse.c */
int hypsec_policy_parse(struct hypsec_policy *p, const char *where, const char *text, size_t len);

/* policy.c */
int hypsec_policy_load(struct hypsec_policy *p);

#endif
