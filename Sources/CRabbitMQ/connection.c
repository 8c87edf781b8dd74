// SPDX-License-Identifier: Apache-2.0
//
// A connection's life cycle except opening: settings, closing, and the calls that other threads may make.

#define _DEFAULT_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

crmq_connection *crmq_new(void) {
  crmq_connection *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->fd = -1;
  c->guard = -1;
  c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (c->wake_fd < 0) {
    free(c);
    return NULL;
  }
  pthread_mutex_init(&c->lock, NULL);
  atomic_init(&c->interrupted, false);
  c->numbers[CRMQ_HEARTBEAT] = 20;
  c->numbers[CRMQ_CONNECT_TIMEOUT] = 10000;
  c->numbers[CRMQ_ANSWER_TIMEOUT] = 10000;
  c->numbers[CRMQ_BODY_LIMIT] = 16 << 20;
  c->numbers[CRMQ_FRAME_MAX] = 131072;
  c->numbers[CRMQ_STEP_FRAMES] = 4096;
  return c;
}

crmq_status crmq_set_text(crmq_connection *c, crmq_text_option option, const char *value) {
  if ((int)option < 0 || (int)option >= CRMQ_TEXT_OPTIONS) return crmq_reject(c, "unknown option");
  char *copy = strdup(value);
  if (!copy) return crmq_fail(c, CRMQ_NO_MEMORY, "out of memory");
  char *old = c->texts[option];
  if (old) explicit_bzero(old, strlen(old));
  free(old);
  c->texts[option] = copy;
  return CRMQ_OK;
}

crmq_status crmq_set_number(crmq_connection *c, crmq_number_option option, int64_t value) {
  static const int64_t lowest[CRMQ_NUMBER_OPTIONS] = {0, 0, 1, 1, 0, 8192, 1, 0, 0};
  static const int64_t highest[CRMQ_NUMBER_OPTIONS] = {1,       65535,   3600000, 3600000, 1 << 30,
                                                        1 << 24, 1 << 20, 1,       INT64_MAX};
  if ((int)option < 0 || (int)option >= CRMQ_NUMBER_OPTIONS) return crmq_reject(c, "unknown option");
  if (value < lowest[option] || value > highest[option]) return crmq_reject(c, "the option's value is out of range");
  c->numbers[option] = value;
  return CRMQ_OK;
}

/// Sends `connection.close` if the connection is usable and the socket has room: writing to a full one would block.
static void say_goodbye(crmq_connection *c, int timeout_ms) {
  struct pollfd socket = {.fd = c->fd, .events = POLLOUT};
  if (!c->open || c->dead != CRMQ_OK || c->blocked || timeout_ms <= 0) return;
  if (atomic_load(&c->interrupted) || poll(&socket, 1, 0) != 1 || socket.revents != POLLOUT) return;
  struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
  if (crmq_flush(c) != CRMQ_OK || amqp_set_rpc_timeout(c->state, &timeout) != AMQP_STATUS_OK) return;
  amqp_connection_close(c->state, AMQP_REPLY_SUCCESS);
}

void crmq_close(crmq_connection *c, int timeout_ms) {
  say_goodbye(c, timeout_ms);
  // The address accepted the log-in and then stopped responding: try others before it.
  if (c->open && c->dead == CRMQ_SILENT) crmq_remember(&c->address, false);
  pthread_mutex_lock(&c->lock);
  if (c->guard >= 0) close(c->guard);
  c->guard = -1;
  pthread_mutex_unlock(&c->lock);
  if (c->state) amqp_destroy_connection(c->state);
  c->state = NULL;
  c->fd = -1;
  c->open = c->blocked = c->confirms = c->drained = c->body_skipped = false;
  c->next_tag = 0;
  c->unchecked = 0;
  c->content = CONTENT_NONE;
  crmq_arena_release(&c->in);
  crmq_arena_release(&c->out);
  free(c->output);
  c->output = NULL;
  c->output_count = 0;
  free(c->body);
  c->body = NULL;
  c->body_capacity = 0;
  if (c->dead == CRMQ_OK) c->dead = CRMQ_MISUSE;
}

void crmq_free(crmq_connection *c) {
  crmq_close(c, 0);
  for (int i = 0; i < CRMQ_TEXT_OPTIONS; i++) {
    if (c->texts[i]) explicit_bzero(c->texts[i], strlen(c->texts[i]));
    free(c->texts[i]);
  }
  close(c->wake_fd);
  pthread_mutex_destroy(&c->lock);
  free(c);
}

void crmq_pause(crmq_connection *c, int timeout_ms) {
  struct pollfd wake = {.fd = c->wake_fd, .events = POLLIN};
  eventfd_t ignored;
  if (!atomic_load(&c->interrupted) && poll(&wake, 1, timeout_ms) > 0) eventfd_read(c->wake_fd, &ignored);
}

void crmq_wake(crmq_connection *c) { eventfd_write(c->wake_fd, 1); }

void crmq_interrupt(crmq_connection *c) {
  atomic_store(&c->interrupted, true);
  pthread_mutex_lock(&c->lock);
  if (c->guard >= 0) shutdown(c->guard, SHUT_RDWR);
  pthread_mutex_unlock(&c->lock);
  crmq_wake(c);
}
