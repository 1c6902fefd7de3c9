# SPDX-License-Identifier: GPL-2.0-only
# The host's half: from text to what the core is installed with.
SRC_test_policy	:= hypsec-mod/policy_parse.c
INC_test_policy	:= -I$(here)/kernel -I$(top)/hypsec-mod
SRC_test_ranges	:= hypsec-mod/ranges.c
INC_test_ranges	:= -I$(here)/kernel -I$(top)/hypsec-mod
SRC_test_plug	:= hypsec-mod/plug.c hypsec-mod/ranges.c
INC_test_plug	:= -I$(here)/kernel -I$(top)/hypsec-mod
SRC_test_bringup := hypsec-mod/bringup_judge.c
INC_test_bringup := -I$(here)/kernel -I$(top)/hypsec-mod

# The words for a boot stub's reason
SRC_test_reason	:= hypsec-mod/reason.c
INC_test_reason	:= -I$(here)/kernel -I$(top)/hypsec-mod -I$(top)/el2-objs/abi
