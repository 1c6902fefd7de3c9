// SPDX-License-Identifier: GPL-2.0-only
/*
 * The platform secret, of which sealing keys are made, and the platform key, which
 * signs reports. Both are set at install, by one CPU, and only read from then on.
 * What they mean: README.
 */
#include "auth/auth.h"
#include "base/memory.h"

#define AT(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), #member)
AT(hypsec_sealing_input, security_version, 16); AT(hypsec_sealing_input, source, 24);
AT(hypsec_sealing_input, flags, 28); AT(hypsec_sealing_input, signer, 32);
AT(hypsec_sealing_input, family, 64); AT(hypsec_sealing_input, identity, 96);
_Static_assert(sizeof(struct hypsec_sealing_input) == 128, "format");
AT(hypsec_report, source, 12); AT(hypsec_report, security_version, 16);
AT(hypsec_report, measurement, 32); AT(hypsec_report, identity, 64);
AT(hypsec_report, signer, 96); AT(hypsec_report, nonce, 128);
AT(hypsec_token, challenge, 16); AT(hypsec_token, rem, 80); AT(hypsec_token, report, 336);
AT(hypsec_token, signature, 528);
_Static_assert(sizeof(struct hypsec_token) == 592, "format");
_Static_assert(sizeof(struct hypsec_report) == 192, "format");
_Static_assert(sizeof(struct hypsec_sealing_key) % HYPSEC_IDENTITY_PIECE == 0 &&
	       sizeof(struct hypsec_platform) % HYPSEC_IDENTITY_PIECE == 0, "whole pieces");

static struct {
	u8 secret[HYPSEC_SECRET_SIZE];
	u8 sign[ED25519_PRIVATE_SIZE];
	struct hypsec_platform pub;
	bool ready;
} platform;

bool __init platform_valid(const struct hypsec_install *in)
{
	/* A secret of zeros is one that somebody forgot to fill in. */
	bool secret = !all_zero(in->secret, sizeof(in->secret));

	return in->source <= HYPSEC_PLATFORM && secret == (in->source == HYPSEC_PLATFORM);
}

void __init platform_init(struct hypsec_install *in, u8 *random)
{
	memcpy(platform.secret, in->source == HYPSEC_PLATFORM ? in->secret :
	       random + ED25519_SEED_SIZE, sizeof(platform.secret));
	hypsec_ed25519_keypair(platform.pub.key, platform.sign, random);
	memcpy(platform.pub.measurement, in->measurement, sizeof(platform.pub.measurement));
	platform.pub.source = (u32)in->source;
	platform.ready = true;
	hypsec_wipe(in->secret, sizeof(in->secret));
	hypsec_wipe(random, PLATFORM_RANDOM);
}

void platform_wipe(void)
{
	WRITE_ONCE(platform.ready, false);
	hypsec_wipe(platform.secret, sizeof(platform.secret));
	hypsec_wipe(platform.sign, sizeof(platform.sign));
	dcache_clean_inval_poc(&platform, sizeof(platform));
}

int platform_sealing_key(const struct image_verify *v, u64 version,
			 struct hypsec_sealing_key *key)
{
	struct hypsec_sealing_input in = {
		.label = HYPSEC_SEALING_LABEL,
		.security_version = version,
		.source = platform.pub.source,
		/* What the host may look into, or type into, never has the key of its twin. */
		.flags = v->m.flags & HYPSEC_SEALING_FLAGS,
	};
	u8 mac[SHA512_SIZE];

	if (version > v->m.security_version)
		return HYPSEC_DENIED;
	if (!READ_ONCE(platform.ready))
		return HYPSEC_STATE;
	memcpy(in.signer, v->id.signer, sizeof(in.signer));
	memcpy(in.family, v->m.family, sizeof(in.family));
	if (all_zero(v->m.family, sizeof(v->m.family)))
		memcpy(in.identity, v->id.vm, sizeof(in.identity));

	hypsec_hmac_sha512(mac, &in, sizeof(in), platform.secret);
	memset(key, 0, sizeof(*key));
	memcpy(key->key, mac, sizeof(key->key));
	key->source = platform.pub.source;
	hypsec_wipe(mac, sizeof(mac));
	return HYPSEC_OK;
}

static int sign(const struct image_verify *v, u32 version, const u8 *nonce,
		struct hypsec_report *out, u8 *sig)
{
	struct hypsec_report r = {
		.magic = HYPSEC_REPORT_MAGIC,
		.version = version,
		.source = platform.pub.source,
		.security_version = v->m.security_version,
		.flags = v->m.flags,
	};

	if (!READ_ONCE(platform.ready))
		return HYPSEC_STATE;
	memcpy(r.measurement, platform.pub.measurement, sizeof(r.measurement));
	memcpy(r.identity, v->id.vm, sizeof(r.identity));
	memcpy(r.signer, v->id.signer, sizeof(r.signer));
	memcpy(r.nonce, nonce, sizeof(r.nonce));
	hypsec_ed25519_sign(sig, &r, sizeof(r), platform.sign);
	*out = r;
	return HYPSEC_OK;
}

int platform_report(const struct image_verify *v, const u8 *nonce, u8 *sig)
{
	struct hypsec_report r;

	return sign(v, HYPSEC_REPORT_VERSION, nonce, &r, sig);
}

int platform_token(const struct image_verify *v, struct hypsec_token *t)
{
	struct hypsec_sha512 h;
	u8 digest[SHA512_SIZE];

	_Static_assert(SHA512_SIZE == HYPSEC_NONCE_SIZE, "the digest is the nonce");
	t->magic = HYPSEC_TOKEN_MAGIC;
	t->version = HYPSEC_TOKEN_VERSION;
	t->size = sizeof(*t);
	hypsec_sha512_init(&h);
	hypsec_sha512_update(&h, t, offsetof(struct hypsec_token, report));
	hypsec_sha512_final(&h, digest);
	return sign(v, HYPSEC_REPORT_TOKEN, digest, &t->report, t->signature);
}

int platform_piece(u32 flags, u64 n, u64 *val)
{
	struct hypsec_platform p = platform.pub;

	if (n >= HYPSEC_PLATFORM_PIECES)
		return HYPSEC_RANGE;
	p.flags = flags;
	memcpy(val, (const u8 *)&p + n * HYPSEC_IDENTITY_PIECE, HYPSEC_IDENTITY_PIECE);
	return HYPSEC_OK;
}
