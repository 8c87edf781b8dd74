// SPDX-License-Identifier: Apache-2.0
//
// Connects with a deadline: to each address of one host in turn, with PQconnectStartParams and PQconnectPoll.

#define _GNU_SOURCE
#include <ctype.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

// libpq prints notices to standard error by default.
static void ignore_notice(void *context, const PGresult *notice) {
  (void)context;
  (void)notice;
}

/// Finds the SQLSTATE in libpq's message about a refused log-in. With PQERRORS_SQLSTATE the server's part of it is
/// "SEVERITY:  SQLSTATE" and nothing else: no text in the server's language, no user name.
static void read_state(cpg_connection *c, const char *message) {
  for (const char *line = message; line && *line;) {
    size_t length = strcspn(line, "\n");
    if (length >= 8 && strncmp(line + length - 8, ":  ", 3) == 0) {
      const char *state = line + length - 5;
      bool valid = true;
      for (int i = 0; i < 5; i++) valid = valid && (isdigit((unsigned char)state[i]) || isupper((unsigned char)state[i]));
      if (valid) {
        memcpy(c->state, state, 5);
        c->state[5] = 0;
      }
    }
    line += length;
    if (*line) line++;
  }
}

/// Converts libpq's error after a failed attempt. libpq has no codes for it; the texts are those of its source, in
/// English, since this process does not set a locale for messages.
static cpg_status failed(cpg_connection *c) {
  const char *message = PQerrorMessage(c->pg);
  read_state(c, message);
  if (c->state[0]) return cpg_fail(c, CPG_REFUSED);
  if (PQconnectionNeedsPassword(c->pg)) {
    memcpy(c->state, "28P01", 6);
    return cpg_fail(c, CPG_REFUSED);
  }
  if (strstr(message, "session is read-only") || strstr(message, "server is in hot standby")) {
    return cpg_fail(c, CPG_READ_ONLY);
  }
  if (strcasestr(message, "ssl") || strstr(message, "certificate")) return cpg_fail(c, CPG_TLS);
  if (strstr(message, "could not translate host name")) return cpg_fail(c, CPG_NAME_UNRESOLVED);
  if (strstr(message, "timeout expired") || strstr(message, "timed out")) return cpg_fail(c, CPG_TIMED_OUT);
  return cpg_fail(c, CPG_UNREACHABLE);
}

static cpg_status open_at(cpg_connection *c, const char *const *keywords, const char *const *values,
                          int64_t timeout_ms) {
  int64_t deadline = cpg_now_ms() + timeout_ms;
  cpg_close(c);
  c->state[0] = 0;
  c->pg = PQconnectStartParams(keywords, values, 0);
  if (!c->pg) return cpg_fail(c, CPG_NO_MEMORY);
  PQsetNoticeReceiver(c->pg, ignore_notice, NULL);
  PQsetErrorVerbosity(c->pg, PQERRORS_SQLSTATE);
  if (PQstatus(c->pg) == CONNECTION_BAD) return failed(c);
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) return failed(c);
    cpg_status status = cpg_wait(c, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
    if (status != CPG_OK) return status;
    next = PQconnectPoll(c->pg);
  }
  PQsetErrorVerbosity(c->pg, PQERRORS_DEFAULT);
  if (PQsetnonblocking(c->pg, 1) != 0 || !PQenterPipelineMode(c->pg)) return cpg_fail(c, CPG_LOST);
  c->dead = CPG_OK;
  return CPG_OK;
}

/// How much an error says about what to change; the weightiest of several addresses is reported.
static int weight(cpg_status status) {
  switch (status) {
    case CPG_REFUSED:
      return 3;
    case CPG_TLS:
      return 2;
    case CPG_READ_ONLY:
      return 1;
    default:
      return 0;
  }
}

static cpg_status open_any(cpg_connection *c, const char **keywords, const char **values, size_t address,
                           const cpg_addresses *found, int64_t deadline) {
  cpg_status worst = CPG_UNREACHABLE;
  char state[6] = "";
  for (int i = 0; i < found->count; i++) {
    int64_t left = deadline - cpg_now_ms();
    if (left <= 0) left = 1;
    keywords[address] = "hostaddr";
    values[address] = found->list[i];
    cpg_status status = open_at(c, keywords, values, left / (found->count - i));
    if (status == CPG_OK || status == CPG_INTERRUPTED || status == CPG_NO_MEMORY) return status;
    if (i == 0 || weight(status) > weight(worst)) {
      worst = status;
      memcpy(state, c->state, sizeof state);
    }
  }
  memcpy(c->state, state, sizeof state);
  return cpg_fail(c, worst);
}

cpg_status cpg_open(cpg_connection *c, const cpg_option *options, size_t count, int64_t timeout_ms) {
  int64_t deadline = cpg_now_ms() + timeout_ms;
  cpg_close(c);
  c->state[0] = 0;
  if (atomic_load(&c->interrupted)) return cpg_fail(c, CPG_INTERRUPTED);
  const char **keywords = calloc(count + 2, sizeof *keywords);
  const char **values = calloc(count + 2, sizeof *values);
  cpg_status status = CPG_NO_MEMORY;
  if (keywords && values) {
    const char *host = NULL;
    for (size_t i = 0; i < count; i++) {
      keywords[i] = options[i].keyword;
      values[i] = options[i].value;
      if (strcmp(keywords[i], "host") == 0) host = values[i];
    }
    if (!host || host[0] == 0 || host[0] == '/' || host[0] == '@') {
      status = open_at(c, keywords, values, timeout_ms);
    } else {
      cpg_addresses found;
      status = cpg_resolve(c, host, timeout_ms, &found);
      if (status == CPG_OK) status = open_any(c, keywords, values, count, &found, deadline);
    }
  } else {
    cpg_fail(c, CPG_NO_MEMORY);
  }
  free(keywords);
  free(values);
  if (status != CPG_OK && c->pg) {
    PQfinish(c->pg);
    c->pg = NULL;
  }
  return status;
}

bool cpg_parse_url(const char *url, void *context,
                   void (*found)(void *context, const char *keyword, const char *value)) {
  char *message = NULL;
  PQconninfoOption *options = PQconninfoParse(url, &message);
  if (message) PQfreemem(message);
  if (!options) return false;
  for (PQconninfoOption *o = options; o->keyword; o++) {
    if (o->val) found(context, o->keyword, o->val);
  }
  PQconninfoFree(options);
  return true;
}
