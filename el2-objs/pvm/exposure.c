// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host sees and what it may answer, from exposure.def. vcpu.pending is
 * the row of the last exit; its columns decide both directions, so that nothing
 * can be taken that was not asked for.
 */
#include "pvm/priv.h"
#include "base/check.h"
#include "base/psci.h"

enum out { OUT_NONE, OUT_REG, OUT_FN, OUT_TARGET };
enum take {
	TAKE_NOTHING, TAKE_SKIP, TAKE_STORE, TAKE_LOAD, TAKE_CPU_ON, TAKE_DONE,
};

static const struct row {
	u64 iss, far;
	u32 fn;
	u8 exit, ec;
	bool hpfar;
	u8 out, take;
} rows[SHOW_COUNT] = {
#define EXPOSE(name, exit, ec, iss, far, hpfar, fn, out, take) \
	[SHOW_##name] = { iss, far, fn, exit, ec, hpfar, out, take },
#include "pvm/exposure.def"
#undef EXPOSE
};

_Static_assert(HYPSEC_ESR_WAIT == ((u64)EC_WFX << ESR_EC_SHIFT | ESR_IL | ESR_WFX_WFE | ESR_WFX_RV),
	       "what the row WAIT shows");
_Static_assert(SHOW_NOTHING == 0 && TAKE_NOTHING == 0 && OUT_NONE == 0,
	       "all zero means: nothing shown, nothing taken");

bool pvm_show(struct vcpu *v, enum pvm_exposure what, enum vcpu_exit *code)
{
	v->pending = what;
	v->pending_esr = v->esr;
	*code = rows[what].exit;
	return false;
}

bool pvm_show_wait(struct vcpu *v, enum vcpu_exit *code)
{
	vm_told_waiting(v->vm);
	v->pending = SHOW_WAIT;
	v->pending_esr = HYPSEC_ESR_WAIT;
	*code = EXIT_TRAP;
	return false;
}

void pvm_show_fault(struct vcpu *v, ipa_t ipa, u64 fsc)
{
	/*
	 * A write whatever the guest did: KVM then maps a page of the VM's own,
	 * never the zero page, KSM's or the page cache's. No syndrome: it cannot
	 * turn the access into MMIO and see, or make up, its data.
	 */
	v->pending = SHOW_RAM;
	v->pending_esr = ESR_WNR | fsc;
	v->hpfar = IPA_HPFAR(ipa.v);
}

/* Which register an instruction stores or loads: no one's business but a debugger's. */
static u64 shown_rt(const struct vcpu *v, const struct row *row)
{
	if (!pvm_debuggable(v->vm))
		return 0;
	return row->ec == EC_SYS64 ? GENMASK(9, 5) : row->iss & ESR_ISV ? GENMASK(20, 16) : 0;
}

static u64 guest_reg(const struct vcpu *v, u32 n)
{
	return n < 31 ? v->regs.x[n] : 0;
}

enum vcpu_exit pvm_expose(const struct vcpu *v, struct host_io *io)
{
	const struct row *row;
	u64 reg;

	CHECK(v->pending < SHOW_COUNT);
	row = &rows[v->pending];

	memset(io->out_x, 0, sizeof(io->out_x));
	io->out_mask = 0;
	io->esr = 0;
	if (row->ec)
		io->esr = (u64)row->ec << ESR_EC_SHIFT | ESR_IL |
			  (v->pending_esr & (row->iss | shown_rt(v, row)) & ESR_ISS);
	io->far = v->far & row->far;
	io->hpfar = row->hpfar ? IPA_HPFAR(HPFAR_IPA(v->hpfar)) : 0;

	if (pvm_debuggable(v->vm)) {
		memcpy(io->out_x, v->regs.x, sizeof(io->out_x));
		io->out_mask = GENMASK(30, 0);
	}
	switch (row->out) {
	case OUT_NONE:
		break;
	case OUT_REG:
		if (shown_rt(v, row))
			break;
		reg = guest_reg(v, v->pending_reg);
		if (row->ec == EC_DABT_LOW)
			reg = mmio_store_value(v->pending_esr, reg);
		io->out_x[0] = reg;
		io->out_mask |= 1;
		break;
	case OUT_TARGET:
		io->out_x[1] = pvm_mpidr(v->pending_reg) & MPIDR_AFF;
		io->out_mask |= 2;
		/* fall through */
	case OUT_FN:
		io->out_x[0] = row->fn;
		io->out_mask |= 1;
		break;
	}
	return row->exit;
}

void pvm_accept(struct vcpu *v, const struct host_io *io)
{
	const struct row *row;

	CHECK(v->pending < SHOW_COUNT);
	row = &rows[v->pending];
	/* One exit, one answer: a second INCREMENT_PC finds nothing to complete. */
	v->pending = SHOW_NOTHING;

	switch (row->take) {
	case TAKE_NOTHING:
		break;
	case TAKE_LOAD:
		if (io->inc_pc && !io->exception && v->pending_reg < 31)
			v->regs.x[v->pending_reg] =
				mmio_load_value(v->pending_esr,
						io->x[shown_rt(v, row) ? v->pending_reg : 0]);
		/* fall through */
	case TAKE_STORE:
		if (io->exception) {
			/* Whatever it asked for: an external abort, of our making. */
			vcpu_inject_abort(v, false, v->far);
			break;
		}
		/* fall through */
	case TAKE_SKIP:
		if (io->inc_pc)
			vcpu_skip(v);
		break;
	case TAKE_CPU_ON:
		psci_cpu_on_done(v, io->x[0]);
		break;
	case TAKE_DONE:
		call_result(v, PSCI_SUCCESS);
		break;
	}
}
