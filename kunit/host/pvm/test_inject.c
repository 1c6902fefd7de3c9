// SPDX-License-Identifier: GPL-2.0-only
/* What a host can do to a protected vCPU beside running it: abort a device access. */
#include "canary_common.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"

/* An answer of "exception" to a device access, whatever else it says: an external abort. */
static void only_an_abort(void **state)
{
	static u8 benign[KVM_VCPU_SIZE], hostile[KVM_VCPU_SIZE];
	static struct seen s;
	(void)state;

	warm_up();
	for (int round = 0; round < ROUNDS; round++) {
		enum pvm_exposure what = round & 1 ? SHOW_LOAD : SHOW_STORE;
		u64 pc, pstate;

		begin(what);
		cpu_run_vcpu(vm, HOST);
		pc = world_vcpu[0].regs.pc;
		pstate = world_vcpu[0].regs.pstate;
		images(what, benign, hostile);
		hostile[KVM_VCPU_IFLAGS] |= KVM_FLAG_PENDING_EXCEPTION;
		save();
		restore();
		enter(&s, hostile);
		assert_int_equal(s.entered, 1);
		assert_int_equal(s.regs.pc, saved.vcpu[0].sr[GSR_VBAR_EL1] + 0x200);
		assert_int_equal(s.regs.pstate & (SPSR_MODE | SPSR_MODE32 | SPSR_DAIF),
				 SPSR_EL1H | SPSR_DAIF);
		assert_memory_equal(s.regs.x, saved.vcpu[0].regs.x, sizeof(s.regs.x));
		assert_int_equal(s.vcpu.sr[GSR_ESR_EL1],
				 (u64)EC_DABT_CUR << ESR_EC_SHIFT | ESR_IL | FSC_EXTABT);
		assert_int_equal(s.vcpu.sr[GSR_FAR_EL1], g.far);
		assert_int_equal(s.vcpu.sr[GSR_ELR_EL1], pc);
		assert_int_equal(s.vcpu.sr[GSR_SPSR_EL1], pstate);
		/* No virtual SError, IRQ or FIQ by HCR_EL2. */
		assert_int_equal(s.vcpu.hcr & (HCR_VSE | HCR_VI | HCR_VF), 0);
		/* Whether a WFI or WFE comes to it is the host's to say. */
		assert_int_equal(s.vcpu.hcr & (HCR_TWI | HCR_TWE),
				 REG64(hostile, KVM_VCPU_HCR) & (HCR_TWI | HCR_TWE));
		assert_int_equal(s.vcpu.hcr & ~(HCR_TWI | HCR_TWE),
				 saved.vcpu[0].hcr & ~(HCR_TWI | HCR_TWE));
	}
}

/* What of an answer counts: a step, unless there is an exception; and without either nothing. */
static void answers(void **state)
{
	static const enum pvm_exposure asked[] = { SHOW_WFX, SHOW_SGI, SHOW_LOAD, SHOW_STORE };
	static u8 k[KVM_VCPU_SIZE];
	static struct seen s;
	(void)state;

	warm_up();
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		for (u32 flags = 0; flags < 16; flags++) {
			bool exception = flags & KVM_FLAG_PENDING_EXCEPTION;
			bool step = !exception && (flags & KVM_FLAG_INCREMENT_PC);
			bool access = asked[i] == SHOW_LOAD || asked[i] == SHOW_STORE;

			begin(asked[i]);
			cpu_run_vcpu(vm, HOST);
			save();
			restore();
			memset(k, 0, sizeof(k));
			k[KVM_VCPU_IFLAGS] = (u8)flags;
			GPR(k, 0) = test_rand();
			enter(&s, k);
			assert_int_equal(s.entered, 1);
			assert_int_equal(s.regs.pc, access && exception ?
					 saved.vcpu[0].sr[GSR_VBAR_EL1] + 0x200 :
					 saved.vcpu[0].regs.pc + (step ? 4 : 0));
			if (asked[i] != SHOW_LOAD || !step)
				assert_memory_equal(s.regs.x, saved.vcpu[0].regs.x,
						    sizeof(s.regs.x));
		}
	}
}

/*
 * KVM's other calls between two runs: nothing of a protected vCPU changes but its CPU interface's
 * ICH_AP*R_EL2, its mappings stay, its counter does not jump, what it masks stays masked.
 */
static void other_calls(void **state)
{
	static struct vcpu before[WORLD_VCPUS];
	static u8 k[KVM_VCPU_SIZE];
	unsigned int known = 0, masks = 0, runs = 0;
	(void)state;

	warm_up();
	for (u64 id = 0; id < 128; id++) {
		struct percpu *cpu = this_cpu();
		u64 offset = test_rand();

		if (id == KVM_FN_kvm_vcpu_run)
			continue;
		begin(SHOW_LOAD);
		for (int i = 0; i < WORLD_VCPUS; i++)
			world_vcpu[i].cntvoff = offset;
		cpu_run_vcpu(vm, HOST);
		memcpy(before, world_vcpu, sizeof(before));
		memcpy(k, cpu_kvm_vcpu, sizeof(k));
		cpu_kvm_vcpu[KVM_VCPU_IFLAGS] |= KVM_FLAG_PENDING_EXCEPTION;
		k[KVM_VCPU_IFLAGS] |= KVM_FLAG_PENDING_EXCEPTION;
		w.drops = cpu_unmaps = 0;
		test_fill(cpu->host.x, sizeof(cpu->host.x));
		cpu->host.x[1] = CPU_LINEAR;
		if (id == KVM_FN_vgic_v3_save_vmcr_aprs || id == KVM_FN_vgic_v3_restore_vmcr_aprs)
			cpu->host.x[1] += KVM_VCPU_GIC;
		known += kvm_host_call(cpu, id);

		assert_memory_equal(world_vcpu, before, sizeof(before));
		assert_int_equal(w.drops + cpu_unmaps, 0);
		for (size_t i = 0; i < sizeof(k); i++) {
			size_t in_gic = i - KVM_VCPU_GIC;

			if (id == KVM_FN_vgic_v3_save_vmcr_aprs && in_gic >= KVM_GIC_VMCR &&
			    in_gic < KVM_GIC_LR)
				continue;
			assert_int_equal(k[i], cpu_kvm_vcpu[i]);
		}
		runs++;
		/* ICC_PMR_EL1 and the like, by whatever way the host gets there. */
		write_sysreg(~before[0].gic.vmcr, ICH_VMCR_EL2);
		cpu_run_vcpu(vm, HOST);
		for (unsigned int i = 0; i < g.hw.n; i++) {
			if (!strcmp(g.hw.r[i].name, NAME(CNTVOFF_EL2)))
				assert_int_equal(g.hw.r[i].v, offset);
			if (!strcmp(g.hw.r[i].name, NAME(ICH_VMCR_EL2)))
				masks += g.hw.r[i].v == before[0].gic.vmcr;
		}
	}
	assert_true(known > 10);
	assert_int_equal(masks, runs);
}

static u64 timer_cval, timer_ctl, guest_now, next_cval;

/* The guest's instructions: it looks at its timer and sets it anew. */
static u64 timer_guest(struct vcpu_regs *r)
{
	u64 exit;

	assert_int_equal(read_sysreg(CNTV_CVAL_EL0), timer_cval);
	assert_int_equal(read_sysreg(CNTV_CTL_EL0), timer_ctl);
	exit = guest(r);
	timer_cval = next_cval;
	timer_ctl = test_rand() & 3;
	write_sysreg(timer_cval, CNTV_CVAL_EL0);
	write_sysreg(timer_ctl, CNTV_CTL_EL0);
	write_sysreg(guest_now, CNTVCT_EL0);
	return exit;
}

/*
 * The guest's virtual timer is the guest's, whatever the host loads: and by the host's own offset
 * it is up at the same moment, so that KVM wakes a waiting vCPU when it should.
 */
static void timer(void **state)
{
	u64 host_offset;
	(void)state;

	warm_up();
	begin(SHOW_LOAD);
	world_vcpu[0].cntvoff = test_rand();
	world_vcpu[0].cntv_cval = timer_cval = test_rand();
	world_vcpu[0].cntv_ctl = timer_ctl = 1;
	for (int i = 0; i < 64; i++) {
		/* Counts as they are; and some that are not, by the guest's or the host's doing. */
		u64 now = i & 8 ? test_rand() : test_rand() >> 8;
		unsigned __int128 moment;
		u64 shown;

		host_offset = i & 16 ? test_rand() : test_rand() % now;
		world_vcpu[0].cntvoff = i & 32 ? test_rand() : test_rand() % now;
		write_sysreg(host_offset, CNTVOFF_EL2);
		write_sysreg(test_rand(), CNTV_CVAL_EL0);
		write_sysreg(test_rand() & 3, CNTV_CTL_EL0);
		guest_now = now - world_vcpu[0].cntvoff;
		next_cval = i & 4 ? test_rand() : guest_now + (i & 1 ? 1000 : -1000);
		if (i < 8) {		/* the ends of both counts */
			host_offset = i & 4 ? now : now - GENMASK(62, 0) + 1;
			guest_now = i & 2 ? ~0UL : 0;
			next_cval = i & 1 ? ~0UL : 1;
			world_vcpu[0].cntvoff = now - guest_now;
			write_sysreg(host_offset, CNTVOFF_EL2);
		}
		cpu_guest = timer_guest;
		cpu_run_vcpu(vm, HOST);
		assert_int_equal(read_sysreg(CNTVOFF_EL2), host_offset);
		assert_int_equal(read_sysreg(CNTV_CTL_EL0), timer_ctl);
		shown = read_sysreg(CNTV_CVAL_EL0);
		/* The same moment by the host's count, if that has one; else never, half of it. */
		moment = (unsigned __int128)(now - host_offset) + (timer_cval - guest_now);
		if (moment > GENMASK(62, 0))
			moment = GENMASK(62, 0);
		assert_int_equal(shown, timer_cval > guest_now ? (u64)moment : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_an_abort),
		cmocka_unit_test(answers),
		cmocka_unit_test(other_calls),
		cmocka_unit_test(timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
