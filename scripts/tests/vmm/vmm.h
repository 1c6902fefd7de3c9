/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the small VMM. */
#ifndef VMM_H
#define VMM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_CPUS	8
#define MAX_DEVICES	8

/* Where things are: not where QEMU's "virt" has them, but for the UART, which tests write to. */
#define RAM_BASE	0x80000000UL
#define GICD_BASE	0x3fff0000UL
#define GICD_SIZE	0x10000UL
#define GICR_SIZE	0x20000UL	/* of one vCPU, below the distributor */
#define GICR_BASE(cpus)	(GICD_BASE - (cpus) * GICR_SIZE)
#define UART_BASE	0x09000000UL
#define UART_SPI	1
#define VIRTIO_BASE	0x50000000UL	/* the first device's; the next ones above it */
#define VIRTIO_STEP	0x1000UL
#define VIRTIO_SPI	16
#define NR_QUEUES	8
#define ECAM_BASE	0x60000000UL
#define ECAM_BUSES	1UL
#define ECAM_SIZE	(ECAM_BUSES << 20)
#define PCI_BASE	0x61000000UL	/* a window of memory, for BARs */
#define PCI_SIZE	0x1000000UL

struct vmm {
	uint64_t size;			/* bytes of RAM */
	int cpus, ipa_bits;
	char *ram;
	int fd, gic, vcpu[MAX_CPUS];
	struct kvm_run *run[MAX_CPUS];
	pthread_t thread[MAX_CPUS];
	volatile int ended;		/* what ended it, KVM_SYSTEM_EVENT_*; -1: an error; 0: it runs */
	pthread_mutex_t lock;		/* of all devices */
};

/* Where @len bytes of the guest's memory are, or NULL: it is the guest's word. */
static inline void *ram_at(struct vmm *v, uint64_t ipa, uint64_t len)
{
	uint64_t off = ipa - RAM_BASE;

	return ipa < RAM_BASE || off > v->size || len > v->size - off ? NULL : v->ram + off;
}

/* kvm.c: these end the program with a line where KVM refuses */
void kvm_create(struct vmm *v);
void kvm_reset(struct vmm *v, uint64_t pc, uint64_t tree);
void kvm_irq(struct vmm *v, uint32_t spi, bool high);
_Noreturn void fail(const char *what);

/* tree.c: returns bytes */
size_t tree_write(const struct vmm *v, void *buf, size_t size);

/* virtio.c. Its devices work with the VMM's lock held. */
extern int virtio_devices;
void virtio_add(const char *name, const char *disk, bool pci);	/* blk, net, rng, ... */
bool virtio_on_pci(int device);
uint32_t virtio_number(int device);
void virtio_reset(void);
void virtio_access(struct vmm *v, uint64_t offset, uint32_t len, bool write, void *data);
extern unsigned long virtio_lies;	/* told so far */
void virtio_lie(uint64_t seed);		/* from now on */
void virtio_withdraw(void);		/* ACCESS_PLATFORM, from the first reset by a driver on */
void virtio_mood(int device);		/* how often it lies from now on */
uint32_t virtio_answer(int device, uint32_t truth);	/* or a lie, as often as this device tells one */

/* pci.c: the device of virtio.c in slot 1 + its index; false: no BAR is there */
void pci_reset(void);
void pci_config(struct vmm *v, uint64_t offset, uint32_t len, bool write, void *data);
bool pci_memory(struct vmm *v, uint64_t address, uint32_t len, bool write, void *data);

#endif
