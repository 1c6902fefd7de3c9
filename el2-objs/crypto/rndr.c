// SPDX-License-Identifier: GPL-2.0-only
/* FEAT_RNG. The workstation tests have a fake in this file's place. */
#include "crypto/crypto.h"

bool hw_rndrrs(u64 *v)
{
	u64 value;
	u32 ok;

	/* RNDRRS: reseeded first. NZCV is 0000 with a value and 0100 without (D24.2.155). */
	asm volatile("mrs	%0, S3_3_C2_C4_1\n"
		     "cset	%w1, ne\n"
		     : "=r" (value), "=r" (ok) : : "cc", "memory");
	*v = value;
	return ok;
}
