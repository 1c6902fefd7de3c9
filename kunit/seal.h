/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the suite hypsec_seal. */
#ifndef HYPSEC_KUNIT_SEAL_H
#define HYPSEC_KUNIT_SEAL_H

#include "core.h"

/* The core is there, this kernel at EL1, and the core's pages out of its reach. */
void hk_expect_sealed(struct kunit *test, const char *after);
/* The physical address of code that would answer calls in the core's place at EL2. */
phys_addr_t hk_trojan(struct kunit *test);

/* firmware.c */
void firmware_refusals_are_logged(struct kunit *test);
void firmware_cpu_on(struct kunit *test);
void firmware_suspend(struct kunit *test);
void firmware_calls(struct kunit *test);
void firmware_cpu_off_and_on(struct kunit *test);

#endif
