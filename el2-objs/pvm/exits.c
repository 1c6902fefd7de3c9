// SPDX-License-Identifier: GPL-2.0-only
/*
 * The run loop of a protected VM: which vCPU the host means, what it may answer
 * to the last exit, and where each exit class goes. Default: an undefined
 * instruction exception in the guest; the host learns of nothing that is not here.
 */
#include "pvm/priv.h"
#include "base/check.h"

/* And vm->powered_off is as it was when it died. */
static bool is_dead(const struct vm *vm)
{
	return __atomic_load_n(&vm->state, __ATOMIC_ACQUIRE) == VM_DEAD;
}

bool pvm_die(struct vcpu *v, const char *why, enum vcpu_exit *code)
{
	vm_kill(v->vm, why);
	return pvm_show(v, SHOW_DEAD, code);
}

bool pvm_is_dead(struct vcpu *v, enum vcpu_exit *code)
{
	struct vm *vm = v->vm;

	if (!is_dead(vm))
		return false;
	/*
	 * The guest switched itself off: its other vCPUs leave quietly, so that
	 * the VMM sees the power-off and not an internal error.
	 */
	pvm_show(v, vm->powered_off ? SHOW_NOTHING : SHOW_DEAD, code);
	return true;
}

bool pvm_exit(struct vcpu *v, enum vcpu_exit *code)
{
	/* The platform's error, not the guest's: what it trapped for comes again. */
	if ((u32)*code & EXIT_SERROR_PENDING) {
		pvm_show(v, SHOW_SERROR, code);
		v->pending_esr = v->disr;
		return false;
	}
	/*
	 * Before anything that enters it again: its table is empty, and who ended it may
	 * wait for it to leave (vm_close_all()).
	 */
	if (pvm_is_dead(v, code))
		return false;
	if (*code == EXIT_TRAP && vcpu_exit_common(v, code))
		return true;
	/* No AArch32 is offered, at EL0 either; an ERET can still go there. */
	if (v->regs.pstate & SPSR_MODE32)
		return pvm_die(v, "AArch32 state", code);

	switch (*code) {
	case EXIT_IRQ:
		return pvm_show(v, SHOW_NOTHING, code);
	case EXIT_SERROR:
		return pvm_show(v, SHOW_SERROR, code);
	case EXIT_TRAP:
		break;
	case EXIT_IL:
	default:
		return pvm_die(v, "illegal exception return", code);
	}

	switch (ESR_EC(v->esr)) {
	case EC_WFX:
		return pvm_show(v, SHOW_WFX, code);
	case EC_HVC64:
	case EC_SMC64:
		return pvm_call(v, code);
	case EC_SYS64:
		return pvm_sysreg(v, code);
	case EC_IABT_LOW:
	case EC_DABT_LOW:
		return pvm_abort(v, code);
	case EC_SERROR:
		return pvm_show(v, SHOW_SERROR, code);
	case EC_BREAKPT_LOW:
	case EC_SOFTSTP_LOW:
	case EC_WATCHPT_LOW:
	case EC_BRK64:
		return pvm_debug_exit(v, code);
	default:
		/* Features that the ID registers do not show: SME, MTE, ... */
		vcpu_inject_undef(v);
		return true;
	}
}

/* KVM's VCPU_RESET_PSTATE_EL1. NZCV is left to who resets: QEMU sets Z. */
static bool reset_pstate(u64 pstate)
{
	return (pstate & ~GENMASK(31, 28)) == (SPSR_EL1H | SPSR_DAIF);
}

/*
 * The VMM has reset a vCPU that has run (QEMU's system_reset; KVM_ARM_VCPU_INIT), and has its image
 * where it was: it wants the machine from the start. That ends the VM, as it could by letting
 * go of it, and as by a reset of the guest's own what runs next is a new one, to be verified. A
 * VMM that writes back what it read, or a debugger that writes pc, is not that: registers are
 * zero then, but for what the VMM hands its image. Nor is KVM's own reset for CPU_ON, which
 * starts where KVM was told: at 0. One that is off is run for no other reason.
 */
static bool reset_by_vmm(const struct vcpu *v, kva_t host, const struct host_io *io)
{
	if (v->host.v != host.v || io->pc_in == v->shown_pc || !reset_pstate(io->pstate_in) ||
	    (v->power == VCPU_ON_PENDING && !io->pc_in))
		return false;
	for (unsigned int i = 4; i < ARRAY_SIZE(io->x); i++)
		if (io->x[i])
			return false;
	return true;
}

/*
 * The vCPU that the host means, loaded here and nowhere else; NULL if there is
 * none. The MPIDR that the host offers says which one it is; once it has run, @host must be what
 * it was then.
 */
static struct vcpu *acquire(struct vm *vm, kva_t host, struct host_io *io)
{
	struct pvm *p = vm->pvm;
	struct vcpu *v;
	u32 idle = 0;
	int i;

	CHECK(spin_held(&p->vcpus_lock));
	if (!host.v)
		return NULL;
	i = pvm_vcpu_index(io->mpidr & MPIDR_AFF);
	v = i < 0 ? NULL : p->vcpu[i];
	if (!v || (v->host.v && v->host.v != host.v))
		return NULL;
	io->reset = reset_by_vmm(v, host, io);
	if (v->power == VCPU_OFF && !io->reset)
		return NULL;
	/* Two of its threads, or a forged kvm_vcpu: one wins. */
	if (!__atomic_compare_exchange_n(&v->busy, &idle, 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return NULL;
	if (v->power == VCPU_ON_PENDING && !io->reset) {
		pvm_vcpu_reset(v, v->on_entry, v->on_context, 0, 0);
		v->power = VCPU_ON;
		v->on_by = NULL;
		/* KVM's own reset, for CPU_ON: whatever it left there. */
		v->shown_pc = io->pc_in;
	}
	v->host = host;
	return v;
}

/* EN, maintenance interrupts (UIE to VGrp1DIE), EOIcount */
#define ICH_HCR_TAKEN	(GENMASK(7, 0) | GENMASK(31, 27))
/* State, HW, Group; Priority; pINTID; vINTID. Not NMI, nor what has no meaning yet. */
#define ICH_LR_TAKEN	(GENMASK(63, 60) | GENMASK(55, 48) | GENMASK(44, 0))

/*
 * The host raises interrupts. It does not make the guest's own accesses to the CPU
 * interface UNDEFINED: by ICH_HCR_EL2's traps, or by a GICv2 (SRE) where the guest was
 * promised a GICv3. No NMI either, which would pass the guest's priority mask: ID_AA64PFR1_EL1
 * has none.
 */
static void take_gic(struct gic_state *g, const struct gic_state *host)
{
	g->used_lrs = host->used_lrs;
	for (unsigned int i = 0; i < g->used_lrs && i < ARRAY_SIZE(g->lr); i++)
		g->lr[i] = host->lr[i] & ICH_LR_TAKEN;
	g->hcr = host->hcr & ICH_HCR_TAKEN;
	g->sre = true;
	g->vlpi = false;
}

/* List registers go back as the guest left them. The rest it was not shown. */
static void give_gic(struct gic_state *host, const struct gic_state *g)
{
	host->used_lrs = g->used_lrs;
	for (unsigned int i = 0; i < g->used_lrs && i < ARRAY_SIZE(g->lr); i++)
		host->lr[i] = g->lr[i];
	host->sre = true;		/* ICH_VMCR_EL2 is not written (kvm/run.c) */
}

static bool is_abort(u64 esr)
{
	return ESR_EC(esr) == EC_IABT_LOW || ESR_EC(esr) == EC_DABT_LOW;
}

static enum vcpu_exit run(struct vcpu *v, struct host_io *io)
{
	bool ssbd_off, faulted = v->pending == SHOW_RAM && is_abort(v->esr);
	struct vm *vm = v->vm;
	enum vcpu_exit code = EXIT_IRQ;
	int ret;

	pvm_accept(v, io);

	vcpu_controls_protected(v);
	v->hcr |= vm->pvm->cache_trap | (io->wfx & (HCR_TWI | HCR_TWE));
	take_gic(&v->gic, &io->gic);

	if (READ_ONCE(vm->state) == VM_PROTECTING) {
		ret = pvm_protect_step(v);
		if (ret == HYPSEC_RESTART || ret == HYPSEC_EXIT)
			return pvm_expose(v, io);
		if (ret != HYPSEC_OK) {
			pvm_is_dead(v, &code);
			return pvm_expose(v, io);
		}
	} else if (faulted && !pvm_abort(v, &code)) {
		/* What it would do on coming back to the instruction is done: it faults once. */
		return pvm_expose(v, io);
	}

	pvm_debug_load(v, io);
	ssbd_off = pvm_ssbd_begin(this_cpu());
	vcpu_run(v, pvm_exit);
	if (ssbd_off)
		pvm_ssbd_end(this_cpu());
	pvm_debug_unload(v, io);
	give_gic(&io->gic, &v->gic);
	return pvm_expose(v, io);
}

static enum vcpu_exit end_by_reset(struct vm *vm)
{
	WRITE_ONCE(vm->powered_off, true);
	vm_kill(vm, "reset by its VMM");
	return EXIT_IRQ;
}

enum vcpu_exit pvm_run(struct vm *vm, kva_t host_vcpu, struct host_io *io)
{
	struct vcpu *v = NULL;
	enum vcpu_exit code;

	io->pc = HYPSEC_SHOWN_PC;
	io->reset = false;
	/*
	 * Not vm->lock, which is held while a page of the VM's is sealed or zeroed. Whoever ends it
	 * sets the state, then looks at the count, in which this vCPU is: vm->pvm stays.
	 */
	if (__atomic_load_n(&vm->state, __ATOMIC_SEQ_CST) != VM_DEAD) {
		spin_lock(&vm->pvm->vcpus_lock);
		v = acquire(vm, host_vcpu, io);
		spin_unlock(&vm->pvm->vcpus_lock);
	}

	if (!v) {
		bool over = is_dead(vm) && vm->powered_off;

		/* Nothing is shown, and nothing has changed. */
		memset(io->out_x, 0, sizeof(io->out_x));
		io->out_mask = 0;
		io->esr = io->far = io->hpfar = 0;
		/* One of the next VM's, while another of this is inside still. */
		io->reset = over && reset_pstate(io->pstate_in);
		if (over)
			io->pc = HYPSEC_OVER_PC;
		return over ? EXIT_IRQ : EXIT_IL;
	}

	code = unlikely(io->reset) ? end_by_reset(vm) : run(v, io);
	if (unlikely(is_dead(vm) && vm->powered_off))
		io->pc = HYPSEC_OVER_PC;
	v->shown_pc = io->pc;

	/*
	 * Who ends the VM, or finds the core broken, erases its registers, and this vCPU has
	 * written its own back since. The word comes before that wipe, and this look after the
	 * registers are written: one of the two erases them.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (unlikely(READ_ONCE(vm->state) == VM_DEAD || READ_ONCE(core_broken)))
		pvm_wipe_vcpu(v);
	__atomic_store_n(&v->busy, 0, __ATOMIC_RELEASE);
	return code;
}
