# SPDX-License-Identifier: GPL-2.0-only
SRC_test_manifest := el2-objs/auth/manifest.c kunit/host/fake/panic.c

SRC_test_left_out := el2-objs/auth/manifest.c el2-objs/crypto/crypto.c kunit/host/fake/panic.c
INC_test_left_out := $(options:%=-UCONFIG_HYPSEC_%) -Wno-unused-parameter
ARC_test_left_out := $(out)/libsodium-host.a

SRC_test_image	:= $(addprefix el2-objs/auth/,image.c manifest.c policy.c) \
	el2-objs/crypto/crypto.c kunit/host/fake/panic.c
ARC_test_image	:= $(out)/libsodium-host.a
LIB_test_image	:= -lcrypto

SRC_test_image_refused := $(SRC_test_image)
ARC_test_image_refused := $(ARC_test_image)
LIB_test_image_refused := $(LIB_test_image)

SRC_test_platform := el2-objs/auth/platform.c el2-objs/crypto/crypto.c kunit/host/fake/panic.c
ARC_test_platform := $(out)/libsodium-host.a
LIB_test_platform := -lcrypto

INC_test_image	:= -DTOOL_IMAGE='"$(out)/tool.img"'

GEN_test_image	:= $(out)/tool.img

# An image that scripts/hypsec-image made, for the core's own verifier. The
# kernel in it is random bytes behind a header.
$(out)/tool.img: $(top)/scripts/hypsec-image $(wildcard $(top)/scripts/lib/image/*.py $(top)/scripts/stub/*)
	@mkdir -p $(out)
	{ printf '\000\000\000\024\000\000\000\000\000\000\000\000\000\000\000\000' && \
	  printf '\000\000\040\000\000\000\000\000\012\000\000\000\000\000\000\000' && \
	  head -c 24 /dev/zero && printf 'ARM\144\000\000\000\000' && \
	  head -c 100001 /dev/urandom; } > $@.kernel
	head -c 50001 /dev/urandom > $@.initrd
	rm -f $@.key $@.key.pub
	$< keygen -o $@.key > /dev/null
	$< build --kernel $@.kernel --initrd $@.initrd --cmdline "quiet" --no-cmdline-defaults \
		--key $@.key -o $@
