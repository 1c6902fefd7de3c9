// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack: a hostile root of the host. See README. Every command prints lines
 * "attack: WHAT key=value ..." and exits 0 (done, whatever it found), 1 (could
 * not be done), 2 (usage) or 3 (the access or call was refused).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

struct attack_secret secret;
struct needle needle;
struct found found;

static int cmd_mask(int argc, char **argv);
static int cmd_all(int argc, char **argv);

static const struct command {
	const char *name;
	int args;		/* least number */
	int (*run)(int argc, char **argv);
	const char *usage;
} commands[] = {
	{ "all", 1, cmd_all, "PID [MONITOR-SOCKET]  every read below" },
	{ "monitor", 1, cmd_monitor, "SOCKET  registers through QEMU's monitor" },
	{ "watch", 2, cmd_watch, "PID SECONDS  registers at every exit" },
	{ "vcpu", 1, cmd_vcpu, "PID  struct kvm_vcpu at rest" },
	{ "procmem", 1, cmd_procmem, "PID  the process's memory" },
	{ "file", 1, cmd_file, "FILE  a file or a disk" },
	{ "phys", 0, cmd_phys, "[nocache]  all of physical memory" },
	{ "ranges", 0, cmd_ranges, "physical ranges that can't be read" },
	{ "fields", 0, cmd_fields, "names for the next two" },
	{ "field", 2, cmd_field, "PID NAME [VCPU]" },
	{ "corrupt", 5, cmd_corrupt,
	  "PID NAME entry|exit|during AND XOR [COUNT [SKIP [EC]]]  new = (old & AND) ^ XOR" },
	{ "stop", 0, cmd_stop, "end corruption; prints how often it was applied" },
	{ "remap", 4, cmd_remap, "PID IPA PA NEAR-IPA  a page of choice into the VM's own table" },
	{ "peek", 1, cmd_peek, "PA [SIZE [linear|nocache|exec]]" },
	{ "poke", 2, cmd_poke, "PA VALUE [SIZE [linear|nocache|exec]]" },
	{ "exec", 1, cmd_exec, "PA  jump there at EL1" },
	{ "user", 2, cmd_user, "PA read|write|exec|uaccess  from a process that mapped it" },
	{ "page", 0, cmd_page, "[CODE...]  a page of the host, write CODE, run it" },
	{ "hvc", 1, cmd_call, "[imm=N] [cpu=N] X0 [X1 ... X17]" },
	{ "smc", 1, cmd_call, "[imm=N] [cpu=N] X0 [X1 ... X17]" },
	{ "mask", 1, cmd_mask, "HEX  what to give to -s for a secret" },
};

static int usage(void)
{
	const struct command *c;

	fprintf(stderr, "usage: attack [-s MASKED-SECRET-HEX] COMMAND ...\n");
	for (c = commands; c < commands + sizeof(commands) / sizeof(*commands); c++)
		fprintf(stderr, "  %s %s\n", c->name, c->usage);
	return USAGE;
}

int device(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(ATTACK_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "attack: %s: %s (is attack.ko loaded?)\n",
			ATTACK_DEVICE, strerror(errno));
		exit(FAILED);
	}
	return fd;
}

bool have_secret(void)
{
	if (!secret.len)
		fprintf(stderr, "attack: no secret given (-s)\n");
	return secret.len;
}

uint64_t number(const char *s)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(s, &end, 0);
	if (errno || !*s || *end) {
		fprintf(stderr, "attack: not a number: %s\n", s);
		exit(USAGE);
	}
	return v;
}

const char *errname(int e)
{
	const char *name = strerrorname_np(e);

	return name ? name : "unknown";
}

static int parse_secret(const char *hex)
{
	size_t i, n = strlen(hex);
	unsigned int byte;

	if (n % 2 || n / 2 > ATTACK_SECRET_MAX)
		return -1;
	for (i = 0; i < n / 2; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -1;
		secret.masked[i] = byte;
	}
	secret.len = n / 2;
	return needle_init(&needle, &secret);
}

static int cmd_mask(int argc, char **argv)
{
	const char *hex = argv[1];
	unsigned int byte;

	for (; sscanf(hex, "%2x", &byte) == 1 && hex[0] && hex[1]; hex += 2)
		printf("%02x", byte ^ ATTACK_MASK);
	printf("\n");
	return *hex ? USAGE : DONE;
}

/*
 * Registers first: until pages can be sealed, the first touch of a protected
 * VM's memory ends that VM.
 */
static int cmd_all(int argc, char **argv)
{
	char *watch[] = { "watch", argv[1], "3", NULL };
	char *vcpu[] = { "vcpu", argv[1], NULL };
	char *procmem[] = { "procmem", argv[1], NULL };
	char *phys[] = { "phys", NULL };
	int bad = 0;

	bad |= cmd_watch(3, watch);
	bad |= cmd_vcpu(2, vcpu);
	if (argc > 2) {
		char *monitor[] = { "monitor", argv[2], NULL };

		bad |= cmd_monitor(2, monitor);
	}
	bad |= cmd_phys(1, phys);
	bad |= cmd_procmem(2, procmem);
	printf("attack: total memory=%lu registers=%lu unreadable=%lu complete=%s\n",
	       found.memory, found.registers, found.unreadable, bad ? "no" : "yes");
	return bad ? FAILED : DONE;
}

int main(int argc, char **argv)
{
	const struct command *c;
	const char *name;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	if (!strcmp(name, "hvc") || !strcmp(name, "smc")) {
		argv[0] = (char *)name;
		return argc > 1 ? cmd_call(argc, argv) : usage();
	}
	if (argc > 2 && !strcmp(argv[1], "-s")) {
		if (parse_secret(argv[2])) {
			fprintf(stderr, "attack: not a usable secret\n");
			return USAGE;
		}
		argc -= 2;
		argv += 2;
	}
	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++) {
		c = &commands[i];
		if (!strcmp(argv[1], c->name) && argc - 2 >= c->args)
			return c->run(argc - 1, argv + 1);
	}
	return usage();
}
