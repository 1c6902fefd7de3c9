// SPDX-License-Identifier: GPL-2.0-only
/* Running the puppet: its mailbox, commands, protection; see guest.h. */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <asm/esr.h>
#include <asm/kvm_arm.h>
#include <asm/kvm_asm.h>
#include "guest.h"


static u64 *reg(struct hk_vcpu *c, u64 n)
{
	return &c->v->arch.ctxt.regs.regs[n];
}

void hk_answer(struct hk_vcpu *c, u64 x0)
{
	c->v->arch.ctxt.regs.regs[0] = x0;
	/* Behind an HVC the PC is already. */
	if (ESR_ELx_EC(c->v->arch.fault.esr_el2) != ESR_ELx_EC_HVC64)
		vcpu_set_flag(c->v, INCREMENT_PC);
}

static u64 fault_ipa(const struct hk_vcpu *c)
{
	return (c->v->arch.fault.hpfar_el2 & HPFAR_MASK) << 8 |
	       (c->v->arch.fault.far_el2 & (PAGE_SIZE - 1));
}

/* A load or store of the mailbox, answered: true. @end: the command's, or the entry's */
static bool mailbox(struct hk_vcpu *c, struct hk_exit *e, bool *end)
{
	u64 page = PUPPET_MBOX + (c - c->vm->vcpu) * PAGE_SIZE, at = e->ipa - page, v = 0;
	unsigned int rt = (e->esr & ESR_ELx_SRT_MASK) >> ESR_ELx_SRT_SHIFT;
	bool store = e->esr & ESR_ELx_WNR;

	if (ESR_ELx_EC(e->esr) != ESR_ELx_EC_DABT_LOW || !(e->esr & ESR_ELx_ISV) ||
	    e->ipa < page || at >= PAGE_SIZE)
		return false;
	if (store) {
		v = rt < 31 ? *reg(c, rt) : 0;
		if (at >= PUPPET_RES && at < PUPPET_RES + sizeof(c->res))
			c->res[(at - PUPPET_RES) / 8] = v;
		*end = at == PUPPET_DONE || at == PUPPET_HELLO;
		e->what = at == PUPPET_DONE ? HK_DONE : HK_HELLO;
	} else {
		if (at == PUPPET_CMD && c->commanded) {
			c->commanded = false;
			v = PUPPET_EXEC;
		} else if (at >= PUPPET_ARG && at < PUPPET_ARG + sizeof(c->arg)) {
			v = c->arg[(at - PUPPET_ARG) / 8];
		}
		if (rt < 31)
			*reg(c, rt) = v;
	}
	vcpu_set_flag(c->v, INCREMENT_PC);
	return true;
}

struct hk_exit hk_run(struct hk_vcpu *c)
{
	unsigned long end = jiffies + HK_HANG;
	struct hk_exit e = { HK_TIMEOUT };
	bool done = false;
	u64 code;

	while (!done) {
		/* The guest gets nowhere, or the core gives it no turn: a failure, not a hang. */
		if (READ_ONCE(c->stop) || time_after(jiffies, end)) {
			e.what = HK_TIMEOUT;
			break;
		}
		cond_resched();
		code = hk_vm_run(c);
		e.esr = c->v->arch.fault.esr_el2;
		e.far = c->v->arch.fault.far_el2;
		e.ipa = fault_ipa(c);
		switch (code) {
		case ARM_EXCEPTION_IRQ:
			continue;
		case ARM_EXCEPTION_TRAP:
			if (mailbox(c, &e, &done))
				continue;
			e.what = HK_TRAP;
			break;
		case ARM_EXCEPTION_EL1_SERROR:
			e.what = HK_SERROR;
			break;
		default:
			e.what = HK_IL;
			break;
		}
		break;
	}
	return e;
}

void hk_command2(struct hk_vcpu *c, u64 insn01, u64 insn23, const u64 *x, u64 seed)
{
	memset(c->res, 0, sizeof(c->res));
	c->arg[0] = insn01;
	c->arg[1] = insn23;
	c->arg[2] = 1;
	c->arg[3] = seed;
	memcpy(&c->arg[4], x, 8 * sizeof(*x));
	c->commanded = true;
}

void hk_command(struct hk_vcpu *c, u32 insn, const u64 *x, u64 seed)
{
	u64 nop = INSN_NOP;

	hk_command2(c, insn | nop << 32, nop | nop << 32, x, seed);
}

struct hk_exit hk_exec(struct hk_vcpu *c, u32 insn, const u64 *x)
{
	static u64 seed;

	seed += 0x9e3779b97f4a7c15;
	hk_command(c, insn, x, seed);
	return hk_run(c);
}

void hk_expect_kept(struct hk_vcpu *c, const char *what)
{
	struct kunit *test = c->vm->test;

	KUNIT_EXPECT_EQ_MSG(test, c->res[8], 0, "%s: register %llu and others", what, c->res[9]);
	KUNIT_EXPECT_EQ_MSG(test, c->res[10], PUPPET_VECTOR_SYNC, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, c->res[11], PUPPET_SVC, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, c->res[14] & ~0xf0000000UL, 0x3c5, "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, (c->res[14] ^ c->arg[3]) & 0xf0000000UL, 0, "%s", what);
}

u64 hk_call(struct hk_vcpu *c, u64 call, u64 x1, u64 x2, u64 x3)
{
	const u64 x[8] = { call, x1, x2, x3, 0x4444, 0x5555, 0x6666, 0x7777 };
	struct hk_exit e = hk_exec(c, INSN_HVC, x);

	KUNIT_EXPECT_EQ_MSG(c->vm->test, e.what, HK_DONE, "call %llx, ESR %llx", call, e.esr);
	hk_expect_kept(c, "call");
	return e.what == HK_DONE ? c->res[0] : ~0UL;
}

static bool access(struct hk_vcpu *c, u32 insn, u64 ipa, u64 v)
{
	const u64 x[8] = { v, ipa };

	return hk_exec(c, insn, x).what == HK_DONE && c->res[11] == PUPPET_SVC;
}

bool hk_guest_load(struct hk_vcpu *c, u64 ipa, u64 *v)
{
	bool ok = access(c, INSN_LDR, ipa, 0);

	*v = c->res[0];
	return ok;
}

bool hk_guest_store(struct hk_vcpu *c, u64 ipa, u64 v)
{
	return access(c, INSN_STR, ipa, v);
}

struct hk_exit hk_protect(struct hk_vm *vm, u64 image, u64 dtb)
{
	const u64 x[8] = { HYPSEC_GUEST_PROTECT, image, dtb };

	return hk_exec(&vm->vcpu[0], INSN_HVC, x);
}

void hk_protect_all(struct hk_vm *vm)
{
	KUNIT_ASSERT_EQ(vm->test, hk_protect(vm, GUEST_IMAGE, GUEST_DTB).what, HK_HELLO);
	KUNIT_ASSERT_EQ(vm->test, hk_vm_state(vm), HYPSEC_VM_PROTECTED);
	KUNIT_ASSERT_EQ(vm->test, hk_call(&vm->vcpu[0], HYPSEC_GUEST_RAM, GUEST_IMAGE,
					  GUEST_END - GUEST_IMAGE, 0), HYPSEC_OK);
}

struct hk_vm *hk_protected(struct kunit *test)
{
	struct hk_vm *vm = hk_vm_new(test);

	hk_protect_all(vm);
	return vm;
}

void hk_expect_private(struct hk_vm *vm, u64 ipa, const void *kva, u64 secret)
{
	const u64 *word = kva + (ipa & (PAGE_SIZE - 1));
	int state = hk_vm_state(vm);
	u64 v = 0;

	/* The page is the host's again, encrypted; the VM goes on. */
	KUNIT_EXPECT_EQ(vm->test, hk_try_load(word, &v), 0);
	KUNIT_EXPECT_NE(vm->test, v, secret);
	KUNIT_EXPECT_EQ(vm->test, hk_page_state(__pa(kva), NULL), HYPSEC_PAGE_HOST);
	KUNIT_EXPECT_EQ(vm->test, hk_vm_state(vm), state);
}
