// SPDX-License-Identifier: GPL-2.0-only
/*
 * scribble PID:START:SIZE WRITES [SEED]: a hostile VMM's writes to what it shares with its guest:
 * that many, of 1 to 8 bytes, to places that are in use: rings, lengths, indices, buffers.
 * Prints how many; status 1 if the process went away first.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

#define PAGE	4096UL

static uint64_t state;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Small numbers are lengths and indices that might be believed. */
static uint64_t value(void)
{
	static const uint64_t likely[] = { 0, 1, 2, 0xff, 0xffff, 0x10000, 0x7fffffff, ~0UL };

	return rnd() & 1 ? rnd() : rnd() & 1 ? likely[rnd() % 8] : rnd() % 512;
}

int main(int argc, char **argv)
{
	uint64_t start, size, done = 0, writes;
	int pid;

	if (argc < 3 || sscanf(argv[1], "%d:%lx:%lx", &pid, &start, &size) != 3) {
		fprintf(stderr, "usage: scribble PID:START:SIZE WRITES [SEED]\n");
		return 2;
	}
	writes = strtoul(argv[2], NULL, 0);
	state = argc > 3 ? strtoul(argv[3], NULL, 0) | 1 : 0x9e3779b97f4a7c15;
	while (done < writes) {
		uint64_t word[PAGE / 8], at = start + rnd() % (size / PAGE) * PAGE;
		struct iovec here = { word, PAGE }, there = { (void *)at, PAGE };

		if (process_vm_readv(pid, &here, 1, &there, 1, 0) != (ssize_t)PAGE)
			break;
		for (unsigned int i = 0; i < PAGE / 8 && done < writes; i++) {
			uint64_t v = value();
			size_t n = 1UL << rnd() % 4;

			/* What is zero is mostly free; of a buffer a few words do. */
			if (word[i] ? rnd() % 8 : rnd() % 4096)
				continue;
			here = (struct iovec){ &v, n };
			there = (struct iovec){ (void *)(at + 8 * i + rnd() % 8 / n * n), n };
			if (process_vm_writev(pid, &here, 1, &there, 1, 0) != (ssize_t)n)
				goto out;
			done++;
		}
	}
out:
	printf("scribble: %lu writes\n", done);
	return done < writes;
}
