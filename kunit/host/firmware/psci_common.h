/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of the host's SMCs: a firmware that can do what the emulator's cannot. Every
 * SMC that leaves the core is recorded.
 */
#ifndef HYPSEC_PSCI_COMMON_H
#define HYPSEC_PSCI_COMMON_H

#include "test.h"
#include "base/check.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"
#include "vcpu/vcpu.h"
#include "pvm/pvm.h"
#include "base/log.h"
#include "base/psci.h"
#include "firmware/firmware.h"

#define RET(v)		((u64)(s64)(v))
#define NR_CPUS		3
#define FFA_VERSION	0x84000063U
#define FFA_MEM_SHARE	0x84000073U
#define FFA_MEM_SHARE64	0xc4000073U
#define SDEI_REGISTER	0xc4000021U

static struct percpu cpus[NR_CPUS];
u32 nr_cpus = NR_CPUS;
static const char cpu_entry[4];

static struct {
	u64 x[4];
} calls[16];
static int nr_calls;
static struct smc_res answer;		/* of the fake firmware */
static void (*during)(void);		/* what happens elsewhere while it serves */
bool core_broken;
static bool closed;			/* VM_PROTECT is refused */
static int scrubbed_before;		/* SMCs seen when memory was scrubbed, -1: not */
static int log_lines;
static jmp_buf off;
static bool off_armed;
static struct percpu in_memory[NR_CPUS];	/* behind the caches */

struct percpu *cpu_by_id(u32 id)
{
	return id < nr_cpus ? &cpus[id] : NULL;
}

struct smc_res smc_call(u64 x0, u64 x1, u64 x2, u64 x3)
{
	/* A CPU that comes up finds what is in memory. */
	for (int i = 0; i < NR_CPUS; i++) {
		if (x2 == (u64)&cpus[i] || x3 == (u64)&cpus[i])
			assert_memory_equal(&in_memory[i], &cpus[i], sizeof(cpus[i]));
	}
	assert_true(nr_calls < 16);
	memcpy(calls[nr_calls++].x, ((u64[]){ x0, x1, x2, x3 }), 32);
	if (off_armed && x0 == PSCI_CPU_OFF)
		longjmp(off, 1);
	if (during)
		during();
	return answer;
}

void scrub_private(void)
{
	scrubbed_before = nr_calls;
	closed = true;
}

void vm_reopen(void)
{
	closed = false;
}

void dcache_clean_inval_poc(const void *va, size_t n)
{
	const u8 *p = va;

	for (u8 *base = (u8 *)cpus; n; n--, p++) {
		assert_true(p >= base && p < base + sizeof(cpus));
		((u8 *)in_memory)[p - base] = *p;
	}
}

void hlog(const char *fmt, ...)
{
	(void)fmt;
	log_lines++;
}

static inline int reset(void **state)
{
	u32 i;

	(void)state;
	memset(cpus, 0, sizeof(cpus));
	for (i = 0; i < NR_CPUS; i++) {
		cpus[i].id = i;
		cpus[i].mpidr = 0x80000000UL | (u64)i << 8;	/* RES1 bit 31, Aff1 = i */
	}
	memset(calls, 0, sizeof(calls));
	nr_calls = 0;
	answer = (struct smc_res){ 0, 0x11, 0x22, 0x33 };
	during = NULL;
	scrubbed_before = -1;
	log_lines = 0;
	off_armed = false;
	psci_init(PA((u64)cpu_entry));
	nr_calls = 0;
	psci_mem_protect = false;
	return 0;
}

/* An SMC of the host on CPU 0 with recognisable values in all other registers. */
static inline u64 smc(u64 x0, u64 x1, u64 x2, u64 x3)
{
	u64 *x = cpus[0].host.x;
	int i;

	for (i = 0; i < 31; i++)
		x[i] = 0xabcd0000 + i;
	x[0] = x0;
	x[1] = x1;
	x[2] = x2;
	x[3] = x3;
	host_smc(&cpus[0]);
	for (i = 4; i < 31; i++)
		assert_int_equal(x[i], 0xabcd0000 + i);
	return x[0];
}

static inline void assert_call(int n, u64 x0, u64 x1, u64 x2, u64 x3)
{
	assert_true(n < nr_calls);
	assert_int_equal(calls[n].x[0], x0);
	assert_int_equal(calls[n].x[1], x1);
	assert_int_equal(calls[n].x[2], x2);
	assert_int_equal(calls[n].x[3], x3);
}

#define ENTRY		((u64)cpu_entry)
#define ENTRY_ARG(i)	((u64)&cpus[i])


#endif
