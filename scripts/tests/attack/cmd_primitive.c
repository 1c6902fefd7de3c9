// SPDX-License-Identifier: GPL-2.0-only
/* Single accesses and calls, each in a child that may be killed by it. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define PAGE	4096UL

/*
 * Runs @f in a child, so that what ends a thread of the kernel does not end the
 * test. Prints the end of the line: how it went.
 */
static int in_child(int (*f)(void *arg), void *arg)
{
	int status, code;
	pid_t pid;

	device();
	fflush(stdout);
	pid = fork();
	if (!pid) {
		code = f(arg);
		fflush(stdout);
		_exit(code);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return FAILED;
	if (WIFSIGNALED(status)) {
		printf(" result=killed signal=%d\n", WTERMSIG(status));
		return REFUSED;
	}
	return WEXITSTATUS(status);
}

static int do_access(void *arg)
{
	struct attack_access *a = arg;

	if (ioctl(device(), ATTACK_ACCESS, a)) {
		printf(" result=refused error=%s\n", errname(errno));
		return REFUSED;
	}
	printf(" result=done value=0x%llx\n", a->value);
	return DONE;
}

static uint32_t alias_of(const char *name)
{
	if (!strcmp(name, "linear"))
		return ATTACK_LINEAR;
	if (!strcmp(name, "nocache"))
		return ATTACK_NOCACHE;
	if (!strcmp(name, "exec"))
		return ATTACK_EXECUTABLE;
	fprintf(stderr, "attack: no such alias: %s\n", name);
	exit(USAGE);
}

int cmd_peek(int argc, char **argv)
{
	struct attack_access a = {
		.pa = number(argv[1]),
		.size = argc > 2 ? (uint32_t)number(argv[2]) : 8,
		.alias = argc > 3 ? alias_of(argv[3]) : ATTACK_LINEAR,
	};

	printf("attack: peek pa=0x%llx", a.pa);
	return in_child(do_access, &a);
}

int cmd_poke(int argc, char **argv)
{
	struct attack_access a = {
		.pa = number(argv[1]),
		.value = number(argv[2]),
		.size = argc > 3 ? (uint32_t)number(argv[3]) : 8,
		.alias = argc > 4 ? alias_of(argv[4]) : ATTACK_LINEAR,
		.write = 1,
	};

	printf("attack: poke pa=0x%llx", a.pa);
	return in_child(do_access, &a);
}

static int do_exec(void *arg)
{
	if (ioctl(device(), ATTACK_EXEC, *(uint64_t *)arg)) {
		printf(" result=refused error=%s\n", errname(errno));
		return REFUSED;
	}
	printf(" result=done\n");
	return DONE;
}

int cmd_exec(int argc, char **argv)
{
	uint64_t pa = number(argv[1]);

	printf("attack: exec pa=0x%lx", pa);
	return in_child(do_exec, &pa);
}

struct user { uint64_t pa; const char *how; };

static int do_user(void *arg)
{
	struct user *u = arg;
	int out[2];
	volatile uint64_t *p;
	char *page;

	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, device(),
		    (off_t)(u->pa & ~(PAGE - 1)));
	if (page == MAP_FAILED) {
		printf(" result=refused error=%s\n", errname(errno));
		return REFUSED;
	}
	p = (void *)(page + (u->pa & (PAGE - 8)));
	if (!strcmp(u->how, "read")) {
		uint64_t v = *p;

		printf(" result=done value=0x%lx\n", v);
	} else if (!strcmp(u->how, "write")) {
		*p = 0;
		printf(" result=done\n");
	} else if (!strcmp(u->how, "exec")) {
		((void (*)(void))(uintptr_t)p)();
		printf(" result=done\n");
	} else if (!strcmp(u->how, "uaccess")) {
		/* The kernel reads the page on the process's behalf. */
		if (pipe(out) || write(out[1], (void *)p, 8) != 8) {
			printf(" result=refused error=%s\n", errname(errno));
			return REFUSED;
		}
		printf(" result=done\n");
	} else {
		return USAGE;
	}
	return DONE;
}

int cmd_user(int argc, char **argv)
{
	struct user u = { number(argv[1]), argv[2] };

	printf("attack: user pa=0x%lx how=%s", u.pa, u.how);
	return in_child(do_user, &u);
}

/*
 * Shows that the accesses above work where nothing forbids them: takes a page
 * of the host, writes @CODE (default: return) by address, reads it back, runs it.
 */
int cmd_page(int argc, char **argv)
{
	/* A landing pad, for CPUs with branch target checks, and a return. */
	uint32_t code[16] = { 0xd503245f, 0xd65f03c0 };
	static const char * const how[] = { "read", "exec", "uaccess", "write" };
	struct attack_access a = { .size = 4 };
	int i, bad, words = 2;
	__u64 pa;

	for (i = 1; i < argc && i <= 16; words = i++)
		code[i - 1] = (uint32_t)number(argv[i]);

	if (ioctl(device(), ATTACK_ALLOC, &pa))
		return FAILED;
	for (i = 0; i < words; i++) {
		a = (struct attack_access){
			.pa = pa + 4 * (uint64_t)i, .value = code[i], .size = 4, .write = 1,
		};
		if (ioctl(device(), ATTACK_ACCESS, &a))
			return FAILED;
		a.value = ~a.value;
		a.write = 0;
		if (ioctl(device(), ATTACK_ACCESS, &a) || a.value != code[i])
			return FAILED;
	}
	printf("attack: page pa=0x%llx", pa);
	bad = in_child(do_exec, &pa);
	for (i = 0; i < 4; i++) {
		struct user u = { pa, how[i] };

		printf("attack: page how=%s", u.how);
		bad |= in_child(do_user, &u);
	}
	return bad ? FAILED : DONE;
}

static int do_call(void *arg)
{
	struct attack_call *c = arg;
	int i;

	if (ioctl(device(), ATTACK_CALL, c)) {
		printf(" result=refused error=%s\n", errname(errno));
		return FAILED;
	}
	printf(" result=done");
	for (i = 0; i < 8; i++)
		printf(" x%d=0x%llx", i, c->x[i]);
	printf("\n");
	return DONE;
}

int cmd_call(int argc, char **argv)
{
	struct attack_call c = { .smc = !strcmp(argv[0], "smc") };
	cpu_set_t set;
	int i, n = 0;

	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "imm=", 4)) {
			c.imm = (uint32_t)number(argv[i] + 4);
		} else if (!strncmp(argv[i], "cpu=", 4)) {
			CPU_ZERO(&set);
			CPU_SET(number(argv[i] + 4), &set);
			if (sched_setaffinity(0, sizeof(set), &set)) {
				perror("attack: cpu");
				return FAILED;
			}
		} else if (n < 18) {
			c.x[n++] = number(argv[i]);
		} else {
			return USAGE;
		}
	}
	printf("attack: %s x0=0x%llx", argv[0], c.x[0]);
	return in_child(do_call, &c);
}
