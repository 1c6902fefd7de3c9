# SPDX-License-Identifier: GPL-2.0-only

SRC_test_crypto	:= el2-objs/crypto/crypto.c el2-objs/crypto/random.c \
	kunit/host/fake/panic.c
ARC_test_crypto	:= $(out)/libsodium-host.a
LIB_test_crypto	:= -lcrypto
INC_test_crypto	:= -I$(out)

GEN_test_crypto := $(out)/ed25519_vectors.h

# The 1024 vectors of ed25519.cr.yp.to, the last of which is RFC 8032's TEST 1024, as
# libsodium's own test has them: { seed, public key, signature, message of n bytes }.
$(out)/ed25519_vectors.h: $(here)/crypto/crypto.mk
	@mkdir -p $(out)
	src=$$($(top)/scripts/fetch-source libsodium) && \
	sed -n '/^static TestData/,/^};/p' $$src/test/default/sign.c > $@.new && mv $@.new $@

SRC_test_random	:= $(SRC_test_crypto)
ARC_test_random	:= $(ARC_test_crypto)
LIB_test_random	:= -lcrypto

SRC_test_random_sources := el2-objs/crypto/sources.c el2-objs/crypto/health.c $(SRC_test_crypto)
INC_test_random_sources := -include $(here)/fake/sysreg_array.h
ARC_test_random_sources := $(ARC_test_crypto)
LIB_test_random_sources := -lcrypto -Wl,--wrap=hypsec_wipe
SRC_test_random_failing := $(SRC_test_random_sources)
INC_test_random_failing := $(INC_test_random_sources)
ARC_test_random_failing := $(ARC_test_random_sources)
LIB_test_random_failing := $(LIB_test_random_sources)

SRC_test_health	:= el2-objs/crypto/health.c $(SRC_test_crypto)
ARC_test_health	:= $(ARC_test_crypto)
LIB_test_health	:= -lcrypto

# scripts/sodium knows itself whether there is anything to do.
$(out)/libsodium-host.a: $(top)/scripts/sodium $(top)/el2-objs/crypto/sodium_api.h
	CFLAGS="-O1 -g $(SANITIZE)" CC="$(CC)" $< host $@
	touch $@

# For mutate, which has no use for sanitizers in it.
$(out)/plain/libsodium-host.a: $(top)/scripts/sodium $(top)/el2-objs/crypto/sodium_api.h
	@mkdir -p $(@D)
	CFLAGS=-O2 CC="$(CC)" $< host $@
	touch $@

SRC_test_wipes	:= el2-objs/auth/platform.c $(SRC_test_health)
ARC_test_wipes	:= $(ARC_test_crypto)
LIB_test_wipes	:= -lcrypto -Wl,--wrap=hypsec_wipe

SRC_test_crypto_limits := $(SRC_test_crypto)
INC_test_crypto_limits := -Wno-unused-parameter
ARC_test_crypto_limits := $(ARC_test_crypto)
aead := crypto_aead_chacha20poly1305_ietf_
LIB_test_crypto_limits := -lcrypto -Wl,--wrap=$(aead)encrypt_detached \
	-Wl,--wrap=$(aead)decrypt_detached
