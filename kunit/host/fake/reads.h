/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts what a source file reads of the host's memory. The compiler is asked to
 * announce every access (-fsanitize=thread), and reads.c is who it is announced to.
 */
#ifndef HYPSEC_FAKE_READS_H
#define HYPSEC_FAKE_READS_H

extern unsigned int slot_reads;		/* in a window of a slot, of any size */

/* The interface, of gcc and of clang. */
void __tsan_init(void);
void __tsan_func_entry(void *p);
void __tsan_func_exit(void *p);
void __tsan_write1(void *p);
void __tsan_write2(void *p);
void __tsan_write4(void *p);
void __tsan_write8(void *p);
void __tsan_write16(void *p);
void __tsan_read1(void *p);
void __tsan_read2(void *p);
void __tsan_read4(void *p);
void __tsan_read8(void *p);
void __tsan_read16(void *p);
void __tsan_write_range(void *p, long n);
void __tsan_read_range(void *p, long n);
bool __tsan_atomic64_compare_exchange_strong(volatile void *p, void *old, unsigned long new,
					     int order, int failed);

#endif
