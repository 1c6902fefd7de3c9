/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SECRET_DISK_H
#define SECRET_DISK_H

/* Says on the console whether the disk could be opened; returns in any case. */
void disk(void);

#endif
