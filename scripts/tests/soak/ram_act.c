// SPDX-License-Identifier: GPL-2.0-only
/* What a host does with a process's memory: advice, pressure, threads that hammer it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "ram.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* The only mapping of that size; the largest of a guest by far. */
int cmd_find(int argc, char **argv)
{
	uint64_t start, end, size = number(argv[2]) << 20;
	char path[64], line[512];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", argv[1]);
	maps = fopen(path, "r");
	if (!maps)
		fail(path);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || end - start != size)
			continue;
		printf("%s:%lx:%lx\n", argv[1], start, size);
		return 0;
	}
	return 1;
}

/* 2 MiB at a time, as one that is refused (no block to be had) ends the call. */
int cmd_advise(int argc, char **argv)
{
	struct ram r = ram_open(argv[1]);
	int pidfd = (int)syscall(SYS_pidfd_open, r.pid, 0);
	int advice = !strcmp(argv[2], "pageout") ? MADV_PAGEOUT :
		     !strcmp(argv[2], "cold") ? MADV_COLD :
		     !strcmp(argv[2], "collapse") ? MADV_COLLAPSE : -1;
	uint64_t at, end = r.start + r.pages * PAGE, done = 0, refused = 0;
	struct iovec v;

	if (pidfd < 0)
		fail("pidfd_open");
	if (advice < 0)
		return 2;
	for (at = r.start; at < end; at += 2UL << 20) {
		v = (struct iovec){ (void *)at, end - at < 2UL << 20 ? end - at : 2UL << 20 };
		if (syscall(SYS_process_madvise, pidfd, &v, 1UL, advice, 0U) < 0)
			refused++;
		else
			done++;
	}
	printf("ram: advise %s done=%lu refused=%lu\n", argv[2], done, refused);
	return done ? 0 : 1;
}

struct hammer {
	struct ram ram;
	bool read, write;
	uint64_t until, seed;
	uint64_t reads, writes, refused, marked;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * A random page each time. Nothing but ciphertext must ever come, and nothing that is
 * neither the page before nor the page after: a half of each would not be found by
 * its text, but then the guest would find it by the tag.
 */
static void *hammer(void *arg)
{
	struct hammer *h = arg;
	uint64_t buf[PAGE_WORDS], x = h->seed, page;
	struct iovec to = { buf, PAGE }, from;

	while (now_ms() < h->until) {
		x = x * 6364136223846793005UL + 1442695040888963407UL;
		page = (x >> 33) % h->ram.pages;
		if (!(ram_map(&h->ram, page) & (MAP_PRESENT | MAP_SWAPPED)))
			continue;
		from = (struct iovec){ (void *)(h->ram.start + page * PAGE), PAGE };
		if (h->read || h->write) {
			if (x & 1UL << 32 ? !ram_read(&h->ram, page, buf) :
			    process_vm_readv(h->ram.pid, &to, 1, &from, 1, 0) != (ssize_t)PAGE) {
				h->refused++;
				continue;
			}
			h->reads++;
			h->marked += is_marked(buf);
		}
		if (h->write) {
			/* What was read, or that with a word changed. */
			buf[x % PAGE_WORDS] ^= h->read ? 0 : 1;
			if (process_vm_writev(h->ram.pid, &to, 1, &from, 1, 0) != (ssize_t)PAGE)
				h->refused++;
			else
				h->writes++;
		}
	}
	return NULL;
}

/* "mix" writes back what it has read, which is a change only if the guest came between. */
int cmd_hammer(int argc, char **argv)
{
	unsigned int i, threads = argc > 4 ? (unsigned int)number(argv[4]) : 2;
	struct ram r = ram_open(argv[1]);
	struct hammer *h = calloc(threads, sizeof(*h)), sum = {};
	pthread_t *t = calloc(threads, sizeof(*t));

	if (!h || !t || !threads)
		fail("threads");
	for (i = 0; i < threads; i++) {
		h[i] = (struct hammer){
			.ram = r, .seed = now_ms() * (i + 1),
			.read = strcmp(argv[2], "write") != 0,
			.write = strcmp(argv[2], "read") != 0,
			.until = now_ms() + number(argv[3]) * 1000,
		};
		if (pthread_create(&t[i], NULL, hammer, &h[i]))
			fail("thread");
	}
	for (i = 0; i < threads; i++) {
		pthread_join(t[i], NULL);
		sum.reads += h[i].reads;
		sum.writes += h[i].writes;
		sum.refused += h[i].refused;
		sum.marked += h[i].marked;
	}
	printf("ram: hammer reads=%lu writes=%lu refused=%lu marked=%lu\n", sum.reads,
	       sum.writes, sum.refused, sum.marked);
	return sum.reads || sum.writes ? 0 : 1;
}

/*
 * A process that shares the guest's memory as a file uses a page of it with each kind
 * of access, and none that changes it: exclusive, atomic, unaligned into the next page,
 * cache maintenance by address.
 */
int cmd_user(int argc, char **argv)
{
	uint64_t page = number(argv[2]), before, after, *p, old;
	int fd = open(argv[1], O_RDWR);
	uint32_t failed;
	char *at;

	at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(page * PAGE));
	if (fd < 0 || at == MAP_FAILED)
		fail(argv[1]);
	p = (uint64_t *)at;
	/* The first access is the exclusive one: it is what the page is sealed for. */
	do {
		asm volatile("ldxr %0, %2\n stxr %w1, %0, %2" : "=&r" (old), "=&r" (failed),
			     "+Q" (p[8]) : : "memory");
	} while (failed);
	__atomic_fetch_add(&p[16], 0, __ATOMIC_SEQ_CST);
	memcpy(&before, at + PAGE - 3, 8);
	asm volatile("dc civac, %0" : : "r" (at) : "memory");
	memcpy(&after, at + PAGE - 3, 8);
	printf("ram: user page=%lu marked=%d across=%s\n", page, is_marked(at),
	       before == after ? "same" : "changed");
	return before == after ? 0 : 1;
}

static uint64_t ticks(void)
{
	uint64_t t;

	asm volatile("isb\n mrs %0, cntvct_el0" : "=r" (t) : : "memory");
	return t;
}

/* What a first read of each page costs that the guest has, and one of a page it no longer has. */
int cmd_touch(int argc, char **argv)
{
	uint64_t first = number(argv[2]), n = number(argv[3]), i, t[3], word;
	struct ram r = ram_open(argv[1]);
	struct iovec to = { &word, 8 }, from;
	int pass;

	t[0] = ticks();
	for (pass = 0; pass < 2; pass++) {
		for (i = first; i < first + n; i++) {
			from = (struct iovec){ (void *)(r.start + i * PAGE), 8 };
			if (process_vm_readv(r.pid, &to, 1, &from, 1, 0) != 8)
				fail("process_vm_readv");
		}
		t[pass + 1] = ticks();
	}
	printf("ram: touch pages=%lu first=%lu again=%lu\n", n, t[1] - t[0], t[2] - t[1]);
	return 0;
}

/* From the signal that kills a VMM until all of it is gone, its memory, too. */
int cmd_end(int argc, char **argv)
{
	struct pollfd gone = { .events = POLLIN };
	uint64_t from;

	gone.fd = (int)syscall(SYS_pidfd_open, (pid_t)number(argv[1]), 0);
	if (gone.fd < 0)
		fail("pidfd_open");
	from = ticks();
	if (syscall(SYS_pidfd_send_signal, gone.fd, SIGKILL, NULL, 0U) || poll(&gone, 1, -1) != 1)
		fail("kill");
	printf("ram: end ticks=%lu\n", ticks() - from);
	return 0;
}

/* Memory of incompressible pages, touched again and again, to push others out. */
int cmd_hog(int argc, char **argv)
{
	uint64_t size = number(argv[1]) << 20, until = now_ms() + number(argv[2]) * 1000;
	uint64_t i, x = now_ms(), *p;

	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		fail("mmap");
	while (now_ms() < until) {
		for (i = 0; i < size / 8 && now_ms() < until; i += 8) {
			x = x * 6364136223846793005UL + 1442695040888963407UL;
			p[i] = x;
		}
	}
	return 0;
}

/* Both of the same priority are used in turn; busybox's swapon knows none. */
int cmd_swapon(int argc, char **argv)
{
	if (swapon(argv[1], SWAP_FLAG_PREFER | 1))
		fail(argv[1]);
	return 0;
}
