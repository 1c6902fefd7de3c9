/* SPDX-License-Identifier: GPL-2.0-only */
/* The conduit to firmware: SMC #0 (conduit.c). The workstation tests have a fake. */
#ifndef HYPSEC_SMC_H
#define HYPSEC_SMC_H

#include "base/types.h"

struct smc_res { u64 x0, x1, x2, x3; };
struct smc_res smc_call(u64 x0, u64 x1, u64 x2, u64 x3);

#endif
