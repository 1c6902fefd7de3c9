/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Realm Services Interface 1.0 (Arm DEN0137, B5), which a VM with HYPSEC_FLAG_RSI is offered: by
 * SMC, as the architecture has it. All numbers are the specification's.
 */
#ifndef HYPSEC_ABI_RSI_H
#define HYPSEC_ABI_RSI_H

#define RSI_VERSION			0xC4000190
#define RSI_FEATURES			0xC4000191
#define RSI_MEASUREMENT_READ		0xC4000192
#define RSI_MEASUREMENT_EXTEND		0xC4000193
#define RSI_ATTESTATION_TOKEN_INIT	0xC4000194
#define RSI_ATTESTATION_TOKEN_CONTINUE	0xC4000195
#define RSI_REALM_CONFIG		0xC4000196
#define RSI_IPA_STATE_SET		0xC4000197
#define RSI_IPA_STATE_GET		0xC4000198
#define RSI_HOST_CALL			0xC4000199

#define RSI_VERSION_1_0			0x10000

#define RSI_SUCCESS			0
#define RSI_ERROR_INPUT			1
#define RSI_ERROR_STATE			2
#define RSI_INCOMPLETE			3
#define RSI_ERROR_UNKNOWN		4

#define RSI_RIPAS_EMPTY			0
#define RSI_RIPAS_RAM			1
#define RSI_RIPAS_DEV			3

/* RSI_IPA_STATE_SET, x2 */
#define RSI_ACCEPT			0
#define RSI_REJECT			1

#define RSI_HASH_SHA_512		1
#define RSI_HOST_CALL_ALIGN		256

struct rsi_realm_config {		/* at the start of a page of zeros */
	__UINT64_TYPE__ ipa_width, hash_algo;
};

struct rsi_host_call {
	__UINT64_TYPE__ imm, gprs[31];
};

#endif
