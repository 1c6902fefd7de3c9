// SPDX-License-Identifier: GPL-2.0-only
/* Who a protected VM is, and what the log says of one that was refused. */
#include "protect_common.h"

/* Who the guest is: from the policy that was installed to what the log and calls say. */
static void identity(void **state)
{
	u64 val[3], n;
	struct vcpu *v;
	char hex[65];
	(void)state;

	start();
	map_all();
	test_fill(&w.identity, sizeof(w.identity));
	w.identity.security_version = 12345;
	assert_int_equal(pvm_identity(vm, 0, val), HYPSEC_STATE);
	v = begin();
	/* The core's copy and no other: nothing of the host's can be it. */
	assert_ptr_equal(vm->pvm->verify.policy, &core_install.policy);
	w.verify_status[0] = HYPSEC_RESTART;
	w.irq_after = 0;
	assert_int_equal(pvm_protect_step(v), HYPSEC_RESTART);
	assert_int_equal(pvm_identity(vm, 0, val), HYPSEC_STATE);
	assert_int_equal(pvm_protect_step(v), HYPSEC_OK);
	for (n = 0; n < 3; n++) {
		assert_int_equal(pvm_identity(vm, n, val), HYPSEC_OK);
		assert_memory_equal(val, (u8 *)&w.identity + 24 * n, 24);
	}
	assert_int_equal(pvm_identity(vm, 3, val), HYPSEC_RANGE);
	assert_int_equal(pvm_identity(vm, ~0UL, val), HYPSEC_RANGE);
	for (int i = 0; i < 32; i++)
		sprintf(hex + 2 * i, "%02x", w.identity.vm[i]);
	assert_non_null(strstr(w.log, hex));
	for (int i = 0; i < 32; i++)
		sprintf(hex + 2 * i, "%02x", w.identity.signer[i]);
	assert_non_null(strstr(w.log, hex));
	assert_non_null(strstr(w.log, "security version 12345\n"));
	assert_int_equal(w.locked, 0);
	vm_kill(vm, "test");
	assert_int_equal(pvm_identity(vm, 0, val), HYPSEC_STATE);
}

/* How far it is, at each stop; what its signer allows, only once it runs. */
static void status(void **state)
{
	struct vcpu *v;
	u64 val[3];
	(void)state;

	for (int debug = 0; debug < 2; debug++) {
		start();
		map_all();
		w.manifest.flags = debug ? HYPSEC_FLAG_DEBUG : HYPSEC_FLAG_SMP;
		assert_int_equal(pvm_status(vm, val), HYPSEC_STATE);
		v = begin();
		assert_int_equal(pvm_status(vm, val), HYPSEC_OK);
		assert_int_equal(val[0] | val[1] | val[2], 0);
		w.verify_status[0] = w.verify_status[1] = HYPSEC_RESTART;
		w.irq_after = 0;
		assert_int_equal(pvm_protect_step(v), HYPSEC_RESTART);
		/* Its manifest is read, the signature is not checked. */
		assert_int_equal(pvm_status(vm, val), HYPSEC_OK);
		assert_int_equal(val[0] | val[1] | val[2], 0);
		assert_false(pvm_debuggable(vm));
		vm->pvm->verify.verified = 0x3000;
		w.irq_after = 0;
		assert_int_equal(pvm_protect_step(v), HYPSEC_RESTART);
		assert_int_equal(pvm_status(vm, val), HYPSEC_OK);
		assert_int_equal(val[0], 0);
		assert_int_equal(val[1], 0x3000);
		assert_int_equal(val[2], 0x10000);
		assert_false(pvm_debuggable(vm));
		vm->pvm->verify.verified = 0x10000;
		assert_int_equal(pvm_protect_step(v), HYPSEC_OK);
		assert_int_equal(pvm_status(vm, val), HYPSEC_OK);
		assert_int_equal(val[0], w.manifest.flags);
		assert_int_equal(val[1], 0x10000);
		assert_int_equal(pvm_debuggable(vm), debug);
		assert_int_equal(!!strstr(w.log, "the host may debug it"), debug);
		vm_kill(vm, "test");
		assert_int_equal(pvm_status(vm, val), HYPSEC_STATE);
		assert_int_equal(w.locked, 0);
	}
}

/* Each refusal ends the VM with its own line; the policy's name the signer. */
static void refusal_lines(void **state)
{
	struct vcpu *v;
	char hex[65];
	(void)state;

	for (enum image_error e = IMG_HEADER; e < IMG_COUNT; e++) {
		bool named = e == IMG_SIGNER || e == IMG_OLD;

		start();
		map_all();
		test_fill(&w.identity, sizeof(w.identity));
		v = begin();
		w.verify_status[0] = named ? HYPSEC_DENIED : HYPSEC_UNSIGNED;
		w.verify_error = e;
		assert_int_equal(pvm_protect_step(v), HYPSEC_DEAD);
		assert_int_equal(vm->state, VM_DEAD);
		assert_string_equal(w.killed, image_error_text(e));
		for (int i = 0; i < 32; i++)
			sprintf(hex + 2 * i, "%02x", w.identity.signer[i]);
		assert_true(!strstr(w.log, hex) == !named);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity),
		cmocka_unit_test(status),
		cmocka_unit_test(refusal_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
