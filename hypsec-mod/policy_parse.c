// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of signers, as text: "any" or HASH[:MINIMUM], separated by commas, blanks
 * or ends of lines; from a # on, a line is a comment. Strict: a list with a mistake
 * in it is no list.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "policy.h"

#define HASH_DIGITS	(2 * HYPSEC_HASH_SIZE)
#define MIN_DIGITS	20		/* of 2^64 - 1 */

static bool is_gap(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Return: NULL, or what is wrong with it. */
static const char *parse_minimum(const char *s, size_t len, u64 *min)
{
	static const char wrong[] = "the minimum is not a decimal number below 2^64";
	char digits[MIN_DIGITS + 1];
	size_t i;

	if (len > MIN_DIGITS)
		return wrong;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return wrong;
		digits[i] = s[i];
	}
	digits[len] = '\0';
	return kstrtou64(digits, 10, min) ? wrong : NULL;
}

static const char *parse_entry(struct hypsec_policy *p, const char *s, size_t len)
{
	struct hypsec_signer new = { };
	const char *wrong;
	u64 min;
	u32 i;

	if (len == 3 && !memcmp(s, "any", 3)) {
		p->any = 1;
		return NULL;
	}
	if (len < HASH_DIGITS || hex2bin(new.key_hash, s, HYPSEC_HASH_SIZE) ||
	    (len > HASH_DIGITS && s[HASH_DIGITS] != ':'))
		return "not \"any\" and no hash of 64 hexadecimal digits";
	if (len > HASH_DIGITS) {
		wrong = parse_minimum(s + HASH_DIGITS + 1, len - HASH_DIGITS - 1, &min);
		if (wrong)
			return wrong;
		new.min_version = min;
	}
	/* Which minimum was meant? */
	for (i = 0; i < p->nr_signers; i++) {
		if (!memcmp(p->signer[i].key_hash, new.key_hash, HYPSEC_HASH_SIZE))
			return "this signer is there twice";
	}
	if (p->nr_signers == HYPSEC_MAX_SIGNERS)
		return "over 32 signers";
	p->signer[p->nr_signers++] = new;
	return NULL;
}

/**
 * hypsec_policy_parse() - add what a text says to a policy
 * @p: changed also when the text is refused
 * @where: the text's name for the log
 * @text: not terminated
 * @len: bytes of @text
 *
 * Return: 0, or -EINVAL with the reason in the log.
 */
int hypsec_policy_parse(struct hypsec_policy *p, const char *where, const char *text, size_t len)
{
	const char *wrong = "nobody is named";
	unsigned int n = 0;
	size_t i = 0, start;

	while (i < len) {
		if (is_gap(text[i])) {
			i++;
			continue;
		}
		if (text[i] == '#') {
			while (i < len && text[i] != '\n')
				i++;
			continue;
		}
		for (start = i; i < len && !is_gap(text[i]) && text[i] != '#'; i++)
			;
		n++;
		wrong = parse_entry(p, text + start, i - start);
		if (wrong)
			break;
	}
	if (!wrong)
		return 0;
	pr_err("%s: %s (entry %u); give any, or HASH[:MINIMUM],... with what \"hypsec-image key-hash\" prints\n",
	       where, wrong, n);
	return -EINVAL;
}
