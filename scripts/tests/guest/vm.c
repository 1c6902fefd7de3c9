// SPDX-License-Identifier: GPL-2.0-only
/* A VM by KVM's own interface, and nothing else of a VMM. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vm.h"

extern const char tiny_image[], tiny_image_end[];

#define CORE_REG(field) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | \
			 KVM_REG_ARM_CORE_REG(field))

static int do_ioctl(int fd, unsigned long cmd, void *arg, const char *what)
{
	int ret = ioctl(fd, cmd, arg);

	if (ret < 0) {
		fprintf(stderr, "kvmapi: %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return ret;
}

static int kvm(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror("kvmapi: /dev/kvm");
		exit(1);
	}
	return fd;
}

static void set_reg(int vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	do_ioctl(vcpu, KVM_SET_ONE_REG, &reg, "KVM_SET_ONE_REG");
}

static void gic_attr(struct vm *vm, uint32_t group, uint64_t attr, uint64_t *addr)
{
	struct kvm_device_attr a = { .group = group, .attr = attr, .addr = (uintptr_t)addr };

	do_ioctl(vm->gic, KVM_SET_DEVICE_ATTR, &a, "KVM_SET_DEVICE_ATTR");
}

static void create_gic(struct vm *vm)
{
	struct kvm_create_device dev = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	uint64_t gicd = TINY_GICD, gicr = TINY_GICR;

	do_ioctl(vm->fd, KVM_CREATE_DEVICE, &dev, "KVM_CREATE_DEVICE");
	vm->gic = (int)dev.fd;
	gic_attr(vm, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &gicd);
	gic_attr(vm, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &gicr);
	gic_attr(vm, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

static void create_vcpu(struct vm *vm, int i)
{
	struct kvm_vcpu_init init;
	int fd, size = do_ioctl(kvm(), KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");

	fd = do_ioctl(vm->fd, KVM_CREATE_VCPU, (void *)(long)i, "KVM_CREATE_VCPU");
	do_ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init, "KVM_ARM_PREFERRED_TARGET");
	init.features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2;
	do_ioctl(fd, KVM_ARM_VCPU_INIT, &init, "KVM_ARM_VCPU_INIT");
	set_reg(fd, CORE_REG(regs.pc), TINY_BASE);
	set_reg(fd, CORE_REG(regs.regs[0]), TINY_BASE + TINY_PARAMS);
	set_reg(fd, CORE_REG(regs.regs[1]), (uint64_t)i);
	set_reg(fd, CORE_REG(regs.regs[2]), TINY_BASE + TINY_STACKS + 4096 * (i + 1UL));
	vm->vcpu[i] = fd;
	vm->run[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (vm->run[i] == MAP_FAILED) {
		perror("kvmapi: mmap of a vCPU");
		exit(1);
	}
}

void vm_create(struct vm *vm, const struct vm_options *o)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = TINY_BASE, .memory_size = o->size,
	};
	int i;

	*vm = (struct vm){ .gic = -1, .vcpus = o->vcpus, .size = o->size };
	vm->memory = mmap(NULL, o->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (vm->memory == MAP_FAILED) {
		perror("kvmapi: guest memory");
		exit(1);
	}
	/* One fault is to be one page. */
	madvise(vm->memory, o->size, MADV_NOHUGEPAGE);
	if (o->populate)
		memset(vm->memory, 0, o->size);
	memcpy(vm->memory, tiny_image, tiny_image_end - tiny_image);
	vm->params = (void *)(vm->memory + TINY_PARAMS);
	vm->fd = do_ioctl(kvm(), KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	region.userspace_addr = (uintptr_t)vm->memory;
	do_ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	for (i = 0; i < o->vcpus; i++)
		create_vcpu(vm, i);
	if (o->gic)
		create_gic(vm);
}

void vm_destroy(struct vm *vm)
{
	int i, size = do_ioctl(kvm(), KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");

	for (i = 0; i < vm->vcpus; i++) {
		munmap(vm->run[i], size);
		close(vm->vcpu[i]);
	}
	if (vm->gic >= 0)
		close(vm->gic);
	close(vm->fd);
	munmap(vm->memory, vm->size);
}

bool vm_run(struct vm *vm, int cpu)
{
	struct kvm_run *run = vm->run[cpu];

	for (;;) {
		if (ioctl(vm->vcpu[cpu], KVM_RUN, NULL) < 0) {
			if (errno == EINTR)
				return false;
			perror("kvmapi: KVM_RUN");
			return false;
		}
		switch (run->exit_reason) {
		case KVM_EXIT_MMIO:
			if (run->mmio.is_write && run->mmio.phys_addr == TINY_DONE)
				return *(uint32_t *)run->mmio.data == 0;
			if (vm->at_mmio && run->mmio.phys_addr == TINY_MMIO)
				vm->at_mmio(vm);
			if (!run->mmio.is_write)
				memset(run->mmio.data, 0, sizeof(run->mmio.data));
			break;
		case KVM_EXIT_SYSTEM_EVENT:
			vm->off = run->system_event.type == KVM_SYSTEM_EVENT_SHUTDOWN;
			return vm->off;
		default:
			fprintf(stderr, "kvmapi: unexpected exit %u\n", run->exit_reason);
			return false;
		}
	}
}
