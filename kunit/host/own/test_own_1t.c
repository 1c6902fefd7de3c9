// SPDX-License-Identifier: GPL-2.0-only
/* test_own.c, at the end of 1 TiB of RAM. */
#include "test_own.c"
