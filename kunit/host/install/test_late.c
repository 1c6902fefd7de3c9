// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CPU that was offline at the install: under the core with all that one of its kind had when
 * the host was trusted, or off again. Each of its registers starts as something else.
 */
#include "test.h"
#include "install/priv.h"
#include "base/check.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"
#include "own/own.h"
#include "pool/pool.h"
#include "vcpu/vcpu.h"
#include "pvm/pvm.h"

#define CPUS	4U
#define MPIDR_2	0x80000102UL

static struct percpu cpus[CPUS];
u32 nr_cpus = CPUS;
u32 core_phase = HYPSEC_PHASE_SEALED;
static u64 hw_kind[CPU_KIND_REGS], mpidr;
static u32 hw_sve;
static struct percpu applied;
static unsigned int applies;
static struct percpu *refused, *entered;
static jmp_buf out;
static u32 at_pc[2];			/* the host's first instructions */
static u64 elr, spsr, x0_at_pc;

struct percpu *cpu_by_id(u32 id)
{
	assert_true(id < nr_cpus);
	return &cpus[id];
}

u64 *fake_reg(const char *name)
{
	static u64 other;

	if (!strcmp(name, "ELR_EL2"))
		return &elr;
	if (!strcmp(name, "SPSR_EL2"))
		return &spsr;
	other = test_rand();
	return strstr(name, "MPIDR") ? &mpidr : &other;
}

void el2_read_kind(u64 *kind)
{
	memcpy(kind, hw_kind, sizeof(hw_kind));
}

void el2_apply_host(const struct percpu *cpu)
{
	applied = *cpu;
	applies++;
}

u32 sve_measure(const struct percpu *cpu)
{
	/* CPTR_EL2 of before would say whether SVE is there. */
	assert_memory_equal(applied.el2_snapshot, cpu->el2_snapshot, sizeof(cpu->el2_snapshot));
	assert_true(applies);
	return hw_sve;
}

void psci_refuse_cpu(struct percpu *cpu)
{
	refused = cpu;
	longjmp(out, 1);
}

void psci_next(struct percpu *cpu, u64 *pc, u64 *arg)
{
	(void)pc;
	(void)arg;
	entered = cpu;
	longjmp(out, 1);
}

int copy_from_host(void *dst, pa_t pa, size_t n)
{
	(void)pa;
	assert_int_equal(n, sizeof(at_pc));
	memcpy(dst, at_pc, n);
	return HYPSEC_OK;
}

bool slots_empty(void) { return true; }
void gic_reset(void) { }

void host_enter_el1(u64 x0)
{
	x0_at_pc = x0;
	longjmp(out, 1);
}

/* CPUs 0 and 1 were taken, each of its kind; 2 and 3 were offline. */
static int begin(void **state)
{
	(void)state;
	memset(cpus, 0, sizeof(cpus));
	for (u32 i = 0; i < CPUS; i++) {
		struct percpu *c = &cpus[i];

		c->id = i;
		c->mpidr = 0x100 + i;
		if (i > 1)
			continue;
		test_fill(c->kind, sizeof(c->kind));
		test_fill(c->el2_snapshot, sizeof(c->el2_snapshot));
		test_fill(c->id_regs, sizeof(c->id_regs));
		test_fill(c->wa, sizeof(c->wa));
		c->midr = test_rand();
		c->harden = test_rand();
		c->ssbd = i ? SSBD_OFF : SSBD_NONE;
		c->host_hcr = test_rand();
		c->host_mdcr = test_rand();
		c->sve_vl = 32 * (i + 1);
		c->tlbi_range = i;
		c->taken = true;
	}
	applies = 0;
	mpidr = MPIDR_2;
	memcpy(hw_kind, cpus[1].kind, sizeof(hw_kind));
	hw_sve = cpus[1].sve_vl;
	return 0;
}

static void power_up(struct percpu *cpu)
{
	refused = entered = NULL;
	applies = 0;
	memset(&applied, 0, sizeof(applied));
	if (!setjmp(out))
		core_late_cpu(cpu);
	assert_true(!refused != !entered);
	assert_true(!applies || applied.id == cpu->id);
}

static void test_twin(void **state)
{
	const struct percpu *twin = &cpus[1];
	struct percpu *c = &cpus[2];

	(void)state;
	power_up(c);
	assert_ptr_equal(entered, c);
	assert_true(c->taken);
	for (int i = 0; i < EL2S_COUNT; i++)
		assert_int_equal(applied.el2_snapshot[i],
				 i == EL2S_VMPIDR ? MPIDR_2 : twin->el2_snapshot[i]);
	assert_memory_equal(c->id_regs, twin->id_regs, sizeof(c->id_regs));
	assert_int_equal(applied.host_hcr, twin->host_hcr);
	assert_int_equal(applied.host_mdcr, twin->host_mdcr);
	assert_int_equal(c->host_cntvoff, twin->el2_snapshot[EL2S_CNTVOFF]);
	assert_memory_equal(c->wa, twin->wa, sizeof(c->wa));
	assert_int_equal(c->midr, twin->midr);
	assert_int_equal(c->harden, twin->harden);
	assert_int_equal(c->ssbd, SSBD_UNKNOWN);
	assert_int_equal(c->sve_vl, twin->sve_vl);
	assert_true(c->tlbi_range);
	/* From then on as any other, whatever it says it is; and another's twin. */
	test_fill(hw_kind, sizeof(hw_kind));
	power_up(c);
	assert_ptr_equal(entered, c);
	assert_int_equal(applied.host_hcr, twin->host_hcr);
	cpus[1].taken = false;
	memcpy(hw_kind, c->kind, sizeof(hw_kind));
	mpidr = 0x80000103UL;
	power_up(&cpus[3]);
	assert_ptr_equal(entered, &cpus[3]);
	assert_int_equal(applied.el2_snapshot[EL2S_VMPIDR], 0x80000103UL);
	assert_int_equal(applied.host_mdcr, c->host_mdcr);
}

/* One bit of one register is another kind: nothing of the host runs there. */
static void test_other_kind(void **state)
{
	struct percpu *c = &cpus[2];

	for (unsigned int i = 0; i < CPU_KIND_REGS; i++) {
		begin(state);
		hw_kind[i] ^= 1UL << test_rand() % 64;
		power_up(c);
		assert_ptr_equal(refused, c);
		assert_false(c->taken);
		assert_int_equal(applies, 0);
	}
	/* Nor does it become its own twin, nor that of another of its kind. */
	power_up(c);
	assert_ptr_equal(refused, c);
	mpidr = 0x80000103UL;
	power_up(&cpus[3]);
	assert_ptr_equal(refused, &cpus[3]);
	/* One that was taken with the same bit comes up. */
	memcpy(cpus[0].kind, hw_kind, sizeof(hw_kind));
	hw_sve = cpus[0].sve_vl;
	power_up(&cpus[3]);
	assert_ptr_equal(entered, &cpus[3]);
	assert_false(cpus[3].tlbi_range);
	assert_int_equal(cpus[3].ssbd, SSBD_NONE);
}

static void test_not_itself(void **state)
{
	(void)state;
	hw_sve -= 16;
	power_up(&cpus[2]);
	assert_ptr_equal(refused, &cpus[2]);
	assert_false(cpus[2].taken);
	hw_sve += 16;
	mpidr ^= 1;
	power_up(&cpus[2]);
	assert_ptr_equal(refused, &cpus[2]);
	mpidr ^= 1;
	power_up(&cpus[2]);
	assert_ptr_equal(entered, &cpus[2]);
}

/* Where the host said; a kernel that would set EL2 up is past that. Then it counts as online. */
static void test_enters(void **state)
{
	static const u32 insn[][2] = { { 0xaa1f03e0, 0x97fffff0 }, { 0xaa1f03e0, 0xd503201f }, { 0 } };

	(void)state;
	for (volatile int i = 0; i < 3; i++) {
		memcpy(at_pc, insn[i], sizeof(at_pc));
		cpus[0].online = spsr = 0;
		if (!setjmp(out))
			el2_enter_host(&cpus[0], 0x40080000, 77);
		assert_int_equal(elr, i ? 0x40080000 : 0x40080008);
		assert_int_equal(spsr, SPSR_EL1H | SPSR_DAIF);
		assert_int_equal(x0_at_pc, i ? 77 : 0xe12);
		assert_int_equal(cpus[0].online, 1);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		TEST(test_twin),
		TEST(test_other_kind),
		TEST(test_not_itself),
		TEST(test_enters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
