// SPDX-License-Identifier: GPL-2.0-only
/* A guest that is there, and costs its host nothing else: says "wait: ready", and sleeps. */
#include "bare.h"

void bare_main(void)
{
	print("wait: ready\n");
	for (;;)
		asm volatile("wfi");
}
