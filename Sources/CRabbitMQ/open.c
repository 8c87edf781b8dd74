// SPDX-License-Identifier: Apache-2.0
//
// Opens a connection: resolve, connect, TLS handshake, log in, open the channel. Every step has a timeout and can be
// interrupted. Each address of the host is tried up to the log-in, because a host that accepts connections may still be
// dead, and gets its share of the timeout.

#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

// MARK: Socket

typedef struct {
  amqp_connection_state_t state;
  amqp_socket_t *socket;
  crmq_address address;
  bool tls;
  crmq_peer peer;
  struct timeval timeout;
  int result;
} dial;

static void dial_run(void *argument) {
  dial *d = argument;
  if (d->tls) crmq_begin_handshake();
  d->result = amqp_socket_open_noblock(d->socket, d->address.numeric, d->address.port, &d->timeout);
  if (d->tls) crmq_end_handshake(&d->peer);
}

static void dial_free(void *argument) {
  dial *d = argument;
  if (d->state) amqp_destroy_connection(d->state);
  free(d);
}

static struct timeval interval(int64_t ms) {
  return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

/// Connects to one address; with TLS, its certificate must be for the host name.
static crmq_status connect_to(crmq_connection *c, const char *host, const crmq_address *address,
                              int64_t timeout_ms) {
  if (timeout_ms < 1) return crmq_fail(c, CRMQ_TIMED_OUT, "the broker could not be reached in time");
  dial *d = calloc(1, sizeof *d);
  if (!d) return crmq_fail(c, CRMQ_NO_MEMORY, "out of memory");
  d->address = *address;
  d->tls = c->numbers[CRMQ_TLS] != 0;
  d->timeout = interval(timeout_ms);
  d->state = amqp_new_connection();
  if (d->state) d->socket = d->tls ? amqp_ssl_socket_new(d->state) : amqp_tcp_socket_new(d->state);
  if (!d->socket) {
    dial_free(d);
    return crmq_fail(c, CRMQ_NO_MEMORY, "out of memory");
  }
  crmq_status status = d->tls ? crmq_set_up_tls(c, d->socket, host, &d->peer) : CRMQ_OK;
  if (status != CRMQ_OK) {
    dial_free(d);
    return status;
  }
  // librabbitmq has its own timeout, which does not cover everything; this one does.
  status = crmq_run_bounded(c, dial_run, dial_free, d, timeout_ms + 500);
  if (status != CRMQ_OK) return status;
  if (d->result == AMQP_STATUS_OK) {
    if (d->tls) crmq_forget_peer(d->socket);
    c->state = d->state;
    d->state = NULL;
  } else {
    status = d->tls ? crmq_fail_with_tls(c, &d->peer, d->result) : crmq_fail_with_library(c, d->result);
  }
  dial_free(d);
  return status;
}

// MARK: Settings of the socket

void crmq_set_user_timeout(crmq_connection *c, bool on) {
  // A timeout for data that the peer's kernel does not acknowledge. A broker that has blocked the connection reads
  // nothing on purpose, and with the timeout the kernel would close a healthy connection.
  unsigned milliseconds = !on ? 0 : c->heartbeat > 0 ? (unsigned)c->heartbeat * 2000 : 30000;
  setsockopt(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

static crmq_status take_socket(crmq_connection *c) {
  c->fd = amqp_get_sockfd(c->state);
  int guard = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);
  if (guard < 0) return crmq_fail(c, CRMQ_NO_MEMORY, "out of file descriptors");
  pthread_mutex_lock(&c->lock);
  c->guard = guard;
  if (atomic_load(&c->interrupted)) shutdown(guard, SHUT_RDWR);
  pthread_mutex_unlock(&c->lock);
  // Large enough that a "writable" socket (a third of the buffer is free) has room for a burst; the kernel may grant
  // less.
  int buffer = 1 << 20;
  setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  return CRMQ_OK;
}

// MARK: Log-in

static amqp_table_entry_t flag(const char *name) {
  return (amqp_table_entry_t){.key = amqp_cstring_bytes(name),
                              .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}};
}

static crmq_status log_in(crmq_connection *c, int64_t timeout_ms) {
  const char *name = c->texts[CRMQ_CONNECTION_NAME];
  const char *host = c->texts[CRMQ_VIRTUAL_HOST];
  amqp_table_entry_t capabilities[] = {
      flag("connection.blocked"),
      flag("consumer_cancel_notify"),  // otherwise the consumer is not notified when its queue is deleted
      flag("publisher_confirms"),
      flag("basic.nack"),
  };
  amqp_table_entry_t entries[2] = {
      {.key = amqp_cstring_bytes("capabilities"),
       .value = {.kind = AMQP_FIELD_KIND_TABLE, .value.table = {.num_entries = 4, .entries = capabilities}}},
      {.key = amqp_cstring_bytes("connection_name"),
       .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(name ? name : "")}},
  };
  amqp_table_t properties = {.num_entries = 2, .entries = entries};
  struct timeval handshake = interval(timeout_ms), answer = interval(c->numbers[CRMQ_ANSWER_TIMEOUT]);
  if (amqp_set_handshake_timeout(c->state, &handshake) != AMQP_STATUS_OK ||
      amqp_set_rpc_timeout(c->state, &answer) != AMQP_STATUS_OK) {
    return crmq_fail(c, CRMQ_MISUSE, "the reply timeout is out of range");
  }
  amqp_rpc_reply_t reply = amqp_login_with_properties(
      c->state, host ? host : "/", 0, (int)c->numbers[CRMQ_FRAME_MAX], (int)c->numbers[CRMQ_HEARTBEAT], &properties,
      AMQP_SASL_METHOD_PLAIN, c->texts[CRMQ_USER] ? c->texts[CRMQ_USER] : "guest",
      c->texts[CRMQ_PASSWORD] ? c->texts[CRMQ_PASSWORD] : "guest");
  crmq_status status = crmq_check_reply(c, reply);
  if (status != CRMQ_OK) return status;
  amqp_channel_open(c->state, CRMQ_CHANNEL);
  status = crmq_check_reply(c, amqp_get_rpc_reply(c->state));
  amqp_maybe_release_buffers(c->state);
  return status;
}

// MARK: All addresses

/// Connects and logs in at one address.
static crmq_status open_at(crmq_connection *c, const char *host, const crmq_address *address, int64_t *connect_ms,
                           int left, int64_t answer_ms) {
  int64_t start = crmq_now_ms();
  crmq_status status = connect_to(c, host, address, *connect_ms / left);
  *connect_ms -= crmq_now_ms() - start;
  if (status == CRMQ_OK) status = take_socket(c);
  if (status != CRMQ_OK) return status;
  c->heartbeat = 0;
  crmq_set_user_timeout(c, true);
  return log_in(c, answer_ms);
}

/// Whether to try another address: not if the broker refused the user's credentials or virtual host, nor for local
/// errors.
static bool concerns_address(const crmq_connection *c, crmq_status status) {
  switch (status) {
    case CRMQ_REFUSED:
    case CRMQ_TIMED_OUT:
    case CRMQ_LOST:
    case CRMQ_PROTOCOL:
    case CRMQ_TLS_HANDSHAKE:
    case CRMQ_TLS_UNTRUSTED:
    case CRMQ_TLS_WRONG_NAME:
      return true;
    case CRMQ_CHANNEL_CLOSED:
    case CRMQ_CONNECTION_CLOSED:
      return c->fault_code != AMQP_ACCESS_REFUSED && c->fault_code != AMQP_NOT_ALLOWED;
    default:
      return false;
  }
}

/// The rank of an error: of several addresses' errors, the one of the attempt that got furthest is reported.
static int weight(crmq_status status) {
  return status == CRMQ_OK ? 0 : status == CRMQ_REFUSED ? 1 : status == CRMQ_TIMED_OUT ? 2 : 3;
}

static crmq_status open_any(crmq_connection *c, const char *host, uint16_t port) {
  int64_t connect_ms = c->numbers[CRMQ_CONNECT_TIMEOUT], answer_ms = c->numbers[CRMQ_ANSWER_TIMEOUT];
  int64_t start = crmq_now_ms();
  crmq_addresses found;
  crmq_status status = crmq_resolve(c, host, port, connect_ms, &found);
  connect_ms -= crmq_now_ms() - start;
  if (status != CRMQ_OK) return status;
  crmq_status worst = CRMQ_OK;
  uint16_t code = 0;
  char text[sizeof c->fault_text] = "";
  for (int i = 0; i < found.count; i++) {
    int left = found.count - i;
    crmq_close(c, 0);
    c->dead = CRMQ_OK;
    // The last address gets the whole timeout: a slow broker must not fail because it has two addresses.
    int64_t share = left == 1 ? answer_ms : answer_ms / found.count;
    status = open_at(c, host, &found.list[i], &connect_ms, left, share > 0 ? share : 1);
    if (status == CRMQ_OK) {
      c->address = found.list[i];
      crmq_remember(&c->address, true);
      return CRMQ_OK;
    }
    if (!concerns_address(c, status)) return status;
    crmq_remember(&found.list[i], false);
    if (weight(status) >= weight(worst)) {
      worst = status;
      code = c->fault_code;
      memcpy(text, c->fault_text, sizeof text);
    }
  }
  c->dead = worst;
  c->fault_code = code;
  memcpy(c->fault_text, text, sizeof text);
  return worst;
}

crmq_status crmq_open(crmq_connection *c, const char *host, uint16_t port) {
  if (c->open && c->dead == CRMQ_OK) return crmq_fail(c, CRMQ_MISUSE, "the connection is already open");
  crmq_close(c, 0);
  c->dead = CRMQ_OK;
  if (atomic_load(&c->interrupted)) return crmq_fail(c, CRMQ_INTERRUPTED, "interrupted");
  crmq_status status = open_any(c, host, port);
  if (status != CRMQ_OK) return status;
  c->heartbeat = amqp_get_heartbeat(c->state);
  c->frame_max = amqp_get_frame_max(c->state);
  if (c->numbers[CRMQ_RECEIVES_ONLY]) {
    // Between two complete frames, as here, the frame size can be changed. librabbitmq also splits outgoing bodies by
    // it, so nothing may be published then.
    int result = amqp_tune_connection(c->state, amqp_get_channel_max(c->state), c->frame_max * 2, c->heartbeat);
    if (result != AMQP_STATUS_OK) return crmq_fail_with_library(c, result);
  }
  crmq_set_user_timeout(c, true);
  c->last_step_ms = crmq_now_ms();
  c->gathers = !c->numbers[CRMQ_TLS];
  c->open = true;
  return CRMQ_OK;
}
