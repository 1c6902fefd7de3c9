// SPDX-License-Identifier: GPL-2.0-only
/* test_seal_blocks.c for a guest of 1 TiB, at the end of 1 TiB of RAM. */
#include "test_seal_blocks.c"
