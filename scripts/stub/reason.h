/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why the stub powered the VM off: the second argument of its SYSTEM_OFF.
 * Negative: what HYPSEC_GUEST_PROTECT returned. 1-31: enum dt_error.
 */
#ifndef HYPSEC_STUB_REASON_H
#define HYPSEC_STUB_REASON_H

#define STUB_PLACE	32	/* entered at an address the core did not name */
#define STUB_LAYOUT	33	/* parts of the image do not fit together */
#define STUB_RAM	34	/* the core refused a RAM range */
#define STUB_RANDOM	35	/* the core has no random numbers */
#define STUB_IDENTITY	37	/* the core does not say who this VM is */
#define STUB_SEALING	38	/* the core gives no sealing key */
#define STUB_EXCEPTION	36	/* x2 = ESR_EL1, x3 = ELR_EL1 */

#endif
