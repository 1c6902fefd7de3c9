// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an Arm CCA Realm shares with its host is not a part of its RAM but other memory, at the same
 * addresses in the upper half of its address space: QEMU has it as the BAR of a PCI device. The bus
 * is the stub's alone: a kernel that saw it would move the BAR.
 *
 * All that is read here is the host's word and is asked for a clear refusal. What protects is that
 * the core takes nothing of that half for private, and aborts what is beside the window: a BAR
 * that is elsewhere, or not there, is a guest whose devices do not work.
 */
#include "pci.h"
#include "realm.h"
#include "reason.h"

/* PCI 3.0, 6.2.2, 6.2.5 */
#define COMMAND_MEMORY	0x2
#define BAR2		0x18
#define BAR_FLAGS	0xf
#define BAR_64BIT	0x4		/* of memory; bit 3, prefetchable, may be set too */

#define IVSHMEM		0x11101af4

uint64_t realm_window(const struct vm_desc *d, const struct vm_share *s, uint64_t ipa_bits,
		      uint64_t size, struct vm_range *window)
{
	uint64_t top, first;

	if (ipa_bits < 32 || ipa_bits > 48)
		return STUB_REALM;
	top = 1ULL << (ipa_bits - 1);
	if (size > top)
		return STUB_WINDOW;
	first = d->ram[0].base / size;
	for (uint32_t i = 0; i < d->nr_ram; i++)
		if (d->ram[i].base / size != first ||
		    (d->ram[i].base + d->ram[i].size - 1) / size != first)
			return STUB_COVER;
	*window = (struct vm_range){ top + first * size, size };
	/* RAM that reaches into the upper half, or a device that lies there: two meanings again. */
	if (first * size >= top || dt_meets(d, *window) || vm_overlap(s->pci.ecam, *window))
		return STUB_WINDOW;
	for (uint32_t i = 0; i < s->nr_transports; i++)
		if (vm_overlap(s->transport[i].reg, *window))
			return STUB_WINDOW;
	for (uint32_t i = 0; i < s->pci.nr_windows; i++) {
		const struct vm_window *w = &s->pci.window[i];

		if ((w->space & VM_PCI_MEM64) == VM_PCI_MEM64 && w->cpu.size >= size &&
		    window->base - w->cpu.base <= w->cpu.size - size)
			return 0;
	}
	return STUB_WINDOW;
}

static uint64_t bar(uint64_t config)
{
	return mmio_read32(config + BAR2) | (uint64_t)mmio_read32(config + BAR2 + 4) << 32;
}

static void set_bar(uint64_t config, uint64_t v)
{
	mmio_write32(config + BAR2, (uint32_t)v);
	mmio_write32(config + BAR2 + 4, (uint32_t)(v >> 32));
}

uint64_t realm_place(const struct vm_pci *p, struct vm_range window)
{
	uint64_t config = 0;
	uint32_t slot;

	for (slot = 0; slot < PCI_SLOTS; slot++) {
		config = pci_slot(p, slot);
		if (mmio_read32(config + PCI_ID) == IVSHMEM && pci_is_device(config))
			break;
	}
	if (slot == PCI_SLOTS)
		return STUB_NO_IVSHMEM;
	/* Not anywhere while its size is asked for, nor is it ever a master of the bus. */
	mmio_write32(config + PCI_COMMAND, 0);
	if ((mmio_read32(config + BAR2) & BAR_FLAGS & ~8U) != BAR_64BIT)
		return STUB_NO_IVSHMEM;
	set_bar(config, ~0ULL);
	if ((bar(config) & ~(uint64_t)BAR_FLAGS) != -window.size)
		return STUB_IVSHMEM_SIZE;
	set_bar(config, window.base);
	if ((bar(config) & ~(uint64_t)BAR_FLAGS) != window.base)
		return STUB_NO_IVSHMEM;
	mmio_write32(config + PCI_COMMAND, COMMAND_MEMORY);
	return 0;
}
