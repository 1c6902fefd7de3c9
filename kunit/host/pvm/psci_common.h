/* SPDX-License-Identifier: GPL-2.0-only */
/* A protected guest that does one thing in vcpu_run(), and its host. */
#ifndef HYPSEC_PSCI_COMMON_H
#define HYPSEC_PSCI_COMMON_H

#include "pvm_call.h"
#include "abi/hypsec_reason.h"

#define HOST(n)		KVA(0xffff000012340000 + (n) * 0x2000)
#define ENTRY		0x40201000UL

static struct vm *vm;
/* What the guest does in vcpu_run(), once. */
static bool (*guest)(struct vcpu *v, enum vcpu_exit *code);

enum vcpu_exit vcpu_run(struct vcpu *v, bool (*handler)(struct vcpu *v, enum vcpu_exit *code))
{
	enum vcpu_exit code = EXIT_IRQ;

	assert_int_equal(w.locked, 0);
	assert_int_equal(v->busy, 1);
	assert_true(vm->running > 0);
	if (guest && guest(v, &code))
		return code;
	handler(v, &code);
	return code;
}

static inline void start(void)
{
	vm = world_new();
	guest = NULL;
}

static inline enum vcpu_exit run(unsigned int host, u64 mpidr, struct host_io *io)
{
	memset(io->x, 0, sizeof(io->x));
	io->mpidr = mpidr;
	return world_run(HOST(host), io);
}

#endif
