# SPDX-License-Identifier: GPL-2.0-only
# The boot stub's device tree code, with the same libfdt as the stub has.

SRC_test_dt	:= $(addprefix scripts/stub/,dt_parse.c dt_check.c dt_build.c)
INC_test_dt	:= -I$(out)/libfdt -I$(top)/scripts/stub -DVIRT_DTB='"$(out)/virt.dtb"'
ARC_test_dt	:= $(out)/libfdt-host.a

SRC_test_dt_fuzz := $(SRC_test_dt)
INC_test_dt_fuzz := $(INC_test_dt)
ARC_test_dt_fuzz := $(ARC_test_dt)
SRC_test_dt_refused := $(SRC_test_dt)
INC_test_dt_refused := $(INC_test_dt)
ARC_test_dt_refused := $(ARC_test_dt)
SRC_test_dt_leftovers := $(SRC_test_dt)
INC_test_dt_leftovers := $(INC_test_dt)
ARC_test_dt_leftovers := $(ARC_test_dt)

$(foreach t,dt dt_fuzz dt_refused dt_leftovers,$(eval GEN_test_$t := $(out)/virt.dtb $(out)/libfdt-host.a))

$(out)/libfdt-host.a: $(top)/scripts/fetch-source $(here)/dt.mk
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
