// SPDX-License-Identifier: GPL-2.0-only
/*
 * /init of a stock guest: takes its CPUs off and on again, all but the first, while they have
 * work that checks itself. Command line: rounds=N. Says "hotplug: done", and
 * powers off; or says what was wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#define CPUS_MAX	16
#define WORKERS		3		/* the host has two CPUs for all of this */

struct work {
	uint64_t rounds, wrong;
};

static void stop(const char *why, long n)
{
	printf("hotplug: failed: %s %ld, %s\n", why, n, strerror(errno));
	fflush(stdout);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* Integer and FP state over switches of CPU and over calls: what it computes is known. */
static void work(volatile struct work *w, uint64_t seed)
{
	for (;;) {
		uint64_t x = seed, y = seed;
		double d = 1.0;

		for (int i = 0; i < 20000; i++) {
			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
			d = d * 1.5 - (d > 1e6 ? d : 0.0) + 1.0;
		}
		for (int i = 0; i < 20000; i++)
			y = y * 6364136223846793005ULL + 1442695040888963407ULL;
		if (x != y || !(d > 0.0 && d < 1e7))
			w->wrong++;
		w->rounds++;
		sched_yield();
	}
}

static void set_online(int cpu, int on)
{
	char name[64], got = 0;
	int fd;

	snprintf(name, sizeof(name), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(name, O_RDWR);
	if (fd < 0)
		stop("no switch for CPU", cpu);
	/* The host's scheduler may keep a vCPU from stopping in time; the kernel then says so. */
	for (int i = 0; write(fd, on ? "1" : "0", 1) != 1; i++)
		if (i == 5)
			stop(on ? "not on: CPU" : "not off: CPU", cpu);
	if (pread(fd, &got, 1, 0) != 1 || got != (on ? '1' : '0'))
		stop("not where it was put: CPU", cpu);
	close(fd);
}

static void expect_online(long n)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) != n)
		stop("CPUs online:", sysconf(_SC_NPROCESSORS_ONLN));
}

/* From nothing to the next thing that it does: it runs there. */
static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || sched_getcpu() != cpu)
		stop("does not run on CPU", cpu);
	CPU_ZERO(&set);
	for (int i = 0; i < CPUS_MAX; i++)
		CPU_SET(i, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		stop("cannot leave CPU", cpu);
}

int main(void)
{
	volatile struct work *w = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), rounds = atol(getenv("rounds") ?: "2");

	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/sys", 0755);
	if (w == MAP_FAILED || mount("sysfs", "/sys", "sysfs", 0, NULL))
		stop("no sysfs", 0);
	if (cpus < 3 || cpus > CPUS_MAX)
		stop("CPUs:", cpus);
	printf("hotplug: cpus=%ld\n", cpus);
	for (int i = 0; i < WORKERS; i++)
		if (fork() == 0)
			work(&w[i], 0x5ec2e7 + i);
	for (long r = 1; r <= rounds; r++) {
		/* All off, one by one, and on again in another order. */
		for (int cpu = 1; cpu < cpus; cpu++)
			set_online(cpu, 0);
		expect_online(1);
		for (int i = 1; i < cpus; i++) {
			int cpu = 1 + (int)((cpus - i + r) % (cpus - 1));	/* downward, each once */

			set_online(cpu, 1);
			run_on(cpu);
		}
		expect_online(cpus);
		/* One off and on at once, again and again. */
		for (int i = 0; i < 2; i++) {
			int cpu = 1 + (int)((r + i) % (cpus - 1));

			set_online(cpu, 0);
			set_online(cpu, 1);
			run_on(cpu);
		}
		printf("hotplug: round %ld\n", r);
	}
	for (int i = 0; i < WORKERS; i++)
		if (!w[i].rounds || w[i].wrong)
			stop("work went wrong on", i);
	printf("hotplug: done\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
