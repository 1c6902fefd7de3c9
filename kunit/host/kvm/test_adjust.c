// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions that KVM has pending for a vCPU, and instructions it emulated. What is
 * expected is put together bit by bit from the Arm ARM's pseudocode:
 * AArch64.TakeException, AArch32.EnterMode, ITAdvance, AArch64.ITAdvance.
 */
#include "test.h"
#include "kvm/layout.h"
#include "base/sysreg.h"

/* Guards around the structure, and a copy of it from before the call. */
static u8 room[64 + KVM_VCPU_SIZE + 64] __attribute__((aligned(16)));
static u8 before[sizeof(room)];
static u8 *const k = room + 64;

#define X(n)		KV64(k, KVM_VCPU_REGS + (n) * 8)
#define PC		X(32)
#define PSTATE		X(33)
#define FIELD64(off)	KV64(k, KVM_##off)

static const u8 others = 0xff & ~(KVM_FLAG_INCREMENT_PC | KVM_FLAG_PENDING_EXCEPTION |
				  KVM_FLAG_EXCEPT_MASK);

static void fresh(u8 iflags)
{
	test_fill(room, sizeof(room));
	KV8(k, KVM_VCPU_IFLAGS) = iflags;
}

static void run(void)
{
	memcpy(before, room, sizeof(room));
	kvm_adjust_pc(k);
}

/* Takes what is at @off back to what it was: what is expected to change has been looked at. */
static void seen(size_t off, size_t n)
{
	memcpy(k + off, before + 64 + off, n);
}

static void nothing_else(void)
{
	assert_memory_equal(room, before, sizeof(room));
}

static void flags_are(u8 iflags)
{
	assert_int_equal(KV8(k, KVM_VCPU_IFLAGS), iflags);
	seen(KVM_VCPU_IFLAGS, 1);
}

static void reg_is(size_t off, u64 v)
{
	assert_int_equal(KV64(k, off), v);
	seen(off, 8);
}

static void pc_is(u64 v)
{
	reg_is(KVM_VCPU_REGS + 32 * 8, v);
}

static void pstate_is(u64 v)
{
	reg_is(KVM_VCPU_REGS + 33 * 8, v);
}

static bool bit(u64 v, int n)
{
	return (v >> n) & 1;
}

static void test_nothing_pending(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 256; i++) {
		if (i & (KVM_FLAG_INCREMENT_PC | KVM_FLAG_PENDING_EXCEPTION))
			continue;
		fresh(i);
		run();
		nothing_else();
	}
}

static u64 vector64(u64 old)
{
	switch (old & 0x1f) {
	case 0x04: return 0;		/* EL1t */
	case 0x05: return 0x200;	/* EL1h */
	}
	return bit(old, 4) ? 0x600 : 0x400;
}

static void take64(void)
{
	u64 pc = PC, old = PSTATE, sctlr = FIELD64(SR_SCTLR_EL1), want;
	u64 vbar = FIELD64(SR_VBAR_EL1), hcr = FIELD64(VCPU_HCR);
	u8 iflags = KV8(k, KVM_VCPU_IFLAGS);

	run();
	want = 0x3c5;					/* DAIF, EL1h */
	want |= old & 0xf0000000;			/* NZCV */
	want |= (u64)bit(old, 24) << 24;		/* DIT */
	want |= (u64)(bit(old, 22) | !bit(sctlr, 23)) << 22;	/* PAN, SPAN */
	want |= (u64)bit(sctlr, 44) << 12;		/* SSBS */
	want |= (u64)bit(hcr, 56) << 25;		/* TCO: ATA */
	pstate_is(want);
	pc_is(vbar + vector64(old));
	reg_is(KVM_SR_ELR_EL1, pc);
	reg_is(KVM_SR_SPSR_EL1, old);
	/* An instruction is stepped over or an exception taken, never both (KVM sets both). */
	flags_are(iflags & (others | KVM_FLAG_INCREMENT_PC));
	nothing_else();
}

static void test_exception64(void **state)
{
	static const u64 modes[] = { 0, 4, 5, 0x10, 0x13, 0x17, 0x1f,
				     8, 9, 0xc, 0xd };	/* never a guest's, but the host's to write */
	unsigned int i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		for (n = 0; n < 500; n++) {
			fresh(KVM_FLAG_PENDING_EXCEPTION | KVM_FLAG_EXCEPT_AA64_EL1_SYNC |
			      (test_rand() & (others | KVM_FLAG_INCREMENT_PC)));
			FIELD64(VCPU_HCR) |= HCR_RW;
			PSTATE = (PSTATE & ~0x1fUL) | modes[i];
			take64();
		}
	}
}

/* Whatever the host left in PSTATE, what is entered is EL1h with all masked. */
static void test_never_el2(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 0; n < 2000; n++) {
		fresh(KVM_FLAG_PENDING_EXCEPTION);
		FIELD64(VCPU_HCR) |= HCR_RW;
		run();
		assert_int_equal(PSTATE & 0x3df, 0x3c5);
		assert_int_equal(PSTATE & ~0xf34013c5UL, 0);
	}
}

struct entry32 {
	u8 flag;
	u32 mode, vector, arm, thumb;
	size_t spsr, lr;
};

static const struct entry32 entries32[] = {
	{ KVM_FLAG_EXCEPT_AA32_UND, 0x1b, 4, 4, 2,
	  KVM_VCPU_SPSR_UND, KVM_VCPU_REGS + 22 * 8 },
	{ KVM_FLAG_EXCEPT_AA32_IABT, 0x17, 12, 4, 4,
	  KVM_VCPU_SPSR_ABT, KVM_VCPU_REGS + 20 * 8 },
	{ KVM_FLAG_EXCEPT_AA32_DABT, 0x17, 16, 8, 8,
	  KVM_VCPU_SPSR_ABT, KVM_VCPU_REGS + 20 * 8 },
};

static void take32(const struct entry32 *e)
{
	u64 pc = PC, old = PSTATE, sctlr = FIELD64(SR_SCTLR_EL1), want, spsr;
	u32 base = bit(sctlr, 13) ? 0xffff0000 : (u32)FIELD64(SR_VBAR_EL1);
	u8 iflags = KV8(k, KVM_VCPU_IFLAGS);
	bool abt = e->mode == 0x17;

	run();
	want = e->mode;
	want |= (u64)bit(sctlr, 30) << 5;		/* T: TE */
	want |= (u64)bit(old, 6) << 6;			/* F */
	want |= 1UL << 7;				/* I */
	want |= (u64)(bit(old, 8) | abt) << 8;		/* A */
	want |= (u64)bit(sctlr, 25) << 9;		/* E: EE */
	want |= old & 0xf0000;				/* GE */
	want |= (u64)(bit(old, 22) | !bit(sctlr, 23)) << 22;	/* PAN, SPAN */
	want |= (u64)bit(sctlr, 31) << 23;		/* SSBS: DSSBS */
	want |= (u64)bit(old, 24) << 24;		/* DIT */
	want |= old & 0xf8000000;			/* NZCVQ */
	pstate_is(want);
	pc_is((u32)(base + e->vector));
	/* An AArch32 SPSR has DIT at 21, where SPSR_EL2 has SS; and J at 24. */
	spsr = (u32)old & ~(1UL << 24 | 1UL << 21);
	spsr |= (u64)bit(old, 24) << 21;
	reg_is(e->spsr, spsr);
	reg_is(e->lr, (u32)((u32)pc + (bit(old, 5) ? e->thumb : e->arm)));
	flags_are(iflags & (others | KVM_FLAG_INCREMENT_PC));
	nothing_else();
}

static void test_exception32(void **state)
{
	unsigned int i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(entries32); i++) {
		for (n = 0; n < 4000; n++) {
			fresh(KVM_FLAG_PENDING_EXCEPTION | entries32[i].flag |
			      (test_rand() & (others | KVM_FLAG_INCREMENT_PC)));
			FIELD64(VCPU_HCR) &= ~HCR_RW;
			if (n % 5 == 0)
				PC = 0xfffffffe;	/* wraps in 32 bits */
			take32(&entries32[i]);
		}
	}
}

/* A number that is no exception of this width: forgotten, as KVM does; nothing is entered. */
static void test_unknown_exception(void **state)
{
	unsigned int what;

	(void)state;
	for (what = 0; what <= KVM_FLAG_EXCEPT_MASK; what += 0x10) {
		fresh(KVM_FLAG_PENDING_EXCEPTION | what | others);
		FIELD64(VCPU_HCR) |= HCR_RW;
		if (what != KVM_FLAG_EXCEPT_AA64_EL1_SYNC) {
			run();
			flags_are(others);
			nothing_else();
		}
		fresh(KVM_FLAG_PENDING_EXCEPTION | what | others);
		FIELD64(VCPU_HCR) &= ~HCR_RW;
		if (what > KVM_FLAG_EXCEPT_AA32_DABT) {
			run();
			flags_are(others);
			nothing_else();
		}
	}
}

static void test_skip64(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 0; n < 500; n++) {
		u64 pc, old;

		fresh(KVM_FLAG_INCREMENT_PC | KVM_FLAG_EXCEPT_MASK | others);
		PSTATE &= ~0x10UL;
		if (n % 5 == 0)
			PC = ~3UL;
		pc = PC;
		old = PSTATE;
		run();
		pc_is(pc + 4);
		pstate_is(old & ~0x200c00UL);		/* BTYPE, SS */
		flags_are(KVM_FLAG_EXCEPT_MASK | others);
		nothing_else();
	}
}

/* ITSTATE by its definition: IT[7:2] at 15:10, IT[1:0] at 26:25 (C5.2.18). */
static u64 it_of(u64 pstate)
{
	return (pstate >> 10 & 0x3f) << 2 | (pstate >> 25 & 3);
}

static u64 with_it(u64 pstate, u64 it)
{
	return (pstate & ~0x0600fc00UL) | (it >> 2) << 10 | (it & 3) << 25;
}

static void skip32(u64 it, bool thumb, bool wide, u64 pc)
{
	u64 old, next;

	fresh(KVM_FLAG_INCREMENT_PC | others);
	PSTATE = with_it((PSTATE & ~0x20UL) | 0x10 | (thumb ? 0x20 : 0), it);
	FIELD64(VCPU_ESR) = (FIELD64(VCPU_ESR) & ~ESR_IL) | (wide ? ESR_IL : 0);
	PC = pc;
	old = PSTATE;
	run();
	pc_is((u32)(pc + (thumb && !wide ? 2 : 4)));
	/* The last instruction of a block has IT[2:0] 0; before it IT[4:0] moves up. */
	next = !thumb ? it : it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	assert_int_equal(it_of(PSTATE), next);
	pstate_is(with_it(old, next) & ~0x200000UL);	/* SS */
	flags_are(others);
	nothing_else();
}

static void test_skip32(void **state)
{
	u64 it;

	(void)state;
	for (it = 0; it < 256; it++) {
		skip32(it, true, true, test_rand());
		skip32(it, true, false, test_rand());
		skip32(it, false, true, test_rand());
		skip32(it, false, false, test_rand());
		skip32(it, true, false, 0xfffffffe);
		skip32(it, false, true, 0xfffffffc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_pending),
		cmocka_unit_test(test_exception64),
		cmocka_unit_test(test_never_el2),
		cmocka_unit_test(test_exception32),
		cmocka_unit_test(test_unknown_exception),
		cmocka_unit_test(test_skip64),
		cmocka_unit_test(test_skip32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
