// SPDX-License-Identifier: GPL-2.0-only
/*
 * __kvm_vcpu_run(): which VM it is, and that of a protected one: its host sees struct host_io.
 */
#include "kvm/vcpu.h"
#include "abi/hypsec_guest.h"
#include "base/check.h"
#include "pvm/pvm.h"

static void read_identity(const struct cpu_run *c, struct vm_identity *id)
{
	u8 *mmu = c->lease.mmu_map;

	/* kvm_lease() has just read that vCPU's pointers to them. */
	id->kvm = c->lease.kvm;
	id->mmu = c->lease.mmu;
	id->vmid_id = KV64(mmu, KVM_MMU_VMID);
	id->pgd = PA(KV64(mmu, KVM_MMU_PGD));
	id->vtcr = KV64(mmu, KVM_MMU_VTCR);
}

/* Everything the host gets of a protected vCPU, or gives to it, is in struct host_io. */
static enum vcpu_exit run_private(struct vm *vm, u8 *k, kva_t host, struct cpu_run *c)
{
	u8 iflags = KV8(k, KVM_VCPU_IFLAGS);
	enum vcpu_exit code;
	struct host_io io;
	u64 mask;
	u32 i;

	/* x is copied; the rest is read or written here only as far as out_mask and shown say. */
	memset((u8 *)&io + offsetof(struct host_io, mpidr), 0,
	       offsetof(struct host_io, out_x) - offsetof(struct host_io, mpidr));
	memcpy(io.x, k + KVM_VCPU_REGS, sizeof(io.x));
	io.mpidr = KV64(k, KVM_SR_MPIDR_EL1);
	io.exception = iflags & KVM_FLAG_PENDING_EXCEPTION;
	io.inc_pc = !io.exception && (iflags & KVM_FLAG_INCREMENT_PC);
	io.wfx = KV64(k, KVM_VCPU_HCR) & (HCR_TWI | HCR_TWE);
	io.pc_in = REG(k, R_PC);
	io.pstate_in = REG(k, R_PSTATE);
	read_gic(k, &io.gic, c->feat);
	/* KVM_SET_GUEST_DEBUG is in force: MDSCR_EL1 is what its debugger wants. */
	if (unlikely(KV64(k, KVM_VCPU_MDCR) & MDCR_TDE)) {
		io.mdscr = KV64(k, KVM_SR_MDSCR_EL1);
		io.debug = read_debug(k, host);
	}

	/* It takes nothing that the host did not say. */
	if (slots_lost())
		return EXIT_IL;		/* whatever it is: kvm_run_vcpu() */
	code = pvm_run(vm, host, &io);
	if (unlikely(io.reset)) {
		/* A step that KVM asked for was over the last VM's instruction: kvm_adjust_pc(). */
		KV8(k, KVM_VCPU_IFLAGS) = iflags & ~IFLAGS_DONE;
		return code;		/* EXIT_IRQ: its host tries again, with a new VM */
	}

	memset(k + KVM_VCPU_REGS, 0, sizeof(io.out_x));
	for (mask = io.out_mask; mask; mask &= mask - 1) {
		i = (u32)__builtin_ctzl(mask);
		REG(k, i) = io.out_x[i];
	}
	REG(k, R_SP) = io.sp;
	REG(k, R_PC) = io.pc;
	REG(k, R_PSTATE) = io.shown ? io.pstate : SPSR_EL1H;
	for (i = 0; unlikely(io.shown) && i < GSR_COUNT; i++)
		if (i != GSR_MDSCR_EL1)		/* KVM's, for its debugger */
			KV64(k, kvm_sr[i]) = io.sr[i];
	KV64(k, KVM_VCPU_ESR) = io.esr;
	KV64(k, KVM_VCPU_FAR) = io.far;
	KV64(k, KVM_VCPU_HPFAR) = io.hpfar;
	KV64(k, KVM_VCPU_DISR) = 0;
	KV8(k, KVM_VCPU_IFLAGS) = iflags & ~(IFLAGS_DONE | KVM_FLAG_DEBUG_DIRTY);
	KV64(k, KVM_VCPU_HCR) &= ~(u64)HCR_VSE;
	write_gic(k, &io.gic);
	return code;
}

/*
 * Counts the caller in vm->running. True: @vm is ordinary, and stays so while it is counted. False:
 * it is not, and is not again; what pvm/ holds of it stays as long, if it has not ended before.
 * VM_PROTECT and vm_kill_locked() take the opposite order: state, then count.
 */
static bool enter_ordinary(struct vm *vm)
{
	bool ordinary;
	u32 state;

	__atomic_fetch_add(&vm->running, 1, __ATOMIC_SEQ_CST);
	state = __atomic_load_n(&vm->state, __ATOMIC_SEQ_CST);
	if (likely(state != VM_PROTECTING))
		return state == VM_ORDINARY;
	/* It may have seen this vCPU and have stayed ordinary. */
	spin_lock(&vm->lock);
	ordinary = vm->state == VM_ORDINARY;
	spin_unlock(&vm->lock);
	return ordinary;
}

/* A memory error in KVM's structures: this run has failed, no more. The next maps them again. */
static u64 run_failed(struct cpu_run *c)
{
	kvm_lease_end(c);
	return EXIT_IL;
}

u64 kvm_run_vcpu(kva_t host)
{
	struct cpu_run *c = cpu_run();
	u8 *k = kvm_lease(c, host);
	struct vm_identity id;
	enum vcpu_exit code;
	struct vm *vm;
	bool over;

	if (!k)
		return EXIT_IL;
	read_identity(c, &id);
	if (slots_lost())
		return run_failed(c);
	vm = vm_get(&id, &over);
	if (unlikely(!vm)) {
		/* It was out when its VM ended: the next one is not what it was saved of. */
		if (over && kvm_shown(k))
			REG(k, R_PC) = HYPSEC_OVER_PC;
		if (slots_lost())
			return run_failed(c);
		/* No memory or slot now; the host's next try may find one. */
		return vm_identity_valid(&id) ? EXIT_IRQ : EXIT_IL;
	}
	if (likely(enter_ordinary(vm)))
		code = kvm_run_ordinary(vm, k, host, c);
	else
		code = run_private(vm, k, host, c);
	vm_leave(vm);
	vm_put(vm);
	return slots_lost() ? run_failed(c) : code;
}
