// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of a protected guest (SMCCC, DEN0028). All are answered here, but for the
 * few PSCI calls that KVM must act on; an unlisted one is NOT_SUPPORTED and
 * the host never hears of it.
 */
#include "pvm/priv.h"
#include "abi/hypsec_guest.h"
#include "abi/hypsec_rsi.h"
#include "base/psci.h"
#include "base/smc.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"

#define SMCCC_1_1	0x10001
#define TRNG_1_0	0x10000

static s64 arch_features(u32 fn)
{
	switch (fn) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return 0;
	case SMCCC_ARCH_WORKAROUND_1:
	case SMCCC_ARCH_WORKAROUND_2:
	case SMCCC_ARCH_WORKAROUND_3:
		/* Firmware's word, and not the host's; of all CPUs, not of where this one runs. */
		return pvm_workaround(fn);
	default:
		return SMCCC_NOT_SUPPORTED;
	}
}

/* TRNG (DEN0098): x1-x3 = the bits, the least significant in x3. */
static s64 trng_random(struct vcpu *v, u64 bits, unsigned int reg_bits)
{
	u64 out[3] = { 0 };

	if (!bits || bits > 3 * reg_bits)
		return TRNG_INVALID;
	if (core_random(out, sizeof(out)) != HYPSEC_OK)
		return TRNG_NO_ENTROPY;
	for (unsigned int i = 0; i < 3; i++) {
		unsigned int keep = bits < reg_bits ? bits : reg_bits;

		v->regs.x[3 - i] = keep ? out[i] & GENMASK(keep - 1, 0) : 0;
		bits -= keep;
	}
	hypsec_wipe(out, sizeof(out));
	return 0;
}

static bool trng(struct vcpu *v, u32 fn)
{
	switch (fn) {
	case TRNG_VERSION:
		call_result(v, TRNG_1_0);
		return true;
	case TRNG_FEATURES:
		switch ((u32)v->regs.x[1]) {
		case TRNG_VERSION:
		case TRNG_FEATURES:
		case TRNG_GET_UUID:
		case TRNG_RND:
		case TRNG_RND64:
			call_result(v, 0);
			return true;
		}
		break;
	case TRNG_GET_UUID:
		/* 9a8f2c1e-6d43-4b0a-8e57-68797073656b: this core's generator */
		v->regs.x[0] = 0x1e2c8f9a;
		v->regs.x[1] = 0x0a4b436d;
		v->regs.x[2] = 0x7968578e;
		v->regs.x[3] = 0x6b657370;
		return true;
	case TRNG_RND:
		call_result(v, trng_random(v, v->regs.x[1] & GENMASK(31, 0), 32));
		return true;
	case TRNG_RND64:
		call_result(v, trng_random(v, v->regs.x[1], 64));
		return true;
	}
	call_result(v, SMCCC_NOT_SUPPORTED);
	return true;
}

/*
 * Secrets of this VM, from its own verified image and nothing the host says. The image
 * is as it was at VM_PROTECT, and its page stays while a vCPU is inside: no lock.
 */
static int sealing_key(struct vcpu *v, u64 version, u64 n)
{
	struct hypsec_sealing_key key;
	int ret;

	if (n >= HYPSEC_SEALING_PIECES)
		return HYPSEC_RANGE;
	ret = platform_sealing_key(&v->vm->pvm->verify, version, &key);
	if (ret == HYPSEC_OK) {
		memcpy(&v->regs.x[1], (u8 *)&key + n * HYPSEC_IDENTITY_PIECE,
		       HYPSEC_IDENTITY_PIECE);
		hypsec_wipe(&key, sizeof(key));
	}
	return ret;
}

static int report(struct vcpu *v)
{
	u8 sig[ED25519_SIG_SIZE];
	int ret;

	_Static_assert(HYPSEC_NONCE_SIZE == 64 && sizeof(sig) == 64, "x1-x8 each");
	ret = platform_report(&v->vm->pvm->verify, (const u8 *)&v->regs.x[1], sig);
	if (ret == HYPSEC_OK)
		memcpy(&v->regs.x[1], sig, sizeof(sig));
	return ret;
}

/* abi/hypsec_guest.h, from a protected guest */
static void guest_call(struct vcpu *v, u32 fn)
{
	u64 out[3];
	int ret;

	switch (fn) {
	case HYPSEC_GUEST_VERSION:
		v->regs.x[1] = HYPSEC_ABI_VERSION;
		v->regs.x[2] = 1;
		call_result(v, HYPSEC_OK);
		break;
	case HYPSEC_GUEST_PROTECT:
		call_result(v, HYPSEC_STATE);
		break;
	case HYPSEC_GUEST_RAM:
		call_result(v, pvm_add_ram(v->vm, v->regs.x[1], v->regs.x[2]));
		break;
	case HYPSEC_GUEST_RANDOM:
		ret = core_random(out, sizeof(out));
		if (ret == HYPSEC_OK) {
			memcpy(&v->regs.x[1], out, sizeof(out));
			hypsec_wipe(out, sizeof(out));
		}
		call_result(v, ret);
		break;
	case HYPSEC_GUEST_IDENTITY:
		call_result(v, pvm_identity(v->vm, v->regs.x[1], &v->regs.x[1]));
		break;
	case HYPSEC_GUEST_SEALING_KEY:
		call_result(v, sealing_key(v, v->regs.x[1], v->regs.x[2]));
		break;
	case HYPSEC_GUEST_REPORT:
		call_result(v, report(v));
		break;
	case HYPSEC_GUEST_PLATFORM:
		call_result(v, platform_piece(v->vm->pvm->verify.m.flags, v->regs.x[1],
					      &v->regs.x[1]));
		break;
	case HYPSEC_GUEST_RELINQUISH:
		ret = pvm_relinquish(v->vm, v->regs.x[1], v->regs.x[2], &v->regs.x[1]);
		call_result(v, ret == HYPSEC_NO_MEMORY ? HYPSEC_BUSY : ret);
		break;
	case HYPSEC_GUEST_SHARE:
		call_result(v, pvm_share(v->vm, v->regs.x[1], v->regs.x[2]));
		break;
	case HYPSEC_GUEST_GRANT:
		call_result(v, pvm_grant(v->vm, v->regs.x[1]));
		break;
	case HYPSEC_GUEST_REVOKE:
		call_result(v, pvm_revoke(v, v->regs.x[1]));
		break;
	default:
		call_result(v, HYPSEC_NOT_SUPPORTED);
		break;
	}
}

/**
 * pvm_call() - HVC or SMC of a protected guest
 *
 * Return: true to enter the guest again.
 */
bool pvm_call(struct vcpu *v, enum vcpu_exit *code)
{
	u32 fn = (u32)v->regs.x[0] & ~SMCCC_SVE_HINT, range;

	if (v->vm->pvm->flags & HYPSEC_FLAG_RSI) {
		/* One conduit: to a Realm HVC is unknown (DEN0137, A4.5). */
		if (ESR_EC(v->esr) == EC_HVC64) {
			v->regs.pc -= 4;
			vcpu_inject_undef(v);
			return true;
		}
		if (!(v->esr & ESR_CALL_IMM) && fn >= RSI_VERSION && fn <= RSI_HOST_CALL)
			return pvm_rsi(v, fn, code);
	}
	/* A trapped SMC is preferred-return at itself, an HVC behind itself. */
	if (ESR_EC(v->esr) == EC_SMC64)
		vcpu_skip(v);
	if (v->esr & ESR_CALL_IMM) {
		call_result(v, SMCCC_NOT_SUPPORTED);
		return true;
	}

	range = fn & ~SMCCC_SMC64;
	if (range >= PSCI_VERSION && range <= PSCI_LAST)
		return pvm_psci(v, fn, code);
	if (range >= TRNG_VERSION && range <= TRNG_RND)
		return trng(v, fn);

	switch (fn) {
	case SMCCC_VERSION:
		call_result(v, SMCCC_1_1);
		return true;
	case SMCCC_ARCH_FEATURES:
		call_result(v, arch_features((u32)v->regs.x[1]));
		return true;
	case SMCCC_ARCH_WORKAROUND_1:
	case SMCCC_ARCH_WORKAROUND_3:
		/* No result; harmless where firmware does not have it (SMCCC 7.5). */
		smc_call(fn, 0, 0, 0);
		return true;
	case SMCCC_ARCH_WORKAROUND_2:
		return true;		/* nothing to switch: pvm_ssbd_begin() */
	case HYPSEC_GUEST_VERSION ... HYPSEC_GUEST_REVOKE:
		guest_call(v, fn);
		return true;
	default:
		/* PV_TIME, KVM's PTP, TRNG of others, anything yet to come. */
		call_result(v, SMCCC_NOT_SUPPORTED);
		return true;
	}
}
