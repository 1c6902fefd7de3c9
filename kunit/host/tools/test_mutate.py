#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""mutate on a toy: what must be killed is, what lives is shown, and nothing passes by accident."""

import os
import re
import subprocess
import sys
import tempfile

MUTATE = os.path.join(os.environ["HYPSEC_TOP"], "kunit/host/mutate")
CC = "cc -std=gnu11 -I@TOP@/el2-objs/toy "
SOURCE = """\
#include "toy.h"

int toy_limit(int x)
{
	if (x > 10) /* x < 9 */
		return 10;
	return x;
}

bool toy_has(const char *p, unsigned int n, char c)
{
	for (unsigned int i = 0; i < n; i++)
		if (p[i] == c)
			return true;
	return false;
}

void toy_reset(void)
{
	toy_flush();
	toy_state = 0;
	_Static_assert(sizeof(toy_state) >= 4 && sizeof(char) == 1,
		       "sizes");
}
"""
TEST = """\
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "toy.h"

int toy_state = 5, flushes;

void toy_flush(void)
{
	flushes++;
}

static void test(void **state)
{
	char *p = memcpy(malloc(3), "abc", 3);

	(void)state;
	assert_int_equal(toy_limit(9), 9);
	assert_int_equal(toy_limit(11), 10);
	assert_true(toy_has(p, 3, 'a') && toy_has(p, 3, 'c'));
	assert_false(toy_has(p, 3, 1));
	free(p);
	toy_reset();
	assert_int_equal(toy_state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
"""
HEADER = "#include <stdbool.h>\nint toy_limit(int x);\n" \
    "bool toy_has(const char *p, unsigned int n, char c);\n" \
    "void toy_flush(void);\nvoid toy_reset(void);\nextern int toy_state;\n"
SAME = "el2-objs/toy/toy.c\n- if (x > 10) /* x < 9 */\n+ if (x >= 10) /* x < 9 */\n" \
    "+ if (x > 9) /* x < 9 */\nwhy: 10 is 10\n"
count = failed = 0


def check(what, ok, said=""):
    global count, failed
    count += 1
    failed += not ok
    print("%sok %d - %s" % ("" if ok else "not ", count, what))
    if not ok:
        print("# " + said.replace("\n", "\n# "))


def put(name, text):
    os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
    with open(name, "w", encoding="utf-8") as f:
        f.write(text)


def mutate(at, equivalent="", test=TEST):
    put("kunit/host/toy/test_toy.c", test)
    put("equivalent", "# nothing\n" + equivalent)
    p = subprocess.run([MUTATE, "--top=.", "--out=out", "--plan=plan", "--equivalent=equivalent",
                        "--folders=toy", "--seed=1", "--at=" + at], capture_output=True, text=True,
                       check=False)
    lived = re.findall(r"^--- \S+:(\d+) \((\w+)\)$", p.stdout, re.M)
    return p.returncode, lived, p.stdout + p.stderr


def main():
    os.chdir(sys.argv[1])
    put("el2-objs/toy/toy.c", SOURCE)
    put("el2-objs/toy/toy.h", HEADER)
    put("el2-objs/toy/alone.c", "int alone(int x)\n{\n\treturn x < 3;\n}\n")
    cc = CC.replace("@TOP@", os.getcwd())
    put("plan", "quick %s-O0\nfull %s-O1 -fsanitize=address,undefined\n"
        "test test_toy|kunit/host/toy/test_toy.c el2-objs/toy/toy.c|||\n" % (cc, cc))

    status, lived, said = mutate("toy/toy.c:5")
    check("a limit that no test looks at lives", status == 1 and
          sorted(lived) == [("5", "bound"), ("5", "compare")], said)
    check("and is shown", "- if (x > 10)" in said and "+ if (x >= 10)" in said, said)
    check("what is in a comment is no mutant", "x <= 9" not in said, said)
    check("a file in no test is named", "in no unit test: alone.c" in said, said)
    status, lived, said = mutate("toy/toy.c:5", SAME)
    check("listed, it is no failure", status == 0 and not lived and "2 equivalent" in said, said)
    status, lived, said = mutate("toy/toy.c:5", SAME.replace("- if (x >", "- if (y >"))
    check("a listed line that is not there is one", status == 1 and
          "not in the source" in said, said)
    status, lived, said = mutate("toy/toy.c:5", SAME.replace("why:", "#"))
    check("nor is one listed without a reason", status == 1 and "no reason" in said, said)
    status, lived, said = mutate("toy/toy.c:12")
    check("a read past the end is seen by the sanitizer", status == 0 and not lived and
          re.search(r" ([5-9]) mutants, +\1 killed", said), said)
    status, lived, said = mutate("toy/toy.c:2[01]")
    check("a call that may be dropped lives, an assignment does not",
          status == 1 and lived == [("20", "upkeep")], said)
    status, lived, said = mutate("toy/toy.c:2[2-4]")
    check("what the compiler checks is no mutant", status == 0 and " 0 mutants" in said, said)
    status, lived, said = mutate("toy/toy.c:5", test=TEST.replace("11), 10", "11), 11"))
    check("where the test fails as it is nothing is judged",
          status == 1 and "fails as it is" in said and "killed" not in said, said)
    print("1..%d" % count)
    return failed != 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        with tempfile.TemporaryDirectory() as tmp:
            sys.exit(subprocess.run([sys.executable, os.path.abspath(__file__), tmp],
                                    check=False).returncode)
    sys.exit(main())
