// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmapi: VMs by the raw KVM interface, for tests and counts. See README.
 *
 *   kvmapi vms [-n VMS] [-j AT-ONCE] [-c VCPUS] [-m MIB] [-r ROUNDS] [-x mmio|hvc|check] [-g]
 *   kvmapi hold [-m MIB]		waits for a line on its standard input in between
 *   kvmapi count [-i ITERATIONS]
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm.h"

#define MIB	(1UL << 20)

struct run { struct vm *vm; int cpu; bool good; sem_t *ended; };

static void kicked(int sig)
{
}

static void *run_thread(void *arg)
{
	struct run *r = arg;

	r->good = vm_run(r->vm, r->cpu);
	sem_post(r->ended);
	return NULL;
}

/* Ends KVM_RUN now or at its next start. */
static void kick(struct vm *vm, int cpu, pthread_t thread)
{
	vm->run[cpu]->immediate_exit = 1;
	pthread_kill(thread, SIGUSR1);
}

/*
 * Every vCPU to its first exit. Once one has powered the VM off, KVM keeps the
 * others asleep, and it is for the VMM to end them.
 */
static bool run_all(struct vm *vm)
{
	struct run r[TINY_MAX_VCPUS];
	pthread_t t[TINY_MAX_VCPUS];
	bool good = true;
	sem_t ended;
	int i, j;

	sem_init(&ended, 0, 0);
	for (i = 0; i < vm->vcpus; i++) {
		r[i] = (struct run){ .vm = vm, .cpu = i, .ended = &ended };
		if (pthread_create(&t[i], NULL, run_thread, &r[i]))
			return false;
	}
	for (i = 0; i < vm->vcpus; i++) {
		while (sem_wait(&ended))
			;
		for (j = 0; vm->off && j < vm->vcpus; j++)
			kick(vm, j, t[j]);
	}
	for (i = 0; i < vm->vcpus; i++) {
		pthread_join(t[i], NULL);
		good &= r[i].good || vm->off;
	}
	sem_destroy(&ended);
	return good;
}

struct plan {
	long vms, at_once, rounds;
	enum tiny_op op;
	struct vm_options o;
};

/* Does @vms VMs one after the other; returns how many went as they should. */
static long do_vms(const struct plan *p, long vms, uint64_t seed)
{
	long i, good = 0;
	struct vm vm;

	for (i = 0; i < vms; i++) {
		vm_create(&vm, &p->o);
		vm.params->op = p->op;
		vm.params->vcpus = (uint64_t)p->o.vcpus;
		vm.params->count = (uint64_t)p->rounds;
		vm.params->area = p->o.size - TINY_AREA;
		vm.params->seed = seed + (uint64_t)i * 7919;
		if (run_all(&vm) && !vm.params->bad)
			good++;
		else
			fprintf(stderr, "kvmapi: VM %ld failed, bad word at 0x%lx\n", i,
				vm.params->bad);
		vm_destroy(&vm);
	}
	return good;
}

static int cmd_vms(const struct plan *p)
{
	long i, share, good = 0, each;
	int out[2];
	pid_t pid;

	if (pipe(out))
		return 1;
	for (i = 0; i < p->at_once; i++) {
		share = p->vms / p->at_once + (i < p->vms % p->at_once);
		pid = fork();
		if (pid < 0)
			return 1;
		if (pid)
			continue;
		each = do_vms(p, share, 1000003UL * (uint64_t)(i + 1));
		if (write(out[1], &each, sizeof(each)) != sizeof(each))
			_exit(1);
		_exit(0);
	}
	close(out[1]);
	while (read(out[0], &each, sizeof(each)) == sizeof(each))
		good += each;
	while (wait(NULL) > 0)
		;
	printf("kvmapi: vms=%ld good=%ld\n", p->vms, good);
	return good == p->vms ? 0 : 1;
}

#define HOLD_WORD	0x0123456789abcdefUL
#define HOLD_TICKS	(1UL << 40)	/* no exit takes hours: the counter was moved, or went back */

static void wait_for_line(struct vm *vm)
{
	char line[16];

	printf("kvmapi: ready pid=%d ipa=0x%lx near=0x%lx\n", getpid(), vm->params->address,
	       TINY_BASE + TINY_PARAMS);
	if (!fgets(line, sizeof(line), stdin))
		fprintf(stderr, "kvmapi: nobody to wait for\n");
}

/*
 * The page that is read at the end was not touched before, and is in the same
 * table as the parameters' page, which was.
 */
static int cmd_hold(const struct plan *p)
{
	struct vm vm;
	bool good;

	vm_create(&vm, &p->o);
	vm.at_mmio = wait_for_line;
	vm.params->op = TINY_HOLD;
	vm.params->count = 1;
	vm.params->vcpus = 1;
	vm.params->area = p->o.size - TINY_AREA;
	vm.params->seed = 42;
	vm.params->address = TINY_BASE + TINY_AREA - 4096;
	*(uint64_t *)(vm.memory + TINY_AREA - 4096) = HOLD_WORD;
	good = vm_run(&vm, 0);
	printf("kvmapi: hold end=%s el=%ld memory=%s value=%s time=%s value_is=0x%lx\n",
	       good ? "good" : "bad", (long)vm.params->el - 1, vm.params->bad ? "bad" : "good",
	       vm.params->value == HOLD_WORD ? "own" : vm.params->value ? "foreign" : "none",
	       vm.params->longest < HOLD_TICKS ? "steady" : "jumped",
	       vm.params->value);
	vm_destroy(&vm);
	return good ? 0 : 1;
}

static uint64_t counter(void)
{
	uint64_t v;

	asm volatile("isb; mrs %0, cntvct_el0" : "=r" (v) : : "memory");
	return v;
}

static uint64_t frequency(void)
{
	uint64_t v;

	asm("mrs %0, cntfrq_el0" : "=r" (v));
	return v;
}

/* Under -icount shift=0 one nanosecond is one instruction. */
static double instructions(uint64_t ticks, uint64_t count)
{
	return (double)ticks * 1e9 / (double)frequency() / (double)count;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % (int)sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *ipi_receiver(void *vm)
{
	pin(1);
	vm_run(vm, 1);
	return NULL;
}

static bool count_op(const char *name, enum tiny_op op, uint64_t count)
{
	struct vm_options o = {
		.vcpus = op == TINY_IPI ? 2 : 1,
		.size = TINY_AREA + (op == TINY_FAULT ? count * 4096 : 4096),
		.gic = true,
		.populate = true,
	};
	pthread_t receiver;
	struct vm vm;
	bool good;

	o.size = (o.size + MIB - 1) / MIB * MIB;
	vm_create(&vm, &o);
	vm.params->op = op;
	vm.params->count = count;
	if (op == TINY_IPI && pthread_create(&receiver, NULL, ipi_receiver, &vm))
		return false;
	good = vm_run(&vm, 0) && vm.params->ticks;
	if (op == TINY_IPI) {
		kick(&vm, 1, receiver);
		pthread_join(receiver, NULL);
	}
	if (good)
		printf("count: %s %.1f\n", name, instructions(vm.params->ticks, count));
	else
		printf("count: %s failed\n", name);
	vm_destroy(&vm);
	return good;
}

/* Create, run to the first exit, destroy. */
static bool count_vm(uint64_t count)
{
	struct vm_options o = { .vcpus = 1, .size = 4 * MIB, .gic = true };
	struct plan p = { .op = TINY_FIRST_EXIT, .o = o };
	uint64_t start;

	if (do_vms(&p, 1, 0) != 1)
		return false;
	start = counter();
	if (do_vms(&p, (long)count, 0) != (long)count)
		return false;
	printf("count: vm_create_run_destroy %.1f\n", instructions(counter() - start, count));
	return true;
}

static int cmd_count(uint64_t n)
{
	static const struct { const char *name; enum tiny_op op; } ops[] = {
		{ "nothing", TINY_NOTHING },
		{ "hypercall", TINY_HVC },
		{ "mmio_kernel_load", TINY_MMIO_KERNEL },
		{ "mmio_user_store", TINY_MMIO_USER },
		{ "mmio_user_load", TINY_MMIO_USER_LOAD },
		{ "stage2_fault", TINY_FAULT },
		{ "timer_virt_read", TINY_TIMER_VIRT },
		{ "timer_phys_read", TINY_TIMER_PHYS },
		{ "id_register_read", TINY_SYSREG },
		{ "ipi", TINY_IPI },
	};
	bool good = true;
	size_t i;

	pin(0);
	for (i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		good &= count_op(ops[i].name, ops[i].op, n);
	good &= count_vm(10);
	return good ? 0 : 1;
}

static int usage(void)
{
	fprintf(stderr, "usage: kvmapi vms [-n VMS] [-j AT-ONCE] [-c VCPUS] [-m MIB] [-r ROUNDS] "
		"[-x mmio|hvc|check] [-g]\n       kvmapi hold [-m MIB]\n       kvmapi count [-i ITERATIONS]\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct plan p = {
		.vms = 1, .at_once = 1, .rounds = 1, .op = TINY_FIRST_EXIT,
		.o = { .vcpus = 1, .size = 4 * MIB },
	};
	struct sigaction sa = { .sa_handler = kicked };
	uint64_t iterations = 1000;
	int opt;

	sigaction(SIGUSR1, &sa, NULL);

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((opt = getopt(argc, argv, "n:j:c:m:r:x:gi:")) != -1) {
		switch (opt) {
		case 'n':
			p.vms = atol(optarg);
			break;
		case 'j':
			p.at_once = atol(optarg);
			break;
		case 'c':
			p.o.vcpus = atoi(optarg);
			break;
		case 'm':
			p.o.size = strtoul(optarg, NULL, 0) * MIB;
			break;
		case 'r':
			p.rounds = atol(optarg);
			break;
		case 'g':
			p.o.gic = true;
			break;
		case 'i':
			iterations = strtoul(optarg, NULL, 0);
			break;
		case 'x':
			p.op = !strcmp(optarg, "hvc") ? TINY_HVC_EXIT :
			       !strcmp(optarg, "check") ? TINY_CHECK : TINY_FIRST_EXIT;
			break;
		default:
			return usage();
		}
	}
	if (p.vms < 1 || p.at_once < 1 || p.rounds < 1 || !iterations || p.o.vcpus < 1 ||
	    p.o.vcpus > TINY_MAX_VCPUS || p.o.size < 4 * MIB)
		return usage();
	if (optind == argc - 1 && !strcmp(argv[optind], "vms"))
		return cmd_vms(&p);
	if (optind == argc - 1 && !strcmp(argv[optind], "hold"))
		return cmd_hold(&p);
	if (optind == argc - 1 && !strcmp(argv[optind], "count"))
		return cmd_count(iterations);
	return usage();
}
