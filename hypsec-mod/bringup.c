// SPDX-License-Identifier: GPL-2.0-only
/*
 * How firmware says that CPUs come up. Every CPU it describes counts, not only those that this
 * boot uses (nr_cpus=): one that nobody has started still waits where it waits.
 */
#include <linux/acpi.h>
#include <linux/errno.h>
#include <linux/of.h>
#include <asm/cputype.h>
#include "bringup.h"

static const char *dt_conduit(void)
{
	static const struct of_device_id psci[] = {
		{ .compatible = "arm,psci-0.2" },
		{ .compatible = "arm,psci-1.0" },
		{ }
	};
	struct device_node *np = of_find_matching_node(NULL, psci);
	const char *conduit = NULL;

	if (np && of_device_is_available(np))
		of_property_read_string(np, "method", &conduit);
	of_node_put(np);
	return conduit;
}

static int check_dt(void)
{
	struct device_node *np, *boot = of_get_cpu_node(0, NULL);
	const char *conduit = dt_conduit(), *method;
	unsigned int nr = 0;
	char where[48];

	/* Compared only: nobody takes the boot CPU's node away. */
	of_node_put(boot);
	for_each_of_cpu_node(np) {
		/* That it is up needs no method: the only CPU of a machine has none. */
		method = np == boot ? "psci" : NULL;
		of_property_read_string(np, "enable-method", &method);
		snprintf(where, sizeof(where), "%pOF", np);
		if (!hypsec_bringup_ok(where, method, conduit)) {
			of_node_put(np);
			return -EOPNOTSUPP;
		}
		nr++;
	}
	if (!nr && !hypsec_bringup_ok("the CPU", NULL, conduit))
		return -EOPNOTSUPP;
	return 0;
}

/* The affinity of a CPU that cannot be asked: it is offline. */
bool hypsec_cpu_mpidr(unsigned int cpu, u64 *mpidr)
{
	struct device_node *np;
	const __be32 *reg;
	int len;

#ifdef CONFIG_ACPI
	if (!acpi_disabled) {
		*mpidr = acpi_cpu_get_madt_gicc(cpu)->arm_mpidr & MPIDR_HWID_BITMASK;
		return true;
	}
#endif
	np = of_get_cpu_node(cpu, NULL);
	reg = of_get_property(np, "reg", &len);
	if (reg)
		*mpidr = of_read_number(reg, of_n_addr_cells(np)) & MPIDR_HWID_BITMASK;
	of_node_put(np);
	return reg;
}

/**
 * hypsec_check_bringup() - is PSCI over SMC the only way in which CPUs come up?
 *
 * Return: 0, or -EOPNOTSUPP with the reason in the log.
 */
int hypsec_check_bringup(void)
{
#ifdef CONFIG_ACPI
	if (!acpi_disabled) {
		u16 flags = acpi_gbl_FADT.arm_boot_flags;

		return hypsec_bringup_ok("every CPU",
					 flags & ACPI_FADT_PSCI_COMPLIANT ? "psci" : "parking-protocol",
					 flags & ACPI_FADT_PSCI_USE_HVC ? "hvc" : "smc") ?
		       0 : -EOPNOTSUPP;
	}
#endif
	return check_dt();
}
