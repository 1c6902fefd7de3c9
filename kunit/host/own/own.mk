# SPDX-License-Identifier: GPL-2.0-only
# On the machine of fake/hw.h
$(foreach t,own own_moves own_epochs own_random slot host_s2 host_exec lost later,\
	$(eval ARC_test_$t := $(out)/machine.a) \
	$(eval INC_test_$t := $(on_machine)))
