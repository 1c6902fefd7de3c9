# SPDX-License-Identifier: GPL-2.0-only
# The boot stub's device tree code, with the same libfdt as the stub has.

dt_tests	:= dt dt_fuzz dt_refused dt_leftovers dt_share dt_pool dt_pci dt_pci_refused

define dt_test
SRC_test_$1	:= $$(addprefix scripts/stub/dt_,read.c parse.c check.c devices.c pci.c \
	write.c build.c share.c)
INC_test_$1	:= -I$$(out)/libfdt -I$$(top)/scripts/stub -DVIRT_DTB='"$$(out)/virt.dtb"'
ARC_test_$1	:= $$(out)/libfdt-host.a
GEN_test_$1	:= $$(out)/virt.dtb $$(out)/libfdt-host.a
endef
$(foreach t,$(dt_tests),$(eval $(call dt_test,$t)))

SRC_test_virtio	:= scripts/stub/virtio.c
INC_test_virtio	:= -I$(top)/scripts/stub

SRC_test_pci	:= scripts/stub/pci.c
INC_test_pci	:= -I$(top)/scripts/stub

SRC_test_realm	:= scripts/stub/realm.c scripts/stub/dt_check.c
INC_test_realm	:= -I$(top)/scripts/stub

$(out)/libfdt-host.a: $(top)/scripts/fetch-source $(here)/stub/dt.mk
	@mkdir -p $(out)/libfdt
	src=$$($(top)/scripts/fetch-source arm-trusted-firmware) && \
	cp $$src/lib/libfdt/*.[ch] $$src/include/lib/libfdt/*.h $(out)/libfdt/
	rm -f $@
	cd $(out)/libfdt && for f in fdt fdt_ro fdt_sw fdt_rw fdt_wip; do \
		$(CC) -O1 -g $(SANITIZE) -w -I. -c $$f.c || exit 1; done && \
	ar rcs $@ fdt.o fdt_ro.o fdt_sw.o fdt_rw.o fdt_wip.o

# A real device tree, from the machine model the guests run on.
$(out)/virt.dtb:
	@mkdir -p $(out)
	qemu-system-aarch64 -M virt,gic-version=3,dumpdtb=$@.new -cpu cortex-a72 \
		-smp 2 -m 512 -nodefaults -display none >/dev/null 2>&1
	dtc -q -I dtb -O dtb -o $@.packed $@.new
	rm -f $@.new
	mv $@.packed $@
