/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's side of a call: one inline stub for each line of el2-objs/abi/hcalls.def. */
#ifndef HYPSEC_CALLS_H
#define HYPSEC_CALLS_H

#include <linux/arm-smccc.h>
#include "../el2-objs/abi/hypsec_calls.h"

#define HYPSEC_PARAM_0
#define HYPSEC_PARAM_1	unsigned long x1,
#define HYPSEC_PARAM_2	unsigned long x1, unsigned long x2,
#define HYPSEC_PASS_0
#define HYPSEC_PASS_1	x1,
#define HYPSEC_PASS_2	x1, x2,

/*
 * int hypsec_call_NAME([unsigned long x1, [x2,]] struct arm_smccc_res *res): an
 * enum hypsec_status; values in res->a1 to res->a3. @res must not be NULL.
 * Only when the core answers: on the hyp stub and on KVM's own vectors an
 * unknown HVC is refused, without EL2 it is UNDEFINED.
 */
#define HYPSEC_CALL(nr, NAME, name, phases, caller, arity, values, handler, what) \
static inline int hypsec_call_##name(HYPSEC_PARAM_##arity struct arm_smccc_res *res) \
{ \
	arm_smccc_1_1_hvc(HYPSEC_CALL_##NAME, HYPSEC_PASS_##arity res); \
	return (int)res->a0; \
}
#include "../el2-objs/abi/hcalls.def"
#undef HYPSEC_CALL

#endif
