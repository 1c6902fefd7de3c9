# SPDX-License-Identifier: GPL-2.0-only
# On the machine of fake/hw.h
$(foreach t,pool share,\
	$(eval ARC_test_$t := $(out)/machine.a) \
	$(eval INC_test_$t := $(on_machine)))
