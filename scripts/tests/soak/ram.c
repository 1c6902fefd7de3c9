// SPDX-License-Identifier: GPL-2.0-only
/*
 * ram COMMAND ...: in the host, everything its root can do to a guest's memory
 * through the VMM that has it. usage() lists the commands. A guest's memory is
 * named PID:START:SIZE, as "ram find" prints it; a page by its number in that.
 *
 * Status: 0 done, 1 not possible, 2 usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ram.h"

static const struct command {
	const char *name;
	int args;
	int (*run)(int argc, char **argv);
	const char *usage;
} commands[] = {
	{ "find", 2, cmd_find, "PID MIB              its guest's memory, as RAM" },
	{ "save", 2, cmd_save, "RAM FILE [N]         each N-th page there is (all), by /proc/PID/mem" },
	{ "load", 2, cmd_load, "RAM FILE [PAGE]      puts them back, or one" },
	{ "garbage", 2, cmd_garbage, "RAM FILE             overwrites those that FILE has" },
	{ "stats", 1, cmd_stats, "RAM [vmread]         what the host sees: text found, entropy" },
	{ "file-stats", 1, cmd_file_stats, "FILE                 the same of a file or a disk" },
	{ "search", 2, cmd_search, "RAM TEXT [N]         how often TEXT is there, in each N-th page (all)" },
	{ "file-search", 2, cmd_file_search, "FILE TEXT            the same of a file or a disk" },
	{ "changed", 3, cmd_changed, "N [marked] FILE...    N pages that differ from each file to the next" },
	{ "state", 1, cmd_state, "RAM [PAGE]           pages present and swapped; where it is" },
	{ "flip", 2, cmd_flip, "RAM PAGE             one bit" },
	{ "splice", 4, cmd_splice, "RAM PAGE RAM2 PAGE2  exchanges two pages" },
	{ "put", 3, cmd_put, "RAM PAGE FILE FROM   writes page FROM of FILE at PAGE" },
	{ "advise", 2, cmd_advise, "RAM pageout|cold|collapse" },
	{ "hammer", 3, cmd_hammer, "RAM read|write|mix SEC [THREADS]" },
	{ "user", 2, cmd_user, "FILE PAGE            a process with the same file mapped uses it" },
	{ "touch", 3, cmd_touch, "RAM FIRST N          ticks for a first read of each page, and again" },
	{ "end", 1, cmd_end, "PID                  kills it; ticks until it is gone" },
	{ "inject", 2, cmd_inject, "RAM dontneed|pageout|mergeable|poison|offline|remap|nothing\n"
	  "             [PAGE [COUNT]]       as the VMM" },
	{ "hog", 2, cmd_hog, "MIB SEC              uses memory" },
	{ "swapon", 1, cmd_swapon, "FILE                 swaps there, too, at the same priority" },
};

static int usage(void)
{
	size_t i;

	fprintf(stderr, "usage: ram COMMAND ...\n");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(stderr, "  %-10s %s\n", commands[i].name, commands[i].usage);
	return 2;
}

_Noreturn void fail(const char *what)
{
	fprintf(stderr, "ram: %s: %s\n", what, strerror(errno));
	exit(1);
}

uint64_t number(const char *s)
{
	char *end;
	uint64_t n = strtoull(s, &end, 0);

	if (!*s || *end) {
		fprintf(stderr, "ram: %s is no number\n", s);
		exit(2);
	}
	return n;
}

struct ram ram_open(const char *name)
{
	struct ram r = {};
	char path[64];

	if (sscanf(name, "%d:%lx:%lx", &r.pid, &r.start, &r.pages) != 3) {
		fprintf(stderr, "ram: %s is not PID:START:SIZE\n", name);
		exit(2);
	}
	r.pages /= PAGE;
	snprintf(path, sizeof(path), "/proc/%d/mem", r.pid);
	r.mem = open(path, O_RDWR);
	if (r.mem < 0)
		fail(path);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", r.pid);
	r.map = open(path, O_RDONLY);
	if (r.map < 0)
		fail(path);
	return r;
}

uint64_t ram_map(const struct ram *r, uint64_t page)
{
	uint64_t v;

	if (pread(r->map, &v, 8, (off_t)((r->start / PAGE + page) * 8)) != 8)
		fail("pagemap");
	return v;
}

bool ram_read(const struct ram *r, uint64_t page, void *buf)
{
	return pread(r->mem, buf, PAGE, (off_t)(r->start + page * PAGE)) == (ssize_t)PAGE;
}

bool ram_write(const struct ram *r, uint64_t page, const void *buf)
{
	return pwrite(r->mem, buf, PAGE, (off_t)(r->start + page * PAGE)) == (ssize_t)PAGE;
}

int main(int argc, char **argv)
{
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	pages_init();
	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return argc - 2 < commands[i].args ? usage() :
				commands[i].run(argc - 1, argv + 1);
	return usage();
}
