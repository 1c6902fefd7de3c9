# SPDX-License-Identifier: GPL-2.0-only
# On the machine of fake/hw.h
$(foreach t,own own_moves own_epochs own_random slot host_s2 host_exec lost later,\
	$(eval ARC_test_$t := $(out)/machine.a) \
	$(eval INC_test_$t := $(on_machine)))

# The same where RAM ends behind 1 TiB, and what exists of it is the last: fake/machine.h.
$(foreach t,own own_moves own_epochs slot,\
	$(eval SRC_test_$t_1t := $(machine)) \
	$(eval INC_test_$t_1t := $(on_machine) -DMACHINE_1T))
