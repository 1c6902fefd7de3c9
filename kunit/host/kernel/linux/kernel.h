/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The little of Linux that the parts of hypsec-mod/ need which run on the workstation.
 * pr_err() goes to the test.
 */
#ifndef FAKE_LINUX_KERNEL_H
#define FAKE_LINUX_KERNEL_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

void fake_pr_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define pr_err(fmt, ...) fake_pr_err(pr_fmt(fmt), __VA_ARGS__)

/* lib/hexdump.c: two digits a byte, either case */
static inline int hex2bin(u8 *dst, const char *src, size_t count)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	for (; count--; src += 2) {
		const char *hi = src[0] ? strchr(digits, src[0]) : NULL;
		const char *lo = hi && src[1] ? strchr(digits, src[1]) : NULL;

		if (!lo)
			return -EINVAL;
		*dst++ = (u8)((hi - digits) % 16 << 4 | (lo - digits) % 16);
	}
	return 0;
}

/* lib/kstrtox.c: a "+" in front and a newline behind are allowed there too */
static inline int kstrtou64(const char *s, unsigned int base, u64 *res)
{
	char *end;

	if (*s == '+')
		s++;
	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	*res = strtoull(s, &end, (int)base);
	if (*end == '\n')
		end++;
	return errno ? -errno : *end ? -EINVAL : 0;
}

#endif
