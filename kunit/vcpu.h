/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the suite hypsec_vcpu. */
#ifndef HYPSEC_KUNIT_VCPU_H
#define HYPSEC_KUNIT_VCPU_H

#include <asm/kvm_asm.h>
#include "guest.h"

#define STORED		0x8182838485868788UL	/* a secret of the guest's */

/* forged.c */
void forged_vcpus(struct kunit *test);
void hostile_pointers(struct kunit *test);
void one_vcpu_twice(struct kunit *test);
void dead_vm(struct kunit *test);

/* ambient.c */
void masked_interrupts(struct kunit *test);
void own_clock(struct kunit *test);
void unknown_calls(struct kunit *test);

/* interface.c */
void hostile_interface(struct kunit *test);
void hostile_ordinary(struct kunit *test);

#endif
