// SPDX-License-Identifier: GPL-2.0-only
/*
 * struct vgic_v3_cpu_if, all of it the host's to write, at any time: what of it gets into the
 * CPU while a guest runs, and what stays there. For an ordinary VM and for a protected one.
 */
#include "pvm/canary_common.h"

#define LRS		16
#define HCR_EN		BIT(0)
#define HCR_TRAPS	(GENMASK(12, 10) | BIT(14))	/* TC, TALL0, TALL1, TDIR */
/* Every bit that exists but TDS's and the reserved ones, the guest's traps among them */
#define HCR_ORDINARY	(GENMASK(8, 0) | GENMASK(15, 10) | GENMASK(31, 27))
#define SRE_ENABLE	BIT(3)

static const char *const lr_name[LRS] = {
	NAME(ICH_LR0_EL2), NAME(ICH_LR1_EL2), NAME(ICH_LR2_EL2), NAME(ICH_LR3_EL2),
	NAME(ICH_LR4_EL2), NAME(ICH_LR5_EL2), NAME(ICH_LR6_EL2), NAME(ICH_LR7_EL2),
	NAME(ICH_LR8_EL2), NAME(ICH_LR9_EL2), NAME(ICH_LR10_EL2), NAME(ICH_LR11_EL2),
	NAME(ICH_LR12_EL2), NAME(ICH_LR13_EL2), NAME(ICH_LR14_EL2), NAME(ICH_LR15_EL2),
};

static struct {
	bool private, sre, vlpi;
	u32 hcr, vmcr, own_vmcr, used, real;	/* used_lrs, and that bounded */
	u64 lr[LRS], empty;
	u8 want[KVM_VCPU_SIZE];			/* the host's structure after the run */
	unsigned int entered;
} t;

/* What does not exist on this CPU is UNDEFINED, and an exception of EL2's ends the core. */
static bool touched(const char *name)
{
	for (unsigned int i = 0; i < cpu_regs.n; i++)
		if (!strcmp(cpu_regs.r[i].name, name))
			return true;
	return false;
}

static void offer(u8 *k)
{
	GICR(k, HCR) = t.hcr;
	GICR(k, VMCR) = t.vmcr;
	GICR(k, SRE) = t.sre ? (u32)test_rand() | 1 : 0;
	GICR(k, USED_LRS) = t.used;
	REG64(k, KVM_VCPU_GIC + KVM_GIC_ITS_VM) = t.vlpi ? test_rand() | 1 : 0;
	for (int i = 0; i < LRS; i++)
		LR(k, i) = t.lr[i];
}

static u64 in_guest(struct vcpu_regs *r)
{
	u32 allowed = t.private ? GIC_HCR_TAKEN : HCR_ORDINARY;
	bool sre = t.private || t.sre;
	bool used = t.real || (!t.private && (!t.sre || t.vlpi || (t.hcr & HCR_TRAPS)));

	(void)r;
	t.entered++;
	assert_int_equal(SREG(ICH_HCR_EL2), used ? t.hcr & allowed : 0);
	assert_int_equal(SREG(ICC_SRE_EL1), sre || !(t.hcr & HCR_EN));
	assert_false(SREG(ICC_SRE_EL2) & SRE_ENABLE);
	if (t.private)
		assert_int_equal(SREG(ICH_VMCR_EL2), t.own_vmcr);
	else if (!t.sre && (t.hcr & HCR_EN))
		assert_int_equal(SREG(ICH_VMCR_EL2), t.vmcr);
	/* The host, on another CPU. */
	test_fill(cpu_kvm_vcpu + KVM_VCPU_GIC, KVM_GIC_SIZE);
	memcpy(t.want, cpu_kvm_vcpu, sizeof(t.want));
	for (u32 i = 0; i < t.real; i++) {
		u64 lr = t.private ? t.lr[i] & LR_TAKEN : t.lr[i];

		assert_int_equal(*fake_reg(lr_name[i]), lr);
		/* It acknowledges some, and ends some. */
		if (test_rand() & 1)
			*fake_reg(lr_name[i]) = lr ^ (test_rand() & LR_STATE);
		LR(t.want, i) = t.empty & BIT(i) ? lr & ~LR_STATE : *fake_reg(lr_name[i]);
	}
	SREG(ICH_ELRSR_EL2) = t.empty;
	SREG(ICH_VMCR_EL2) = t.own_vmcr = (u32)test_rand();
	if (!sre)
		GICR(t.want, VMCR) = t.own_vmcr;
	return EXIT_IRQ;
}

static void after_it(const struct reg_file *before, u32 lrs)
{
	static const char *const same[] = {
		NAME(ICC_SRE_EL1), NAME(ICC_SRE_EL2), NAME(ICH_HCR_EL2), NULL
	};

	assert_int_equal(t.entered, 1);
	for (unsigned int i = 0; i < before->n; i++)
		if (in_list(before->r[i].name, same))
			assert_int_equal(cpu_regs.r[i].v, before->r[i].v);
	for (u32 i = 0; i < LRS; i++) {
		if (i >= lrs)
			assert_false(touched(lr_name[i]));
		else if (touched(lr_name[i]))
			assert_int_equal(*fake_reg(lr_name[i]), 0);
	}
	assert_memory_equal(cpu_kvm_vcpu + KVM_VCPU_GIC, t.want + KVM_VCPU_GIC, KVM_GIC_SIZE);
	if (t.private)
		assert_int_equal(world_vcpu[0].gic.vmcr, t.own_vmcr);
}

static void any_interface(void **state)
{
	static const u32 lrs[] = { 1, 4, 15, 16 };
	static struct reg_file before;
	(void)state;

	for (int round = 0; round < 4000; round++) {
		u32 n = lrs[round / 2 % ARRAY_SIZE(lrs)];

		cpu_regs.n = 0;
		vm = world_new();
		cpu_new();
		this_feat.lrs = (u8)n;
		cpu_guest = in_guest;
		memset(cpu_kvm_vcpu, 0, sizeof(cpu_kvm_vcpu));
		GPR(cpu_kvm_vcpu, 33) = SPSR_EL1H;
		world_vcpu[0].regs.pstate = SPSR_EL1H;

		memset(&t, 0, sizeof(t));
		t.private = round & 1;
		if (!t.private)
			vm->state = VM_ORDINARY;
		t.sre = test_rand() & 1;
		t.vlpi = test_rand() & 1;
		t.hcr = (u32)test_rand();
		t.vmcr = (u32)test_rand();
		t.own_vmcr = world_vcpu[0].gic.vmcr = (u32)test_rand();
		t.used = test_rand() & 1 ? test_rand() % (LRS + 2) : (u32)test_rand();
		t.real = t.used < n ? t.used : n;
		t.empty = test_rand();
		for (int i = 0; i < LRS; i++)
			t.lr[i] = test_rand();
		offer(cpu_kvm_vcpu);

		/* Linux with a GICv3 has 1; to an ordinary VM it is the host's to do harm. */
		SREG(ICC_SRE_EL1) = t.private ? test_rand() & 7 : 1;
		SREG(ICC_SRE_EL2) = SRE_ENABLE | 7;
		SREG(ICH_HCR_EL2) = 0;
		before = cpu_regs;
		assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IRQ);
		after_it(&before, n);
	}
}

/* Active priorities: as many as there are, and 32 bits of each. */
static void active_priorities(void **state)
{
	static const char *const apr[2][4] = {
		{ NAME(ICH_AP0R0_EL2), NAME(ICH_AP0R1_EL2),
		  NAME(ICH_AP0R2_EL2), NAME(ICH_AP0R3_EL2) },
		{ NAME(ICH_AP1R0_EL2), NAME(ICH_AP1R1_EL2),
		  NAME(ICH_AP1R2_EL2), NAME(ICH_AP1R3_EL2) },
	};
	static u8 before[KVM_VCPU_SIZE];
	struct percpu *cpu = this_cpu();
	(void)state;

	for (u8 bits = 5; bits <= 8; bits++) {
		int n = bits == 5 ? 1 : bits == 6 ? 2 : 4;

		cpu_regs.n = 0;
		vm = world_new();
		cpu_new();
		this_feat.pri_bits = bits;
		test_fill(cpu_kvm_vcpu, sizeof(cpu_kvm_vcpu));
		memcpy(before, cpu_kvm_vcpu, sizeof(before));
		cpu->host.x[1] = CPU_LINEAR + KVM_VCPU_GIC;
		assert_true(kvm_host_call(cpu, KVM_FN_vgic_v3_restore_vmcr_aprs));
		assert_memory_equal(before, cpu_kvm_vcpu, sizeof(before));
		for (int i = 0; i < 8; i++) {
			const char *name = apr[i / 4][i % 4];
			u32 at = (i < 4 ? KVM_GIC_AP0R : KVM_GIC_AP1R) + i % 4 * 4;
			u32 *slot = (u32 *)(before + KVM_VCPU_GIC + at);

			assert_int_equal(touched(name), i % 4 < n);
			if (i % 4 >= n)
				continue;
			assert_int_equal(*fake_reg(name), *slot);
			*fake_reg(name) = test_rand();
			*slot = (u32)*fake_reg(name);
		}
		SREG(ICH_VMCR_EL2) = (u32)test_rand();
		if (GICR(before, SRE))
			GICR(before, VMCR) = (u32)SREG(ICH_VMCR_EL2);
		cpu->host.x[1] = CPU_LINEAR + KVM_VCPU_GIC;
		assert_true(kvm_host_call(cpu, KVM_FN_vgic_v3_save_vmcr_aprs));
		assert_memory_equal(before, cpu_kvm_vcpu, sizeof(before));
	}
}

#define ROUTED	(HCR_AMO | HCR_FMO | HCR_IMO)

static bool no_mmio;			/* ICC_SRE_EL1 is RAO/WI */
static u64 hcr_then;			/* in force while it is 0 */

static void at_sre(const char *name)
{
	if (no_mmio)
		SREG(ICC_SRE_EL1) = *cpu_in_force(NAME(ICC_SRE_EL1)) = 7;
	/* It becomes 0 when they are EL2's; it is not any more, when they are no longer. */
	if (!strcmp(name, NAME(ICC_SRE_EL1)))
		assert_int_equal(*cpu_in_force(NAME(HCR_EL2)), SREG(HCR_EL2));
	if (!strcmp(name, NAME(HCR_EL2)))
		assert_int_equal(*cpu_in_force(NAME(ICC_SRE_EL1)), 7);
	if (!SREG(ICC_SRE_EL1))
		hcr_then &= *cpu_in_force(NAME(HCR_EL2));
}

/* Is there a GICv2 in the CPU interface? KVM asks, and finds all as it was. */
static void config(void **state)
{
	struct percpu *cpu = this_cpu();
	(void)state;

	for (int i = 0; i < 8; i++) {
		u64 hcr = i & 4 ? ROUTED | HCR_RW : HCR_RW;

		cpu_regs.n = 0;
		cpu_new();
		no_mmio = i & 1;
		SREG(HCR_EL2) = hcr;
		SREG(ICC_SRE_EL1) = 7;
		SREG(ICH_VTR_EL2) = test_rand() | BIT(63) | BIT(32);
		order_begin();
		hcr_then = ~0UL;
		cpu_reg_hook = at_sre;
		assert_true(kvm_host_call(cpu, KVM_FN_vgic_v3_get_gic_config));
		cpu_reg_hook = NULL;
		assert_int_equal(cpu->host.x[0], 0);
		assert_int_equal(cpu->host.x[1], (u32)SREG(ICH_VTR_EL2) | (u64)!no_mmio << 63);
		assert_int_equal(SREG(HCR_EL2), hcr);
		assert_int_equal(SREG(ICC_SRE_EL1), 7);
		/* With SRE at 0 an interrupt is EL2's, which has them masked (GICv3 12.2.25). */
		assert_int_equal(hcr_then, no_mmio ? ~0UL : hcr | ROUTED);
	}
}

/* A CPU comes up with anything pending, and a host that does not have it cleared. */
static void after_reset(void **state)
{
	unsigned int zero = 0;
	(void)state;

	cpu_regs.n = 0;
	cpu_new();
	for (int i = 0; i < LRS; i++)
		*fake_reg(lr_name[i]) = test_rand() | 1;
	SREG(ICH_AP0R0_EL2) = SREG(ICH_AP1R0_EL2) = SREG(ICH_AP1R3_EL2) = 0x80;
	gic_reset();
	for (unsigned int i = 0; i < cpu_regs.n; i++)
		zero += !strncmp(cpu_regs.r[i].name, "S3_4_C12_", 9) && !cpu_regs.r[i].v;
	assert_int_equal(zero, LRS + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_interface),
		cmocka_unit_test(after_reset),
		cmocka_unit_test(config),
		cmocka_unit_test(active_priorities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
