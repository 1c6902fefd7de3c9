// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec: what the system calls say to an ordinary image and to a crash kernel.
 * Prints "load ERRNO" and "crash ERRNO"; nothing is ever executed.
 */
#include <errno.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(unsigned long flags)
{
	static char page[4096];
	struct kexec_segment segment = { page, sizeof(page), (void *)0x50000000, sizeof(page) };

	errno = 0;
	syscall(SYS_kexec_load, 0x50000000UL, 1UL, &segment, KEXEC_ARCH_AARCH64 | flags);
	return errno;
}

int main(void)
{
	printf("load %d\n", load(0));
	printf("crash %d\n", load(KEXEC_ON_CRASH));
	return 0;
}
