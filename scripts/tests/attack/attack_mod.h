/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ATTACK_MOD_H
#define ATTACK_MOD_H

#include <linux/kernel.h>
#include "attack_abi.h"
#include "needle.h"

int attack_scan(struct attack_scan *s);
int attack_access(struct attack_access *a);
int attack_exec(u64 pa);
int attack_call(struct attack_call *c);

int attack_vcpu(struct attack_vcpu *v);
int attack_field(struct attack_field *f);
int attack_corrupt(const struct attack_corrupt *c);
int attack_watch(const struct attack_watch *w);
void attack_result(struct attack_watch *w);
void attack_stop(void);
int attack_hooks_init(void);
void attack_hooks_exit(void);

#endif
