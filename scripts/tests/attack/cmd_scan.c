// SPDX-License-Identifier: GPL-2.0-only
/* Searching all of physical memory, and the memory of one process. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define PAGE	4096UL
#define CHUNK	(4UL << 20)		/* one ioctl */
#define MAX_RAM	64

struct range { uint64_t start, end; };

static int system_ram(struct range *r)
{
	FILE *f = fopen("/proc/iomem", "r");
	char line[256];
	int n = 0;

	while (f && fgets(line, sizeof(line), f) && n < MAX_RAM) {
		if (isspace((unsigned char)line[0]) || !strstr(line, " : System RAM"))
			continue;
		if (sscanf(line, "%lx-%lx", &r[n].start, &r[n].end) != 2)
			continue;
		r[n].start &= ~(PAGE - 1);
		r[n].end = (r[n].end + PAGE) & ~(PAGE - 1);
		if (r[n].end > PAGE)
			n++;
	}
	if (f)
		fclose(f);
	return n;
}

struct tally {
	uint64_t bytes, hits, words, unreadable;
	uint64_t hit_pa[8];
	int shown;
	int failed;
};

static void scan_chunk(struct tally *t, uint32_t alias, uint64_t start, uint64_t end)
{
	struct attack_scan s = {
		.secret = secret, .start = start, .end = end, .alias = alias,
	};
	uint64_t i;

	if (ioctl(device(), ATTACK_SCAN, &s)) {
		fprintf(stderr, "attack: scan at 0x%lx: %s\n", start, strerror(errno));
		t->failed = 1;
		return;
	}
	t->bytes += end - start;
	t->hits += s.hits;
	t->words += s.words;
	t->unreadable += s.unreadable;
	for (i = 0; i < s.words && i < 8 && t->shown < 8; i++)
		if (s.hit_pa[i])
			t->hit_pa[t->shown++] = s.hit_pa[i];
}

/* One process per CPU takes every n-th chunk. */
static void scan_share(struct tally *t, const struct range *ram, int n, uint32_t alias,
		       int me, int of)
{
	uint64_t at, end, k = 0;
	int i;

	for (i = 0; i < n; i++) {
		for (at = ram[i].start; at < ram[i].end; at = end, k++) {
			end = at + CHUNK < ram[i].end ? at + CHUNK : ram[i].end;
			if (k % of == (uint64_t)me)
				scan_chunk(t, alias, at, end);
		}
	}
}

int cmd_phys(int argc, char **argv)
{
	bool nocache = argc > 1 && !strcmp(argv[1], "nocache");
	struct range ram[MAX_RAM];
	struct tally *t, sum = {};
	int i, j, status, n = system_ram(ram), cpus = get_nprocs();

	if (!have_secret())
		return USAGE;
	t = mmap(NULL, cpus * sizeof(*t), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED || !n) {
		fprintf(stderr, "attack: no System RAM in /proc/iomem\n");
		return FAILED;
	}
	device();
	fflush(stdout);
	for (i = 0; i < cpus; i++) {
		if (fork())
			continue;
		scan_share(&t[i], ram, n, nocache ? ATTACK_NOCACHE : ATTACK_LINEAR, i, cpus);
		_exit(0);
	}
	for (i = 0; i < cpus; i++)
		if (wait(&status) < 0 || status)
			sum.failed = 1;
	for (i = 0; i < cpus; i++) {
		sum.bytes += t[i].bytes;
		sum.hits += t[i].hits;
		sum.words += t[i].words;
		sum.unreadable += t[i].unreadable;
		sum.failed |= t[i].failed;
		for (j = 0; j < t[i].shown && sum.shown < 8; j++)
			sum.hit_pa[sum.shown++] = t[i].hit_pa[j];
	}
	for (i = 0; i < sum.shown; i++)
		printf("attack: phys found pa=0x%lx\n", sum.hit_pa[i]);
	printf("attack: phys bytes=%lu hits=%lu words=%lu unreadable=%lu complete=%s\n",
	       sum.bytes, sum.hits, sum.words, sum.unreadable, sum.failed ? "no" : "yes");
	found.memory += sum.words;
	found.unreadable += sum.unreadable;
	return sum.failed ? FAILED : DONE;
}

static bool unreadable(uint64_t pa)
{
	struct attack_access a = { .pa = pa, .size = 8 };

	return ioctl(device(), ATTACK_ACCESS, &a) && errno == EFAULT;
}

/* Unreadable pages, as ranges: whole chunks first, as few pages are unreadable. */
int cmd_ranges(int argc, char **argv)
{
	struct range ram[MAX_RAM];
	uint64_t at, end, pa, start = 0;
	struct tally t;
	int i, n = system_ram(ram);
	bool in = false;

	/* A search needs something to look for; what does not matter here. */
	secret.len = ATTACK_SECRET_MIN;
	for (i = 0; i < ATTACK_SECRET_MIN; i++)
		secret.masked[i] = (uint8_t)(17 * i + 1);
	for (i = 0; i < n; i++) {
		for (at = ram[i].start; at < ram[i].end; at = end) {
			end = at + CHUNK < ram[i].end ? at + CHUNK : ram[i].end;
			t = (struct tally){};
			scan_chunk(&t, ATTACK_LINEAR, at, end);
			if (t.failed)
				return FAILED;
			for (pa = at; pa < end && (t.unreadable || in); pa += PAGE) {
				bool bad = t.unreadable && unreadable(pa);

				if (bad && !in)
					start = pa;
				if (!bad && in)
					printf("attack: range start=0x%lx pages=%lu\n",
					       start, (pa - start) / PAGE);
				in = bad;
			}
		}
		if (in)
			printf("attack: range start=0x%lx pages=%lu\n", start,
			       (ram[i].end - start) / PAGE);
		in = false;
	}
	return n ? DONE : FAILED;
}

struct process {
	int mem, pagemap;
	char *buf;
	struct tally t;
};

static void read_pages(struct process *p, uint64_t at, uint64_t len)
{
	struct needle_count c = {};
	ssize_t got = pread(p->mem, p->buf, len, (off_t)at);
	uint64_t page;

	if (got != (ssize_t)len && len > PAGE) {
		for (page = at; page < at + len; page += PAGE)
			read_pages(p, page, PAGE);
		return;
	}
	if (got != (ssize_t)len) {
		p->t.unreadable++;
		return;
	}
	needle_search(&needle, p->buf, len, &c);
	p->t.bytes += len;
	p->t.hits += c.hits;
	p->t.words += c.words;
}

/* Pages that are neither in memory nor in swap hold nothing. */
static void read_mapping(struct process *p, uint64_t start, uint64_t end)
{
	uint64_t map[64], at, n, i, from;

	for (at = start; at < end; at += n * PAGE) {
		n = (end - at) / PAGE;
		n = n < 64 ? n : 64;
		if (pread(p->pagemap, map, n * 8, (off_t)(at / PAGE * 8)) != (ssize_t)(n * 8)) {
			p->t.failed = 1;
			return;
		}
		for (i = 0; i < n; i++) {
			for (from = i; i < n && map[i] >> 62; i++)
				;
			if (i > from)
				read_pages(p, at + from * PAGE, (i - from) * PAGE);
		}
	}
}

int cmd_procmem(int argc, char **argv)
{
	struct process p = {};
	uint64_t start, end;
	char path[64], line[512];
	FILE *maps;

	if (!have_secret())
		return USAGE;
	snprintf(path, sizeof(path), "/proc/%s/mem", argv[1]);
	p.mem = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/pagemap", argv[1]);
	p.pagemap = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/maps", argv[1]);
	maps = fopen(path, "r");
	p.buf = aligned_alloc(PAGE, 64 * PAGE);
	if (p.mem < 0 || p.pagemap < 0 || !maps || !p.buf) {
		fprintf(stderr, "attack: process %s: %s\n", argv[1], strerror(errno));
		return FAILED;
	}
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && !strstr(line, "[vsyscall]"))
			read_mapping(&p, start, end);
	explicit_bzero(p.buf, 64 * PAGE);
	fclose(maps);
	printf("attack: procmem pid=%s bytes=%lu hits=%lu words=%lu unreadable=%lu complete=%s\n",
	       argv[1], p.t.bytes, p.t.hits, p.t.words, p.t.unreadable,
	       p.t.failed ? "no" : "yes");
	found.memory += p.t.words;
	return p.t.failed || !p.t.bytes ? FAILED : DONE;
}

/* A file or a disk, whole. */
int cmd_file(int argc, char **argv)
{
	struct needle_count c = {};
	uint64_t bytes = 0;
	ssize_t got;
	char *buf;
	int fd;

	if (!have_secret())
		return USAGE;
	fd = open(argv[1], O_RDONLY);
	buf = aligned_alloc(PAGE, 64 * PAGE);
	if (fd < 0 || !buf) {
		fprintf(stderr, "attack: %s: %s\n", argv[1], strerror(errno));
		return FAILED;
	}
	while ((got = read(fd, buf, 64 * PAGE)) > 0) {
		needle_search(&needle, buf, (unsigned long)got, &c);
		bytes += (uint64_t)got;
	}
	explicit_bzero(buf, 64 * PAGE);
	printf("attack: file bytes=%lu hits=%llu words=%llu complete=%s\n", bytes, c.hits,
	       c.words, got ? "no" : "yes");
	return got || !bytes ? FAILED : DONE;
}
