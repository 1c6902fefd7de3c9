// SPDX-License-Identifier: GPL-2.0-only
/*
 * beside CPU COMMAND [ARG]...: runs it on that CPU alone.
 *
 * beside CPU: there, before everybody else, looks at how many pages the core's account "private" has,
 * until it is 0. Says how often that was less than before and more than 0: how often this process
 * ran while a VM that ended on the same CPU gave its pages back.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "accounts.h"

int main(int argc, char **argv)
{
	struct sched_param first = { .sched_priority = 50 };
	unsigned long steps = 0;
	long last, now;
	cpu_set_t cpus;

	if (argc < 2)
		return 2;
	CPU_ZERO(&cpus);
	CPU_SET(atoi(argv[1]), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus)) {
		perror("beside: affinity");
		return 1;
	}
	if (argc > 2) {
		execvp(argv[2], argv + 2);
		perror("beside: exec");
		return 1;
	}
	if (sched_setscheduler(0, SCHED_FIFO, &first)) {
		perror("beside: priority");
		return 1;
	}
	puts("looks");
	fflush(stdout);
	for (last = private_pages(); last > 0; last = now) {
		usleep(1000);
		now = private_pages();
		steps += now > 0 && now < last;
	}
	printf("ran %lu times\n", steps);
	return last < 0;
}
