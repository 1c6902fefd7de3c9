// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls in the VMM's own name: a debugger stops its main thread where that
 * waits in a system call, makes it do others, and lets it go on as if nothing had
 * been. So the host's root does to a stock QEMU what a hostile VMM would do.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "ram.h"

#define SVC	0xd4000001U
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif

/* What madvise() does in the VMM's name. The last two: a page that fails, one that is about to. */
static const struct {
	const char *name;
	int advice;
} advices[] = {
	{ "dontneed", MADV_DONTNEED }, { "pageout", MADV_PAGEOUT },
	{ "mergeable", MADV_MERGEABLE }, { "poison", MADV_HWPOISON },
	{ "offline", MADV_SOFT_OFFLINE },
};

static void get_regs(pid_t pid, struct user_regs_struct *regs)
{
	struct iovec v = { regs, sizeof(*regs) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &v))
		fail("PTRACE_GETREGSET");
}

static void set_regs(pid_t pid, const struct user_regs_struct *regs)
{
	struct iovec v = { (void *)regs, sizeof(*regs) };

	if (ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &v))
		fail("PTRACE_SETREGSET");
}

static void wait_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) {
		fprintf(stderr, "ram: the VMM is gone\n");
		exit(1);
	}
}

static uint32_t insn_at(pid_t pid, uint64_t pc)
{
	errno = 0;
	return (uint32_t)ptrace(PTRACE_PEEKTEXT, pid, (void *)pc, NULL);
}

/*
 * The call instruction that the thread waits in: at pc where the kernel is about to
 * restart it, before pc else.
 */
static uint64_t svc_near(pid_t pid, uint64_t pc)
{
	if (insn_at(pid, pc) == SVC)
		return pc;
	return insn_at(pid, pc - 4) == SVC ? pc - 4 : 0;
}

static int64_t call(pid_t pid, const struct user_regs_struct *saved, uint64_t svc, long nr,
		    uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	struct user_regs_struct regs = *saved;

	regs.pc = svc;
	regs.regs[8] = (uint64_t)nr;
	regs.regs[0] = a;
	regs.regs[1] = b;
	regs.regs[2] = c;
	regs.regs[3] = d;
	regs.regs[4] = e;
	regs.regs[5] = 0;
	set_regs(pid, &regs);
	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL))
		fail("PTRACE_SINGLESTEP");
	wait_stop(pid);
	get_regs(pid, &regs);
	return (int64_t)regs.regs[0];
}

/* Moves the pages to another address and back: each time KVM has to let go of them. */
static int64_t remap(pid_t pid, const struct user_regs_struct *saved, uint64_t svc,
		     uint64_t at, uint64_t len)
{
	int64_t aside, ret;

	aside = call(pid, saved, svc, SYS_mmap, 0, len, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, (uint64_t)-1);
	if (aside < 0 && aside > -4096)
		return aside;
	ret = call(pid, saved, svc, SYS_mremap, at, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
		   (uint64_t)aside);
	if (ret != aside)
		return ret;
	ret = call(pid, saved, svc, SYS_mremap, (uint64_t)aside, len, len,
		   MREMAP_MAYMOVE | MREMAP_FIXED, at);
	return ret == (int64_t)at ? 0 : ret;
}

int cmd_inject(int argc, char **argv)
{
	struct ram r = ram_open(argv[1]);
	uint64_t page = argc > 3 ? number(argv[3]) : 0;
	uint64_t len = (argc > 4 ? number(argv[4]) : argc > 3 ? 1 : r.pages) * PAGE;
	uint64_t at = r.start + page * PAGE, svc;
	struct user_regs_struct saved;
	int64_t ret = 0;
	size_t i;

	if (ptrace(PTRACE_SEIZE, r.pid, NULL, NULL) ||
	    ptrace(PTRACE_INTERRUPT, r.pid, NULL, NULL))
		fail("ptrace");
	wait_stop(r.pid);
	get_regs(r.pid, &saved);
	svc = svc_near(r.pid, saved.pc);
	if (!strcmp(argv[2], "nothing")) {
		/* Stopped, read and let go */
	} else if (!svc) {
		fprintf(stderr, "ram: the VMM is not in a system call\n");
		ret = -EAGAIN;
	} else if (!strcmp(argv[2], "remap")) {
		ret = remap(r.pid, &saved, svc, at, len);
	} else {
		ret = -EINVAL;
		for (i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
			if (!strcmp(argv[2], advices[i].name))
				ret = call(r.pid, &saved, svc, SYS_madvise, at, len,
					   (uint64_t)advices[i].advice, 0, 0);
	}
	set_regs(r.pid, &saved);
	if (ptrace(PTRACE_DETACH, r.pid, NULL, NULL))
		fail("PTRACE_DETACH");
	printf("ram: inject %s result=%ld\n", argv[2], ret);
	return ret ? 1 : 0;
}
