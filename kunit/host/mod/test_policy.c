// SPDX-License-Identifier: GPL-2.0-only
/* The text of signers=: what is taken, and that a mistake is never less strict. */
#include "test.h"
#include <linux/kernel.h>
#include "policy.h"

static char said[512];

void fake_pr_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

#define H0	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define H1	"f0e1d2c3b4a5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f"
#define H1UP	"F0E1D2C3B4A5968778695A4B3C2D1E0FF0E1D2C3B4A5968778695A4B3C2D1E0F"

static struct hypsec_policy p;

/* From memory of exactly that size, so that ASan sees a byte too far. */
static int parse_more(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, text, len);
	said[0] = 0;
	ret = hypsec_policy_parse(&p, "signers=", copy, len);
	free(copy);
	if (ret) {
		/* One line, with where, cause and remedy */
		assert_int_equal(ret, -EINVAL);
		assert_memory_equal(said, "hypsec: signers=: ", 18);
		assert_non_null(strstr(said, "; give any, or HASH"));
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	} else {
		assert_int_equal(said[0], 0);
	}
	return ret;
}

static int parse(const char *text)
{
	memset(&p, 0, sizeof(p));
	return parse_more(text, strlen(text));
}

static void takes(void **state)
{
	(void)state;
	assert_int_equal(parse("any"), 0);
	assert_int_equal(p.any, 1);
	assert_int_equal(p.nr_signers, 0);

	assert_int_equal(parse(H0), 0);
	assert_int_equal(p.any, 0);
	assert_int_equal(p.nr_signers, 1);
	for (int i = 0; i < 32; i++)
		assert_int_equal(p.signer[0].key_hash[i], i);
	assert_int_equal(p.signer[0].min_version, 0);

	assert_int_equal(parse(H0 ":7," H1UP), 0);
	assert_int_equal(p.nr_signers, 2);
	assert_int_equal(p.signer[0].min_version, 7);
	assert_int_equal(p.signer[1].min_version, 0);
	assert_int_equal(p.signer[1].key_hash[0], 0xf0);

	assert_int_equal(parse("any," H1 ":18446744073709551615"), 0);
	assert_int_equal(p.any, 1);
	assert_int_equal(p.signer[0].min_version, UINT64_MAX);

	/* A file */
	assert_int_equal(parse("# who may\r\n\n" H0 ":1 # the build farm\n\t" H1 "\n#" H1), 0);
	assert_int_equal(p.nr_signers, 2);
	assert_int_equal(p.signer[0].min_version, 1);
	assert_int_equal(parse(H0 "#end"), 0);
	/* Both parameters */
	assert_int_equal(parse_more(H1, strlen(H1)), 0);
	assert_int_equal(p.nr_signers, 2);
}

static void refuses(void **state)
{
	static const char * const text[] = {
		"", " ", ",", "#", "# any", "#any\n#" H0, "\n\n",
		"none", "ANY", "Any", "anyone", "an", "any:1", "*", "0", "1",
		"any,none", H0 ",x", "none,any", "x," H0, H0 ",x," H1, H0 ":x," H1 ":1,any",
		H0 "0", H0 "00", H0 ":", H0 ":x", H0 ":-1", H0 ":+1", H0 ":0x10",
		H0 ":1 0", H0 ":18446744073709551616", H0 ":99999999999999999999",
		H0 ":000000000000000000001", H0 ":1:2", H0 ";1", H0 "::1", H0 ":1.5",
		H0 "," H0, H1 ":1," H1UP ":2", H1 "," H0 "," H1,
		"g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g",
		"0x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		"00010203040506070809 0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		"sha512:" H0, "\"any\"", "any;", "any\v", "any\f", "any\001",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		if (!parse(text[i]))
			print_error("\"%s\"\n", text[i]);
		assert_int_not_equal(parse(text[i]), 0);
	}
	/* Nothing is hidden behind a NUL. */
	memset(&p, 0, sizeof(p));
	assert_int_not_equal(parse_more("any\0", 4), 0);
	memset(&p, 0, sizeof(p));
	assert_int_not_equal(parse_more("any,\0" H0, 5 + 64), 0);
	memset(&p, 0, sizeof(p));
	assert_int_not_equal(parse_more(H0 "\0", 65), 0);
	/* Truncated anywhere: refused, or an entry that was whole already. */
	for (size_t len = 0; len <= 64 + 1 + 3; len++) {
		int ret;

		memset(&p, 0, sizeof(p));
		ret = parse_more(H0 ":123", len);
		assert_int_equal(!ret, len == 64 || len > 65);
	}
	/* Named again by the other parameter */
	assert_int_equal(parse(H0 ":1"), 0);
	assert_int_not_equal(parse_more(H0, 64), 0);
}

static void how_many(void **state)
{
	char text[33 * 66];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 33; i++)
		n += (size_t)sprintf(text + n, "%064x,", i);
	memset(&p, 0, sizeof(p));
	assert_int_equal(parse_more(text, 32 * 65), 0);
	assert_int_equal(p.nr_signers, HYPSEC_MAX_SIGNERS);
	memset(&p, 0, sizeof(p));
	assert_int_equal(parse_more(text, 33 * 65), -EINVAL);
	assert_non_null(strstr(said, "over 32 signers (entry 33)"));
	assert_int_equal(p.nr_signers, HYPSEC_MAX_SIGNERS);
}

/* Whatever is in the text: what is taken was written there, whole. */
static void random_text(void **state)
{
	static const char * const piece[] = {
		"any", H0, H1, ":", ",", " ", "#", "\n", "1", "18446744073709551615", "a", "\0",
	};
	unsigned int taken = 0;

	(void)state;
	for (int n = 0; n < 100000; n++) {
		char text[1024] = "";
		size_t len = 0;

		for (int k = 1 + test_rand() % 8; k; k--) {
			unsigned int i = test_rand() % 12;
			size_t size = piece[i][0] ? strlen(piece[i]) : 1;

			memcpy(text + len, piece[i], size);
			len += size;
		}
		memset(&p, 0, sizeof(p));
		if (parse_more(text, len))
			continue;
		taken++;
		/* Numbers in a row can make a hash too. */
		assert_true(p.any <= 1 && p.nr_signers <= len / 64);
		assert_true(p.any || p.nr_signers);
		assert_true(!p.any || memmem(text, len, "any", 3));
		assert_true(p.nr_signers < 2 || memcmp(p.signer[0].key_hash,
						       p.signer[1].key_hash, 32));
	}
	assert_true(taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes),
		cmocka_unit_test(refuses),
		cmocka_unit_test(how_many),
		cmocka_unit_test(random_text),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
