// SPDX-License-Identifier: GPL-2.0-only
/* /init of the guest: loads the module, says how that went, switches off. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	int fd = open("/relinquish.ko", O_RDONLY);

	printf("guest: up\n");
	if (fd >= 0 && !syscall(SYS_finit_module, fd, "", 0))
		printf("guest: relinquish passed\n");
	else
		printf("guest: relinquish failed: %s\n", strerror(errno));
	fflush(stdout);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
