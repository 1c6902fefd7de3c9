// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's disk: a LUKS container that came with its initrd, opened with the sealing
 * key that the core gave this guest, and nothing else. Where there is none, as in the
 * guest unwrapped, nothing happens.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "disk.h"

#define CONTAINER	"/disk/container"
#define MODULES		"/disk/modules"
#define KEYS		"/sys/firmware/devicetree/base/chosen/security-hypsec-sealing-keys"
#define SOURCE		"/sys/firmware/devicetree/base/chosen/hypsec,sealing-source"
#define OPENED		"/dev/mapper/disk"
#define LUKS		"/disk/luks/"

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_modules(void)
{
	struct dirent **list;
	char path[300];
	int n = scandir(MODULES, &list, NULL, by_name);

	for (int i = 0; i < n; i++) {
		int fd;

		snprintf(path, sizeof(path), MODULES "/%s", list[i]->d_name);
		fd = open(path, O_RDONLY);
		if (list[i]->d_name[0] != '.' && syscall(SYS_finit_module, fd, "", 0))
			perror(path);
		close(fd);
	}
}

/* With the first key: that of the image's own version. */
static int unlock(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		setenv("DM_DISABLE_UDEV", "1", 1);
		execl(LUKS "lib/ld-linux-aarch64.so.1", "ld.so", "--library-path", LUKS "lib",
		      LUKS "bin/cryptsetup", "open", "--batch-mode", "--readonly", "--type",
		      "luks2", "--key-file", KEYS, "--keyfile-size", "32", CONTAINER, "disk",
		      (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void first_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "r");

	if (!f || !fgets(line, (int)size, f))
		snprintf(line, size, "nothing in %s", path);
	if (f)
		fclose(f);
	line[strcspn(line, "\n")] = '\0';
}

void disk(void)
{
	char source[32], line[100];
	int status;

	if (access(CONTAINER, R_OK))
		return;
	mkdir("/sys", 0755);
	mkdir("/proc", 0755);
	mkdir("/run", 0755);
	mkdir("/dev", 0755);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	load_modules();
	first_line(SOURCE, source, sizeof(source));
	status = unlock();
	if (status) {
		printf("secret: disk locked: cryptsetup status %d, sealing key: %s\n", status,
		       source);
		return;
	}
	first_line(OPENED, line, sizeof(line));
	printf("secret: disk unlocked, sealing key: %s: %s\n", source, line);
}
