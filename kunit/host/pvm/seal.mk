# SPDX-License-Identifier: GPL-2.0-only
comma := ,

# Sealing, from KVM's call or the host's touch to the cipher, on the machine of fake/hw.h. What is
# not linked is a fake in seal_common.h.
SRC_test_seal = $(vm_sources) el2-objs/vm/walk.c \
	$(addprefix el2-objs/pvm/,fault.c exposure.c mmio.c pages.c relinquish.c sealed.c shared.c) \
	el2-objs/vm/shadow.c el2-objs/seal/seal.c el2-objs/crypto/crypto.c
SRC_test_seal_refused = $(SRC_test_seal)
SRC_test_seal_invalidate = $(SRC_test_seal)
SRC_test_seal_random = $(SRC_test_seal)
SRC_test_seal_joined = $(SRC_test_seal)
SRC_test_seal_blocks = $(SRC_test_seal)
SRC_test_seal_blocks_go = $(SRC_test_seal)
SRC_test_relinquish = $(SRC_test_seal)
SRC_test_abort = $(SRC_test_seal)
SRC_test_shared = $(SRC_test_seal)
SRC_test_grant = $(SRC_test_seal)
SRC_test_grant_used = $(SRC_test_seal)
SRC_test_rsi = $(SRC_test_seal) el2-objs/pvm/rsi.c el2-objs/auth/platform.c
SRC_test_rsi_memory = $(SRC_test_rsi)
SRC_test_rsi_window = $(SRC_test_rsi)
$(foreach t,shared grant grant_used rsi rsi_memory rsi_window seal seal_refused seal_invalidate seal_random seal_joined seal_blocks seal_blocks_go \
	relinquish abort,\
	$(eval ARC_test_$t := $(out)/machine.a $(out)/libsodium-host.a) \
	$(eval INC_test_$t := $(on_machine)) \
	$(eval LIB_test_$t := -lcrypto $(foreach f,aead_seal aead_open wipe,-Wl$(comma)--wrap=hypsec_$f)))
LIB_test_seal_blocks += -Wl$(comma)--wrap=pa_is_ram

# A large guest on a large machine: own/own.mk.
$(foreach t,seal seal_blocks,\
	$(eval SRC_test_$t_1t = $$(SRC_test_seal) $$(machine)) \
	$(eval ARC_test_$t_1t := $(out)/libsodium-host.a) \
	$(eval INC_test_$t_1t := $(on_machine) -DMACHINE_1T) \
	$(eval LIB_test_$t_1t = $$(LIB_test_$t)))
