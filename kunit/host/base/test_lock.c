// SPDX-License-Identifier: GPL-2.0-only
/* Locks: who has one, in which order they may be had, and what waits when the core is broken. */
#include "test.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/percpu.h"

/* What other CPUs do while this one waits. */
static void (*meanwhile)(void);
static unsigned long waited;

static void relax(void)
{
	waited++;
	if (meanwhile)
		meanwhile();
}

#undef cpu_relax
#define cpu_relax() relax()
#include "../../../el2-objs/base/lock.c"

static struct percpu cpus[3] = { { .id = 0 }, { .id = 1 }, { .id = 2 } };
static struct percpu *cpu = cpus;
static struct spinlock vm_lock = SPINLOCK(RANK_VM), s2_lock = SPINLOCK(RANK_HOST_S2);

u64 *fake_reg(const char *name)
{
	(void)name;
	fail();
	return NULL;
}

struct percpu *this_cpu(void)
{
	return cpu;
}

static int begin(void **state)
{
	(void)state;
	for (u32 i = 0; i < 3; i++)
		cpus[i].ranks_held = 0;
	cpu = cpus;
	spin_init(&vm_lock, RANK_VM);
	spin_init(&s2_lock, RANK_HOST_S2);
	meanwhile = NULL;
	waited = 0;
	core_broken = false;
	return 0;
}

static void fresh(void **state)
{
	struct spinlock l;
	(void)state;

	memset(&l, 0xff, sizeof(l));
	spin_init(&l, RANK_POOL);
	assert_memory_equal(&l, &(struct spinlock)SPINLOCK(RANK_POOL), sizeof(l));
}

static void held(void **state)
{
	(void)state;
	for (volatile int i = 0; i < 3; i++) {
		cpu = &cpus[i];
		spin_lock(&vm_lock);
		assert_int_equal(cpu->ranks_held, BIT(RANK_VM));
		for (volatile int other = 0; other < 3; other++) {
			cpu = &cpus[other];
			assert_int_equal(spin_held(&vm_lock), other == i);
			/* Nobody gives back what is another's. */
			if (other != i)
				expect_assert_failure(spin_unlock(&vm_lock));
		}
		cpu = &cpus[i];
		spin_unlock(&vm_lock);
		assert_false(spin_held(&vm_lock));
		assert_int_equal(cpu->ranks_held, 0);
		expect_assert_failure(spin_unlock(&vm_lock));
	}
	assert_int_equal(waited, 0);
}

static void order(void **state)
{
	struct spinlock another = SPINLOCK(RANK_VM), log = SPINLOCK(RANK_LOG);
	bool got;
	(void)state;

	spin_lock(&vm_lock);
	expect_assert_failure(spin_lock(&another));
	expect_assert_failure(got = spin_try(&another));
	spin_lock(&s2_lock);
	expect_assert_failure(spin_lock(&another));
	spin_lock(&log);
	assert_int_equal(cpu->ranks_held, BIT(RANK_VM) | BIT(RANK_HOST_S2) | BIT(RANK_LOG));
	spin_unlock(&log);
	spin_unlock(&s2_lock);
	assert_true(spin_try(&s2_lock));
	assert_int_equal(cpu->ranks_held, BIT(RANK_VM) | BIT(RANK_HOST_S2));
	expect_assert_failure(got = spin_try(&another));
	/* Given back in another order. */
	spin_unlock(&vm_lock);
	assert_int_equal(cpu->ranks_held, BIT(RANK_HOST_S2));
	expect_assert_failure(spin_lock(&another));
	spin_unlock(&s2_lock);
	spin_lock(&another);
	spin_unlock(&another);
	(void)got;
}

static void tried(void **state)
{
	(void)state;
	assert_true(spin_try(&vm_lock));
	assert_true(spin_held(&vm_lock));
	cpu = &cpus[1];
	assert_false(spin_try(&vm_lock));
	assert_int_equal(cpu->ranks_held, 0);
	/* One waits: it comes first, even where the lock is free for a moment. */
	vm_lock.next++;
	cpu = cpus;
	spin_unlock(&vm_lock);
	cpu = &cpus[1];
	assert_false(spin_try(&vm_lock));
	assert_int_equal(cpu->ranks_held, 0);
	vm_lock.owner++;
	assert_true(spin_try(&vm_lock));
	spin_unlock(&vm_lock);
	assert_int_equal(vm_lock.next, vm_lock.owner);
}

/* CPU 1 has it and CPU 2 came before this one. */
static void serve(void)
{
	struct percpu *me = cpu;

	assert_false(spin_held(&vm_lock));
	if (waited == 100) {
		cpu = &cpus[1];
		spin_unlock(&vm_lock);
		cpu = me;
	} else if (waited == 200) {
		vm_lock.owner++;
	}
}

static void in_turn(void **state)
{
	(void)state;
	cpu = &cpus[1];
	spin_lock(&vm_lock);
	vm_lock.next++;			/* CPU 2's ticket */
	cpu = cpus;
	meanwhile = serve;
	spin_lock(&vm_lock);
	assert_int_equal(waited, 200);
	assert_true(spin_held(&vm_lock));
	spin_unlock(&vm_lock);
}

/* A lock that is given back late, in a broken core, is no dead one. */
static void late(void)
{
	struct percpu *me = cpu;

	if (waited == 999999) {
		cpu = &cpus[1];
		spin_unlock(&vm_lock);
		cpu = me;
	}
}

static void broken(void **state)
{
	(void)state;
	core_broken = true;
	cpu = &cpus[1];
	spin_lock(&vm_lock);
	cpu = cpus;
	meanwhile = late;
	spin_lock(&vm_lock);
	assert_int_equal(vm_lock.dead, 0);
	/* Its holder has panicked. Nobody waits twice as long. */
	cpu = &cpus[1];
	meanwhile = NULL;
	waited = 0;
	expect_assert_failure(spin_lock(&vm_lock));
	assert_int_equal(waited, 1000000);
	assert_int_equal(vm_lock.dead, 1);
	cpu = &cpus[2];
	expect_assert_failure(spin_lock(&vm_lock));
	assert_int_equal(waited, 1000000);
}

/* In a sound one everybody waits, however long. */
static void unlock_at_last(void)
{
	if (waited == 3000000) {
		cpu = &cpus[1];
		spin_unlock(&vm_lock);
		cpu = cpus;
	}
}

static void sound(void **state)
{
	(void)state;
	cpu = &cpus[1];
	spin_lock(&vm_lock);
	cpu = cpus;
	meanwhile = unlock_at_last;
	spin_lock(&vm_lock);
	assert_int_equal(vm_lock.dead, 0);
	assert_int_equal(waited, 3000000);
	spin_unlock(&vm_lock);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, begin)
	const struct CMUnitTest tests[] = {
		T(fresh), T(held), T(order), T(tried), T(in_turn), T(broken), T(sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
