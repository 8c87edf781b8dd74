// SPDX-License-Identifier: Apache-2.0
//
// Declarations that the files of this target share.

#ifndef CPOSTGRES_INTERNAL_H
#define CPOSTGRES_INTERNAL_H

#include "CPostgres.h"

#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#else
#include <postgresql/libpq-fe.h>
#endif

#include <stdatomic.h>

struct cpg_connection {
  PGconn *pg;
  int wake_fd;  // an eventfd that stays readable after cpg_interrupt
  atomic_bool interrupted;
  // The last connection error.
  cpg_status dead;  // CPG_OK while the connection is usable
  char state[6];
};

// wait.c
int64_t cpg_now_ms(void);
cpg_status cpg_fail(cpg_connection *connection, cpg_status status);  // the connection is dead

// A host's numeric address, at most an IPv6 address with its zone.
#define CPG_ADDRESS_SIZE 80
// More than a name usually has; further addresses are not tried.
#define CPG_MOST_ADDRESSES 16
typedef struct cpg_addresses {
  char list[CPG_MOST_ADDRESSES][CPG_ADDRESS_SIZE];
  int count;
} cpg_addresses;

// resolve.c
cpg_status cpg_resolve(cpg_connection *connection, const char *host, int64_t timeout_ms, cpg_addresses *found);

// wait.c: waits for the socket, an interruption or the deadline; CPG_OK if the socket is ready.
cpg_status cpg_wait(cpg_connection *connection, short events, int64_t deadline_ms);

#endif
