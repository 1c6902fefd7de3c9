#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tally.py NAME STATUS LOG EXPECTED-SKIPS

Judge the output of one piece of scripts/test: KTAP, nested or not.  Prints a
line for each failure and, last, "PASSED FAILED SKIPPED".  Only leaves count: a
result that sums up the deeper ones before it is counted where it failed and
none of them did.  What can't have been a pass is a failure: no result at all,
another number of results than the plan, a SKIP that is not on the list, an exit
status other than 0, a bail-out.
"""

import re
import sys

RESULT = re.compile(r"^(\s*)(not )?ok\b\s*(\d*)\s*(?:- )?(.*)$")
PLAN = re.compile(r"^(\s*)1\.\.(\d+)")
SKIP = re.compile(r"\s*#\s*SKIP\b:?\s*(.*)$", re.I)
# A kernel's console puts its time in front.
STAMP = re.compile(r"^\[\s*\d+\.\d+\] ?")


def expected_skips(path, piece):
    """Lines "PIECE: NAME"; NAME may end in *."""
    names = []
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                line = line.split("#")[0].strip()
                if line.startswith(piece + ":"):
                    names.append(line.split(":", 1)[1].strip())
    except FileNotFoundError:
        pass
    return names


def listed(name, patterns):
    return any(name == p or (p.endswith("*") and name.startswith(p[:-1]))
               for p in patterns)


class Tally:
    def __init__(self, skips):
        self.skips = skips
        self.passed = self.skipped = 0
        self.failures = []
        self.open = []          # results of each indentation not yet summed up
        self.plans = {}         # indentation -> planned results

    def check_plan(self, indent, seen):
        want = self.plans.pop(indent, None)
        if want is not None and want != seen:
            self.failures.append(f"{want} results planned, {seen} seen")

    def result(self, indent, failed, name):
        """One result; deeper open levels are its children."""
        children = False
        child_failed = False
        while self.open and self.open[-1][0] > indent:
            depth, seen, any_failed = self.open.pop()
            self.check_plan(depth, seen)
            children = True
            child_failed = child_failed or any_failed
        if not self.open or self.open[-1][0] < indent:
            self.open.append([indent, 0, False])
        level = self.open[-1]
        level[1] += 1
        level[2] = level[2] or failed or child_failed

        skip = SKIP.search(name)
        if skip:
            name = name[:skip.start()].strip()
        if failed:
            if not child_failed:
                self.failures.append(name or "a test without a name")
        elif children:
            pass
        elif skip and listed(name, self.skips):
            self.skipped += 1
        elif skip:
            level[2] = True
            self.failures.append(f"{name}: SKIP not expected: {skip.group(1)}")
        else:
            self.passed += 1

    def line(self, text):
        text = STAMP.sub("", text)
        plan = PLAN.match(text)
        if plan:
            self.plans[len(plan.group(1).expandtabs())] = int(plan.group(2))
            return
        found = RESULT.match(text)
        if found:
            self.result(len(found.group(1).expandtabs()),
                        bool(found.group(2)), found.group(4).strip())
        elif re.match(r"^\s*Bail out!", text):
            self.failures.append(text.strip())

    def end(self, status):
        seen = {level[0]: level[1] for level in self.open}
        for indent, want in self.plans.items():
            if seen.get(indent, 0) != want:
                self.failures.append(
                    f"{want} results planned, {seen.get(indent, 0)} seen")
        if not self.passed and not self.skipped and not self.failures:
            self.failures.append("no result at all")
        if status == 124:
            self.failures.append("stopped: the time was up")
        elif status and not self.failures:
            self.failures.append(f"ended with status {status}")


def main():
    piece, status, log, skips = sys.argv[1:]
    tally = Tally(expected_skips(skips, piece))
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            tally.line(line.rstrip("\r\n"))
    tally.end(int(status))
    for failure in tally.failures:
        print(f"FAILED {piece}: {failure}")
    print(tally.passed, len(tally.failures), tally.skipped)


if __name__ == "__main__":
    main()
