// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest of scripts/run: it has a secret of the file that is named, or, as /init of
 * a small initramfs, draws one at random, keeps it in memory and in x19-x28 and v8-v15,
 * and says every second whether the registers and the memory still hold it. So the
 * attacker has something to find, and a change of it shows.
 *
 * The secret itself is never printed, only its masked form (every byte XOR
 * 0xa5, what "attack -s" takes) and, by that, nothing that a search of the
 * host's memory for the secret would find.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <unistd.h>
#include "disk.h"

#define MASK		0xa5
#define COPIES		64		/* of the secret, each on a page of its own */
#define PAGE		4096

struct registers {
	uint64_t x[10];			/* x19-x28 */
	uint8_t v[8][16];		/* v8-v15 */
};

/* hold.S: load the registers, spin @ticks of the counter, store what they are. */
void hold(const struct registers *in, struct registers *out, uint64_t ticks);
uint64_t ticks_per_second(void);

static uint8_t pages[COPIES][PAGE] __attribute__((aligned(PAGE)));

static void stop(const char *why)
{
	printf("secret: stopped: %s\n", why);
	fflush(stdout);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* Not buffered, or there would be a copy more than the ones that are counted on. */
static void read_secret(const char *name, struct registers *secret)
{
	int fd = open(name, O_RDONLY);

	if (fd < 0 || read(fd, secret, sizeof(*secret)) != sizeof(*secret))
		stop("there is no secret");
	close(fd);
}

int main(int argc, char **argv)
{
	static struct registers secret, now;
	unsigned long second;
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1) {
		read_secret(argv[1], &secret);
	} else {
		disk();
		if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
			stop("no randomness");
	}
	for (i = 0; i < COPIES; i++)
		memcpy(&pages[i][(i * 8) % (PAGE - sizeof(secret))], &secret, sizeof(secret));

	printf("secret: masked=");
	for (i = 0; i < sizeof(secret); i++)
		printf("%02x", ((const uint8_t *)&secret)[i] ^ MASK);
	printf("\n");

	for (second = 1;; second++) {
		hold(&secret, &now, ticks_per_second());
		if (memcmp(&now, &secret, sizeof(now)))
			stop("registers changed");
		for (i = 0; i < COPIES; i++)
			if (memcmp(&pages[i][(i * 8) % (PAGE - sizeof(secret))], &secret,
				   sizeof(secret)))
				stop("memory changed");
		printf("secret: intact second=%lu cpus=%ld\n", second,
		       sysconf(_SC_NPROCESSORS_ONLN));
	}
}
