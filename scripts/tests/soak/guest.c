// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest of the soak and of the attacks on memory: /init of a small initramfs.
 * On each CPU a worker fills its share of most of the memory with contents that it
 * can compute again, and then, round by round, checks every word, changes a quarter
 * of the pages, forks a child that works on a copy, and has that child execute this
 * program anew, so that code comes back too. Whatever the host does to the memory
 * meanwhile, a wrong word is said and ends the guest.
 *
 * The contents are what an attacker would love to find: a text at the start of each
 * page, then words that count up from a start that depends on a random key, the
 * page and its version. They are far from random, so that what is in the clear also
 * shows by its entropy.
 *
 * Typed on the console, "off" ends it.
 */
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pattern.h"

#define MAX_CPUS	8
#define CHILD_PAGES	256U

extern const char __executable_start[], etext[];

struct worker {
	uint64_t key;
	uint64_t *page;
	uint32_t *version;		/* of each page */
	uint32_t pages, id;
	int go, done;			/* ends of pipes: a round number each */
	int go_in, done_out;
};

struct result {
	uint32_t round, bad;
	uint64_t sum;
};

static struct worker worker[MAX_CPUS];

static _Noreturn void off(void)
{
	fflush(stdout);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static uint64_t base_of(const struct worker *w, uint32_t page)
{
	uint64_t x = w->key ^ (uint64_t)w->id << 56 ^ (uint64_t)page << 32 ^ w->version[page];

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
	return x ^ x >> 31;
}

static void fill(struct worker *w, uint32_t page, uint32_t version)
{
	uint64_t *p = w->page + (uint64_t)page * PATTERN_WORDS, base;
	unsigned int i;

	w->version[page] = version;
	base = base_of(w, page);
	memcpy(p, pattern_text, PATTERN_TEXT_LEN);
	for (i = PATTERN_TEXT_LEN / 8; i < PATTERN_WORDS; i++)
		p[i] = base + i;
}

/* Returns the number of wrong words; says the first. */
static uint32_t verify(const struct worker *w, uint32_t page, const char *who, uint64_t *sum)
{
	const uint64_t *p = w->page + (uint64_t)page * PATTERN_WORDS;
	uint64_t base = base_of(w, page);
	unsigned int i;

	if (memcmp(p, pattern_text, PATTERN_TEXT_LEN)) {
		printf("soak: BAD %s worker=%u page=%u text\n", who, w->id, page);
		return 1;
	}
	for (i = PATTERN_TEXT_LEN / 8; i < PATTERN_WORDS; i++) {
		if (p[i] != base + i) {
			printf("soak: BAD %s worker=%u page=%u word=%u found=%lx expected=%lx\n",
			       who, w->id, page, i, p[i], base + i);
			return 1;
		}
		*sum += p[i];
	}
	return 0;
}

/* Of the program's own code, in 64-bit words. */
static uint64_t code_sum(void)
{
	const uint64_t *p = (const uint64_t *)__executable_start;
	const uint64_t *end = (const uint64_t *)((uintptr_t)etext & ~7UL);
	uint64_t sum = 0;

	while (p < end)
		sum = (sum << 1 | sum >> 63) + *p++;
	return sum;
}

/* The program executed anew: memory of its own, and its code against what it was. */
static int executed(char **argv)
{
	struct worker w = { .key = strtoull(argv[2], NULL, 16), .pages = CHILD_PAGES, .id = 99 };
	uint64_t sum = 0;
	uint32_t i;

	w.page = mmap(NULL, CHILD_PAGES * PATTERN_PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	w.version = calloc(CHILD_PAGES, sizeof(*w.version));
	if (w.page == MAP_FAILED || !w.version)
		return 2;
	if (code_sum() != strtoull(argv[3], NULL, 16)) {
		printf("soak: BAD code\n");
		return 1;
	}
	for (i = 0; i < CHILD_PAGES; i++)
		fill(&w, i, i);
	for (i = 0; i < CHILD_PAGES; i++)
		if (verify(&w, i, "executed", &sum))
			return 1;
	return 0;
}

static _Noreturn void child(struct worker *w, uint32_t round)
{
	char key[24], code[24];
	uint64_t sum = 0;
	uint32_t i;

	/* An eighth of the parent's pages; some become copies and change. */
	for (i = round % 8; i < w->pages; i += 8) {
		if (verify(w, i, "child", &sum))
			_exit(1);
		if (i % 16 == round % 8)
			fill(w, i, ~round);
	}
	for (i = round % 8; i < w->pages; i += 8)
		if (verify(w, i, "copy", &sum))
			_exit(1);
	snprintf(key, sizeof(key), "%lx", w->key + round);
	snprintf(code, sizeof(code), "%lx", code_sum());
	execl("/init", "/init", "child", key, code, NULL);
	_exit(3);
}

static struct result one_round(struct worker *w, uint32_t round)
{
	struct result r = { .round = round };
	int status;
	uint32_t i;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		child(w, round);
	for (i = 0; i < w->pages && !r.bad; i++) {
		r.bad += verify(w, i, "worker", &r.sum);
		if ((i + round) % 4 == 0)
			fill(w, i, round);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		printf("soak: BAD child worker=%u status=%x\n", w->id, pid < 0 ? -1 : status);
		r.bad++;
	}
	return r;
}

static _Noreturn void work(struct worker *w)
{
	struct result r;
	uint32_t round, i;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(w->id, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (i = 0; i < w->pages; i++)
		fill(w, i, 0);
	while (read(w->go_in, &round, sizeof(round)) == sizeof(round)) {
		r = one_round(w, round);
		if (write(w->done_out, &r, sizeof(r)) != sizeof(r))
			break;
	}
	_exit(1);
}

static void start(uint32_t id, uint32_t pages, uint64_t key)
{
	struct worker *w = &worker[id];
	int go[2], done[2];

	*w = (struct worker){ .key = key, .id = id, .pages = pages };
	w->page = mmap(NULL, pages * PATTERN_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	w->version = calloc(pages, sizeof(*w->version));
	if (w->page == MAP_FAILED || !w->version || pipe(go) || pipe(done)) {
		printf("soak: BAD no memory\n");
		off();
	}
	w->go = go[1];
	w->go_in = go[0];
	w->done = done[0];
	w->done_out = done[1];
	fflush(stdout);
	if (!fork())
		work(w);
	munmap(w->page, pages * PATTERN_PAGE);
}

/* Was "off" typed? */
static bool told_off(void)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };
	char line[64];
	ssize_t n;

	if (poll(&in, 1, 0) <= 0)
		return false;
	n = read(0, line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = 0;
	return strncmp(line, "off", 3) == 0;
}

int main(int argc, char **argv)
{
	uint32_t i, cpus, pages, bad = 0, round;
	struct result r;
	struct sysinfo info;
	uint64_t key, sum;
	cpu_set_t set;

	setvbuf(stdout, NULL, _IOLBF, 0);
	pattern_init();
	if (argc == 4 && !strcmp(argv[1], "child"))
		return executed(argv);
	CPU_ZERO(&set);
	if (getrandom(&key, sizeof(key), 0) != sizeof(key) || sysinfo(&info) ||
	    sched_getaffinity(0, sizeof(set), &set)) {
		printf("soak: BAD start\n");
		off();
	}
	cpus = (uint32_t)CPU_COUNT(&set) < MAX_CPUS ? (uint32_t)CPU_COUNT(&set) : MAX_CPUS;
	/* Two thirds of what is free: the copies of the children need some, too. */
	pages = (uint32_t)(info.freeram * info.mem_unit / PATTERN_PAGE * 2 / 3 / cpus);
	printf("soak: up cpus=%u mib=%lu\n", cpus, pages * cpus * PATTERN_PAGE >> 20);
	for (i = 0; i < cpus; i++)
		start(i, pages, key);
	for (round = 1; !bad && !told_off(); round++) {
		for (i = 0; i < cpus; i++)
			if (write(worker[i].go, &round, sizeof(round)) != sizeof(round))
				bad++;
		for (i = 0, sum = 0; i < cpus; i++) {
			if (read(worker[i].done, &r, sizeof(r)) != sizeof(r) || r.round != round)
				r = (struct result){ .bad = 1 };
			bad += r.bad;
			sum += r.sum;
		}
		if (!bad)
			printf("soak: round %u ok sum=%016lx\n", round, sum);
		usleep(20000);
	}
	printf("soak: end rounds=%u %s\n", round - 1, bad ? "BAD" : "ok");
	off();
}
