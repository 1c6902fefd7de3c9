// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold PID: holds PID's VM by its file, which outlives PID then, as where a VMM has passed it to
 * another process. Says so, and stays.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char link[64], name[64];
	int fd, pidfd, vm = -1;
	ssize_t n;

	if (argc != 2)
		return 2;
	pidfd = syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	for (fd = 0; fd < 1024 && vm < 0; fd++) {
		snprintf(link, sizeof(link), "/proc/%s/fd/%d", argv[1], fd);
		n = readlink(link, name, sizeof(name) - 1);
		if (n < 0)
			continue;
		name[n] = 0;
		if (!strcmp(name, "anon_inode:kvm-vm"))
			vm = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	}
	if (vm < 0) {
		perror("hold");
		return 1;
	}
	puts("holds");
	fflush(stdout);
	for (;;)
		pause();
}
