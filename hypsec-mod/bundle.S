/* SPDX-License-Identifier: GPL-2.0-only */
/* The core, as data. It is copied before it runs, so it is never executable here. */
#include <linux/linkage.h>

	.section .rodata, "a"
	.balign	4096
SYM_DATA_START(hypsec_bundle_start)
	.incbin	BUNDLE
SYM_DATA_END_LABEL(hypsec_bundle_start, SYM_L_GLOBAL, hypsec_bundle_end)
