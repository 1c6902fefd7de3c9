// SPDX-License-Identifier: GPL-2.0-only
/*
 * reread DISK TEXT: reads it straight into a buffer that is full of TEXT, piece by piece. What the
 * buffer held is what a kernel shows its host that copies that into the shared pool first.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE	(256UL << 10)
#define PIECES	8

int main(int argc, char **argv)
{
	static char buffer[PIECE] __attribute__((aligned(4096)));
	int disk = argc == 3 ? open(argv[1], O_RDONLY | O_DIRECT) : -1;
	size_t length = argc == 3 ? strlen(argv[2]) : 0;

	if (disk < 0 || !length)
		return 2;
	for (long i = 0; i < PIECES; i++) {
		for (size_t at = 0; at + length <= PIECE; at += length)
			memcpy(buffer + at, argv[2], length);
		if (pread(disk, buffer, PIECE, i * (long)PIECE) != (ssize_t)PIECE)
			return 1;
	}
	return 0;
}
