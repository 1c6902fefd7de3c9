// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's SMCs: PSCI is relayed (psci.c), a few services are passed through,
 * everything else stays here. A firmware service runs with more rights than the
 * core and takes addresses from its caller, so what is not on the list could be
 * turned on us: FF-A shares memory with the secure world, SDEI calls its client
 * back at the client's EL, which would be EL2 at an address of the host's
 * choice, SiP and OEM calls do what the vendor liked, MEM_PROTECT(0) would undo
 * psci_init().
 */
#include "firmware/firmware.h"
#include "base/log.h"
#include "base/smc.h"

struct smc_rule {
	u32 id;
	u8 args;		/* argument registers passed on, the others are 0 */
	u8 results;		/* registers from x0 that the call defines */
};

/*
 * None of these takes an address or changes what another CPU or caller sees. To add
 * one, its specification has to say the same of it.
 */
static const struct smc_rule allowed[] = {
	{ SMCCC_VERSION, 0, 1 },
	/* SMCCC_ARCH_FEATURES and SMCCC_ARCH_SOC_ID: below */
	{ SMCCC_ARCH_WORKAROUND_1, 0, 0 },
	{ SMCCC_ARCH_WORKAROUND_2, 1, 0 },
	{ SMCCC_ARCH_WORKAROUND_3, 0, 0 },
	{ SMCCC_STD_COUNT, 0, 1 },
	{ SMCCC_STD_UID, 0, 4 },
	{ SMCCC_STD_REVISION, 0, 2 },
	{ TRNG_VERSION, 0, 1 },
	{ TRNG_FEATURES, 1, 1 },
	{ TRNG_GET_UUID, 0, 4 },
	{ TRNG_RND, 1, 4 },
	{ TRNG_RND | SMCCC_SMC64, 1, 4 },
};

static const struct smc_rule *find_rule(u32 id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(allowed); i++)
		if (allowed[i].id == id)
			return &allowed[i];
	return NULL;
}

/* Each refused id once, the first few: a host cannot wash the log out with them. */
static void log_refused(u32 id)
{
	static u32 seen[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		u32 was = 0;

		if (__atomic_compare_exchange_n(&seen[i], &was, id, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			hlog("host: firmware call %x refused", id);
			return;
		}
		if (was == id)
			return;
	}
}

static u64 arch_features(u32 id)
{
	bool known = find_rule(id) || (id & ~SMCCC_SMC64) == SMCCC_ARCH_SOC_ID ||
		     id == SMCCC_ARCH_FEATURES;

	return known ? smc_call(SMCCC_ARCH_FEATURES, id, 0, 0).x0 : SMC_RET(SMCCC_NOT_SUPPORTED);
}

/**
 * host_smc() - serve a trapped SMC #0 of the host
 * @cpu: this CPU; the host's x0-x3 are in and out, x4-x30 stay as they are
 *
 * A call of the SMC32 convention is passed on with its arguments cut to 32 bits.
 */
void host_smc(struct percpu *cpu)
{
	u64 *x = cpu->host.x;
	u32 id = (u32)x[0] & ~SMCCC_SVE_HINT;
	u64 mask = (id & SMCCC_SMC64) ? ~0UL : 0xffffffffUL;
	u64 arg[3] = { x[1] & mask, x[2] & mask, x[3] & mask };
	const struct smc_rule *rule;
	struct smc_res res;

	if ((id & ~SMCCC_SMC64) >= PSCI_VERSION && (id & ~SMCCC_SMC64) <= PSCI_LAST) {
		x[0] = psci_relay(cpu, id, arg);
		if (x[0] == SMC_RET(SMCCC_NOT_SUPPORTED) && !psci_offered(id))
			log_refused(id);
		return;
	}
	switch (id) {
	case SMCCC_ARCH_FEATURES:
		x[0] = arch_features((u32)arg[0]);
		return;
	case SMCCC_ARCH_SOC_ID:
	case SMCCC_ARCH_SOC_ID | SMCCC_SMC64:
		/* Type 2, the name, answers in x1-x17, more than is relayed. */
		x[0] = arg[0] <= 1 ? smc_call(id, arg[0], 0, 0).x0 :
				     SMC_RET(SMCCC_INVALID_PARAMETER);
		return;
	}
	rule = find_rule(id);
	if (!rule) {
		x[0] = SMC_RET(SMCCC_NOT_SUPPORTED);
		log_refused(id);
		return;
	}
	res = smc_call(id, rule->args ? arg[0] : 0, 0, 0);
	/* pvm/firmware.c has it on for a protected guest, and then as it was. */
	if (id == SMCCC_ARCH_WORKAROUND_2 && cpu->ssbd)
		cpu->ssbd = arg[0] ? SSBD_ON : SSBD_OFF;
	if (rule->results >= 1)
		x[0] = res.x0;
	if (rule->results >= 2)
		x[1] = res.x1;
	if (rule->results >= 3)
		x[2] = res.x2;
	if (rule->results >= 4)
		x[3] = res.x3;
}
