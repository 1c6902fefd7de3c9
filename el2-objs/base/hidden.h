/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Before all else in each file of the core (../../Kbuild). All of it is in one bundle:
 * -fvisibility=hidden says so of what a file defines, this of what it declares, whose address is
 * computed then and not read from a table.
 */
#ifndef HYPSEC_HIDDEN_H
#define HYPSEC_HIDDEN_H

#pragma GCC visibility push(hidden)

#endif
