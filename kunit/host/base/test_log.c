// SPDX-License-Identifier: GPL-2.0-only
/* The core's log: what a line says, and which lines a host that does not read them loses. */
#include <stdarg.h>
#include "test.h"
#include "base/core.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/percpu.h"

static struct percpu cpu;
static char uart[256];			/* the last line */
static size_t uart_len;

struct percpu *this_cpu(void)
{
	return &cpu;
}

void spin_lock(struct spinlock *l)
{
	assert_int_equal(l->rank, RANK_LOG);
	assert_int_equal(cpu.ranks_held, 0);
	cpu.ranks_held = BIT(RANK_LOG);
	assert_false(log_usable());
}

void spin_unlock(struct spinlock *l)
{
	(void)l;
	assert_int_equal(cpu.ranks_held, BIT(RANK_LOG));
	cpu.ranks_held = 0;
	assert_true(log_usable());
}

void uart_write(const char *s, size_t n)
{
	assert_int_not_equal(cpu.ranks_held, 0);
	assert_true(n < sizeof(uart));
	memcpy(uart, s, n);
	uart_len = n;
}

static void drain(void)
{
	char buf[64];

	while (log_read(buf, sizeof(buf)))
		;
}

static void says(const char *want)
{
	char got[256] = "";

	assert_int_equal(log_read(got, sizeof(got) - 1), strlen(want));
	assert_string_equal(got, want);
	assert_int_equal(uart_len, strlen(want));
	assert_memory_equal(uart, want, uart_len);
}

static void formats(void **state)
{
	/* Not literals: the compiler would see it. */
	static const char texts[2][16] = { "100%\0rest %s", "100%l\0rest %s" };
	const char *volatile cut = texts[0], *volatile cut_long = texts[1];

	(void)state;
	drain();
	hlog("plain");
	says("plain\n");
	hlog("%s-%s", "one", "");
	says("one-\n");
	hlog("%d %d %d %d", 0, -1, 10, (s32)0x80000000);
	says("0 -1 10 -2147483648\n");
	hlog("%u %u %x %x", 0, ~0U, 0xdeadbeef, 0);
	says("0 4294967295 deadbeef 0\n");
	hlog("%ld %lu %lx", (s64)BIT(63), ~0UL, 0x123456789abcdef0UL);
	says("-9223372036854775808 18446744073709551615 123456789abcdef0\n");
	hlog("%d%%", 99);
	says("99%\n");
	/* One that ends too early ends the line, and nothing behind it is read. */
	hlog(cut, 1);
	says("100\n");
	hlog(cut_long, 1);
	says("100\n");
}

/* As long as a line may be, with its end; and one that is longer. */
static void longest(void **state)
{
	char text[400], want[400];

	(void)state;
	drain();
	for (size_t n = 150; n < 200; n++) {
		size_t kept = n < 159 ? n : 159;

		memset(text, 'a' + (int)(n % 26), n);
		text[n] = 0;
		memcpy(want, text, kept);
		memcpy(want + kept, "\n", 2);
		hlog("%s", text);
		says(want);
	}
}

/* Piece by piece, in order. */
static void pieces(void **state)
{
	char buf[3];

	(void)state;
	drain();
	hlog("abcd");
	assert_int_equal(log_read(buf, 0), 0);
	assert_int_equal(log_read(buf, 3), 3);
	assert_memory_equal(buf, "abc", 3);
	assert_int_equal(log_read(buf, 3), 2);
	assert_memory_equal(buf, "d\n", 2);
	assert_int_equal(log_read(buf, 3), 0);
}

static void lines(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)		/* of 16 bytes */
		hlog("line %u ....", 10000 + i);
}

/* 16 KiB, to the byte. Past that the oldest lines go, whole, and the host is told how many. */
static void full(void **state)
{
	char got[40], want[40];
	size_t n;

	(void)state;
	for (int round = 0; round < 3; round++) {
		drain();
		lines(1024);
		assert_int_equal(log_read(got, 16), 16);
		assert_memory_equal(got, "line 10000 ....\n", 16);
		hlog("line %u ....", 11024);
		hlog("line %u ....", 11025);	/* 10001 is lost to it */
		hlog("x");			/* and 10002 */
		/* Not in less than it takes to say so. */
		assert_int_equal(log_read(got, 5), 5);
		assert_memory_equal(got, "line ", 5);
		assert_int_equal(log_read(got, 11), 11);
		assert_memory_equal(got, "10003 ....\n", 11);
		n = log_read(got, 13);
		assert_int_equal(n, 13);
		assert_memory_equal(got, "2 lines lost\n", 13);
		for (unsigned int i = 4; i < 1026; i++) {
			snprintf(want, sizeof(want), "line %u ....\n", 10000 + i);
			assert_int_equal(log_read(got, 16), 16);
			assert_memory_equal(got, want, 16);
		}
		assert_int_equal(log_read(got, 16), 2);
		assert_memory_equal(got, "x\n", 2);
		assert_int_equal(log_read(got, 16), 0);
		hlog("off by %d", round);	/* the next round begins elsewhere */
	}
}

/* A byte more than there is room for costs a line; what is lost is told as people count. */
static void told(void **state)
{
	char got[40];

	(void)state;
	drain();
	lines(1023);
	hlog("a line of 17 ...");
	assert_int_equal(log_read(got, 13), 13);
	assert_memory_equal(got, "1 lines lost\n", 13);
	assert_int_equal(log_read(got, 16), 16);
	assert_memory_equal(got, "line 10001 ....\n", 16);
	drain();
	lines(1024 + 12);
	assert_int_equal(log_read(got, 14), 14);
	assert_memory_equal(got, "12 lines lost\n", 14);
	assert_int_equal(log_read(got, 16), 16);
	assert_memory_equal(got, "line 10012 ....\n", 16);
	drain();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),
		cmocka_unit_test(longest),
		cmocka_unit_test(pieces),
		cmocka_unit_test(full),
		cmocka_unit_test(told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
