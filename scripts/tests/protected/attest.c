// SPDX-License-Identifier: GPL-2.0-only
/* What a protected guest gets from the platform: its sealing keys, a report of itself. */
#include "kernel.h"
#include "../../../el2-objs/abi/hypsec_attest.h"
#include "../../../el2-objs/abi/hypsec_guest.h"

static void say_words(const u64 *w, int n)
{
	while (n--)
		say_bytes(*w++);
	say("\r\n");
}

/* Its sealing keys, in the clear: this guest keeps nothing. */
static void sealing_keys(void)
{
	u64 version = hvc(HYPSEC_GUEST_IDENTITY, 2, 0, 0).x3;

	is("the key of a newer image", hvc(HYPSEC_GUEST_SEALING_KEY, version + 1, 0, 0).x0,
	   (u64)-4);
	is("a key's third piece", hvc(HYPSEC_GUEST_SEALING_KEY, version, 2, 0).x0, (u64)-7);
	for (u64 v = version; v + 2 > version && v <= version; v--) {
		struct result a = hvc(HYPSEC_GUEST_SEALING_KEY, v, 0, 0);
		struct result b = hvc(HYPSEC_GUEST_SEALING_KEY, v, 1, 0);
		u64 key[] = { a.x1, a.x2, a.x3, b.x1 };

		is("a sealing key", a.x0 | b.x0 | b.x3, 0);
		say("kernel: key ");
		say_hex(v);
		say(b.x2 ? " platform " : " ephemeral ");
		say_words(key, 4);
	}
}

/* 128 digits from the console: what a verifier wants to see signed. */
static void read_nonce(u64 *nonce)
{
	unsigned char *b = (unsigned char *)nonce;

	say("kernel: nonce?\r\n");
	for (int i = 0; i < 128; i++) {
		u32 c;

		while (UART[6] & 1 << 4)	/* UARTFR.RXFE */
			;
		c = *UART & 0xff;
		b[i / 2] = b[i / 2] << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
	}
}

static void report(void)
{
	static u64 m[24], sig[8];	/* struct hypsec_report */
	u64 id[9], p[9];

	for (int i = 0; i < 3; i++) {
		struct result a = hvc(HYPSEC_GUEST_IDENTITY, i, 0, 0);
		struct result b = hvc(HYPSEC_GUEST_PLATFORM, i, 0, 0);

		is("who it is, and where", a.x0 | b.x0, 0);
		id[3 * i] = a.x1;
		id[3 * i + 1] = a.x2;
		id[3 * i + 2] = a.x3;
		p[3 * i] = b.x1;
		p[3 * i + 1] = b.x2;
		p[3 * i + 2] = b.x3;
	}
	is("a fourth piece of the platform", hvc(HYPSEC_GUEST_PLATFORM, 3, 0, 0).x0, (u64)-7);
	m[0] = HYPSEC_REPORT_MAGIC;
	m[1] = HYPSEC_REPORT_VERSION | (p[8] & 0xffffffff) << 32;
	m[2] = id[8];
	m[3] = p[8] >> 32;
	for (int i = 0; i < 4; i++) {
		m[4 + i] = p[4 + i];
		m[8 + i] = id[i];
		m[12 + i] = id[4 + i];
	}
	read_nonce(m + 16);
	register u64 x0 asm("x0") = HYPSEC_GUEST_REPORT;
	register u64 x1 asm("x1") = m[16];
	register u64 x2 asm("x2") = m[17];
	register u64 x3 asm("x3") = m[18];
	register u64 x4 asm("x4") = m[19];
	register u64 x5 asm("x5") = m[20];
	register u64 x6 asm("x6") = m[21];
	register u64 x7 asm("x7") = m[22];
	register u64 x8 asm("x8") = m[23];
	asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5),
		     "+r"(x6), "+r"(x7), "+r"(x8) : : "memory");
	sig[0] = x1;
	sig[1] = x2;
	sig[2] = x3;
	sig[3] = x4;
	sig[4] = x5;
	sig[5] = x6;
	sig[6] = x7;
	sig[7] = x8;
	is("report", x0, 0);
	say("kernel: report ");
	say_words(m, 24);
	say("kernel: signature ");
	say_words(sig, 8);
}

void attest(void)
{
	sealing_keys();
	report();
}
