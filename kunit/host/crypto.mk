# SPDX-License-Identifier: GPL-2.0-only

SRC_test_crypto	:= el2-objs/crypto/crypto.c el2-objs/crypto/random.c \
	kunit/host/fake/panic.c
ARC_test_crypto	:= $(out)/libsodium-host.a
LIB_test_crypto	:= -lcrypto

SRC_test_random	:= $(SRC_test_crypto)
ARC_test_random	:= $(ARC_test_crypto)
LIB_test_random	:= -lcrypto

# scripts/sodium knows itself whether there is anything to do.
$(out)/libsodium-host.a: $(top)/scripts/sodium $(top)/el2-objs/crypto/sodium_api.h
	CFLAGS="-O1 -g $(SANITIZE)" CC="$(CC)" $< host $@
	touch $@
