// SPDX-License-Identifier: GPL-2.0-only
/* What the compiler calls before each access: see reads.h. */
#include "machine.h"
#include "reads.h"

unsigned int slot_reads;

static void read_of(const void *va)
{
	slot_reads += in_window(va);
}

void __tsan_init(void)
{
}

void __tsan_read1(void *p)
{
	read_of(p);
}

void __tsan_read2(void *p)
{
	read_of(p);
}

void __tsan_read4(void *p)
{
	read_of(p);
}

void __tsan_read8(void *p)
{
	read_of(p);
}

void __tsan_read16(void *p)
{
	read_of(p);
}

void __tsan_func_entry(void *p)
{
	(void)p;
}

void __tsan_func_exit(void *p)
{
	(void)p;
}

void __tsan_write1(void *p)
{
	(void)p;
}

void __tsan_write2(void *p)
{
	(void)p;
}

void __tsan_write4(void *p)
{
	(void)p;
}

void __tsan_write8(void *p)
{
	(void)p;
}

void __tsan_write16(void *p)
{
	(void)p;
}

void __tsan_read_range(void *p, long n)
{
	(void)n;
	read_of(p);
}

void __tsan_write_range(void *p, long n)
{
	(void)p;
	(void)n;
}

bool __tsan_atomic64_compare_exchange_strong(volatile void *p, void *old, unsigned long new,
					     int order, int failed)
{
	(void)order;
	(void)failed;
	read_of((const void *)p);
	return __atomic_compare_exchange_n((volatile u64 *)p, (u64 *)old, new, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
