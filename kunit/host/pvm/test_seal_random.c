// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that maps, copies, writes, touches and invalidates what it likes, and a guest that
 * writes, in any order, against a model: a frame has what the guest last left in it, or no page.
 */
#include "seal_common.h"

#define FRAMES	5
#define PAGES	8
#define STEPS	20000
#define SAVED	32

static struct {
	int page;			/* it is private in, or -1 */
	bool sealed;
	u8 plain[PAGE_SIZE], cipher[PAGE_SIZE];
} f[FRAMES];

static int kvm[FRAMES];			/* KVM's page for each, or -1 */
static int owner[PAGES];		/* frame, or -1: the host's */
static u8 saved[SAVED][PAGE_SIZE];	/* what the host has seen of ciphertexts */
static unsigned int opened, refused, sealed_by[2];

static u64 pa_of_page(int page)
{
	return GUEST_PAGES + (u64)page * PAGE_SIZE;
}

/* @n's page has gone to the host. */
static void went(int n, int how)
{
	u64 pa = pa_of_page(f[n].page);

	assert_int_equal(own_lookup(PA(pa)).state, PG_HOST);
	assert_true(sealed(FRAME + n));
	assert_memory_not_equal(raw(pa), f[n].plain, PAGE_SIZE);
	assert_memory_not_equal(raw(pa), f[n].cipher, PAGE_SIZE);
	memcpy(f[n].cipher, raw(pa), PAGE_SIZE);
	memcpy(saved[test_rand() % SAVED], raw(pa), PAGE_SIZE);
	owner[f[n].page] = -1;
	f[n].page = -1;
	f[n].sealed = true;
	sealed_by[how]++;
}

static void guest_touches(int n)
{
	int page = kvm[n], ret = touch(FRAME + n);
	u64 pa = pa_of_page(page);

	if (f[n].page >= 0) {
		assert_int_equal(ret, HYPSEC_OK);
	} else if (page < 0) {
		assert_int_equal(ret, HYPSEC_EXIT);
		return;
	} else if (owner[page] >= 0) {
		assert_int_equal(ret, HYPSEC_DENIED);
		return;
	} else if (f[n].sealed && ret != HYPSEC_OK) {
		assert_int_equal(ret, HYPSEC_BAD_SIGNATURE);
		assert_true(is_zero(pa));
		refused++;
		return;
	} else {
		assert_int_equal(ret, HYPSEC_OK);
		opened += f[n].sealed;
		f[n].page = page;
		f[n].sealed = false;
		owner[page] = n;
	}
	assert_true(private(FRAME + n, pa_of_page(f[n].page)));
	assert_memory_equal(raw(pa_of_page(f[n].page)), f[n].plain, PAGE_SIZE);
}

static void host_writes(int page)
{
	u8 *p = raw(pa_of_page(page));

	if (owner[page] >= 0)
		return;
	switch (test_rand() % 4) {
	case 0:
		memcpy(p, saved[test_rand() % SAVED], PAGE_SIZE);
		break;
	case 1:
		memset(p, 0, PAGE_SIZE);
		break;
	case 2:
		p[test_rand() % PAGE_SIZE] ^= 1;
		break;
	default:				/* it is honest: some frame's latest */
		memcpy(p, f[test_rand() % FRAMES].cipher, PAGE_SIZE);
	}
	page_dirtied(pa_of_page(page));
}

static void invalidates(void)
{
	int first = test_rand() % FRAMES, n = 1 + test_rand() % FRAMES;
	u64 start = (FRAME + first) << PAGE_SHIFT, size = n * PAGE_SIZE;

	do
		irq_after = test_rand() % 2;
	while (pvm_invalidate(vm, &start, &size) == HYPSEC_RESTART);
	irq_after = -1;
	for (int i = first; i < first + n && i < FRAMES; i++)
		if (f[i].page >= 0 && f[i].page != kvm[i])
			went(i, 1);
}

static void any_order(void **state)
{
	unsigned int private_frames;
	(void)state;

	memset(f, 0, sizeof(f));
	memset(owner, -1, sizeof(owner));
	memset(kvm, -1, sizeof(kvm));
	for (int i = 0; i < FRAMES; i++)
		f[i].page = -1;
	for (int step = 0; step < STEPS; step++) {
		int n = test_rand() % FRAMES, page = test_rand() % PAGES;

		switch (test_rand() % 6) {
		case 0:
			kvm[n] = page;
			kvm_maps(FRAME + n, test_rand() % 8 ? pa_of_page(page) : 0);
			if (!*kvm_entry(&id, (FRAME + n) << PAGE_SHIFT, 3))
				kvm[n] = -1;
			break;
		case 1:
			guest_touches(n);
			break;
		case 2:
			if (f[n].page >= 0)
				guest_fills(FRAME + n, f[n].plain);
			break;
		case 3:
			host_touches(pa_of_page(page));
			if (owner[page] >= 0)
				went(owner[page], 0);
			break;
		case 4:
			/* An honest host more often than not, or nothing comes home. */
			if (test_rand() % 2 || kvm[n] < 0 || owner[kvm[n]] >= 0)
				host_writes(page);
			else
				memcpy(raw(pa_of_page(kvm[n])), f[n].cipher, PAGE_SIZE);
			break;
		default:
			invalidates();
		}
		private_frames = 0;
		for (int i = 0; i < FRAMES; i++) {
			private_frames += f[i].page >= 0;
			assert_int_equal(sealed(FRAME + i), f[i].sealed);
		}
		assert_int_equal(vm->private_pages, private_frames);
		assert_int_equal(pool_account(HYPSEC_ACC_PRIVATE), private_frames);
		assert_int_equal(vm->pvm->seal.counter, seals);
	}
	assert_int_equal(sealed_by[0] + sealed_by[1], seals);
	assert_true(opened > 100 && refused > 100 && sealed_by[0] > 100 && sealed_by[1] > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAL_TEST(any_order),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
