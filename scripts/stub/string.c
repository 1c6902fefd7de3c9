// SPDX-License-Identifier: GPL-2.0-only
/* What libfdt and the compiler ask of a C library; bytes only, Device memory. */
#include <stddef.h>
#include <string.h>

void *memcpy(void *restrict d, const void *restrict s, size_t n)
{
	volatile unsigned char *to = d;
	const unsigned char *from = s;

	while (n--)
		*to++ = *from++;
	return d;
}

void *memmove(void *d, const void *s, size_t n)
{
	volatile unsigned char *to = d;
	const volatile unsigned char *from = s;

	if (to <= from) {
		while (n--)
			*to++ = *from++;
	} else {
		while (n--)
			to[n] = from[n];
	}
	return d;
}

void *memset(void *p, int c, size_t n)
{
	volatile unsigned char *to = p;

	while (n--)
		*to++ = (unsigned char)c;
	return p;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const volatile unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *p, int c, size_t n)
{
	const volatile unsigned char *s = p;

	for (; n; n--, s++)
		if (*s == (unsigned char)c)
			return (void *)s;
	return NULL;
}

size_t strlen(const char *s)
{
	const volatile char *p = s;
	size_t n = 0;

	while (p[n])
		n++;
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	const volatile char *p = s;
	size_t n = 0;

	while (n < max && p[n])
		n++;
	return n;
}

char *strrchr(const char *s, int c)
{
	const volatile char *p = s, *found = NULL;

	do {
		if (*p == (char)c)
			found = p;
	} while (*p++);
	return (char *)found;
}
