/* SPDX-License-Identifier: GPL-2.0-only */
/* Why the stub powered the VM off, for C; head.S has the numbers from the table itself. */
#ifndef HYPSEC_STUB_REASON_H
#define HYPSEC_STUB_REASON_H

#include "../../el2-objs/abi/hypsec_reason.h"

enum stub_error {
#define X(number, name, text) name = number,
	HYPSEC_STUB_REASONS(X)
#undef X
};

#endif
