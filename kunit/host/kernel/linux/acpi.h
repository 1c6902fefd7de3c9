/* SPDX-License-Identifier: GPL-2.0-only */
/* Of ACPI's tables what hypsec-mod/ reads (ACPI 6.5, 5.2.6, 5.2.16, 5.2.25). */
#ifndef FAKE_LINUX_ACPI_H
#define FAKE_LINUX_ACPI_H

#include <linux/kernel.h>

#pragma pack(push, 1)
struct acpi_table_header {
	char signature[4];
	u32 length;
	u8 other[28];
};

struct acpi_table_srat { struct acpi_table_header header; u32 revision, reserved[2]; };
struct acpi_subtable_header { u8 type, length; };
struct acpi_srat_mem_affinity {
	struct acpi_subtable_header header;
	u32 proximity_domain;
	u8 reserved[2];
	u64 base_address, length;
	u32 reserved1, flags, reserved2[2];
};

struct acpi_table_nfit { struct acpi_table_header header; u32 reserved; };
struct acpi_nfit_header { uint16_t type, length; };
struct acpi_nfit_system_address {
	struct acpi_nfit_header header;
	uint16_t range_index, flags;
	u32 reserved, proximity_domain;
	u8 range_guid[16];
	u64 address, length, memory_mapping, location_cookie;
};
#pragma pack(pop)

#define ACPI_SRAT_TYPE_MEMORY_AFFINITY	1
#define ACPI_SRAT_MEM_ENABLED		1
#define ACPI_SRAT_MEM_HOT_PLUGGABLE	2
#define ACPI_SRAT_MEM_NON_VOLATILE	4
#define ACPI_NFIT_TYPE_SYSTEM_ADDRESS	0

#endif
