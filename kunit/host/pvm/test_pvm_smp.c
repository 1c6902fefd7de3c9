// SPDX-License-Identifier: GPL-2.0-only
/*
 * Up to eight vCPUs that the guest switches on and off while the host runs what it likes, where
 * it likes, and answers calls with what it likes: against a model of what the guest asked for.
 */
#include "pvm_world.h"

#define HOST(n)		KVA(0xffff000012340000 + (n) * 0x2000)
#define ENTRY(seq)	(0x40200000UL + (seq) % 0x4000 * 4)
#define CONTEXT(seq)	(0xc0de000000000000UL + (seq))
#define NONE		(~0UL)

static struct vm *vm;

/* Calls of CPU_ON are numbered; the model says what became of each. */
static struct {
	enum vcpu_power power;
	unsigned long starts_by;	/* ON_PENDING: the call */
	bool fresh;			/* started, and not entered since */
	bool inside;
	/* its own call that the host has not answered */
	unsigned long call;
	unsigned int target;
	u64 answer;			/* what the host says at this entry */
	u64 pc;
} m[WORLD_VCPUS];
static unsigned long calls, started[1 << 16], starts, refusals, cancelled, nested, depth;
static bool was_started(unsigned long call)
{
	return started[call & 0xffff] == call;
}

static bool psci(struct vcpu *v, u64 fn, u64 a1, u64 a2, u64 a3, enum vcpu_exit *code)
{
	v->regs.x[0] = fn;
	v->regs.x[1] = a1;
	v->regs.x[2] = a2;
	v->regs.x[3] = a3;
	v->esr = (u64)EC_HVC64 << ESR_EC_SHIFT | ESR_IL;
	*code = EXIT_TRAP;
	return pvm_exit(v, code);
}

/* The vCPU @i was entered again after its CPU_ON: is the result the truth? */
static void check_result(unsigned int i, const struct vcpu *v)
{
	unsigned int t = m[i].target;
	s64 host = (s32)m[i].answer;
	bool pending = m[t].power == VCPU_ON_PENDING && m[t].starts_by == m[i].call;

	if (was_started(m[i].call) || (pending && host == PSCI_SUCCESS)) {
		assert_int_equal(v->regs.x[0], PSCI_SUCCESS);
	} else {
		assert_true(pending);
		m[t].power = VCPU_OFF;
		cancelled++;
		if (host == PSCI_ALREADY_ON) {
			/* The call is made again. */
			assert_int_equal(v->regs.x[0], PSCI_CPU_ON64);
			assert_int_equal(v->regs.pc, m[i].pc - 4);
		} else {
			assert_int_equal((s64)v->regs.x[0], host == PSCI_INVALID_PARAMETERS ?
					 PSCI_INVALID_PARAMETERS : PSCI_INTERNAL_FAILURE);
		}
	}
	m[i].call = NONE;
}

static void guest_cpu_on(unsigned int i, struct vcpu *v, enum vcpu_exit *code)
{
	unsigned int t = test_rand() % WORLD_VCPUS;
	enum vcpu_power was = m[t].power;
	unsigned long call = ++calls;

	m[i].pc = v->regs.pc;
	if (psci(v, PSCI_CPU_ON64, t, ENTRY(call), CONTEXT(call), code)) {
		assert_int_equal((s64)v->regs.x[0], was == VCPU_ON ? PSCI_ALREADY_ON :
				 PSCI_ON_PENDING);
		assert_int_not_equal(was, VCPU_OFF);
		*code = EXIT_IRQ;
		pvm_exit(v, code);
		return;
	}
	assert_int_equal(was, VCPU_OFF);
	m[t].power = VCPU_ON_PENDING;
	m[t].starts_by = call;
	m[i].call = call;
	m[i].target = t;
}

static void host_does(void);

enum vcpu_exit vcpu_run(struct vcpu *v, bool (*handler)(struct vcpu *v, enum vcpu_exit *code))
{
	unsigned int i = v - world_vcpu, t = test_rand() % WORLD_VCPUS;
	enum vcpu_exit code = EXIT_IRQ;

	assert_true(handler == pvm_exit);
	assert_true(i < WORLD_VCPUS);
	/* On one CPU at a time, and only if the guest has started it. */
	assert_false(m[i].inside);
	m[i].inside = true;
	if (m[i].power == VCPU_ON_PENDING) {
		m[i].power = VCPU_ON;
		started[m[i].starts_by & 0xffff] = m[i].starts_by;
		starts++;
		assert_int_equal(v->regs.pc, ENTRY(m[i].starts_by));
		assert_int_equal(v->regs.x[0], CONTEXT(m[i].starts_by));
		/* Nothing of an earlier life, nothing of the host's. */
		for (int n = 1; n < 31; n++)
			assert_int_equal(v->regs.x[n], 0);
		assert_int_equal(v->regs.pstate, SPSR_EL1H | SPSR_DAIF);
		for (int n = 0; n < GSR_COUNT; n++)
			assert_true(!v->sr[n] || n == GSR_SCTLR_EL1 || n == GSR_MPIDR_EL1);
		assert_int_equal(v->sr[GSR_SCTLR_EL1] & (SCTLR_M | SCTLR_C | SCTLR_I), 0);
		assert_int_equal(v->sr[GSR_MPIDR_EL1], BIT(31) | i);
		for (size_t n = 0; n < sizeof(v->fp); n++)
			assert_int_equal(((u8 *)&v->fp)[n], 0);
		for (int n = 0; n < 10; n++)
			assert_int_equal(v->apkey[n], 0);
		m[i].call = NONE;
	}
	assert_int_equal(m[i].power, VCPU_ON);
	if (m[i].call != NONE)
		check_result(i, v);
	world_secrets(v);

	/* Meanwhile, on other CPUs */
	if (depth < 4)
		while (test_rand() & 1) {
			depth++;
			nested++;
			host_does();
			depth--;
		}

	switch (test_rand() % 5) {
	case 0:
	case 1:
		guest_cpu_on(i, v, &code);
		break;
	case 2:
		assert_false(psci(v, PSCI_CPU_OFF, 0, 0, 0, &code));
		m[i].power = VCPU_OFF;
		break;
	case 3:
		assert_true(psci(v, PSCI_AFFINITY_INFO64, t, 0, 0, &code));
		assert_int_equal(v->regs.x[0], m[t].power == VCPU_ON ? PSCI_AFF_ON :
				 m[t].power == VCPU_OFF ? PSCI_AFF_OFF : PSCI_AFF_ON_PENDING);
		/* fall through */
	default:
		code = EXIT_IRQ;
		assert_false(pvm_exit(v, &code));
		break;
	}
	m[i].inside = false;
	return code;
}

/* A run by any thread, of any vCPU, with any answer. */
static void host_does(void)
{
	static const u64 answers[] = {
		0, 0, 0, (u64)PSCI_INVALID_PARAMETERS, (u64)PSCI_ALREADY_ON, (u64)PSCI_ON_PENDING,
		(u64)PSCI_DENIED, (u64)-1, (u64)-9, (u64)-10, 1, 0xffffffff, PSCI_CPU_ON64,
	};
	unsigned int h = test_rand() % 10, i;
	struct host_io io;
	enum vcpu_exit code;
	bool can;

	test_fill(&io, sizeof(io));
	io.inc_pc = test_rand() & 1;
	io.exception = test_rand() & 1;
	io.x[0] = answers[test_rand() % ARRAY_SIZE(answers)];
	io.mpidr = h;
	for (i = 0; i < WORLD_VCPUS; i++)
		if (world_vcpu[i].host.v == HOST(h).v)
			io.mpidr = i;
	if (!(test_rand() & 3))
		io.mpidr = test_rand() % 10;

	/* Whom it means: the MPIDR of one that is not bound, or to it. */
	i = io.mpidr;
	can = i < WORLD_VCPUS && (!world_vcpu[i].host.v || world_vcpu[i].host.v == HOST(h).v) &&
	      m[i].power != VCPU_OFF && !m[i].inside;
	if (can) {
		m[i].answer = io.x[0];
		code = world_run(HOST(h), &io);
		assert_true(code == EXIT_IRQ || code == EXIT_TRAP);
		assert_int_equal(world_vcpu[i].host.v, HOST(h).v);
	} else {
		struct vcpu before[WORLD_VCPUS];

		memcpy(before, world_vcpu, sizeof(before));
		assert_int_equal(world_run(HOST(h), &io), EXIT_IL);
		assert_memory_equal(world_vcpu, before, sizeof(before));
		assert_int_equal(io.esr | io.far | io.hpfar | io.out_mask, 0);
		refusals++;
	}
}

static bool seen_enough(void)
{
	return starts > 200 && refusals > 1000 && cancelled > 100 && nested > 1000;
}

static void any_order(void **state)
{
	(void)state;
	vm = world_new();
	memset(m, 0, sizeof(m));
	memset(started, 0, sizeof(started));
	for (int i = 0; i < WORLD_VCPUS; i++)
		m[i].call = NONE;
	m[0].power = VCPU_ON;
	world_secrets(&world_vcpu[0]);
	world_vcpu[0].regs.pstate = SPSR_EL1H;
	/* Some orders leave few vCPUs on for long. */
	for (int n = 0; n < 30000 || (!seen_enough() && n < 1000000); n++) {
		unsigned int on = 0;

		host_does();
		for (int i = 0; i < WORLD_VCPUS; i++) {
			assert_int_equal(world_vcpu[i].power, m[i].power);
			on += m[i].power != VCPU_OFF;
		}
		/* The last one went: the test goes on with another VM. */
		if (!on) {
			world_vcpu[0].power = VCPU_ON;
			m[0].power = VCPU_ON;
			m[0].call = NONE;
		}
	}
	assert_int_equal(vm->running, 0);
	assert_null(w.killed);
	assert_true(seen_enough());
	print_message("# %lu starts, %lu calls, %lu runs refused, %lu starts cancelled\n", starts,
		      calls, refusals, cancelled);
}

/*
 * CPU 1 was started by 0, went off, and is to be started again by 2: the host answers 0's
 * call only now, with a failure. That must not undo what 2 asked for.
 */
static void late_answer(void **state)
{
	struct host_io io = { 0 };
	enum vcpu_exit code;
	(void)state;

	vm = world_new();
	world_vcpu[2].power = VCPU_ON;
	assert_false(psci(&world_vcpu[0], PSCI_CPU_ON64, 1, ENTRY(1), 1, &code));
	world_vcpu[1].power = VCPU_ON;		/* it ran */
	world_vcpu[1].on_by = NULL;
	assert_false(psci(&world_vcpu[1], PSCI_CPU_OFF, 0, 0, 0, &code));
	assert_false(psci(&world_vcpu[2], PSCI_CPU_ON64, 1, ENTRY(2), 2, &code));
	io.x[0] = (u64)PSCI_DENIED;
	pvm_accept(&world_vcpu[0], &io);
	assert_int_equal(world_vcpu[0].regs.x[0], PSCI_SUCCESS);
	assert_int_equal(world_vcpu[1].power, VCPU_ON_PENDING);
	assert_int_equal(world_vcpu[1].on_entry, ENTRY(2));
	/* Twice is as good as once. */
	pvm_accept(&world_vcpu[0], &io);
	assert_int_equal(world_vcpu[1].power, VCPU_ON_PENDING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_answer),
		cmocka_unit_test(any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
