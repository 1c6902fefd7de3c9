/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the suite hypsec_auth. */
#ifndef HYPSEC_KUNIT_AUTH_H
#define HYPSEC_KUNIT_AUTH_H

#include <asm/kvm_asm.h>
#include "guest.h"

/* As many pages of each kind as @before, but for how the host's own table is cut. */
void expect_accounts(struct kunit *test, const struct accounts *before);

/* refused.c */
void refused_images(struct kunit *test);
const void *next_refused(const void *prev, char *desc);

#endif
