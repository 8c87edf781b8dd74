// SPDX-License-Identifier: Apache-2.0

#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <signal.h>
#include <time.h>

uint64_t bare_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double bare_cpu(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void bare_end_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

const char *bare_library_version(void) { return amqp_version(); }

bool bare_fail(bare_result *result, const char *what) {
  snprintf(result->fault, sizeof result->fault, "%s", what);
  return false;
}

bool bare_fail_with_library(bare_result *result, const char *what, int status) {
  snprintf(result->fault, sizeof result->fault, "%s: %s", what, amqp_error_string2(status));
  return false;
}

void bare_begin(bare_result *result) {
  result->seconds = (double)bare_now() / 1e9;
  result->cpu_seconds = bare_cpu();
}

void bare_end(bare_result *result) {
  result->seconds = (double)bare_now() / 1e9 - result->seconds;
  result->cpu_seconds = bare_cpu() - result->cpu_seconds;
}

amqp_connection_state_t bare_open(const bare_target *target, bare_result *result) {
  memset(result, 0, sizeof *result);
  amqp_connection_state_t connection = amqp_new_connection();
  amqp_socket_t *socket = connection ? amqp_tcp_socket_new(connection) : NULL;
  int status = socket ? amqp_socket_open(socket, target->host, target->port) : AMQP_STATUS_NO_MEMORY;
  if (status != AMQP_STATUS_OK) {
    bare_fail_with_library(result, "connecting failed", status);
  } else if (amqp_login(connection, "/", 0, 131072, 60, AMQP_SASL_METHOD_PLAIN, "guest", "guest").reply_type !=
             AMQP_RESPONSE_NORMAL) {
    bare_fail(result, "the broker refused the log-in");
  } else if (!amqp_channel_open(connection, BARE_CHANNEL)) {
    bare_fail(result, "opening a channel failed");
  } else {
    return connection;
  }
  if (connection) amqp_destroy_connection(connection);
  return NULL;
}

void bare_close(amqp_connection_state_t connection) {
  amqp_channel_close(connection, BARE_CHANNEL, AMQP_REPLY_SUCCESS);
  amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(connection);
}

bool bare_purge(const bare_target *target, bare_result *result) {
  amqp_connection_state_t connection = bare_open(target, result);
  if (!connection) return false;
  bool done = amqp_queue_purge(connection, BARE_CHANNEL, amqp_cstring_bytes(target->queue)) != NULL;
  bare_close(connection);
  return done || bare_fail(result, "purging the queue failed");
}
