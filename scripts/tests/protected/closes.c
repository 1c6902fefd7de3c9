// SPDX-License-Identifier: GPL-2.0-only
/*
 * closes IMAGE: a VMM that starts a protected VM, closes it while its image is verified, and lives
 * on with the memory that was the VM's. Says how many pages the VM had, and how many are not back
 * when close() returns: from then on nobody tells a device not to write to them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "accounts.h"

#define BASE	0x40000000UL
#define SIZE	(64UL << 20)
#define IMAGE	0x200000UL		/* in it */
#define DTB	(SIZE - 0x10000)

#define CORE_REG(field) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | \
			 KVM_REG_ARM_CORE_REG(field))

static void tick(int sig)
{
	(void)sig;
}

static int call(int fd, unsigned long cmd, void *arg, const char *what)
{
	int ret = ioctl(fd, cmd, arg);

	if (ret < 0) {
		perror(what);
		exit(1);
	}
	return ret;
}

static void load(const char *name, char *memory)
{
	static const unsigned char tree[] = { 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0x10, 0 };
	size_t n;
	FILE *f = fopen(name, "r");

	n = f ? fread(memory + IMAGE, 1, SIZE - IMAGE - 0x10000, f) : 0;
	if (!n) {
		perror(name);
		exit(1);
	}
	fclose(f);
	memcpy(memory + DTB, tree, sizeof(tree));
}

static void set(int vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	call(vcpu, KVM_SET_ONE_REG, &reg, "KVM_SET_ONE_REG");
}

int main(int argc, char **argv)
{
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { 0 };
	struct kvm_userspace_memory_region region = { .guest_phys_addr = BASE, .memory_size = SIZE };
	struct sigaction sa = { .sa_handler = tick };
	struct kvm_vcpu_init init;
	long had, left, sum = 0;
	int kvm, vm, vcpu, size;
	char *memory;
	void *run;

	if (argc != 2)
		return 2;
	kvm = open("/dev/kvm", O_RDWR);
	vm = call(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	size = call(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	load(argv[1], memory);
	region.userspace_addr = (uintptr_t)memory;
	call(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	vcpu = call(vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	call(vm, KVM_ARM_PREFERRED_TARGET, &init, "KVM_ARM_PREFERRED_TARGET");
	init.features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2;
	call(vcpu, KVM_ARM_VCPU_INIT, &init, "KVM_ARM_VCPU_INIT");
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	set(vcpu, CORE_REG(regs.pc), BASE + IMAGE);
	set(vcpu, CORE_REG(regs.regs[0]), BASE + DTB);

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	do {
		if (!ioctl(vcpu, KVM_RUN, NULL) || errno != EINTR) {
			fprintf(stderr, "closes: the VM has ended by itself\n");
			return 1;
		}
		had = private_pages();
	} while (had < 100);
	setitimer(ITIMER_REAL, &never, NULL);

	munmap(run, size);
	close(vcpu);
	close(vm);
	left = private_pages();
	for (size_t i = 0; i < SIZE; i += 64)
		sum += memory[i];
	printf("closed: had %ld, left %ld, reads %ld\n", had, left, sum);
	return had < 100 || left;
}
