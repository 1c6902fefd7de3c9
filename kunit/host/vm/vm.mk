# SPDX-License-Identifier: GPL-2.0-only
# The table of VMs, KVM's tables and shadows, above own/ on the machine of fake/hw.h.

vm_sources := $(addprefix el2-objs/vm/,vm.c slots.c end.c drop.c shared.c) \
	el2-objs/pvm/up.c kunit/host/fake/kvm_host.c

SRC_test_vm	:= $(vm_sources)
SRC_test_vm_slots := $(vm_sources)
SRC_test_vm_end	:= $(vm_sources)
SRC_test_vm_drop := $(vm_sources)
SRC_test_vm_teardown := $(vm_sources)
SRC_test_vm_let_go := $(vm_sources)
SRC_test_walk	:= $(vm_sources) el2-objs/vm/walk.c
SRC_test_walk_known := $(SRC_test_walk)
SRC_test_walk_races := $(vm_sources) kunit/host/fake/reads.c
SRC_test_shadow	:= $(vm_sources) el2-objs/vm/walk.c el2-objs/vm/shadow.c
SRC_test_shadow_owner := $(SRC_test_shadow)
SRC_test_shadow_beside := $(SRC_test_shadow)
SRC_test_shadow_answered := $(SRC_test_shadow)
SRC_test_shadow_used := $(SRC_test_shadow)

$(foreach t,vm vm_slots vm_end vm_drop vm_teardown vm_let_go walk walk_known walk_races \
	shadow shadow_owner shadow_beside shadow_answered shadow_used,\
	$(eval ARC_test_$t := $(out)/machine.a) \
	$(eval INC_test_$t := $(on_machine)))

# Every access of the walk is announced to fake/reads.c.
ARC_test_walk_races += $(out)/walk_announced.a
OF_walk_announced.a := el2-objs/vm/walk.c
FLAGS_walk_announced.a := -fno-sanitize=all -fsanitize=thread $(on_machine)
$(out)/walk_announced.a: $(top)/el2-objs/vm/walk.c $(here)/Makefile $(headers)
	@mkdir -p $(out)
	$(CC) $(ALL_CFLAGS) $(FLAGS_walk_announced.a) \
		-c -o $(out)/walk_announced.o $<
	rm -f $@
	ar rcs $@ $(out)/walk_announced.o
