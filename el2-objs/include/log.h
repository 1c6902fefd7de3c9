/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPSEC_LOG_H
#define HYPSEC_LOG_H

#include "types.h"

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

#endif
