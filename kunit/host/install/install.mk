# SPDX-License-Identifier: GPL-2.0-only
# Its region has to lie where the bundle's begins, at 2 MiB.
SRC_test_install := el2-objs/install/install.c el2-objs/host/phase.c el2-objs/base/core.c kunit/host/fake/panic.c
INC_test_install := -fno-pie -Wno-unused-parameter -DFAKE_ISB -include $(here)/fake/sysreg_array.h
LIB_test_install := -no-pie -Wl,--defsym=bundle_header=install_region
SRC_test_install_place := $(SRC_test_install)
INC_test_install_place := $(INC_test_install)
LIB_test_install_place := $(LIB_test_install)+4096

SRC_test_late	:= el2-objs/install/late.c el2-objs/base/feat.c kunit/host/fake/panic.c
INC_test_late	:= -Wno-unused-parameter -include $(here)/fake/sysreg_array.h
