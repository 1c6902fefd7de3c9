# SPDX-License-Identifier: GPL-2.0-only
SRC_test_psci	:= el2-objs/firmware/psci.c el2-objs/firmware/smc.c
SRC_test_smc	:= $(SRC_test_psci)
