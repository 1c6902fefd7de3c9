/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM's calls: the one folder that knows its structures. */
#ifndef HYPSEC_KVM_H
#define HYPSEC_KVM_H

#include "base/percpu.h"

/*
 * Host calls whose id is KVM's (0xC6000000 + n): hcalls.c. Sets x0-x1 in
 * cpu->host. Returns false if unknown.
 */
bool kvm_host_call(struct percpu *cpu, u64 id);
/* Hyp-stub calls, x0 < 16 (asm/virt.h): answered, without effect: stub.c. */
bool kvm_stub_call(struct percpu *cpu);

#endif
