/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GUEST_VM_H
#define GUEST_VM_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include "tiny.h"

struct vm {
	int fd, gic;
	int vcpus;
	volatile bool off;	/* the guest powered itself off */
	int vcpu[TINY_MAX_VCPUS];
	struct kvm_run *run[TINY_MAX_VCPUS];
	char *memory;
	uint64_t size;
	struct tiny_params *params;
	void (*at_mmio)(struct vm *vm);	/* called at an access to TINY_MMIO */
};

struct vm_options {
	int vcpus;
	uint64_t size;		/* bytes of guest memory */
	bool gic;
	bool populate;		/* all host pages present before the guest starts */
};

/* These end the program with a line on stderr when KVM refuses. */
void vm_create(struct vm *vm, const struct vm_options *o);
void vm_destroy(struct vm *vm);
/*
 * Runs a vCPU until it stores to TINY_DONE (true if the value was 0) or powers
 * the VM off (true). Other MMIO is answered: stores are dropped, loads read 0.
 */
bool vm_run(struct vm *vm, int cpu);

#endif
