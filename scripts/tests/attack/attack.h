/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ATTACK_H
#define ATTACK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "attack_abi.h"
#include "needle.h"

/* Exit status of the program. */
enum { DONE, FAILED, USAGE, REFUSED };

extern struct attack_secret secret;	/* -s; len 0: none given */
extern struct needle needle;

struct found {
	uint64_t memory;	/* pieces of the secret in memory */
	uint64_t registers;	/* pieces of it in registers */
	uint64_t unreadable;	/* pages */
};
extern struct found found;

int device(void);			/* the module's, or exits */
bool have_secret(void);			/* complains if not */
uint64_t number(const char *s);		/* any base; exits if it is none */
const char *errname(int e);

int cmd_phys(int argc, char **argv);
int cmd_ranges(int argc, char **argv);
int cmd_procmem(int argc, char **argv);
int cmd_file(int argc, char **argv);
int cmd_vcpu(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_fields(int argc, char **argv);
int cmd_field(int argc, char **argv);
int cmd_corrupt(int argc, char **argv);
int cmd_remap(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_peek(int argc, char **argv);
int cmd_poke(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_user(int argc, char **argv);
int cmd_page(int argc, char **argv);
int cmd_call(int argc, char **argv);

#endif
