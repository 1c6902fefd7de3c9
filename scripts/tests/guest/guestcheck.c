// SPDX-License-Identifier: GPL-2.0-only
/*
 * guestcheck UNIQUE-MIB SAME-MIB: in a guest, keeps memory that it knows the
 * contents of and looks after it all the time, while the host swaps, merges and
 * moves it. One line per round; SIGTERM ends it with the sum.
 *
 * Unique pages each hold something else; a quarter are rewritten every round.
 * Same pages all hold the same, for the host to merge; an eighth are given
 * contents of their own every round and the same again in the next one.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define PAGE	4096UL
#define WORDS	(PAGE / 8)

static volatile sig_atomic_t stop;

struct share {
	uint64_t *page;			/* first */
	uint32_t *version;		/* of each page: 0 means the same as all others */
	uint64_t pages, unique;		/* the first @unique are unique */
	uint64_t id;
	uint64_t bad;
	pthread_t thread;
};

static pthread_barrier_t barrier;

static void on_term(int sig)
{
	stop = 1;
}

static uint64_t word(const struct share *s, uint64_t page, uint64_t i)
{
	uint64_t x = s->version[page] ? s->id << 56 ^ page << 32 ^ s->version[page] : 1;

	x = (x ^ i << 20) * 0x9e3779b97f4a7c15UL;
	return x ^ x >> 29;
}

static void fill(struct share *s, uint64_t page, uint32_t version)
{
	uint64_t i;

	s->version[page] = version;
	for (i = 0; i < WORDS; i++)
		s->page[page * WORDS + i] = word(s, page, i);
}

static void verify(struct share *s, uint64_t page)
{
	uint64_t i, found, expected;

	for (i = 0; i < WORDS; i++) {
		found = s->page[page * WORDS + i];
		expected = word(s, page, i);
		if (found == expected)
			continue;
		if (!s->bad++)
			printf("guestcheck: at %p: 0x%lx, expected 0x%lx\n",
			       (void *)&s->page[page * WORDS + i], found, expected);
	}
}

static void one_round(struct share *s, uint32_t round)
{
	uint64_t p;

	for (p = 0; p < s->pages; p++) {
		verify(s, p);
		if (p < s->unique && (p + round) % 4 == 0)
			fill(s, p, round + 1);
		else if (p >= s->unique && (p + round) % 8 == 0)
			fill(s, p, round + 1);
		else if (p >= s->unique && s->version[p])
			fill(s, p, 0);
	}
}

static void *run(void *arg)
{
	struct share *s = arg;
	uint32_t round;
	bool last;
	uint64_t p;

	for (p = 0; p < s->pages; p++)
		fill(s, p, p < s->unique);
	for (round = 1, last = false; !last; round++) {
		pthread_barrier_wait(&barrier);
		last = stop;
		/* All threads have seen the same. */
		pthread_barrier_wait(&barrier);
		one_round(s, round);
		if (!s->id)
			printf("guestcheck: round %u\n", round);
		if (!last)
			usleep(200000);
	}
	return NULL;
}

static void share_init(struct share *s, uint64_t id, uint64_t unique, uint64_t same)
{
	s->id = id;
	s->unique = unique;
	s->pages = unique + same;
	s->page = mmap(NULL, s->pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s->version = calloc(s->pages, sizeof(*s->version));
	if (s->page == MAP_FAILED || !s->version) {
		printf("guestcheck: no memory\n");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	uint64_t unique = argc > 1 ? strtoul(argv[1], NULL, 0) * 256 : 0;
	uint64_t same = argc > 2 ? strtoul(argv[2], NULL, 0) * 256 : 0;
	uint64_t i, bad = 0, n = (uint64_t)get_nprocs();
	struct share *s = calloc(n, sizeof(*s));

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!s || unique + same < n) {
		fprintf(stderr, "usage: guestcheck UNIQUE-MIB SAME-MIB\n");
		return 2;
	}
	signal(SIGTERM, on_term);
	pthread_barrier_init(&barrier, NULL, (unsigned int)n);
	for (i = 0; i < n; i++) {
		share_init(&s[i], i, unique / n, same / n);
		if (pthread_create(&s[i].thread, NULL, run, &s[i]))
			return 1;
	}
	for (i = 0; i < n; i++) {
		pthread_join(s[i].thread, NULL);
		bad += s[i].bad;
	}
	printf("guestcheck: end pages=%lu bad=%lu\n", unique + same, bad);
	return bad != 0;
}
