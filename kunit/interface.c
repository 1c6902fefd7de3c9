// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_vcpu, all of struct vgic_v3_cpu_if as a host likes it: interrupts that do not exist, in
 * any state, tied to any physical one; traps; maintenance interrupts that never end.
 */
#include <linux/delay.h>
#include <linux/prandom.h>
#include "vcpu.h"

#define REG(op2_crm, rt)	(0xd5380000 | (op2_crm) | (rt))		/* mrs x<rt>, ... */
#define ICC_PMR			0x4600
#define ICC_SRE			0xcca0
#define ICC_IGRPEN0		0xccc0
#define ICC_IGRPEN1		0xcce0
#define ICC_IAR0		0xc800
#define ICC_EOIR0		0xc820
#define ICC_IAR1		0xcc00
#define ICC_EOIR1		0xcc20
#define ISR			0xc100
#define MSR(op2_crm, rt)	(REG(op2_crm, rt) & ~0x200000)
#define UNMASK			0xd50343ff	/* msr daifclr, #3 */
#define TWO(a, b)		((a) | (u64)(b) << 32)
#define ISR_IF			(BIT(7) | BIT(6))
#define NONE			1023		/* nothing to acknowledge */
#define VECTOR_IRQ		0x280
#define VECTOR_FIQ		0x300

#define LR_ACTIVE		BIT(63)
#define LR_PENDING		BIT(62)
#define LR_HW			BIT(61)
#define LR_EOI			BIT(41)
#define LR_PRIORITY		GENMASK(55, 48)
#define LR_PINTID		GENMASK(44, 32)
#define LR_VINTID		GENMASK(31, 0)
#define HCR_MAINTENANCE		GENMASK(7, 1)

/* Of each run by the number of its interface, from which it can be made again. */
static u64 seed;
static unsigned int denied;		/* runs in a row in which the guest got no turn */
static u64 irqs, turns, denials;
static u64 last, traps;			/* an ordinary vCPU's last exit; accesses that trapped */
static u64 least;			/* the highest priority (least value) of all it offers */

/* One that can be: an interrupt some GIC has, of a physical one some GIC has. */
static u64 plausible(struct rnd_state *rnd, u64 lr)
{
	u32 r = prandom_u32_state(rnd), vintid = r & BIT(31) ? r % 1020 : 8192 + r % 57344;

	lr &= ~(LR_VINTID | (lr & LR_HW ? LR_PINTID : LR_EOI));
	lr |= vintid;
	if (lr & LR_HW)
		lr |= FIELD_PREP(LR_PINTID, 16 + (r >> 8) % 256);
	return lr;
}

/* KVM's part for once, so that the guest gets a turn whatever else it is offered. */
static void quiet(struct vgic_v3_cpu_if *gic)
{
	gic->used_lrs = 0;
	gic->vgic_hcr = 1;
	gic->vgic_sre = 1;
	gic->its_vpe.its_vm = NULL;
}

static void anything(struct vgic_v3_cpu_if *gic)
{
	struct rnd_state rnd;
	u32 kind;

	prandom_seed_state(&rnd, ++seed);
	prandom_bytes_state(&rnd, gic, sizeof(*gic));
	kind = prandom_u32_state(&rnd) % 4;
	if (kind)
		gic->used_lrs %= ARRAY_SIZE(gic->vgic_lr) + 1;
	if (kind > 1)
		gic->vgic_hcr = (gic->vgic_hcr & ~HCR_MAINTENANCE) | 1;
	for (unsigned int i = 0; i < ARRAY_SIZE(gic->vgic_lr); i++) {
		u64 *lr = &gic->vgic_lr[i];

		if (kind > 1)
			*lr = plausible(&rnd, *lr);
		if (kind == 3 && !i)
			*lr = (*lr & ~LR_ACTIVE) | LR_PENDING;
		if (FIELD_GET(LR_PRIORITY, *lr) < least)
			*lr |= FIELD_PREP(LR_PRIORITY, least);
	}
}

static void next(struct vgic_v3_cpu_if *gic, bool got_turn)
{
	denied = got_turn ? 0 : denied + 1;
	denials += !got_turn;
	turns += got_turn;
	anything(gic);
	if (denied >= 4) {
		quiet(gic);
		denied = 0;
	}
}

static void offer(struct hk_vcpu *c, struct vgic_v3_cpu_if *gic)
{
	u64 before = irqs;

	irqs = hk_watched_irqs(c);
	next(gic, irqs == before);
}

/* An ordinary VM's: nothing watches what its host sees. */
static void offer_ordinary(struct hk_vcpu *c)
{
	next(&c->v->arch.vgic_cpu.vgic_v3, last != ARM_EXCEPTION_IRQ);
}

static void note(struct hk_vcpu *c, u64 code)
{
	last = code;
}

static void start(void)
{
	seed = 0;
	least = 0;
	denied = 0;
	irqs = 0;
	last = 0;
	turns = 0;
	denials = 0;
	traps = 0;
}

static void exec(struct hk_vcpu *c, u64 insn01, u64 insn23, const u64 *x)
{
	struct kunit *test = c->vm->test;
	u64 runs = c->runs;
	struct hk_exit e;

	hk_command2(c, insn01, insn23, x, 0x9e3779b97f4a7c15 * (seed + 1));
	e = hk_run(c);
	/* Its host may trap what an ordinary guest does, and KVM would step over some of it. */
	while (!c->watch && e.what == HK_TRAP && ESR_ELx_EC(e.esr) == ESR_ELx_EC_SYS64) {
		traps++;
		hk_answer(c, 0);
		e = hk_run(c);
	}
	/* Some 30 exits, at most four denials before each, and ticks */
	KUNIT_EXPECT_LT_MSG(test, c->runs - runs, 1000, "interface %llu", seed);
	KUNIT_EXPECT_EQ_MSG(test, e.what, HK_DONE, "interface %llu: ESR %llx", seed, e.esr);
}

static void expect_own(struct hk_vcpu *c, u64 pmr)
{
	struct kunit *test = c->vm->test;
	const u64 x[8] = { 0 };

	exec(c, TWO(REG(ICC_PMR, 0), REG(ICC_IGRPEN0, 1)),
	     TWO(REG(ICC_IGRPEN1, 2), REG(ICC_SRE, 3)), x);
	hk_expect_kept(c, "interface");
	KUNIT_EXPECT_EQ_MSG(test, c->res[0], pmr, "interface %llu", seed);
	KUNIT_EXPECT_EQ_MSG(test, c->res[1], 1, "interface %llu", seed);
	KUNIT_EXPECT_EQ_MSG(test, c->res[2], 1, "interface %llu", seed);
	KUNIT_EXPECT_EQ_MSG(test, c->res[3], 7, "interface %llu", seed);
}

static void set_up(struct hk_vcpu *c, u64 pmr)
{
	const u64 x[8] = { pmr, 1 };

	exec(c, TWO(MSR(ICC_PMR, 0), MSR(ICC_IGRPEN0, 1)), TWO(MSR(ICC_IGRPEN1, 1), INSN_NOP), x);
	hk_expect_kept(c, "interface");
}

/* What it acknowledged, of both groups; it ends what there was. */
static u64 acknowledge(struct hk_vcpu *c)
{
	const u64 x[8] = { 0 };

	exec(c, TWO(REG(ICC_IAR1, 0), MSR(ICC_EOIR1, 0)),
	     TWO(REG(ICC_IAR0, 1), MSR(ICC_EOIR0, 1)), x);
	hk_expect_kept(c, "interface");
	return (c->res[0] != NONE) + (c->res[1] != NONE);
}

/* Interrupts of the host's own go on: between its CPUs, and of its timers. */
static void host_interrupts(void)
{
	hk_put();
	msleep(20);
}

/* The guest's own accesses stay as they are; what the host sees is exposure.def's. */
void hostile_interface(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	struct vgic_v3_cpu_if *gic = &c->v->arch.vgic_cpu.vgic_v3;
	u64 acknowledged = 0, taken = 0, v;
	const u64 x[8] = { 0 };
	unsigned int i;

	start();
	KUNIT_ASSERT_TRUE(test, hk_guest_store(c, GUEST_IMAGE + 0x4000, STORED));
	hk_watch(c);
	c->offer = offer;

	/* Below what it masks: none is signalled, none acknowledged. */
	least = 0x50;
	set_up(c, 0x50);
	for (i = 0; i < 8; i++) {
		/* Nor with priorities active that no interrupt has. */
		anything(gic);
		gic->vgic_sre = 1;
		hk_hvc(KVM_HOST_SMCCC_FUNC(__vgic_v3_restore_vmcr_aprs), (u64)gic, 0, 0);
		expect_own(c, 0x50);
		exec(c, TWO(REG(ISR, 0), INSN_NOP), TWO(INSN_NOP, INSN_NOP), x);
		KUNIT_EXPECT_EQ_MSG(test, c->res[0] & ISR_IF, 0, "interface %llu", seed);
		KUNIT_EXPECT_EQ_MSG(test, acknowledge(c), 0, "interface %llu", seed);
	}
	/* All of them are heard: the guest ends interrupts of its host's. */
	memset(gic, 0, sizeof(*gic));
	hk_hvc(KVM_HOST_SMCCC_FUNC(__vgic_v3_restore_vmcr_aprs), (u64)gic, 0, 0);
	least = 0;
	set_up(c, 0xf8);
	for (i = 0; i < 32; i++) {
		acknowledged += acknowledge(c);
		exec(c, TWO(UNMASK, INSN_NOP), TWO(INSN_NOP, INSN_NOP), x);
		KUNIT_EXPECT_EQ_MSG(test, c->res[8], 0, "interface %llu", seed);
		v = c->res[10];
		taken += v == VECTOR_IRQ || v == VECTOR_FIQ;
		KUNIT_EXPECT_TRUE_MSG(test, v == VECTOR_IRQ || v == VECTOR_FIQ ||
				      v == PUPPET_VECTOR_SYNC, "interface %llu: %llx", seed, v);
		expect_own(c, 0xf8);
		host_interrupts();
	}
	KUNIT_EXPECT_GT(test, turns, 0);
	KUNIT_EXPECT_GT(test, denials, 0);
	KUNIT_EXPECT_GT(test, acknowledged, 0);
	KUNIT_EXPECT_GT(test, taken, 0);

	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_PROTECTED);
	KUNIT_EXPECT_TRUE(test, hk_guest_load(c, GUEST_IMAGE + 0x4000, &v));
	KUNIT_EXPECT_EQ(test, v, STORED);
}

/*
 * An ordinary guest is its host's to trap and to confuse. The core comes back from each run, with
 * the CPU as it was: for the host, and for a protected VM that runs there next.
 */
void hostile_ordinary(struct kunit *test)
{
	struct hk_vm *other = hk_protected(test), *vm = hk_vm_new(test);
	struct hk_vcpu *c = &vm->vcpu[0], *o = &other->vcpu[0];
	const u64 x[8] = { 0xf8, 1 };
	unsigned int i;

	start();
	set_up(o, 0x50);
	c->prepare = offer_ordinary;
	c->look = note;
	for (i = 0; i < 16; i++) {
		exec(c, TWO(MSR(ICC_PMR, 0), MSR(ICC_IGRPEN0, 1)),
		     TWO(MSR(ICC_IGRPEN1, 1), INSN_NOP), x);
		exec(c, TWO(REG(ICC_IAR1, 0), MSR(ICC_EOIR1, 0)),
		     TWO(REG(ICC_IAR0, 1), MSR(ICC_EOIR0, 1)), x);
		exec(c, TWO(UNMASK, INSN_NOP), TWO(INSN_NOP, INSN_NOP), x);
		expect_own(o, 0x50);
		exec(o, TWO(REG(ISR, 0), INSN_NOP), TWO(INSN_NOP, INSN_NOP), x);
		KUNIT_EXPECT_EQ_MSG(test, o->res[0] & ISR_IF, 0, "interface %llu", seed);
		host_interrupts();
	}
	KUNIT_EXPECT_GT(test, turns, 0);
	KUNIT_EXPECT_GT(test, denials, 0);
	KUNIT_EXPECT_GT(test, traps, 0);
	c->prepare = NULL;
	quiet(&c->v->arch.vgic_cpu.vgic_v3);
	exec(c, TWO(INSN_NOP, INSN_NOP), TWO(INSN_NOP, INSN_NOP), x);
	hk_expect_kept(c, "quiet again");
	KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_ORDINARY);
	KUNIT_EXPECT_EQ(test, hk_vm_state(other), HYPSEC_VM_PROTECTED);
}
