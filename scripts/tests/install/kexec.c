// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec: asks the kernel for each of
 *
 *	load	an ordinary image
 *	crash	a crash kernel
 *	run	to start the loaded image
 *
 * and prints "NAME ERRNO". An image is an empty page: started, it would be the end of
 * the host.
 */
#include <errno.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void load(unsigned long flags)
{
	static char page[4096];
	struct kexec_segment segment = { page, sizeof(page), (void *)0x50000000, sizeof(page) };

	syscall(SYS_kexec_load, 0x50000000UL, 1UL, &segment, KEXEC_ARCH_AARCH64 | flags);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		errno = 0;
		if (!strcmp(argv[i], "load"))
			load(0);
		else if (!strcmp(argv[i], "crash"))
			load(KEXEC_ON_CRASH);
		else
			syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
				LINUX_REBOOT_CMD_KEXEC, NULL);
		printf("%s %d\n", argv[i], errno);
		fflush(stdout);
	}
	return 0;
}
