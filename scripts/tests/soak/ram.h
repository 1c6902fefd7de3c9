/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOAK_RAM_H
#define SOAK_RAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define PAGE		4096UL
#define PAGE_WORDS	(PAGE / 8)

/* What a page of /proc/PID/pagemap is. */
#define MAP_PRESENT	(1UL << 63)
#define MAP_SWAPPED	(1UL << 62)
#define MAP_FRAME	((1UL << 55) - 1)

/* A guest's memory in its VMM, named PID:START:SIZE. */
struct ram {
	pid_t pid;
	uint64_t start, pages;
	int mem, map;		/* /proc/PID/mem, /proc/PID/pagemap */
};

/* What is told of pages; those of zeroes only do not count. */
struct stats {
	uint64_t pages, marked, low;
	uint64_t zero;
	uint64_t count[256];	/* of each byte value */
	double least;		/* entropy of the page with the least, bits per byte */
};

_Noreturn void fail(const char *what);
uint64_t number(const char *s);
struct ram ram_open(const char *name);
uint64_t ram_map(const struct ram *r, uint64_t page);
/* Whole pages through /proc/PID/mem; false where the kernel refused. */
bool ram_read(const struct ram *r, uint64_t page, void *buf);
bool ram_write(const struct ram *r, uint64_t page, const void *buf);

void pages_init(void);
bool is_zero(const void *page);
bool is_marked(const void *page);
void stats_add(struct stats *s, const void *page);
void stats_print(const struct stats *s, const char *what);

int cmd_save(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_garbage(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_file_stats(int argc, char **argv);
int cmd_search(int argc, char **argv);
int cmd_file_search(int argc, char **argv);
int cmd_changed(int argc, char **argv);
int cmd_state(int argc, char **argv);
int cmd_flip(int argc, char **argv);
int cmd_splice(int argc, char **argv);
int cmd_put(int argc, char **argv);

int cmd_find(int argc, char **argv);
int cmd_advise(int argc, char **argv);
int cmd_hammer(int argc, char **argv);
int cmd_inject(int argc, char **argv);
int cmd_user(int argc, char **argv);
int cmd_touch(int argc, char **argv);
int cmd_end(int argc, char **argv);
int cmd_hog(int argc, char **argv);
int cmd_swapon(int argc, char **argv);

#endif
