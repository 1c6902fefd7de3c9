/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sealing keys and reports: what a protected VM gets from the core's platform
 * secret and platform key. All integers little-endian.
 *
 * Sealing key of a VM, for a security version of at most its own: the first 32
 * bytes of HMAC-SHA512 (RFC 2104) under the platform secret, over 128 bytes,
 *
 *   offset size
 *	0   16	"HypSec sealing 1"
 *     16    8	security version
 *     24    4	enum hypsec_source
 *     28    4	manifest flags & HYPSEC_SEALING_FLAGS
 *     32   32	hash of the signer
 *     64   32	the manifest's family
 *     96   32	identity, if the family is zero; else zero
 *
 * Report: 192 bytes and, by the platform key, an Ed25519 signature (RFC 8032) over
 * them. No byte is the host's choice.
 *
 *   offset size
 *	0    8	magic, "HYSECREP"
 *	8    4	version of this format, 1; 2: it is a token's
 *     12    4	enum hypsec_source; HYPSEC_EPHEMERAL: UNENDORSED
 *     16    8	security version
 *     24    8	manifest flags
 *     32   32	measurement of the core (SHA-256)
 *     64   32	identity
 *     96   32	hash of the signer
 *    128   64	nonce of the guest; of version 2 the SHA-512 of the token's bytes 0 to 335
 *
 * Token: what RSI_ATTESTATION_TOKEN_CONTINUE gives to a VM with HYPSEC_FLAG_RSI, 592 bytes. It is
 * NOT an Arm CCA token: no CBOR, and no word of a CCA platform's, which there is none of.
 *
 *   offset size
 *	0    8	magic, "HYSECTOK"
 *	8    4	version of this format, 1
 *     12    4	bytes of the whole, 592
 *     16   64	challenge, as the guest gave it
 *     80  256	the Realm's four extensible measurements, as they were then
 *    336  192	report, version 2
 *    528   64	the platform key's signature of it
 */
#ifndef HYPSEC_ABI_ATTEST_H
#define HYPSEC_ABI_ATTEST_H

#include "hypsec_abi.h"

#define HYPSEC_SEALING_LABEL	"HypSec sealing 1"	/* 16 bytes, no NUL */
/* By which the host can look into a VM, or type into it (a keyboard): it has other keys. */
#define HYPSEC_SEALING_FLAGS	(HYPSEC_FLAG_DEBUG | HYPSEC_FLAG_CONSOLE | HYPSEC_FLAG_PCI)
#define HYPSEC_REPORT_MAGIC	0x5045524345535948ULL	/* "HYSECREP" */
#define HYPSEC_REPORT_VERSION	1
#define HYPSEC_REPORT_TOKEN	2	/* not what HYPSEC_GUEST_REPORT signs */
#define HYPSEC_TOKEN_MAGIC	0x4b4f544345535948ULL	/* "HYSECTOK" */
#define HYPSEC_TOKEN_VERSION	1
#define HYPSEC_REMS		4		/* extensible measurements of a Realm, */
#define HYPSEC_REM_SIZE		64		/* SHA-512 each */
#define HYPSEC_NONCE_SIZE	64

struct hypsec_sealing_input {
	__UINT8_TYPE__ label[16];
	__UINT64_TYPE__ security_version;
	__UINT32_TYPE__ source, flags;
	__UINT8_TYPE__ signer[HYPSEC_HASH_SIZE];
	__UINT8_TYPE__ family[HYPSEC_HASH_SIZE];
	__UINT8_TYPE__ identity[HYPSEC_HASH_SIZE];
};

struct hypsec_report {
	__UINT64_TYPE__ magic;
	__UINT32_TYPE__ version, source;
	__UINT64_TYPE__ security_version, flags;
	__UINT8_TYPE__ measurement[HYPSEC_HASH_SIZE];
	__UINT8_TYPE__ identity[HYPSEC_HASH_SIZE];
	__UINT8_TYPE__ signer[HYPSEC_HASH_SIZE];
	__UINT8_TYPE__ nonce[HYPSEC_NONCE_SIZE];
};

struct hypsec_token {
	__UINT64_TYPE__ magic;
	__UINT32_TYPE__ version, size;
	__UINT8_TYPE__ challenge[HYPSEC_NONCE_SIZE];
	__UINT8_TYPE__ rem[HYPSEC_REMS][HYPSEC_REM_SIZE];
	struct hypsec_report report;
	__UINT8_TYPE__ signature[64];
};

/* What HYPSEC_GUEST_SEALING_KEY returns, in pieces of HYPSEC_IDENTITY_PIECE bytes. */
struct hypsec_sealing_key {
	__UINT8_TYPE__ key[32];
	__UINT64_TYPE__ source;		/* enum hypsec_source */
	__UINT64_TYPE__ reserved;	/* zero */
};
#define HYPSEC_SEALING_PIECES	(sizeof(struct hypsec_sealing_key) / HYPSEC_IDENTITY_PIECE)

/* What HYPSEC_GUEST_PLATFORM and HYPSEC_CALL_PLATFORM return, in such pieces. */
struct hypsec_platform {
	__UINT8_TYPE__ key[32];		/* public half of the platform key, Ed25519 */
	__UINT8_TYPE__ measurement[HYPSEC_HASH_SIZE];
	__UINT32_TYPE__ source;		/* enum hypsec_source */
	__UINT32_TYPE__ flags;		/* to a guest: its manifest's; to the host: zero */
};
#define HYPSEC_PLATFORM_PIECES	(sizeof(struct hypsec_platform) / HYPSEC_IDENTITY_PIECE)

#endif
