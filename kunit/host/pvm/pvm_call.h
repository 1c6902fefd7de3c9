/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of a protected guest's calls. */
#ifndef HYPSEC_PVM_CALL_H
#define HYPSEC_PVM_CALL_H

#include "pvm_world.h"
#include "abi/hypsec_guest.h"

static inline bool call(struct vcpu *v, u64 fn, u64 a1, u64 a2, u64 a3, enum vcpu_exit *code)
{
	v->regs.x[0] = fn;
	v->regs.x[1] = a1;
	v->regs.x[2] = a2;
	v->regs.x[3] = a3;
	v->esr = (u64)EC_HVC64 << ESR_EC_SHIFT | ESR_IL;
	*code = EXIT_TRAP;
	return pvm_exit(v, code);
}

/* A call that is answered without an exit: its result. */
static inline s64 answered(u64 fn, u64 a1, u64 a2, u64 a3)
{
	struct vcpu *v = &world_vcpu[0];
	enum vcpu_exit code;

	assert_true(call(v, fn, a1, a2, a3, &code));
	assert_int_equal(w.locked, 0);
	return (s64)v->regs.x[0];
}

#endif
