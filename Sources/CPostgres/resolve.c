// SPDX-License-Identifier: Apache-2.0
//
// Resolves a host name to its addresses with a timeout, which libpq's own resolution does not have: it runs on a
// separate thread, which cleans up when the resolver returns, however late.

#define _GNU_SOURCE
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

typedef struct {
  char host[256];
  struct addrinfo *found;
  int result;
  int done_fd;
  atomic_int owners;  // a reference count: the last of the two threads frees the lookup
  atomic_bool done;   // released after the last write, so that the thread that acquires it sees the writes
} lookup;

static void let_go(lookup *l) {
  if (atomic_fetch_sub(&l->owners, 1) != 1) return;
  if (l->found) freeaddrinfo(l->found);
  close(l->done_fd);
  free(l);
}

static void *thread_main(void *argument) {
  lookup *l = argument;
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
  l->result = getaddrinfo(l->host, NULL, &hints, &l->found);
  atomic_store_explicit(&l->done, true, memory_order_release);
  eventfd_write(l->done_fd, 1);
  let_go(l);
  return NULL;
}

/// Adds the addresses without duplicates.
static void add(const struct addrinfo *from, cpg_addresses *found) {
  for (const struct addrinfo *a = from; a && found->count < CPG_MOST_ADDRESSES; a = a->ai_next) {
    char *next = found->list[found->count];
    if (getnameinfo(a->ai_addr, a->ai_addrlen, next, CPG_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST) != 0) continue;
    bool is_new = true;
    for (int i = 0; i < found->count; i++) is_new = is_new && strcmp(found->list[i], next) != 0;
    if (is_new) found->count++;
  }
}

cpg_status cpg_resolve(cpg_connection *c, const char *host, int64_t timeout_ms, cpg_addresses *found) {
  found->count = 0;
  if (strlen(host) == 0 || strlen(host) >= sizeof((lookup *)0)->host) return cpg_fail(c, CPG_NAME_UNRESOLVED);
  // A numeric address needs no resolver, and no thread.
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
  struct addrinfo *numeric = NULL;
  if (getaddrinfo(host, NULL, &hints, &numeric) == 0) {
    add(numeric, found);
    freeaddrinfo(numeric);
    return found->count > 0 ? CPG_OK : cpg_fail(c, CPG_NAME_UNRESOLVED);
  }

  lookup *l = calloc(1, sizeof *l);
  if (!l) return cpg_fail(c, CPG_NO_MEMORY);
  snprintf(l->host, sizeof l->host, "%s", host);
  atomic_init(&l->owners, 2);
  atomic_init(&l->done, false);
  l->done_fd = eventfd(0, EFD_CLOEXEC);
  pthread_t thread;
  if (l->done_fd < 0 || pthread_create(&thread, NULL, thread_main, l) != 0) {
    if (l->done_fd >= 0) close(l->done_fd);
    free(l);
    return cpg_fail(c, CPG_NO_MEMORY);
  }
  pthread_detach(thread);

  int64_t deadline = cpg_now_ms() + timeout_ms;
  cpg_status status = CPG_OK;
  while (!atomic_load_explicit(&l->done, memory_order_acquire)) {
    int64_t left = deadline - cpg_now_ms();
    if (atomic_load(&c->interrupted) || left <= 0) {
      status = cpg_fail(c, CPG_TIMED_OUT);
      break;
    }
    struct pollfd fds[2] = {{.fd = l->done_fd, .events = POLLIN}, {.fd = c->wake_fd, .events = POLLIN}};
    poll(fds, 2, left > 1000000 ? 1000000 : (int)left);
  }
  if (status == CPG_OK) {
    if (l->result == 0) add(l->found, found);
    if (found->count == 0) status = cpg_fail(c, CPG_NAME_UNRESOLVED);
  }
  let_go(l);
  return status;
}
