// SPDX-License-Identifier: GPL-2.0-only
/* test_own_epochs.c, at the end of 1 TiB of RAM. */
#include "test_own_epochs.c"
