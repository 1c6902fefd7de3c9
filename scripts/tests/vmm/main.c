// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm [-m MIB] [-c VCPUS] [-1] [-b] [-d|-p DEVICE[:DISK]]... [-s TEXT] [-x SEED] IMAGE
 *
 * A VMM that is not QEMU: RAM at 2 GiB, as many bits of address as there are, virtio-mmio, or virtio
 * on a PCIe bus (-p). README.
 * Its guest's UART is its output. Status 0: the guest switched itself off; 3 with -1: it was reset.
 * At SIGUSR1 it looks for TEXT in all of its guest's memory, from SIGUSR2 on its devices lie.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm.h"

#define MIB		(1UL << 20)
#define TREE_MAX	(2 * MIB)	/* the last of RAM */
#define PAGE		4096UL
#define UART_TX		(1U << 5)

static struct vmm vmm = { .size = 256 * MIB, .cpus = 1, .lock = PTHREAD_MUTEX_INITIALIZER };
static const char *text;
static uint64_t seed = 1;

/* A PL011 that has always sent what it was given, and receives nothing. */
static void uart(struct vmm *v, uint64_t offset, bool write, uint8_t *data)
{
	static const uint8_t ids[] = { 0x11, 0x10, 0x14, 0, 0x0d, 0xf0, 0x05, 0xb1 };
	static uint32_t raw, mask;
	uint32_t value = 0;

	if (write) {
		memcpy(&value, data, 4);
		switch (offset) {
		case 0x00:
			putchar((int)(value & 0xff));
			if ((value & 0xff) == '\n')
				fflush(stdout);
			raw |= UART_TX;
			break;
		case 0x38:
			mask = value;
			break;
		case 0x44:
			raw &= ~value;
			break;
		}
		kvm_irq(v, UART_SPI, raw & mask);
		return;
	}
	if (offset == 0x18)
		value = 0x90;		/* nothing to send, nothing received */
	else if (offset == 0x38)
		value = mask;
	else if (offset == 0x3c)
		value = raw;
	else if (offset == 0x40)
		value = raw & mask;
	else if (offset >= 0xfe0)
		value = ids[(offset - 0xfe0) / 4];
	memcpy(data, &value, 4);
}

static void mmio(struct vmm *v, uint64_t at, uint32_t len, bool write, uint8_t *data)
{
	pthread_mutex_lock(&v->lock);
	if (at - UART_BASE < 0x1000)
		uart(v, at - UART_BASE, write, data);
	else if (at - VIRTIO_BASE < MAX_DEVICES * VIRTIO_STEP)
		virtio_access(v, at - VIRTIO_BASE, len, write, data);
	else if (at - ECAM_BASE < ECAM_SIZE)
		pci_config(v, at - ECAM_BASE, len, write, data);
	else if (at - PCI_BASE < PCI_SIZE && pci_memory(v, at, len, write, data))
		;
	else if (!write)
		memset(data, 0, 8);
	pthread_mutex_unlock(&v->lock);
}

/* Until the VM ends: by what a vCPU does, or because another one ended it. */
static void *run_vcpu(void *arg)
{
	int cpu = (int)(long)arg, ended = 0;
	struct kvm_run *run = vmm.run[cpu];

	while (!vmm.ended && !ended) {
		if (ioctl(vmm.vcpu[cpu], KVM_RUN, NULL) < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			perror("vmm: KVM_RUN");
			ended = -1;
		} else if (run->exit_reason == KVM_EXIT_MMIO) {
			mmio(&vmm, run->mmio.phys_addr, run->mmio.len, run->mmio.is_write, run->mmio.data);
		} else if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT) {
			ended = (int)run->system_event.type;
		} else if (run->exit_reason != KVM_EXIT_INTR) {
			fprintf(stderr, "vmm: exit %u\n", run->exit_reason);
			ended = -1;
		}
	}
	if (ended && !vmm.ended)
		vmm.ended = ended;
	kill(getpid(), SIGCHLD);	/* main() waits for it */
	return NULL;
}

/* All of the guest's memory as this process sees it. Pages of zeros are not counted. */
static void search(void)
{
	unsigned long pages = 0, found = 0;

	for (uint64_t at = 0; text && at < vmm.size; at += PAGE) {
		const uint64_t *p = (void *)(vmm.ram + at);
		size_t i = 0;

		while (i < PAGE / 8 && !p[i])
			i++;
		pages += i < PAGE / 8;
		found += i < PAGE / 8 && memmem(p, PAGE, text, strlen(text));
	}
	printf("\nvmm: %lu pages, %lu with it, %lu lies\n", pages, found, virtio_lies);
	fflush(stdout);
}

static uint64_t load(const char *name)
{
	int fd = open(name, O_RDONLY);
	struct stat st;
	uint64_t tree = RAM_BASE + vmm.size - TREE_MAX;

	if (fd < 0 || fstat(fd, &st) || st.st_size < 64 || (uint64_t)st.st_size > vmm.size - TREE_MAX ||
	    read(fd, vmm.ram, (size_t)st.st_size) != st.st_size)
		fail(name);
	close(fd);
	tree_write(&vmm, ram_at(&vmm, tree, TREE_MAX), TREE_MAX);
	return tree;
}

/* Runs it until it ends; serves signals meanwhile. */
static void run(sigset_t *signals)
{
	int sig;

	vmm.ended = 0;
	for (long i = 0; i < vmm.cpus; i++)
		if (pthread_create(&vmm.thread[i], NULL, run_vcpu, (void *)i))
			fail("a thread");
	while (!vmm.ended && !sigwait(signals, &sig)) {
		if (sig == SIGUSR1)
			search();
		if (sig == SIGUSR2) {
			pthread_mutex_lock(&vmm.lock);
			virtio_lie(seed);
			pthread_mutex_unlock(&vmm.lock);
		}
	}
	for (int i = 0; i < vmm.cpus; i++) {
		vmm.run[i]->immediate_exit = 1;
		pthread_kill(vmm.thread[i], SIGALRM);
	}
	for (int i = 0; i < vmm.cpus; i++)
		pthread_join(vmm.thread[i], NULL);
	/* KVM runs it no more, which may be before it was asked for. */
	if (vmm.ended < 0)
		search();
	fflush(stdout);
}

static void kicked(int sig)
{
}

static int usage(void)
{
	fprintf(stderr, "usage: vmm [-m MIB] [-c VCPUS] [-1] [-b] [-d|-p DEVICE[:DISK]]... [-s TEXT] [-x SEED] IMAGE\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = kicked };
	sigset_t signals;
	bool once = false;
	char *disk;
	int opt;

	while ((opt = getopt(argc, argv, "m:c:1bd:p:s:x:")) != -1) {
		switch (opt) {
		case 'm':
			vmm.size = strtoul(optarg, NULL, 0) * MIB;
			break;
		case 'c':
			vmm.cpus = atoi(optarg);
			break;
		case '1':
			once = true;
			break;
		case 'b':
			virtio_withdraw();
			break;
		case 'd':
		case 'p':
			disk = strchr(optarg, ':');
			if (disk)
				*disk++ = 0;
			virtio_add(optarg, disk, opt == 'p');
			break;
		case 's':
			text = optarg;
			break;
		case 'x':
			seed = strtoul(optarg, NULL, 0);
			break;
		default:
			return usage();
		}
	}
	if (optind != argc - 1 || vmm.cpus < 1 || vmm.cpus > MAX_CPUS || vmm.size < 8 * MIB ||
	    vmm.size > 2048 * MIB)
		return usage();
	sigaction(SIGALRM, &sa, NULL);
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	sigaddset(&signals, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	vmm.ram = mmap(NULL, vmm.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);
	if (vmm.ram == MAP_FAILED)
		fail("the guest's memory");
	kvm_create(&vmm);
	fprintf(stderr, "vmm: RAM at %lx, %d bits of address\n", RAM_BASE, vmm.ipa_bits);
	for (;;) {
		uint64_t tree = load(argv[optind]);

		/* What is to be found is, where nothing is protected yet. */
		search();
		virtio_reset();
		pci_reset();
		kvm_reset(&vmm, RAM_BASE, tree);
		run(&signals);
		if (vmm.ended == KVM_SYSTEM_EVENT_SHUTDOWN)
			return 0;
		if (vmm.ended != KVM_SYSTEM_EVENT_RESET)
			return 1;
		if (once)
			return 3;
	}
}
