// SPDX-License-Identifier: GPL-2.0-only
/* The core's log: a ring of lines, drained by the host, and a debug UART. */
#include <stdarg.h>
#include "base/core.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/log.h"

#define RING_SIZE	16384		/* power of two */
#define LINE_MAX	160

/* Bytes [tail, head) are unread; both only grow. Protected by log_lock. */
static char ring[RING_SIZE];
static u64 ring_head, ring_tail;
static u64 lines_lost;
static struct spinlock log_lock = SPINLOCK(RANK_LOG);

struct line {
	char buf[LINE_MAX];
	size_t len;
};

static void put(struct line *l, char c)
{
	/* The last byte is kept for the newline. */
	if (l->len < LINE_MAX - 1)
		l->buf[l->len++] = c;
}

static void put_string(struct line *l, const char *s)
{
	while (*s)
		put(l, *s++);
}

static void put_number(struct line *l, u64 v, unsigned int base)
{
	char digits[20];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n)
		put(l, digits[--n]);
}

static void format(struct line *l, const char *fmt, va_list ap)
{
	for (; *fmt; fmt++) {
		bool wide = false;

		if (*fmt != '%') {
			put(l, *fmt);
			continue;
		}
		fmt++;
		if (*fmt == 'l') {
			wide = true;
			fmt++;
		}
		switch (*fmt) {
		case 's':
			put_string(l, va_arg(ap, const char *));
			break;
		case 'd': {
			s64 v = wide ? va_arg(ap, s64) : va_arg(ap, s32);

			if (v < 0)
				put(l, '-');
			put_number(l, v < 0 ? -(u64)v : (u64)v, 10);
			break;
		}
		case 'u':
			put_number(l, wide ? va_arg(ap, u64) : va_arg(ap, u32), 10);
			break;
		case 'x':
			put_number(l, wide ? va_arg(ap, u64) : va_arg(ap, u32), 16);
			break;
		case '\0':
			return;
		default:
			put(l, *fmt);
		}
	}
}

static void append(const char *s, size_t n)
{
	while (RING_SIZE - (ring_head - ring_tail) < n) {
		while (ring[ring_tail++ % RING_SIZE] != '\n')
			;
		lines_lost++;
	}
	while (n--)
		ring[ring_head++ % RING_SIZE] = *s++;
}

void hlog(const char *fmt, ...)
{
	struct line l = { .len = 0 };
	va_list ap;

	va_start(ap, fmt);
	format(&l, fmt, ap);
	va_end(ap);
	l.buf[l.len++] = '\n';

	spin_lock(&log_lock);
	append(l.buf, l.len);
	uart_write(l.buf, l.len);
	spin_unlock(&log_lock);
}

bool log_usable(void)
{
	return !(this_cpu()->ranks_held & BIT(RANK_LOG));
}

size_t log_read(void *dst, size_t n)
{
	char *d = dst;
	size_t done = 0;

	spin_lock(&log_lock);
	if (lines_lost) {
		struct line l = { .len = 0 };

		put_number(&l, lines_lost, 10);
		put_string(&l, " lines lost\n");
		if (l.len <= n) {
			memcpy(d, l.buf, l.len);
			done = l.len;
			lines_lost = 0;
		}
	}
	for (; done < n && ring_tail != ring_head; ring_tail++)
		d[done++] = ring[ring_tail % RING_SIZE];
	spin_unlock(&log_lock);
	return done;
}
