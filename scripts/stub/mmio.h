/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPSEC_STUB_MMIO_H
#define HYPSEC_STUB_MMIO_H

#include <stdint.h>

/* A register of the host's: an access that the core forwards. Tests have their own. */
uint32_t mmio_read32(uint64_t address);
void mmio_write32(uint64_t address, uint32_t v);

#endif
