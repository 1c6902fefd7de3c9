// SPDX-License-Identifier: GPL-2.0-only
/*
 * gdb SOCKET: what a debugger behind QEMU's gdbstub sees and can do, one line each:
 *   registers shown|hidden pc=...
 *   step N of 16		single steps that came back, each at another instruction
 *   breakpoint hit|missed	a hardware breakpoint where the guest was found
 * The VM runs on afterwards.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PC	32
#define REGS	33		/* x0-x30, sp, pc */

static int fd;
static int pace = 100;		/* how slow the machine is, in percent */

static int get(int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	unsigned char c;

	return poll(&p, 1, ms * pace / 100) == 1 && read(fd, &c, 1) == 1 ? c : -1;
}

/* The next packet's text; -1: none in time. */
static int receive(char *buf, size_t room, int ms)
{
	size_t n = 0;
	int c;

	do
		c = get(ms);
	while (c >= 0 && c != '$');
	while (c >= 0 && (c = get(1000)) >= 0 && c != '#')
		if (n < room - 1)
			buf[n++] = (char)c;
	buf[n] = 0;
	if (c != '#' || get(1000) < 0 || get(1000) < 0)
		return -1;
	return write(fd, "+", 1) == 1 ? 0 : -1;
}

static void put(const char *text)
{
	unsigned char sum = 0;
	char buf[128];
	int n;

	for (const char *p = text; *p; p++)
		sum += (unsigned char)*p;
	n = snprintf(buf, sizeof(buf), "$%s#%02x", text, sum);
	if (write(fd, buf, n) != n)
		exit(1);
}

/* The answer to a question; that the VM has stopped is none, and may be said at any time. */
static int ask(const char *text, char *answer, size_t room)
{
	put(text);
	do {
		if (receive(answer, room, 10000))
			return -1;
	} while (*answer == 'T');
	return 0;
}

static void registers(uint64_t *r)
{
	static char buf[65536];

	memset(r, 0, REGS * sizeof(*r));
	if (ask("g", buf, sizeof(buf)) || strlen(buf) < REGS * 16) {
		printf("gdb: no registers: %s\n", buf);
		exit(1);
	}
	for (int i = 0; i < REGS; i++)
		for (int b = 7; b >= 0; b--) {
			char hex[3] = { buf[16 * i + 2 * b], buf[16 * i + 2 * b + 1] };

			r[i] = r[i] << 8 | strtoul(hex, NULL, 16);
		}
}

/* Runs until it stops by itself; else it is stopped. */
static int runs_to_stop(const char *how)
{
	char buf[256];

	put(how);
	if (!receive(buf, sizeof(buf), 8000))
		return 1;
	if (write(fd, "\003", 1) != 1 || receive(buf, sizeof(buf), 10000))
		exit(1);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	uint64_t r[REGS], last, other = 0;
	char buf[256], at[64];
	int steps = 0, hit;

	if (argc < 2)
		return 2;
	if (argc > 2)
		pace = atoi(argv[2]);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", argv[1]);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("gdb");
		return 1;
	}
	/* It stops for a debugger, and says so. */
	if (receive(buf, sizeof(buf), 10000))
		put("?");
	while (!receive(buf, sizeof(buf), 1000))
		;
	registers(r);
	/* x0 may be the value of a device access, for anybody to see. */
	for (int i = 1; i < PC; i++)
		other |= r[i];
	printf("gdb: registers %s pc=%llx\n", other ? "shown" : "hidden", (unsigned long long)r[PC]);

	for (int i = 0; i < 16 && runs_to_stop("s"); i++) {
		last = r[PC];
		registers(r);
		steps += r[PC] != last;
	}
	printf("gdb: step %d of 16\n", steps);

	registers(r);
	snprintf(at, sizeof(at), "Z1,%llx,4", (unsigned long long)r[PC]);
	if (ask(at, buf, sizeof(buf)) || strcmp(buf, "OK")) {
		printf("gdb: no breakpoint: %s\n", buf);
		return 1;
	}
	last = r[PC];
	hit = runs_to_stop("c");
	registers(r);
	printf("gdb: breakpoint %s\n", hit && r[PC] == last ? "hit" : "missed");
	at[0] = 'z';
	if (ask(at, buf, sizeof(buf)) || ask("D", buf, sizeof(buf)))
		return 1;
	return 0;
}
