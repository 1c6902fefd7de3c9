// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads and stores that the host emulates: how a syndrome is read, and what of a
 * register crosses (Arm ARM D24.2.40, ISS of a data abort). Pure functions.
 */
#include "pvm/priv.h"

bool mmio_forwardable(u64 esr)
{
	/*
	 * Without a syndrome the host would have to decode the instruction, and so
	 * to read the guest's memory. A stage-1 table outside RAM would let the
	 * host write the guest's translations.
	 */
	return (esr & ESR_ISV) && !(esr & (ESR_S1PTW | ESR_CM));
}

static unsigned int access_bits(u64 esr)
{
	return 8U << FIELD(esr, 23, 22);
}

u64 mmio_store_value(u64 esr, u64 reg)
{
	/* "strb" of a key's last byte is no reason to show the other seven. */
	return reg & GENMASK(access_bits(esr) - 1, 0);
}

u64 mmio_load_value(u64 esr, u64 offered)
{
	unsigned int bits = access_bits(esr);
	u64 v = offered & GENMASK(bits - 1, 0);

	/* Only a value that the instruction could have produced. */
	if ((esr & ESR_SSE) && (v & BIT(bits - 1)))
		v |= ~GENMASK(bits - 1, 0);
	if (!(esr & ESR_SF))
		v &= GENMASK(31, 0);
	return v;
}
