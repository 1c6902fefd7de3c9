# SPDX-License-Identifier: GPL-2.0-only
"""For mutate: what each test is made of, and a copy of the sources to make it from."""

import collections
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import threading

WALL = 300	# seconds: it waits for what does not come
Test = collections.namedtuple("Test", "name sources flags archives libs")


class Plan:
    """What each test is made of, from the Makefile."""

    def __init__(self, path):
        self.tests, self.archives, self.plain, self.flags = [], {}, {}, {}
        for line in open(path, encoding="utf-8").read().splitlines():
            kind, rest = line.split(" ", 1)
            field = [f.strip() for f in rest.split("|")]
            if kind in ("quick", "full"):
                self.flags[kind] = rest
            elif kind == "plain":
                self.plain[field[0]] = field[1]
            elif kind == "archive":
                self.archives[field[0]] = (field[1].split(), field[2])
            else:
                self.tests.append(Test(field[0], field[1].split(), *field[2:]))

    def units_of(self, test):
        """(source, flags) of all that is compiled for it."""
        yield from ((s, test.flags) for s in test.sources)
        for archive in test.archives.split():
            sources, flags = self.archives.get(archive, ((), ""))
            yield from ((s, flags) for s in sources)


class Tree:
    """A copy of the sources, and what is compiled from it."""

    def __init__(self, top, out, name, plan):
        self.path, self.top, self.plan = os.path.join(out, name), top, plan
        shutil.rmtree(self.path, ignore_errors=True)
        for part in "el2-objs", "hypsec-mod", "kunit", "scripts/stub":
            if os.path.isdir(os.path.join(top, part)):
                shutil.copytree(os.path.join(top, part), os.path.join(self.path, part))
        self.made = os.path.join(self.path, "made")
        os.mkdir(self.made)

    def words(self, mode, flags):
        # A build folder below the sources is not part of them.
        flags = self.plan.flags[mode] + " " + flags
        return shlex.split(re.sub(re.escape(self.top) + r"/(?!build/)", self.path + "/", flags))

    def run(self, command):
        return subprocess.run(["nice", "-n", "1"] + command, cwd=self.made, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True)

    def compile(self, mode, source, flags, obj):
        """Its dependencies; None: the compiler refuses it."""
        done = self.run(self.words(mode, flags) + ["-w", "-MD", "-MF", obj + ".d", "-c", "-o", obj,
                                                   os.path.join(self.path, source)])
        if done.returncode:
            return None if b" error: " in done.stderr else sys.exit(done.stderr.decode())
        with open(obj + ".d", encoding="utf-8") as f:
            names = [os.path.normpath(os.path.join(self.made, n))
                     for n in f.read().replace("\\\n", " ").split()[1:]]
        return {os.path.relpath(n, self.path) for n in names if n.startswith(self.path + "/")}

    def link(self, mode, test, objects, archives, program):
        if mode == "quick":
            archives = [self.plan.plain.get(a, a) for a in archives]
        return not self.run(self.words(mode, "") + ["-o", program] + objects + archives +
                            test.libs.split() + ["-lcmocka"]).returncode

    def passes(self, program, cpu):
        """Does it? And seconds of CPU it took."""
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        cpu = cpu if hard == resource.RLIM_INFINITY else min(cpu, hard)

        def limits():
            resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", UBSAN_OPTIONS="print_stacktrace=0",
                   ASAN_OPTIONS="detect_stack_use_after_return=1:symbolize=0",
                   HYPSEC_TOP=self.top)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with subprocess.Popen(["nice", "-n", "1", program], stdout=subprocess.PIPE, env=env,
                              preexec_fn=limits, stderr=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL) as p:
            timer = threading.Timer(WALL, p.kill)
            timer.start()
            said = p.stdout.read(1 << 20)	# one that prints for ever is closed the pipe
            p.stdout.close()
            p.wait()
            timer.cancel()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        ran = re.findall(rb"^ok ", said, re.M)
        planned = sum(int(n) for n in re.findall(rb"^1\.\.(\d+)$", said, re.M))
        return (not p.returncode and len(ran) == planned > 0,
                after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
