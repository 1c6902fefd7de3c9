// SPDX-License-Identifier: GPL-2.0-only
/* The calls of the stub's protected half, by HVC or SMC, and its accesses to devices. */
#include <libfdt.h>
#include "core.h"
#include "mmio.h"
#include "../../el2-objs/abi/hypsec_attest.h"
#include "../../el2-objs/abi/hypsec_guest.h"
#include "../../el2-objs/abi/hypsec_rsi.h"

#define MANIFEST_OFFSET	40	/* in the arm64 Image header */

extern const uint8_t stub_head[] __attribute__((visibility("hidden")));

const struct hypsec_manifest *manifest(void)
{
	return (const void *)(stub_head + *(const uint64_t *)(stub_head + MANIFEST_OFFSET));
}

struct core_result core_call(uint64_t id, uint64_t a1, uint64_t a2)
{
	register uint64_t x0 asm("x0") = id;
	register uint64_t x1 asm("x1") = a1;
	register uint64_t x2 asm("x2") = a2;
	register uint64_t x3 asm("x3") = 0;

	/* To a Realm HVC is undefined; to others SMC may be, on CPUs without EL3. */
	if (manifest()->flags & HYPSEC_FLAG_RSI)
		asm volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
	else
		asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
	return (struct core_result){ x0, x1, x2, x3 };
}

/* 24 bytes from the core; a core without randomness is a reason to stop. */
static bool random24(uint64_t *out)
{
	struct core_result r = core_call(HYPSEC_GUEST_RANDOM, 0, 0);

	out[0] = r.x1;
	out[1] = r.x2;
	out[2] = r.x3;
	return r.x0 == 0;
}

bool core_seeds(struct vm_boot *b)
{
	uint64_t word[9];

	for (int i = 0; i < 9; i += 3)
		if (!random24(word + i))
			return false;
	memcpy(b->seed, word, sizeof(b->seed));
	b->kaslr_seed = word[8];
	return true;
}

/* What the core verified, and not what this image says of itself. */
bool core_identity(struct vm_boot *b)
{
	uint64_t word[9];

	for (int i = 0; i < 3; i++) {
		struct core_result r = core_call(HYPSEC_GUEST_IDENTITY, i, 0);

		if (r.x0)
			return false;
		word[3 * i] = r.x1;
		word[3 * i + 1] = r.x2;
		word[3 * i + 2] = r.x3;
	}
	memcpy(b->identity, word, sizeof(b->identity));
	memcpy(b->signer, word + 4, sizeof(b->signer));
	b->security_version = word[8];
	return true;
}

/* For this version, and for older ones, so that an update can read what it finds. */
bool core_sealing_keys(struct vm_boot *b)
{
	for (b->nr_keys = 0; b->nr_keys < VM_KEYS; b->nr_keys++) {
		uint64_t version = b->security_version - b->nr_keys, word[6];

		if (b->nr_keys > b->security_version)
			break;
		for (int i = 0; i < 2; i++) {
			struct core_result r = core_call(HYPSEC_GUEST_SEALING_KEY, version, i);

			/* A core that is built without: there are none. */
			if (!b->nr_keys && r.x0 == (uint64_t)HYPSEC_NOT_SUPPORTED)
				return true;
			if (r.x0)
				return false;
			word[3 * i] = r.x1;
			word[3 * i + 1] = r.x2;
			word[3 * i + 2] = r.x3;
		}
		memcpy(b->keys[b->nr_keys], word, sizeof(b->keys[0]));
		b->platform = word[4] == HYPSEC_PLATFORM;
	}
	return true;
}

/* What the core wrote through its caches is read, and written, past them from here on. */
static void flush(uint64_t p, uint64_t size)
{
	uint64_t ctr, end = p + size;

	asm("mrs %0, ctr_el0" : "=r"(ctr));
	for (; p < end; p += 4UL << (ctr >> 16 & 0xf))
		asm volatile("dc civac, %0" : : "r"(p) : "memory");
	asm volatile("dsb sy" : : : "memory");
}

uint64_t core_ipa_bits(uint64_t page)
{
	volatile struct rsi_realm_config *c = (void *)page;

	if (core_call(RSI_VERSION, RSI_VERSION_1_0, 0).x0 != RSI_SUCCESS ||
	    core_call(RSI_REALM_CONFIG, page, 0).x0 != RSI_SUCCESS)
		return 0;
	flush(page, 4096);
	return c->ipa_width;
}

/* One load or store of a form that the core forwards: no write-back, no pair. */
uint32_t mmio_read32(uint64_t address)
{
	uint32_t v;

	asm volatile("ldr %w0, [%1]" : "=r"(v) : "r"(address) : "memory");
	return v;
}

void mmio_write32(uint64_t address, uint32_t v)
{
	asm volatile("str %w0, [%1]" : : "r"(v), "r"(address) : "memory");
}
