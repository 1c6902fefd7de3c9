// SPDX-License-Identifier: GPL-2.0-only
/*
 * What input and output cost (bench). In the guest: iocount DISK; it is told on the console what to
 * do, "read BYTES N", "write BYTES N", "send ADDRESS N", "receive ADDRESS N", "nothing", and answers
 * with the ticks of the counter, and the bytes that the module of the pool, if there is one, has
 * copied and cleared so far.
 * In the host: iocount, the other end of its packets; iocount ADDRESS PORT N, so many requests to its
 * HTTP server, and the ticks.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PORT	9000
#define PACKET	1400
#define BURST	32UL	/* packets that nobody has to drop */
#define AREA	(8UL << 20)
#define PAGE	1024	/* the body of an answer, of 'x' (guest-init) */

static char packet[PACKET];

static _Noreturn void fail(const char *what)
{
	printf("iocount: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t ticks(void)
{
	uint64_t t;

	asm volatile("isb; mrs %0, cntvct_el0" : "=r" (t) : : "memory");
	return t;
}

static unsigned long parameter(const char *name)
{
	unsigned long v = 0;
	char path[80];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/hypsec_dma/parameters/%s", name);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%lu", &v) != 1)
		v = 0;
	fclose(file);
	return v;
}

static void blocks(int disk, int writing, size_t size, unsigned long n)
{
	static char buffer[1 << 20] __attribute__((aligned(4096)));
	unsigned long i;

	if (!size || size > sizeof(buffer))
		fail("size");
	for (i = 0; i < n; i++) {
		off_t at = (off_t)(i * size % AREA);

		if ((writing ? pwrite(disk, buffer, size, at) : pread(disk, buffer, size, at)) !=
		    (ssize_t)size)
			fail("disk");
	}
}

static void answered(int end)
{
	struct pollfd p = { .fd = end, .events = POLLIN };

	if (poll(&p, 1, 20000) != 1)
		fail("a packet was lost");
	if (recv(end, packet, PACKET, 0) != PACKET)
		fail("recv");
}

static void say(int end, char what)
{
	packet[0] = what;
	if (send(end, packet, PACKET, 0) != PACKET)
		fail("send");
}

/* The last of each burst is answered. */
static void out(int end, unsigned long n)
{
	unsigned long i;

	for (i = 1; i <= n; i++) {
		say(end, i % BURST ? 's' : 'e');
		if (i % BURST == 0)
			answered(end);
	}
}

/* Asked for by the burst */
static void in(int end, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		if (i % BURST == 0)
			say(end, 'r');
		answered(end);
	}
}

/* A socket connected to the address, or, with NULL, bound to the port of them all */
static int peer(int type, const char *address, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int end = socket(AF_INET, type, 0);

	a.sin_addr.s_addr = address ? inet_addr(address) : htonl(INADDR_ANY);
	if (end < 0 || (address ? connect(end, (struct sockaddr *)&a, sizeof(a)) :
			bind(end, (struct sockaddr *)&a, sizeof(a))))
		fail("socket");
	return end;
}

static void request(const char *address, int port)
{
	static const char get[] = "GET /page HTTP/1.0\r\n\r\n";
	static char answer[8192];
	int end = peer(SOCK_STREAM, address, port);
	size_t got = 0, i;
	ssize_t more;

	if (send(end, get, sizeof(get) - 1, 0) != sizeof(get) - 1)
		fail("request");
	while ((more = recv(end, answer + got, sizeof(answer) - got, 0)) > 0)
		got += more;
	close(end);
	if (more || got < PAGE + 16 || strncmp(answer + 8, " 200 ", 5) ||
	    strncmp(answer + got - PAGE - 4, "\r\n\r\n", 4))
		fail("answer");
	for (i = got - PAGE; i < got; i++)
		if (answer[i] != 'x')
			fail("page");
}

static void ask(const char *address, int port, unsigned long n)
{
	uint64_t start = ticks();
	unsigned long i;

	for (i = 0; i < n; i++)
		request(address, port);
	printf("iocount: %lu\n", (unsigned long)(ticks() - start));
}

static void serve(void)
{
	int end = peer(SOCK_DGRAM, NULL, PORT);

	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		unsigned long i, n;

		if (recvfrom(end, packet, PACKET, 0, (struct sockaddr *)&from, &len) != PACKET)
			continue;
		n = packet[0] == 'r' ? BURST : packet[0] == 'e';
		for (i = 0; i < n; i++)
			sendto(end, packet, PACKET, 0, (struct sockaddr *)&from, len);
	}
}

int main(int argc, char **argv)
{
	struct termios t;
	char line[80];
	int disk;

	if (argc < 2)
		serve();
	if (argc == 4) {
		ask(argv[1], atoi(argv[2]), strtoul(argv[3], NULL, 10));
		return 0;
	}
	disk = open(argv[1], O_RDWR | O_DIRECT);
	if (disk < 0)
		fail(argv[1]);
	if (!tcgetattr(0, &t)) {
		t.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(0, TCSANOW, &t);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("iocount: ready\n");
	while (fgets(line, sizeof(line), stdin)) {
		uint64_t start = ticks(), spent;
		char what[16] = "", of[16] = "";
		unsigned long n = 0;
		int end;

		if (sscanf(line, "%15s %15s %lu", what, of, &n) < 1)
			continue;
		if (!strcmp(what, "read") || !strcmp(what, "write")) {
			blocks(disk, *what == 'w', strtoul(of, NULL, 10), n);
		} else if (!strcmp(what, "send") || !strcmp(what, "receive")) {
			end = peer(SOCK_DGRAM, of, PORT);
			if (*what == 's')
				out(end, n);
			else
				in(end, n);
			close(end);
		}
		spent = ticks() - start;
		printf("iocount: %lu %lu %lu\n", (unsigned long)spent, parameter("copied"),
		       parameter("cleared"));
	}
	return 0;
}
