// SPDX-License-Identifier: GPL-2.0-only
/*
 * A broken invariant fails the test, unless the test expects it with
 * expect_assert_failure().
 */
#include <stdlib.h>
#include "test.h"
#include "base/check.h"

bool core_broken;

__noreturn void core_panic(const char *file, int line, const char *what)
{
	mock_assert(0, what, file, line);
	abort();
}
