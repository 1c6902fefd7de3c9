// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_vcpu, what is around a guest and partly its host's: the virtual CPU interface, the
 * clock, and calls that have no answer here.
 */
#include <asm/arch_timer.h>
#include "vcpu.h"

/* msr REG, x0; with MRS instead a read */
#define MRS		0x200000
#define ICC_PMR		0xd5184600
#define ICC_IGRPEN1	0xd518cce0
#define READ_ISR	0xd538c100	/* mrs x0, isr_el1 */
#define READ_CNTVCT	0xd53be040	/* mrs x0, cntvct_el0 */
#define ISR_I		BIT(7)

#define LR_PENDING	(1UL << 62 | 1UL << 60)		/* group 1 */
#define LR_NMI		BIT(59)
#define LR_PRIORITY(p)	((u64)(p) << 48)

static u64 run_reg(struct hk_vcpu *c, u32 insn, u64 x0)
{
	const u64 x[8] = { x0 };

	KUNIT_EXPECT_EQ_MSG(c->vm->test, hk_exec(c, insn, x).what, HK_DONE, "%x", insn);
	hk_expect_kept(c, "a register");
	return c->res[0];
}

/* A host raises interrupts; what the guest masks stays masked. */
void masked_interrupts(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	struct vgic_v3_cpu_if *gic = &c->v->arch.vgic_cpu.vgic_v3;

	run_reg(c, ICC_IGRPEN1, 1);
	run_reg(c, ICC_PMR, 0x50);
	/* As KVM puts a vCPU away and loads it again, with values of its own */
	hk_hvc(KVM_HOST_SMCCC_FUNC(__vgic_v3_save_vmcr_aprs), (u64)gic, 0, 0);
	gic->vgic_vmcr = 0xff000003;
	hk_hvc(KVM_HOST_SMCCC_FUNC(__vgic_v3_restore_vmcr_aprs), (u64)gic, 0, 0);
	KUNIT_EXPECT_EQ(test, run_reg(c, ICC_PMR | MRS, 0), 0x50);
	KUNIT_EXPECT_EQ(test, run_reg(c, ICC_IGRPEN1 | MRS, 0), 1);

	gic->used_lrs = 1;
	gic->vgic_lr[0] = LR_PENDING | LR_PRIORITY(0x80) | 40;
	KUNIT_EXPECT_EQ(test, run_reg(c, READ_ISR, 0) & ISR_I, 0);
	/* One that is no maskable one is none that this guest was promised. */
	gic->vgic_lr[0] |= LR_NMI;
	KUNIT_EXPECT_EQ(test, run_reg(c, READ_ISR, 0) & ISR_I, 0);
	gic->vgic_lr[0] = LR_PENDING | LR_PRIORITY(0x80) | 40;
	run_reg(c, ICC_PMR, 0xf0);
	KUNIT_EXPECT_EQ(test, run_reg(c, READ_ISR, 0) & ISR_I, ISR_I);
}

void own_clock(struct kunit *test)
{
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	u64 before, after, hour = 3600UL * arch_timer_get_cntfrq();

	before = run_reg(c, READ_CNTVCT, 0);
	hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_timer_set_cntvoff), hour, 0, 0);
	after = run_reg(c, READ_CNTVCT, 0);
	KUNIT_EXPECT_LT(test, after - before, hour / 60);
	hk_hvc(KVM_HOST_SMCCC_FUNC(__kvm_timer_set_cntvoff), -hour, 0, 0);
	after = run_reg(c, READ_CNTVCT, 0);
	KUNIT_EXPECT_LT(test, after - before, hour / 60);
}

/* Nobody answers: neither the core, nor the host, which does not hear of them. */
void unknown_calls(struct kunit *test)
{
	static const u64 ids[] = {
		0x86000000, 0x86000001, 0xc6000000, 0xc600000c, 0xc6008000, 0xc60081ff, 0x8600ff01,
		0xc5000020, 0xc5000021, 0xc3000001, 0xc2000001, 0x84000063, 0xc4000020, 0xb2000000,
		0x32000000, 0, 1, ~0UL,
	};
	struct hk_vm *vm = hk_protected(test);
	struct hk_vcpu *c = &vm->vcpu[0];
	unsigned int i, n;

	hk_watch(c);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		const u64 x[8] = { ids[i], 1, 2, 3, 4, 5, 6, 7 };

		for (n = 0; n < 2; n++) {
			KUNIT_EXPECT_EQ_MSG(test, hk_exec(c, n ? INSN_SMC : INSN_HVC, x).what,
					    HK_DONE, "%llx", ids[i]);
			hk_expect_kept(c, "unknown call");
			KUNIT_EXPECT_EQ_MSG(test, c->res[0], ~0UL, "%llx", ids[i]);
			KUNIT_EXPECT_EQ(test, memcmp(&c->res[1], &x[1], 7 * 8), 0);
		}
	}
}
