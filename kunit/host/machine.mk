# SPDX-License-Identifier: GPL-2.0-only
# pool/, pgt/ and own/ on the machine of fake/hw.h.
machine := $(addprefix el2-objs/base/,cache.c ram.c) \
	$(addprefix el2-objs/own/,epoch.c lost.c own.c record.c slot.c) \
	$(addprefix el2-objs/pool/,groups.c pool.c share.c) \
	el2-objs/own/host_s2.c el2-objs/host/abort.c \
	$(addprefix el2-objs/pgt/,map.c range.c tlb.c walk.c) \
	el2-objs/pool/trash.c \
	$(addprefix kunit/host/fake/,hw.c hw_memory.c hw_tlb.c hw_window.c machine.c panic.c)

on_machine := -include $(here)/fake/hw.h

# Compiled once: many tests are of these and little more. Its rule is the Makefile's.
OF_machine.a := $(machine)
FLAGS_machine.a := $(on_machine)
