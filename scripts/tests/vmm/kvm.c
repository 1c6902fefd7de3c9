// SPDX-License-Identifier: GPL-2.0-only
/* A VM by KVM's own interface: memory, vCPUs by PSCI, a GICv3. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "vmm.h"

#define CORE_REG(field) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | \
			 KVM_REG_ARM_CORE_REG(field))

_Noreturn void fail(const char *what)
{
	fprintf(stderr, "vmm: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int do_ioctl(int fd, unsigned long cmd, void *arg, const char *what)
{
	int ret = ioctl(fd, cmd, arg);

	if (ret < 0)
		fail(what);
	return ret;
}

static void set_reg(int vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	do_ioctl(vcpu, KVM_SET_ONE_REG, &reg, "KVM_SET_ONE_REG");
}

static void gic_attr(struct vmm *v, uint32_t group, uint64_t attr, void *p)
{
	struct kvm_device_attr a = { .group = group, .attr = attr, .addr = (uintptr_t)p };

	do_ioctl(v->gic, KVM_SET_DEVICE_ATTR, &a, "KVM_SET_DEVICE_ATTR");
}

static void create_gic(struct vmm *v)
{
	struct kvm_create_device dev = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	uint64_t gicd = GICD_BASE, gicr = GICR_BASE((uint64_t)v->cpus);
	uint32_t irqs = 96;

	do_ioctl(v->fd, KVM_CREATE_DEVICE, &dev, "KVM_CREATE_DEVICE");
	v->gic = (int)dev.fd;
	gic_attr(v, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &gicd);
	gic_attr(v, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &gicr);
	gic_attr(v, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &irqs);
	gic_attr(v, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

/* As many bits of address as KVM gives a guest here, up to 48. */
void kvm_create(struct vmm *v)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = RAM_BASE, .memory_size = v->size,
		.userspace_addr = (uintptr_t)v->ram,
	};
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), size, i;

	if (kvm < 0)
		fail("/dev/kvm");
	v->ipa_bits = do_ioctl(kvm, KVM_CHECK_EXTENSION, (void *)KVM_CAP_ARM_VM_IPA_SIZE, "IPA size");
	if (v->ipa_bits > 48)
		v->ipa_bits = 48;
	v->fd = do_ioctl(kvm, KVM_CREATE_VM, (void *)KVM_VM_TYPE_ARM_IPA_SIZE((long)v->ipa_bits),
			 "KVM_CREATE_VM");
	do_ioctl(v->fd, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	size = do_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	for (i = 0; i < v->cpus; i++) {
		v->vcpu[i] = do_ioctl(v->fd, KVM_CREATE_VCPU, (void *)(long)i, "KVM_CREATE_VCPU");
		v->run[i] = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED,
				 v->vcpu[i], 0);
		if (v->run[i] == MAP_FAILED)
			fail("mmap of a vCPU");
	}
	create_gic(v);
}

/* Also the first time: the first vCPU enters an image, the others wait for PSCI. */
void kvm_reset(struct vmm *v, uint64_t pc, uint64_t tree)
{
	struct kvm_vcpu_init init;
	int i;

	do_ioctl(v->fd, KVM_ARM_PREFERRED_TARGET, &init, "KVM_ARM_PREFERRED_TARGET");
	for (i = 0; i < v->cpus; i++) {
		init.features[0] = 1U << KVM_ARM_VCPU_PSCI_0_2;
		if (i)
			init.features[0] |= 1U << KVM_ARM_VCPU_POWER_OFF;
		do_ioctl(v->vcpu[i], KVM_ARM_VCPU_INIT, &init, "KVM_ARM_VCPU_INIT");
		v->run[i]->immediate_exit = 0;
	}
	set_reg(v->vcpu[0], CORE_REG(regs.pc), pc);
	set_reg(v->vcpu[0], CORE_REG(regs.regs[0]), tree);
}

void kvm_irq(struct vmm *v, uint32_t spi, bool high)
{
	struct kvm_irq_level irq = {
		.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | (32 + spi), .level = high,
	};

	do_ioctl(v->fd, KVM_IRQ_LINE, &irq, "KVM_IRQ_LINE");
}
