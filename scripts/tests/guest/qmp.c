// SPDX-License-Identifier: GPL-2.0-only
/*
 * qmp SOCKET COMMAND [ARGUMENTS-JSON]: one command to QEMU, its answer on stdout.
 * Exit status 0 if QEMU says it was done.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Reads lines until one is the answer; events and the greeting pass by. */
static int answer(FILE *f, int show)
{
	char line[65536];

	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "{\"return\"", 9) || !strncmp(line, "{\"error\"", 8)) {
			if (show)
				fputs(line, stdout);
			return line[2] == 'r' ? 0 : 1;
		}
	}
	fprintf(stderr, "qmp: no answer\n");
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	FILE *f;

	if (argc < 3) {
		fprintf(stderr, "usage: qmp SOCKET COMMAND [ARGUMENTS-JSON]\n");
		return 2;
	}
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", argv[1]);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("qmp");
		return 1;
	}
	f = fdopen(fd, "r+");
	if (!f)
		return 1;
	setvbuf(f, NULL, _IONBF, 0);
	fprintf(f, "{\"execute\":\"qmp_capabilities\"}\n");
	if (answer(f, 0))
		return 1;
	if (argc > 3)
		fprintf(f, "{\"execute\":\"%s\",\"arguments\":%s}\n", argv[2], argv[3]);
	else
		fprintf(f, "{\"execute\":\"%s\"}\n", argv[2]);
	return answer(f, 1);
}
