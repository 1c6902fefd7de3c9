// SPDX-License-Identifier: GPL-2.0-only
/* ID registers of a protected guest, from idregs.def. */
#include "pvm/priv.h"

enum rule { PASS, CAP, FIX, BITS };

static const struct id_field {
	u8 reg, shift, rule, limit;
} fields[] = {
#define ID(reg, name, shift, rule, limit) { PVM_ID_##reg, shift, rule, limit },
#include "pvm/idregs.def"
#undef ID
};

static u64 nibble(u64 hw, const struct id_field *f)
{
	return (hw >> f->shift) & 0xf;
}

static u64 field_value(const struct id_field *f, u64 hw, u8 ipa_bits)
{
	u64 v = nibble(hw, f);

	if (f->rule == FIX)
		return f->limit;
	if (f->rule == BITS)
		return v & f->limit;
	if (f->rule == CAP && v > f->limit)
		v = f->limit;
	if (f->reg == PVM_ID_MMFR0 && f->shift == 0)
		while (v && pa_bits((u32)v - 1) >= ipa_bits)
			v--;
	/* 52-bit addresses would lead outside the VM's address space. */
	if (f->reg == PVM_ID_MMFR0 && f->shift == 28 && v == 1)
		v = 0;
	return v;
}

u64 pvm_id_value(enum pvm_id reg, u64 hw, u8 ipa_bits)
{
	u64 v = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].reg == reg)
			v |= field_value(&fields[i], hw, ipa_bits) << fields[i].shift;
	return v;
}

/* What two CPUs both have. PASS: signed fields, where 0xf is "not there" and the least. */
static u64 field_common(const struct id_field *f, u64 a, u64 b)
{
	u64 bias = f->rule == PASS ? 8 : 0, x = nibble(a, f) ^ bias, y = nibble(b, f) ^ bias;

	return f->rule == BITS ? x & y : (x < y ? x : y) ^ bias;
}

u64 pvm_id_common(enum pvm_id reg, u8 ipa_bits)
{
	u64 common = cpu_by_id(0)->id_regs[reg], v;

	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		v = 0;
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			if (fields[i].reg == reg)
				v |= field_common(&fields[i], common,
						  cpu_by_id(cpu)->id_regs[reg]) << fields[i].shift;
		common = v;
	}
	return pvm_id_value(reg, common, ipa_bits);
}

u64 pvm_cache_trap(void)
{
	u64 ctr = cpu_by_id(0)->id_regs[PVM_ID_CTR], mmfr2;
	bool evt = true, ccidx = false;

	for (u32 cpu = 0; cpu < nr_cpus; cpu++) {
		if (cpu_by_id(cpu)->id_regs[PVM_ID_CTR] != ctr)
			return HCR_TID2;
		mmfr2 = cpu_by_id(cpu)->id_regs[PVM_ID_MMFR2];
		evt &= FIELD(mmfr2, 59, 56) != 0;
		ccidx |= FIELD(mmfr2, 23, 20) != 0;
	}
	if (evt)
		return HCR_TID4;
	/* The guest is told that there is no other format of CCSIDR_EL1; so there must be none. */
	return ccidx ? HCR_TID2 : 0;
}
