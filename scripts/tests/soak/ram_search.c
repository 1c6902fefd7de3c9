// SPDX-License-Identifier: GPL-2.0-only
/* Where a text is: in what the host sees of a guest's memory, and in files. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ram.h"

#define TEXT_MAX	256

struct search {
	const char *text;
	size_t length;
	uint64_t pages, bytes, found;	/* pages and bytes that are not zero */
	uint64_t next;			/* the page that follows the one in @seen */
	uint8_t seen[TEXT_MAX + PAGE];	/* the end of the last page, and this one */
};

static struct search search_for(const char *text)
{
	struct search s = { .text = text, .length = strlen(text) };

	if (!s.length || s.length > TEXT_MAX) {
		fprintf(stderr, "ram: a text of 1 to %d bytes\n", TEXT_MAX);
		exit(2);
	}
	return s;
}

static void search_page(struct search *s, uint64_t page, const uint8_t *data)
{
	/* What began at the end of the page before, if that was looked at. */
	size_t before = s->next == page ? s->length - 1 : 0;
	uint8_t *at = s->seen + TEXT_MAX - before;
	const uint8_t *end = s->seen + sizeof(s->seen), *hit;
	unsigned int i;

	memmove(at, s->seen + sizeof(s->seen) - before, before);
	memcpy(s->seen + TEXT_MAX, data, PAGE);
	s->next = page + 1;
	if (is_zero(data))
		return;
	s->pages++;
	for (i = 0; i < PAGE; i++)
		s->bytes += !!data[i];
	while ((hit = memmem(at, (size_t)(end - at), s->text, s->length))) {
		s->found++;
		at += hit - at + 1;
	}
}

static uint64_t buf[PAGE_WORDS];

static void search_print(const struct search *s, uint64_t not_read)
{
	printf("ram: search pages=%lu bytes=%lu found=%lu refused=%lu\n", s->pages, s->bytes, s->found,
	       not_read);
}

static struct search of_ram;
static uint64_t refused;

static void print_of_ram(void)
{
	search_print(&of_ram, refused);
}

/* Status 0 if all pages there are could be looked at. */
int cmd_search(int argc, char **argv)
{
	uint64_t every = argc > 3 ? number(argv[3]) : 1, i;
	struct ram r = ram_open(argv[1]);

	of_ram = search_for(argv[2]);
	/* Of a process that ends meanwhile too: what was found was found. */
	atexit(print_of_ram);
	for (i = 0; every && i < r.pages; i += every) {
		if (!(ram_map(&r, i) & (MAP_PRESENT | MAP_SWAPPED)))
			continue;
		if (ram_read(&r, i, buf))
			search_page(&of_ram, i, (uint8_t *)buf);
		else
			refused++;
	}
	return refused ? 1 : 0;
}

int cmd_file_search(int argc, char **argv)
{
	struct search s = search_for(argv[2]);
	int fd = open(argv[1], O_RDONLY);
	uint64_t i = 0;
	ssize_t n;

	if (fd < 0)
		fail(argv[1]);
	while ((n = pread(fd, buf, PAGE, (off_t)(i * PAGE))) > 0) {
		memset((uint8_t *)buf + n, 0, PAGE - (size_t)n);
		search_page(&s, i++, (uint8_t *)buf);
	}
	if (n < 0)
		fail(argv[1]);
	search_print(&s, 0);
	return i ? 0 : 1;
}
