// SPDX-License-Identifier: Apache-2.0
//
// Cancels a statement from another thread. libpq keeps what that needs apart from the connection.

#include "internal.h"

cpg_cancel *cpg_cancel_new(cpg_connection *c) { return c->pg ? (cpg_cancel *)PQgetCancel(c->pg) : NULL; }

void cpg_cancel_free(cpg_cancel *cancel) { PQfreeCancel((PGcancel *)cancel); }

bool cpg_cancel_run(cpg_cancel *cancel) {
  char ignored[256];
  return PQcancel((PGcancel *)cancel, ignored, sizeof ignored) == 1;
}
