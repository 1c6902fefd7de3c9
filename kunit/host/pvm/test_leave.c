// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU is inside while its VM ends, or the core breaks: who ends it erases registers under its
 * feet, and it writes them back when it leaves. Nothing of them is there once it counts as gone.
 */
#include <setjmp.h>
#include "canary_common.h"
#include "pool/pool.h"
#include "base/check.h"
#include "host/host.h"

#define SVE_VL	32

static struct vcpu *v;			/* in a page of the core's, as all of a protected VM */
static void (*event)(void);
static unsigned int left;		/* leaves seen */
static bool erased;			/* at that moment */
static jmp_buf out;

static bool zero(const void *p, size_t n)
{
	const u8 *b = p;

	return !n || (!b[0] && !memcmp(b, b + 1, n - 1));
}

static bool nothing_left(void)
{
	return zero(&v->regs, sizeof(v->regs)) && zero(v->sr, sizeof(v->sr)) &&
	       zero(&v->fp, sizeof(v->fp)) && zero(v->apkey, sizeof(v->apkey)) &&
	       zero(v->sve_buf, PAGE_SIZE);
}

void vm_leave(struct vm *leaving)
{
	assert_ptr_equal(leaving, vm);
	leaving->running--;
	if (!g.entered || !v)
		return;
	assert_int_equal(v->busy, 0);
	left++;
	erased = nothing_left();
}

/* It uses its vectors, then all of its registers; what happens meanwhile is event(). */
static u64 busy_guest(struct vcpu_regs *r)
{
	for (unsigned int i = 0; i < cpu_regs.n; i++)
		if (!is_el2(cpu_regs.r[i].name) && !in_list(cpu_regs.r[i].name, platform) &&
		    !in_list(cpu_regs.r[i].name, trapped))
			cpu_regs.r[i].v = test_rand();
	test_fill(r->x, sizeof(r->x));
	r->sp_el0 = test_rand();
	SREG(ELR_EL2) = test_rand() & ~3UL;
	SREG(SPSR_EL2) = SPSR_EL1H;
	if (!g.entered++) {
		SREG(ESR_EL2) = (u64)EC_SVE << ESR_EC_SHIFT | ESR_IL;
		return EXIT_TRAP;
	}
	memset(cpu_sve, 0x5e, sizeof(cpu_sve));
	event();
	return EXIT_IRQ;
}

/* As who ends it does, on another CPU. */
static void end_of_vm(void)
{
	vm->state = VM_DEAD;
	pvm_wipe(vm);
	assert_true(nothing_left());
	test_fill(v->regs.x, sizeof(v->regs.x));	/* guest_enter() of this exit */
}

static void end_of_core(void)
{
	core_broken = true;
	pvm_wipe(vm);
	test_fill(v->regs.x, sizeof(v->regs.x));
}

static void nothing(void)
{
}

/* A failed check of this CPU's, with the guest loaded: it does not come back. */
static void panic(void)
{
	end_of_core();
	this_cpu()->online = 1;
	this_cpu()->trap_esr = (u64)EC_HVC64 << ESR_EC_SHIFT;
	base_up_leave(this_cpu());
}

/* The way back, host/ */
u32 core_phase;

void core_park(void)
{
	abort();
}

void el2_apply_host(const struct percpu *cpu) { (void)cpu; }
void host_hvc_broken(struct percpu *cpu) { (void)cpu; }
void host_skip(void) { fail(); }
void host_inject_undef(void) { fail(); }
void host_inject_abort(bool instruction, bool from_el0, u64 esr, u64 far)
{
	(void)instruction;
	(void)from_el0;
	(void)esr;
	(void)far;
	fail();
}

void install_leave(struct percpu *cpu)
{
	(void)cpu;
	fail();
	abort();
}

void host_return(struct percpu *cpu)
{
	assert_false(cpu->panicking);
	longjmp(out, 1);
}

static void prepare(void (*what)(void))
{
	begin(SHOW_NOTHING);
	for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
		world_pvm.vcpu[i] = pool_alloc(HYPSEC_ACC_VM);
		*world_pvm.vcpu[i] = world_vcpu[i];
	}
	v = world_pvm.vcpu[0];
	v->r = &v->regs;
	v->sve_buf = pool_alloc(HYPSEC_ACC_VM);
	v->sve_vl = SVE_VL;
	cpu_guest = busy_guest;
	event = what;
	left = 0;
	erased = false;
}

static void runs_on(void **state)
{
	(void)state;
	prepare(nothing);
	cpu_run_vcpu(vm, HOST);
	assert_int_equal(left, 1);
	assert_false(erased);		/* alive: its registers are its own */
	assert_true(!zero(v->sr, sizeof(v->sr)) && !zero(v->apkey, sizeof(v->apkey)) &&
		    !zero(v->sve_buf, PAGE_SIZE) && !zero(&v->regs, sizeof(v->regs)));
}

/* Another CPU has vm->lock, for as long as it takes to seal pages of this VM. */
static void runs_beside(void **state)
{
	(void)state;
	prepare(nothing);
	vm->lock.owner = 1;
	cpu_run_vcpu(vm, HOST);
	vm->lock.owner = 0;
	assert_int_equal(left, 1);
	assert_false(erased);
}

static void leaves_dead_vm(void **state)
{
	(void)state;
	prepare(end_of_vm);
	assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IL);
	assert_int_equal(left, 1);
	assert_true(erased);
	assert_true(nothing_left());
}

static void leaves_broken_core(void **state)
{
	(void)state;
	prepare(end_of_core);
	cpu_run_vcpu(vm, HOST);
	core_broken = false;
	assert_int_equal(left, 1);
	assert_true(erased);
	assert_true(nothing_left());
}

static void panics(void **state)
{
	(void)state;
	prepare(panic);
	if (!setjmp(out))
		cpu_run_vcpu(vm, HOST);
	core_broken = false;
	assert_null(this_cpu()->running);
	assert_true(nothing_left());
}

static void breaks(const char *name)
{
	(void)name;
	core_broken = true;
}

/* Another CPU panics while this one is on its way in: no guest is entered any more. */
static void not_entered(void **state)
{
	(void)state;
	for (int ordinary = 0; ordinary < 2; ordinary++) {
		prepare(nothing);
		if (ordinary)
			vm->state = VM_ORDINARY;
		cpu_kvm_vcpu[KVM_VCPU_CFLAGS] = 0;
		cpu_reg_hook = breaks;
		cpu_run_vcpu(vm, HOST);
		cpu_reg_hook = NULL;
		assert_true(core_broken);
		core_broken = false;
		assert_int_equal(g.entered, 0);
	}
}

/* With none loaded there is nothing to unload: the host's registers are what is there. */
static void panics_alone(void **state)
{
	static struct reg_file before;
	(void)state;

	prepare(nothing);
	cpu_state.host = (struct host_state){ 0 };
	before = cpu_regs;
	vcpu_panic_unload(this_cpu());
	assert_memory_equal(&cpu_regs, &before, sizeof(before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_on),
		cmocka_unit_test(runs_beside),
		cmocka_unit_test(leaves_dead_vm),
		cmocka_unit_test(leaves_broken_core),
		cmocka_unit_test(not_entered),
		cmocka_unit_test(panics),
		cmocka_unit_test(panics_alone),
	};

	warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
