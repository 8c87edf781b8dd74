// SPDX-License-Identifier: Apache-2.0
//
// A connection's memory, its interruption, and waiting for its socket.

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

int64_t cpg_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

cpg_connection *cpg_new(void) {
  cpg_connection *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (c->wake_fd < 0) {
    free(c);
    return NULL;
  }
  atomic_init(&c->interrupted, false);
  c->dead = CPG_MISUSE;
  return c;
}

void cpg_close(cpg_connection *c) {
  if (c->pg) PQfinish(c->pg);
  c->pg = NULL;
  if (c->dead == CPG_OK) c->dead = CPG_MISUSE;
}

void cpg_free(cpg_connection *c) {
  cpg_close(c);
  close(c->wake_fd);
  free(c);
}

void cpg_interrupt(cpg_connection *c) {
  atomic_store(&c->interrupted, true);
  // Never read again: every later wait ends at once, too.
  eventfd_write(c->wake_fd, 1);
}

cpg_status cpg_fail(cpg_connection *c, cpg_status status) {
  // Errors of an interrupted call are consequences of the interruption: report that.
  if (atomic_load(&c->interrupted)) status = CPG_INTERRUPTED;
  c->dead = status;
  return status;
}

const char *cpg_fault_state(const cpg_connection *c) { return c->state; }

cpg_status cpg_wait(cpg_connection *c, short events, int64_t deadline_ms) {
  for (;;) {
    if (atomic_load(&c->interrupted)) return cpg_fail(c, CPG_INTERRUPTED);
    int64_t left = deadline_ms - cpg_now_ms();
    if (left <= 0) return cpg_fail(c, CPG_TIMED_OUT);
    int fd = PQsocket(c->pg);
    if (fd < 0) return cpg_fail(c, CPG_LOST);
    struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = c->wake_fd, .events = POLLIN}};
    int ready = poll(fds, 2, left > 1000000 ? 1000000 : (int)left);
    if (ready < 0 && errno != EINTR && errno != EAGAIN) return cpg_fail(c, CPG_LOST);
    if (ready > 0 && fds[0].revents) return CPG_OK;
  }
}

bool cpg_is_alive(cpg_connection *c) {
  if (!c->pg || c->dead != CPG_OK) return false;
  struct pollfd fds = {.fd = PQsocket(c->pg), .events = POLLIN};
  if (fds.fd < 0) return false;
  // Between two uses the server only sends notices and changed settings, or it ends the connection: then the end
  // follows an error, and is seen only behind it.
  while (poll(&fds, 1, 0) > 0) {
    if (!PQconsumeInput(c->pg) || PQstatus(c->pg) != CONNECTION_OK) return false;
  }
  return true;
}

int32_t cpg_library_version(void) { return PQlibVersion(); }
