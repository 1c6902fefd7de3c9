/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPSEC_LOG_H
#define HYPSEC_LOG_H

#include "base/types.h"

/**
 * hlog() - one line into the core's log
 * @fmt: printf subset: %s %d %u %x %lx %lu %%
 *
 * The ring is drained by the host (HYPSEC_LOG), so nothing secret may be
 * printed. Never blocks: the oldest line is lost first and the loss counted.
 * In debug builds the line also goes to the EL2 serial port.
 * Context: any; takes RANK_LOG.
 */
void hlog(const char *fmt, ...) __printf(1, 2);

/* Copies up to @n bytes of unread log to @dst, returns how many. */
size_t log_read(void *dst, size_t n);

/* True where hlog() cannot deadlock on this CPU: for core_panic(). */
bool log_usable(void);

/* Debug builds: the log on a PL011 that the host shares (uart.c). @va: mapped by the caller. */
#ifdef HYPSEC_DEBUG
#define HAS_UART	true
void uart_init(u64 va);
void uart_write(const char *s, size_t n);
#else
#define HAS_UART	false
#define uart_init(va)	((void)(va))
#define uart_write(s, n)	((void)(s), (void)(n))
#endif

#endif
