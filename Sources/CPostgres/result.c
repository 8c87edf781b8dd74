// SPDX-License-Identifier: Apache-2.0
//
// Reads a result. A cpg_result is libpq's PGresult under another name.

#include <stdlib.h>

#include "internal.h"

static PGresult *pg(const cpg_result *result) { return (PGresult *)result; }

void cpg_result_free(cpg_result *result) { PQclear(pg(result)); }

size_t cpg_result_rows(const cpg_result *result) { return (size_t)PQntuples(pg(result)); }

size_t cpg_result_columns(const cpg_result *result) { return (size_t)PQnfields(pg(result)); }

uint32_t cpg_result_type(const cpg_result *result, size_t column) {
  return column < cpg_result_columns(result) ? PQftype(pg(result), (int)column) : 0;
}

cpg_bytes cpg_result_value(const cpg_result *result, size_t row, size_t column) {
  if (row >= cpg_result_rows(result) || column >= cpg_result_columns(result) ||
      PQgetisnull(pg(result), (int)row, (int)column)) {
    return (cpg_bytes){.pointer = NULL, .count = 0};
  }
  return (cpg_bytes){
      .pointer = (const uint8_t *)PQgetvalue(pg(result), (int)row, (int)column),
      .count = (size_t)PQgetlength(pg(result), (int)row, (int)column),
  };
}

int64_t cpg_result_affected(const cpg_result *result) { return strtoll(PQcmdTuples(pg(result)), NULL, 10); }

const char *cpg_result_command(const cpg_result *result) { return PQcmdStatus(pg(result)); }

static const char *field(const cpg_result *result, int code) { return PQresultErrorField(pg(result), code); }

const char *cpg_result_state(const cpg_result *result) {
  const char *state = field(result, PG_DIAG_SQLSTATE);
  return state ? state : "";
}

const char *cpg_result_constraint(const cpg_result *result) { return field(result, PG_DIAG_CONSTRAINT_NAME); }

const char *cpg_result_table(const cpg_result *result) { return field(result, PG_DIAG_TABLE_NAME); }

const char *cpg_result_message(const cpg_result *result) {
  const char *message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  return message ? message : "";
}
