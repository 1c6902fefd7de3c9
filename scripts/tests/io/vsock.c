// SPDX-License-Identifier: GPL-2.0-only
/*
 * vsock serve PORT FILE: in the host, FILE to each guest that connects.
 * vsock fetch PORT: in a guest, what its host serves there, to its output.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <linux/vm_sockets.h>	/* wants struct sockaddr */
#include <unistd.h>

static int copy(int from, int to)
{
	static char buf[65536];
	ssize_t n, done, at;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		for (at = 0; at < n; at += done) {
			done = write(to, buf + at, (size_t)(n - at));
			if (done <= 0)
				return 1;
		}
	return n < 0;
}

int main(int argc, char **argv)
{
	/* Two seconds unless said otherwise, which is nothing for a guest in a busy emulator. */
	struct timeval patience = { .tv_sec = 600 };
	struct sockaddr_vm a = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY };
	int s = socket(AF_VSOCK, SOCK_STREAM, 0), c, file;

	if (argc < 3) {
		fprintf(stderr, "usage: vsock serve PORT FILE | vsock fetch PORT\n");
		return 2;
	}
	a.svm_port = (unsigned int)atoi(argv[2]);
	if (!strcmp(argv[1], "fetch")) {
		a.svm_cid = VMADDR_CID_HOST;
		if (s < 0 || setsockopt(s, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &patience,
					sizeof(patience)) ||
		    connect(s, (struct sockaddr *)&a, sizeof(a))) {
			perror("vsock");
			return 1;
		}
		return copy(s, 1);
	}
	if (s < 0 || argc < 4 || bind(s, (struct sockaddr *)&a, sizeof(a)) || listen(s, 4)) {
		perror("vsock");
		return 1;
	}
	while ((c = accept(s, NULL, NULL)) >= 0) {
		file = open(argv[3], O_RDONLY);
		copy(file, c);
		close(file);
		close(c);
	}
	return 1;
}
