/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPSEC_STUB_REALM_H
#define HYPSEC_STUB_REALM_H

#include "dt.h"

/**
 * realm_window() - where a Realm's kernel looks for what it shares
 * @d: after dt_check()
 * @s: after dt_devices() and dt_pci()
 * @ipa_bits: of this VM's address space
 * @size: bytes, a power of 2, as the image says
 * @window: set
 *
 * Such a kernel reaches what it shares of the memory at x at TOP | x, TOP being the upper half of
 * the address space. So the window covers the RAM, that far up, aligned as a BAR is.
 * Return: 0, or a reason.
 */
uint64_t realm_window(const struct vm_desc *d, const struct vm_share *s, uint64_t ipa_bits,
		      uint64_t size, struct vm_range *window);

/**
 * realm_place() - put the host's memory there: BAR 2 of its ivshmem-plain device
 * @p: from dt_pci()
 * @window: from realm_window()
 *
 * Return: 0, or a reason.
 */
uint64_t realm_place(const struct vm_pci *p, struct vm_range window);

#endif
