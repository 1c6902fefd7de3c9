// SPDX-License-Identifier: GPL-2.0-only
#include "cpu.h"
#include "pool/pool.h"

#define __weak __attribute__((weak))

struct reg_file cpu_regs;
struct cpu_run cpu_states[CPUS];
unsigned int cpu_nr;
u8 cpu_kvm_vcpu[KVM_VCPU_SIZE] __attribute__((aligned(16)));
u8 cpu_more[CPU_MORE_SIZE] __attribute__((aligned(16)));
u64 (*cpu_guest)(struct vcpu_regs *r);
unsigned int cpu_fp_clears;
u8 cpu_sve[256 * 34 + 32];
u32 cpu_sve_max = 256;
u64 cpu_fpsr;
const char guest_vectors[1];
struct s2 host_s2;

static struct vm *run_vm;
u8 cpu_mmu[64];
unsigned int cpu_unmaps, cpu_flushes;
/* Whose entries each TLB may have, under a VM's VMID. */
static const struct vcpu *tlb[CPUS][VM_MAX + 1];

/* The host's memory is KVM's structure, at PA 0, and some more. */
static u8 *host_bytes(pa_t pa, size_t n)
{
	if (pa.v >= CPU_MORE && range_ok(pa.v - CPU_MORE, n, sizeof(cpu_more)))
		return cpu_more + (pa.v - CPU_MORE);
	return range_ok(pa.v, n, KVM_VCPU_SIZE) ? cpu_kvm_vcpu + pa.v : NULL;
}

void (*cpu_reg_hook)(const char *name);

u64 *fake_reg(const char *name)
{
	unsigned int i;

	for (i = 0; i < cpu_regs.n; i++)
		if (!strcmp(cpu_regs.r[i].name, name))
			return &cpu_regs.r[i].v;
	assert_true(cpu_regs.n < CPU_REGS && strlen(name) < sizeof(cpu_regs.r[0].name));
	strcpy(cpu_regs.r[i].name, name);
	cpu_regs.r[i].v = cpu_forced[i] = 0;
	return &cpu_regs.r[cpu_regs.n++].v;
}

void cpu_new(void)
{
	unsigned int i;

	/* Names stay, so that two runs have the same registers at the same places. */
	for (i = 0; i < cpu_regs.n; i++)
		cpu_regs.r[i].v = 0;
	memset(cpu_states, 0, sizeof(cpu_states));
	memset(tlb, 0, sizeof(tlb));
	cpu_turn(0);
	this_feat = (struct cpu_feat){
		.ras = true, .fgt = true, .hcx = true, .pauth = true, .mte = true, .sve = true,
		.sme = true, .tcr2 = true, .s1pie = true, .s1poe = true, .fpmr = true,
		.fwb = true, .pmu = true, .amu = true, .spe = true, .trbe = true, .trf = true,
		.brbe = true, .ats1a = true, .el0_32 = true, .breakpoints = 16,
		.watchpoints = 16, .lrs = 16, .pri_bits = 7,
		.spec_at = test_rand() & 1, .par_dmb = test_rand() & 1,
	};
	cpu_state.feat = &this_feat;
	this_cpu()->el2_snapshot[EL2S_VMPIDR] = 0x80000100;
	cpu_states[1] = cpu_states[0];
	this_cpu()->running = NULL;
	cpu_fp_clears = cpu_flushes = 0;
	/* What a host that means harm leaves: MMU on or off, any tables, no GIC at EL1. */
	SREG(SCTLR_EL1) = test_rand();
	SREG(TCR_EL1) = test_rand();
	SREG(TTBR0_EL1) = test_rand();
	SREG(TTBR1_EL1) = test_rand();
	SREG(ICC_SRE_EL1) = 6;
	order_begin();
}

void cpu_turn(unsigned int cpu)
{
	cpu_nr = cpu;
	this_cpu()->id = cpu;
	this_cpu()->run = &cpu_state;
}

u64 guest_enter(struct vcpu_regs *r)
{
	const struct vcpu *v = this_cpu()->running, **mine = &tlb[cpu_nr][v->vm->id];
	u64 code;

	assert_ptr_equal(r, v->r);
	if (vcpu_private(v)) {
		if (*mine && *mine != v)
			fail_msg("a vCPU enters with the translations of another");
		*mine = v;
	}
	SREG(ESR_EL2) = 0;
	order_enter();
	code = cpu_guest(r);
	order_leave();
	return code;
}

u64 guest_serror(void) { return 0; }
__weak u64 guest_at(u64 va, bool s1e1a)
{
	return (this_feat.spec_at ? SREG(HPFAR_EL2) << 8 : va) & GENMASK(51, 12);
}

void fp_save(struct fp_state *f)
{
	order_fp(false);
	memset(f, 0x77, sizeof(*f));
}

void fp_load(const struct fp_state *f)
{
	order_fp(false);
}

void fp_clear(void)
{
	order_fp(false);
	cpu_fp_clears++;
}

u64 sve_vl(void)
{
	u32 vl = (order_vector_length() & 15) * 16 + 16;

	order_fp(true);
	return vl < cpu_sve_max ? vl : cpu_sve_max;
}

void sve_save(void *ffr, void *fpsr)
{
	memcpy((u8 *)ffr - sve_vl() * 34, cpu_sve, sve_vl() * 34 + sve_vl() / 8);
	memset(fpsr, 0x77, 8);
}

void sve_load(const void *ffr, const void *fpsr)
{
	u64 sum = *(const u64 *)fpsr;		/* read: it must be there */

	cpu_fpsr = sum;
	memcpy(cpu_sve, (const u8 *)ffr - sve_vl() * 34, sve_vl() * 34 + sve_vl() / 8);
}

void s2_load(const struct s2 *s2)
{
	order_s2_load();
	cpu_msr("VTTBR_EL2", (u64)s2);
	isb();
}

__weak enum shadow_result shadow_fault(struct vcpu *v, enum vcpu_exit *code) { return SHADOW_HOST; }
__weak void shadow_answered(struct vcpu *v) { }
__weak enum shadow_result shadow_fault_unlock(struct vcpu *v, enum vcpu_exit *code)
{
	spin_unlock(&v->vm->lock);
	return SHADOW_HOST;
}
void *slot_map(enum slot_id id, pa_t pa, size_t len) { return host_bytes(pa, len); }

/* As slot_unmap() of what is lost. */
void kvm_lease_end(struct cpu_run *c)
{
	this_cpu()->slots_lost = 0;
	SREG(ELR_EL2) = this_cpu()->trap_elr;
	SREG(SPSR_EL2) = this_cpu()->trap_spsr;
}

void kvm_lease_rest(struct cpu_run *c) { }
u8 *kvm_lease_peek(struct cpu_run *c, kva_t host, bool *rested) { return NULL; }
void kvm_lease_unpeek(bool rested) { }
__weak void vm_drop_shared(struct vm *vm, u64 ipa, u64 size) { }
void s2_unmap(struct s2 *s2, u64 ia, u64 size) { cpu_unmaps++; }
void s2_unmap_pages(struct s2 *s2, const u64 *page, u32 n, u64 ia, u64 size) { cpu_unmaps++; }
bool trash_step(unsigned int n) { return false; }

void tlb_flush_vmid_local(const struct s2 *s2)
{
	assert_null(this_cpu()->running);
	tlb[cpu_nr][container_of(s2, struct vm, s2)->id] = NULL;
	cpu_flushes++;
}

/* With a reference; NULL: none. */
static struct vm *referred(struct vm *vm)
{
	if (vm)
		vm->refs++;
	return vm;
}

struct vm *vm_find(kva_t kva) { return referred(run_vm); }

int kva_to_pa(kva_t va, size_t n, pa_t *pa)
{
	*pa = PA(va.v - CPU_LINEAR);
	return host_bytes(*pa, n) ? HYPSEC_OK : HYPSEC_RANGE;
}

int copy_from_host(void *dst, pa_t src, size_t n)
{
	memcpy(dst, host_bytes(src, n), n);
	return HYPSEC_OK;
}

int copy_to_host(pa_t dst, const void *src, size_t n)
{
	memcpy(host_bytes(dst, n), src, n);
	return HYPSEC_OK;
}
__weak bool vm_identity_valid(const struct vm_identity *id) { return true; }

void shadow_age(struct vm *vm) { }
bool cpu_vm_over, cpu_no_lease;

__weak struct vm *vm_get(const struct vm_identity *id, bool *over)
{
	*over = cpu_vm_over;
	return referred(cpu_vm_over ? NULL : run_vm);
}

__weak bool pvm_guest_call(struct vcpu *v, kva_t host, enum vcpu_exit *code)
{
	return false;
}

u8 *kvm_lease(struct cpu_run *c, kva_t host)
{
	c->lease.mmu_map = cpu_mmu;
	c->lease.kvm = KVA(*(u64 *)(cpu_kvm_vcpu + KVM_VCPU_KVM));
	return cpu_no_lease ? NULL : cpu_kvm_vcpu;
}

u64 cpu_run_vcpu(struct vm *vm, kva_t host)
{
	u32 refs = vm->refs;
	u64 code;

	run_vm = vm;
	order_begin();
	code = kvm_run_vcpu(host);
	order_end();
	assert_int_equal(vm->refs, refs);
	return code;
}
