// SPDX-License-Identifier: Apache-2.0
//
// Statements in pipeline mode: written into libpq's buffer, sent and answered by cpg_next.

#include <poll.h>
#include <stdlib.h>

#include "internal.h"

// The protocol counts parameters in 16 bits.
#define MOST_VALUES 65535
#define ON_STACK 32

typedef struct {
  Oid types[ON_STACK];
  const char *pointers[ON_STACK];
  int lengths[ON_STACK];
  int formats[ON_STACK];
} arrays;

// Arrays as libpq wants them; the few values of most statements need no memory.
typedef struct {
  Oid *types;
  const char **pointers;
  int *lengths;
  int *formats;
  void *block;
  arrays own;
} parameters;

static bool fill(parameters *p, const cpg_value *values, size_t count) {
  p->block = NULL;
  if (count <= ON_STACK) {
    p->types = p->own.types;
    p->pointers = p->own.pointers;
    p->lengths = p->own.lengths;
    p->formats = p->own.formats;
  } else {
    p->block = malloc(count * (sizeof(char *) + 2 * sizeof(int) + sizeof(Oid)));
    if (!p->block) return false;
    p->pointers = p->block;
    p->lengths = (int *)(p->pointers + count);
    p->formats = p->lengths + count;
    p->types = (Oid *)(p->formats + count);
  }
  for (size_t i = 0; i < count; i++) {
    p->types[i] = values[i].type;
    p->pointers[i] = (const char *)values[i].bytes.pointer;
    p->lengths[i] = (int)values[i].bytes.count;
    p->formats[i] = 1;
  }
  return true;
}

static cpg_status ready(cpg_connection *c, const cpg_value *values, size_t count) {
  if (!c->pg) return CPG_MISUSE;
  if (c->dead != CPG_OK) return c->dead;
  if (count > MOST_VALUES) return CPG_INVALID;
  for (size_t i = 0; i < count; i++) {
    if (values[i].bytes.count > 0x3fffffff) return CPG_INVALID;
  }
  return CPG_OK;
}

static cpg_status sent(cpg_connection *c, int worked) {
  if (worked) return CPG_OK;
  return cpg_fail(c, PQstatus(c->pg) == CONNECTION_OK ? CPG_NO_MEMORY : CPG_LOST);
}

cpg_status cpg_prepare(cpg_connection *c, const char *name, const char *sql, const cpg_value *values, size_t count) {
  cpg_status status = ready(c, values, count);
  if (status != CPG_OK) return status;
  parameters p;
  if (!fill(&p, values, count)) return CPG_INVALID;
  status = sent(c, PQsendPrepare(c->pg, name, sql, (int)count, p.types));
  free(p.block);
  return status;
}

cpg_status cpg_execute(cpg_connection *c, const char *name, const cpg_value *values, size_t count) {
  cpg_status status = ready(c, values, count);
  if (status != CPG_OK) return status;
  parameters p;
  if (!fill(&p, values, count)) return CPG_INVALID;
  status = sent(c, PQsendQueryPrepared(c->pg, name, (int)count, p.pointers, p.lengths, p.formats, 1));
  free(p.block);
  return status;
}

cpg_status cpg_query(cpg_connection *c, const char *sql, const cpg_value *values, size_t count) {
  cpg_status status = ready(c, values, count);
  if (status != CPG_OK) return status;
  parameters p;
  if (!fill(&p, values, count)) return CPG_INVALID;
  status = sent(c, PQsendQueryParams(c->pg, sql, (int)count, p.types, p.pointers, p.lengths, p.formats, 1));
  free(p.block);
  return status;
}

cpg_status cpg_request_flush(cpg_connection *c) {
  cpg_status status = ready(c, NULL, 0);
  return status != CPG_OK ? status : sent(c, PQsendFlushRequest(c->pg));
}

cpg_status cpg_sync(cpg_connection *c) {
  cpg_status status = ready(c, NULL, 0);
  return status != CPG_OK ? status : sent(c, PQpipelineSync(c->pg));
}

/// Sends and reads until an answer is complete. A lost connection makes libpq's answer an error, which may be what the
/// server said before it closed the connection.
static cpg_status await_answer(cpg_connection *c, int64_t deadline) {
  for (;;) {
    int unsent = PQflush(c->pg);
    if (!PQisBusy(c->pg)) return CPG_OK;
    if (PQstatus(c->pg) != CONNECTION_OK) return CPG_OK;
    // The server may answer before it has read everything: both directions are served, or both sides would wait.
    cpg_status status = cpg_wait(c, unsent > 0 ? POLLIN | POLLOUT : POLLIN, deadline);
    if (status != CPG_OK) return status;
    if (!PQconsumeInput(c->pg) && !PQisBusy(c->pg)) return CPG_OK;
  }
}

cpg_status cpg_next(cpg_connection *c, int64_t timeout_ms, cpg_answer *answer) {
  answer->result = NULL;
  if (!c->pg) return CPG_MISUSE;
  if (c->dead != CPG_OK) return c->dead;
  int64_t deadline = cpg_now_ms() + timeout_ms;
  // A null result separates the answers of two statements; two of them in a row mean that nothing is awaited.
  for (int separators = 0; separators < 2;) {
    cpg_status status = await_answer(c, deadline);
    if (status != CPG_OK) return status;
    PGresult *next = PQgetResult(c->pg);
    if (!next) {
      if (PQstatus(c->pg) != CONNECTION_OK) return cpg_fail(c, CPG_LOST);
      separators++;
      continue;
    }
    switch (PQresultStatus(next)) {
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
      case PGRES_EMPTY_QUERY:
        answer->kind = CPG_DONE;
        answer->result = (cpg_result *)next;
        return CPG_OK;
      case PGRES_PIPELINE_SYNC:
        PQclear(next);
        answer->kind = CPG_SYNC;
        return CPG_OK;
      case PGRES_PIPELINE_ABORTED:
        PQclear(next);
        answer->kind = CPG_SKIPPED;
        return CPG_OK;
      case PGRES_FATAL_ERROR:
      case PGRES_BAD_RESPONSE:
        answer->kind = CPG_ERROR;
        answer->result = (cpg_result *)next;
        // The server's last words are worth more than the loss that they announce.
        if (PQstatus(c->pg) != CONNECTION_OK) cpg_fail(c, CPG_LOST);
        return CPG_OK;
      default:
        // COPY, which this interface does not use.
        PQclear(next);
        return cpg_fail(c, CPG_MISUSE);
    }
  }
  return cpg_fail(c, CPG_MISUSE);
}
