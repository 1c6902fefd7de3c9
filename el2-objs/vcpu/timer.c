// SPDX-License-Identifier: GPL-2.0-only
/*
 * A protected guest's virtual counter and timer: its own, whatever the host has loaded. KVM
 * keeps the timer while the guest does not run, and counts by its own offset, which a VMM moves by
 * the length of each pause (KVM_REG_ARM_TIMER_CNT): it is shown the compare value that is reached
 * at the same moment by that count. That may be before its count began, when the pause was longer
 * than the VM's life: 0 then, which has been reached by any count. Never is half of the range, as
 * not everybody adds an offset to the end of it without an overflow. In between the line may be up
 * for a moment, and be gone when the host looks.
 */
#include "vcpu/run.h"

#define TIMER_NEVER	GENMASK(62, 0)

void timer_load(const struct vcpu *v, struct host_state *h)
{
	h->cntvoff = read_sysreg(CNTVOFF_EL2);
	write_sysreg(v->cntvoff, CNTVOFF_EL2);
	write_sysreg(v->cntv_cval, CNTV_CVAL_EL0);
	write_sysreg(v->cntv_ctl, CNTV_CTL_EL0);
}

void timer_unload(struct vcpu *v, const struct host_state *h)
{
	u64 now, host_now, shown = 0;

	v->cntv_cval = read_sysreg(CNTV_CVAL_EL0);
	v->cntv_ctl = read_sysreg(CNTV_CTL_EL0);
	now = read_sysreg(CNTVCT_EL0);
	if (v->cntv_cval > now) {
		host_now = now + v->cntvoff - h->cntvoff;
		shown = host_now + (v->cntv_cval - now);
		if (shown < host_now || shown > TIMER_NEVER)
			shown = TIMER_NEVER;
	}
	write_sysreg(h->cntvoff, CNTVOFF_EL2);
	write_sysreg(shown, CNTV_CVAL_EL0);
}
