// SPDX-License-Identifier: GPL-2.0-only
/* Pages as contents: saved, put back, exchanged, and how much they look like noise. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pattern.h"
#include "ram.h"

/* A page of noise has 7.955 bits per byte on average, of 10^6 none less than 7.93. */
#define LOW	7.9

bool is_zero(const void *page)
{
	const uint64_t *p = page;
	unsigned int i;

	for (i = 0; i < PAGE_WORDS; i++)
		if (p[i])
			return false;
	return true;
}

void pages_init(void)
{
	pattern_init();
}

/* At any word: a page may have been moved, or be part of something else. */
bool is_marked(const void *page)
{
	return memmem(page, PAGE, pattern_text, PATTERN_TEXT_LEN) != NULL;
}

static double entropy(const uint64_t *count, uint64_t of)
{
	double h = 0, p;
	unsigned int i;

	for (i = 0; i < 256; i++) {
		if (!count[i])
			continue;
		p = (double)count[i] / (double)of;
		h -= p * log2(p);
	}
	return h;
}

void stats_add(struct stats *s, const void *page)
{
	uint64_t count[256] = {};
	const uint8_t *p = page;
	unsigned int i;
	double h;

	if (is_zero(page)) {
		s->zero++;
		return;
	}
	for (i = 0; i < PAGE; i++)
		count[p[i]]++;
	for (i = 0; i < 256; i++)
		s->count[i] += count[i];
	h = entropy(count, PAGE);
	if (!s->pages++ || h < s->least)
		s->least = h;
	s->marked += is_marked(page);
	s->low += h < LOW;
}

void stats_print(const struct stats *s, const char *what)
{
	printf("ram: %s pages=%lu zero=%lu marked=%lu low=%lu entropy=%.4f least=%.4f\n", what,
	       s->pages, s->zero, s->marked, s->low, s->pages ?
	       entropy(s->count, s->pages * PAGE) : 0.0, s->least);
}

static uint64_t buf[PAGE_WORDS];

static int file_open(const char *name, int flags)
{
	int fd = open(name, flags, 0600);

	if (fd < 0)
		fail(name);
	return fd;
}

static bool file_page(int fd, uint64_t page, void *to)
{
	return pread(fd, to, PAGE, (off_t)(page * PAGE)) == (ssize_t)PAGE;
}

/* Pages that do not exist yet, are zero or were not asked for are holes in the file. */
int cmd_save(int argc, char **argv)
{
	uint64_t every = argc > 3 ? number(argv[3]) : 1;
	struct ram r = ram_open(argv[1]);
	int fd = file_open(argv[2], O_CREAT | O_TRUNC | O_WRONLY);
	uint64_t i, n = 0, refused = 0;

	if (ftruncate(fd, (off_t)(r.pages * PAGE)))
		fail(argv[2]);
	for (i = 0; every && i < r.pages; i += every) {
		if (!(ram_map(&r, i) & (MAP_PRESENT | MAP_SWAPPED)))
			continue;
		if (!ram_read(&r, i, buf)) {
			refused++;
			continue;
		}
		if (is_zero(buf))
			continue;
		if (pwrite(fd, buf, PAGE, (off_t)(i * PAGE)) != (ssize_t)PAGE)
			fail(argv[2]);
		n++;
	}
	printf("ram: saved pages=%lu refused=%lu\n", n, refused);
	return refused ? 1 : 0;
}

static int each_saved(int argc, char **argv, bool garbage)
{
	struct ram r = ram_open(argv[1]);
	int fd = file_open(argv[2], O_RDONLY);
	uint64_t i, n = 0, only = argc > 3 ? number(argv[3]) : r.pages;

	for (i = 0; i < r.pages; i++) {
		if (only < r.pages && i != only)
			continue;
		if (!file_page(fd, i, buf) || is_zero(buf))
			continue;
		if (garbage)
			memset(buf, 0x47, PAGE);
		if (!ram_write(&r, i, buf))
			fail("write");
		n++;
	}
	printf("ram: %s pages=%lu\n", garbage ? "garbage" : "loaded", n);
	return n ? 0 : 1;
}

int cmd_load(int argc, char **argv)
{
	return each_saved(argc, argv, false);
}

int cmd_garbage(int argc, char **argv)
{
	return each_saved(argc, argv, true);
}

int cmd_stats(int argc, char **argv)
{
	struct ram r = ram_open(argv[1]);
	bool vmread = argc > 2 && !strcmp(argv[2], "vmread");
	struct stats s = {};
	uint64_t i, refused = 0;

	for (i = 0; i < r.pages; i++) {
		struct iovec to = { buf, PAGE }, from = { (void *)(r.start + i * PAGE), PAGE };

		if (!(ram_map(&r, i) & (MAP_PRESENT | MAP_SWAPPED)))
			continue;
		if (vmread ? process_vm_readv(r.pid, &to, 1, &from, 1, 0) != (ssize_t)PAGE :
		    !ram_read(&r, i, buf))
			refused++;
		else
			stats_add(&s, buf);
	}
	stats_print(&s, argv[0]);
	return refused ? 1 : 0;
}

int cmd_file_stats(int argc, char **argv)
{
	int fd = file_open(argv[1], O_RDONLY);
	struct stats s = {};
	uint64_t i;

	for (i = 0; file_page(fd, i, buf); i++)
		stats_add(&s, buf);
	stats_print(&s, argv[0]);
	return i ? 0 : 1;
}

/* Whether page @i is in each file, and no two in a row have the same. */
static bool differs(const int *fd, int files, uint64_t i, bool marked)
{
	static uint64_t page[2][PAGE_WORDS];
	int f;

	for (f = 0; f < files; f++) {
		uint64_t *now = page[f & 1], *before = page[~f & 1];

		if (!file_page(fd[f], i, now) || is_zero(now) || (marked && !is_marked(now)))
			return false;
		if (f && !memcmp(now, before, PAGE))
			return false;
	}
	return true;
}

/* Spread over all there are; "marked": only pages that show the guest's text in each. */
int cmd_changed(int argc, char **argv)
{
	bool marked = !strcmp(argv[2], "marked");
	uint64_t want = number(argv[1]), n = 0, i, *page = NULL;
	int fd[4], files = 0, arg;

	for (arg = 2 + marked; arg < argc && files < 4; arg++)
		fd[files++] = file_open(argv[arg], O_RDONLY);
	if (files < 2)
		return 2;
	for (i = 0; file_page(fd[0], i, buf); i++) {
		if (!differs(fd, files, i, marked))
			continue;
		page = realloc(page, (n + 1) * sizeof(*page));
		if (!page)
			fail("memory");
		page[n++] = i;
	}
	for (i = 0; i < want && n >= want; i++)
		printf("%lu\n", page[n * (2 * i + 1) / (2 * want)]);
	return n >= want ? 0 : 1;
}

int cmd_state(int argc, char **argv)
{
	struct ram r = ram_open(argv[1]);
	uint64_t i, v = 0, present = 0, swapped = 0;
	uint64_t only = argc > 2 ? number(argv[2]) : r.pages;

	for (i = 0; i < r.pages; i++) {
		if (only < r.pages && i != only)
			continue;
		v = ram_map(&r, i);
		present += !!(v & MAP_PRESENT);
		swapped += !!(v & MAP_SWAPPED);
	}
	printf("ram: state present=%lu swapped=%lu", present, swapped);
	if (only < r.pages && present)
		printf(" pa=0x%lx", (ram_map(&r, only) & MAP_FRAME) * PAGE);
	printf("\n");
	return 0;
}

int cmd_flip(int argc, char **argv)
{
	struct ram r = ram_open(argv[1]);
	uint64_t page = number(argv[2]);

	if (!ram_read(&r, page, buf))
		fail("read");
	buf[PAGE_WORDS / 2] ^= 1ULL << 17;
	if (!ram_write(&r, page, buf))
		fail("write");
	printf("ram: flipped page=%lu\n", page);
	return 0;
}

int cmd_splice(int argc, char **argv)
{
	struct ram a = ram_open(argv[1]), b = ram_open(argv[3]);
	static uint64_t other[PAGE_WORDS];
	uint64_t p = number(argv[2]), q = number(argv[4]);

	if (!ram_read(&a, p, buf) || !ram_read(&b, q, other))
		fail("read");
	if (!memcmp(buf, other, PAGE)) {
		fprintf(stderr, "ram: the pages are equal\n");
		return 1;
	}
	if (!ram_write(&a, p, other) || !ram_write(&b, q, buf))
		fail("write");
	printf("ram: spliced pages=%lu,%lu\n", p, q);
	return 0;
}

int cmd_put(int argc, char **argv)
{
	struct ram r = ram_open(argv[1]);
	uint64_t page = number(argv[2]);

	if (argc < 5)
		return 2;
	if (!file_page(file_open(argv[3], O_RDONLY), number(argv[4]), buf))
		fail(argv[3]);
	if (!ram_write(&r, page, buf))
		fail("write");
	printf("ram: put page=%lu\n", page);
	return 0;
}
