// SPDX-License-Identifier: Apache-2.0
//
// Runs a call without a timeout of its own (name resolution, librabbitmq's TLS handshake) on a separate thread, and
// stops waiting for it at the timeout. The thread then cleans up when the call returns.

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

typedef struct {
  void (*run)(void *);
  void (*discard)(void *);
  void *argument;
  int done_fd;
  atomic_int owners;  // a reference count: the last of the two threads frees the task
  atomic_bool abandoned;
  atomic_bool done;  // released after the last write to `argument`, so that the thread that acquires it sees the writes
} task;

int64_t crmq_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void let_go(task *t) {
  if (atomic_fetch_sub(&t->owners, 1) != 1) return;
  if (atomic_load(&t->abandoned)) t->discard(t->argument);
  close(t->done_fd);
  free(t);
}

static void *thread_main(void *argument) {
  task *t = argument;
  t->run(t->argument);
  atomic_store_explicit(&t->done, true, memory_order_release);
  eventfd_write(t->done_fd, 1);
  let_go(t);
  return NULL;
}

crmq_status crmq_run_bounded(crmq_connection *c, void (*run)(void *), void (*discard)(void *), void *argument,
                             int64_t timeout_ms) {
  task *t = malloc(sizeof *t);
  pthread_t thread;
  if (!t) goto no_memory;
  *t = (task){.run = run, .discard = discard, .argument = argument, .done_fd = eventfd(0, EFD_CLOEXEC)};
  atomic_init(&t->owners, 2);
  atomic_init(&t->abandoned, false);
  atomic_init(&t->done, false);
  if (t->done_fd < 0 || pthread_create(&thread, NULL, thread_main, t) != 0) goto no_memory;
  pthread_detach(thread);

  int64_t deadline = crmq_now_ms() + timeout_ms;
  for (;;) {
    int64_t left = deadline - crmq_now_ms();
    bool interrupted = atomic_load(&c->interrupted);
    if (left <= 0 || interrupted) {
      atomic_store(&t->abandoned, true);
      let_go(t);
      return interrupted ? crmq_fail(c, CRMQ_INTERRUPTED, "interrupted")
                         : crmq_fail(c, CRMQ_TIMED_OUT, "the broker could not be reached in time");
    }
    struct pollfd fds[2] = {{.fd = t->done_fd, .events = POLLIN}, {.fd = c->wake_fd, .events = POLLIN}};
    if (poll(fds, 2, left > 1000000 ? 1000000 : (int)left) < 0) continue;
    if (fds[0].revents && atomic_load_explicit(&t->done, memory_order_acquire)) {
      let_go(t);
      return CRMQ_OK;
    }
    eventfd_t ignored;
    if (fds[1].revents) eventfd_read(c->wake_fd, &ignored);
  }

no_memory:
  if (t && t->done_fd >= 0) close(t->done_fd);
  free(t);
  discard(argument);
  return crmq_fail(c, CRMQ_NO_MEMORY, "a thread could not be started");
}
