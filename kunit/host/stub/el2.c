// SPDX-License-Identifier: GPL-2.0-only
/* The core as the stub sees it. test_stub.py says with params how it behaves. */
#include "print.h"
#include "../../../el2-objs/abi/hypsec_guest.h"
#include "../../../el2-objs/abi/hypsec_image.h"
#include "../../../el2-objs/abi/hypsec_rsi.h"

#define IMAGE		0x40200000UL
#define SYSTEM_OFF	0x84000008

struct params {
	uint64_t protect;	/* 0, or what PROTECT returns */
	uint64_t ram, random;	/* what they return */
	uint64_t image;		/* at the protected entry; 0: the right one */
	uint64_t dtb, dtb_size;
	uint64_t identity;	/* what IDENTITY returns */
	uint64_t sealing;	/* what SEALING_KEY returns */
	uint64_t share;		/* what SHARE returns */
	uint64_t ipa_bits;	/* of a Realm; 0: REALM_CONFIG fails */
};

static volatile struct params *const params = (void *)0x40100000;
static uint64_t pool, pool_size;
static int realm;		/* once it is protected */
static uint64_t table[512] __attribute__((aligned(4096)));

uint64_t model_init(void);
void model_trap(uint64_t *x);

#define WRITE(reg, v) asm volatile("msr " #reg ", %0; isb" : : "r"((uint64_t)(v)))
#define READ(reg) ({ uint64_t v_; asm volatile("mrs %0, " #reg : "=r"(v_)); v_; })

/* RAM: Normal, execute only. Devices: not at all. */
uint64_t model_init(void)
{
	table[1] = 0x40000000 | 1UL << 10 | 3UL << 8 | 0xfUL << 2 | 1;
	WRITE(vtcr_el2, 1UL << 31 | 2UL << 16 | 3UL << 12 | 1UL << 10 |
			1UL << 8 | 1UL << 6 | 25);
	WRITE(vttbr_el2, table);
	asm volatile("dsb sy; tlbi alle1; dsb sy; isb");
	WRITE(hcr_el2, 1UL << 31 | 1);
	WRITE(spsr_el2, 0x3c5);
	WRITE(elr_el2, IMAGE);
	return params->dtb;
}

/* A Realm's is none of its RAM: is there memory, to both ends, and the host's own words? */
static void look_at_window(void)
{
	volatile uint64_t *first = (void *)pool, *last = (void *)(pool + pool_size - 8);
	int memory;

	*first = 0x1111222233334444;
	*last = 0x5555666677778888;
	memory = *first == 0x1111222233334444 && *last == 0x5555666677778888;
	print(memory ? "WINDOW memory\n" : "WINDOW nothing\n");
}

/* Nothing is in the pool that the host could read: RAM is zero when it is fresh. */
static void look_at_pool(void)
{
	if (realm)
		return;
	for (uint64_t i = 0; i < pool_size; i += 8)
		if (*(volatile uint64_t *)(pool + i))
			print("POOL touched\n");
}

static void off(void)
{
	register uint64_t x0 asm("x0") = SYSTEM_OFF;

	asm volatile("smc #0" : "+r"(x0) : : "memory");
	for (;;)
		;
}

static void protect(uint64_t *x)
{
	const struct hypsec_manifest *m;

	if (params->protect) {
		x[0] = params->protect;
		return;
	}
	print_value("PROTECT ", x[1]);
	print_value(" ", x[2]);
	print("\n");
	m = (void *)(x[1] + *(volatile uint64_t *)(x[1] + 40));
	realm = !!(m->flags & HYPSEC_FLAG_RSI);
	/* SMC, too, comes here. */
	WRITE(hcr_el2, 1UL << 31 | 1UL << 19);
	WRITE(spsr_el2, 0x3c5);
	WRITE(elr_el2, x[1] + *(volatile uint32_t *)(x[1] + 4));
	x[0] = x[2];
	x[2] = params->image ? params->image : x[1];
	x[1] = params->dtb_size;
	x[3] = 0;
}

static void sealing_key(uint64_t *x, uint64_t version, uint64_t n)
{
	x[0] = params->sealing;
	for (uint64_t i = 0; i < 3; i++)
		x[1 + i] = 0x0807060504030201 + (3 * n + i) * 0x0808080808080808;
	if (n) {
		x[2] = 1;
		x[3] = 0;
	} else {
		x[1] = version;
	}
}

void model_trap(uint64_t *x)
{
	static uint64_t counter = 0x1111111111111111;
	uint64_t ec = READ(esr_el2) >> 26;

	if (ec == 0x17)
		WRITE(elr_el2, READ(elr_el2) + 4);
	/* To a Realm HVC is undefined, and nobody else should count on SMC. */
	if (ec == (realm ? 0x16 : 0x17)) {
		print("CONDUIT\n");
		off();
	}
	if (ec != 0x16 && ec != 0x17) {
		print_value("TOUCH esr ", READ(esr_el2));
		print_value(" far ", READ(far_el2));
		print("\n");
		off();
	}
	switch ((uint32_t)x[0]) {
	case HYPSEC_GUEST_PROTECT:
		protect(x);
		break;
	case HYPSEC_GUEST_RAM:
		print_value("RAM ", x[1]);
		print_value(" ", x[2]);
		print("\n");
		x[0] = params->ram;
		break;
	case HYPSEC_GUEST_RANDOM:
		x[0] = params->random;
		for (int i = 1; i < 4; i++, counter += 0x1111111111111111)
			x[i] = counter;
		break;
	case HYPSEC_GUEST_IDENTITY:
		/* bytes 1 to 72, whatever was there before */
		x[0] = params->identity;
		for (int i = 1, n = (int)x[1]; i < 4; i++)
			x[i] = 0x0807060504030201 + (3 * n + i - 1) * 0x0808080808080808;
		break;
	case HYPSEC_GUEST_SEALING_KEY:
		/* the version, then bytes 9 to 32; from a platform secret */
		sealing_key(x, x[1], x[2]);
		break;
	case HYPSEC_GUEST_SHARE:
		print_value("SHARE ", x[1]);
		print_value(" ", x[2]);
		print("\n");
		pool = x[1];
		pool_size = x[2];
		look_at_pool();
		x[0] = params->share;
		break;
	case RSI_VERSION:
		x[0] = realm && x[1] == RSI_VERSION_1_0 ? RSI_SUCCESS : RSI_ERROR_INPUT;
		break;
	case RSI_REALM_CONFIG:
		x[0] = params->ipa_bits && !(x[1] & 4095) ? RSI_SUCCESS : RSI_ERROR_INPUT;
		if (x[0] == RSI_SUCCESS)
			*(volatile uint64_t *)x[1] = params->ipa_bits;
		break;
	case SYSTEM_OFF:
		look_at_pool();
		if (realm && pool)
			look_at_window();
		print_value("OFF ", x[1]);
		print("\n");
		off();
		break;
	default:
		x[0] = -1;
	}
}
