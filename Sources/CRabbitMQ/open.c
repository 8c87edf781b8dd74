// SPDX-License-Identifier: Apache-2.0
//
// From nothing to an open channel: resolve, connect, TLS, log in. Every part has a bound and can be interrupted.

#define _GNU_SOURCE
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

#define LIBRARY_FINDS_AUTHORITIES (AMQP_VERSION >= AMQP_VERSION_CODE(0, 14, 0, 0))
#if !LIBRARY_FINDS_AUTHORITIES
#include <openssl/ssl.h>
#endif

// MARK: Name resolution

typedef struct {
  char host[256];
  char port[8];
  struct addrinfo *found;
  int result;
} lookup;

static void lookup_run(void *argument) {
  lookup *l = argument;
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
  l->result = getaddrinfo(l->host, l->port, &hints, &l->found);
}

static void lookup_free(void *argument) {
  lookup *l = argument;
  if (l->found) freeaddrinfo(l->found);
  free(l);
}

static crmq_status resolve(crmq_connection *c, const char *host, uint16_t port, int64_t deadline, lookup **found) {
  if (strlen(host) == 0 || strlen(host) >= sizeof(*found)->host) {
    return crmq_fail(c, CRMQ_NAME_UNRESOLVED, "the host name cannot be resolved");
  }
  lookup *l = calloc(1, sizeof *l);
  if (!l) return crmq_fail(c, CRMQ_NO_MEMORY, "out of memory");
  snprintf(l->host, sizeof l->host, "%s", host);
  snprintf(l->port, sizeof l->port, "%u", port);
  crmq_status status = crmq_run_bounded(c, lookup_run, lookup_free, l, deadline - crmq_now_ms());
  if (status != CRMQ_OK) return status;
  if (l->result != 0 || !l->found) {
    lookup_free(l);
    return crmq_fail(c, CRMQ_NAME_UNRESOLVED, "the host name cannot be resolved");
  }
  *found = l;
  return CRMQ_OK;
}

// MARK: Socket

typedef struct {
  amqp_connection_state_t state;
  amqp_socket_t *socket;
  char host[256];
  int port;
  struct timeval timeout;
  int result;
} dial;

static void dial_run(void *argument) {
  dial *d = argument;
  d->result = amqp_socket_open_noblock(d->socket, d->host, d->port, &d->timeout);
}

static void dial_free(void *argument) {
  dial *d = argument;
  if (d->state) amqp_destroy_connection(d->state);
  free(d);
}

static crmq_status set_up_tls(crmq_connection *c, amqp_socket_t *socket) {
  const char *authorities = c->texts[CRMQ_CA_FILE];
  const char *certificate = c->texts[CRMQ_CERTIFICATE_FILE];
  const char *key = c->texts[CRMQ_KEY_FILE];
  amqp_ssl_socket_set_verify_peer(socket, 1);
  amqp_ssl_socket_set_verify_hostname(socket, 1);
  // "Latest" says 1.2 and still negotiates 1.3.
  if (amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) != AMQP_STATUS_OK) {
    return crmq_fail(c, CRMQ_TLS_HANDSHAKE, "TLS 1.2 is not available");
  }
  if (authorities && *authorities) {
    if (amqp_ssl_socket_set_cacert(socket, authorities) != AMQP_STATUS_OK) {
      return crmq_fail(c, CRMQ_TLS_FILE, "the CA file cannot be read or holds no certificate");
    }
  } else {
    // Without authorities every certificate would be refused.
#if LIBRARY_FINDS_AUTHORITIES
    int found = amqp_ssl_socket_enable_default_verify_paths(socket) == AMQP_STATUS_OK;
#else
    int found = SSL_CTX_set_default_verify_paths(amqp_ssl_socket_get_context(socket)) == 1;
#endif
    if (!found) return crmq_fail(c, CRMQ_TLS_FILE, "the system's trusted authorities cannot be read");
  }
  if (certificate && *certificate) {
    if (!key || !*key) return crmq_fail(c, CRMQ_TLS_FILE, "a certificate file needs a key file");
    // Otherwise OpenSSL would ask for the passphrase of an encrypted key on the terminal, and wait.
    amqp_ssl_socket_set_key_passwd(socket, "");
    if (amqp_ssl_socket_set_key(socket, certificate, key) != AMQP_STATUS_OK) {
      return crmq_fail(c, CRMQ_TLS_FILE, "the certificate file or its key file cannot be used");
    }
  }
  return CRMQ_OK;
}

/// One attempt, at one numeric address or, for TLS, at the name, which the certificate is compared with.
static crmq_status connect_to(crmq_connection *c, const char *host, uint16_t port, int64_t timeout_ms) {
  bool tls = c->numbers[CRMQ_TLS] != 0;
  if (timeout_ms < 1) return crmq_fail(c, CRMQ_TIMED_OUT, "the broker could not be reached in time");
  dial *d = calloc(1, sizeof *d);
  if (!d) return crmq_fail(c, CRMQ_NO_MEMORY, "out of memory");
  snprintf(d->host, sizeof d->host, "%s", host);
  d->port = port;
  d->timeout = (struct timeval){.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
  d->state = amqp_new_connection();
  if (d->state) d->socket = tls ? amqp_ssl_socket_new(d->state) : amqp_tcp_socket_new(d->state);
  if (!d->socket) {
    dial_free(d);
    return crmq_fail(c, CRMQ_NO_MEMORY, "out of memory");
  }
  crmq_status status = tls ? set_up_tls(c, d->socket) : CRMQ_OK;
  if (status != CRMQ_OK) {
    dial_free(d);
    return status;
  }
  // The library keeps the time itself, but for the name that it resolves once more for TLS.
  status = crmq_run_bounded(c, dial_run, dial_free, d, timeout_ms + 500);
  if (status != CRMQ_OK) return status;
  if (d->result != AMQP_STATUS_OK) {
    int result = d->result;
    dial_free(d);
    return crmq_fail_with_library(c, result);
  }
  c->state = d->state;
  d->state = NULL;
  dial_free(d);
  return CRMQ_OK;
}

static crmq_status connect_any(crmq_connection *c, const char *host, uint16_t port) {
  int64_t deadline = crmq_now_ms() + c->numbers[CRMQ_CONNECT_TIMEOUT];
  lookup *l = NULL;
  crmq_status status = resolve(c, host, port, deadline, &l);
  if (status != CRMQ_OK) return status;
  if (c->numbers[CRMQ_TLS]) {
    status = connect_to(c, host, port, deadline - crmq_now_ms());
  } else {
    // The library gives one deadline to all addresses, and after it tries no other: each gets its share here.
    int64_t left = 0;
    for (struct addrinfo *a = l->found; a; a = a->ai_next) left++;
    for (struct addrinfo *a = l->found; a; a = a->ai_next, left--) {
      char numeric[NI_MAXHOST];
      if (getnameinfo(a->ai_addr, a->ai_addrlen, numeric, sizeof numeric, NULL, 0, NI_NUMERICHOST) != 0) continue;
      c->dead = CRMQ_OK;
      status = connect_to(c, numeric, port, (deadline - crmq_now_ms()) / left);
      if (status != CRMQ_REFUSED && status != CRMQ_TIMED_OUT) break;
    }
  }
  lookup_free(l);
  return status;
}

// MARK: Settings of the socket

void crmq_set_user_timeout(crmq_connection *c, bool on) {
  // Bounds a write that the peer's kernel does not take. While the broker blocks us it reads nothing on purpose,
  // and the kernel would call a healthy connection dead.
  unsigned milliseconds = !on ? 0 : c->heartbeat > 0 ? (unsigned)c->heartbeat * 2000 : 30000;
  setsockopt(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

static crmq_status take_socket(crmq_connection *c) {
  c->fd = amqp_get_sockfd(c->state);
  int guard = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);
  if (guard < 0) return crmq_fail(c, CRMQ_NO_MEMORY, "no file descriptor is left");
  pthread_mutex_lock(&c->lock);
  c->guard = guard;
  if (atomic_load(&c->interrupted)) shutdown(guard, SHUT_RDWR);
  pthread_mutex_unlock(&c->lock);
  // Large enough that "writable", which means a third free, has room for a burst; the kernel may grant less.
  int buffer = 1 << 20;
  setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  return CRMQ_OK;
}

// MARK: Log-in

static amqp_table_entry_t flag(const char *name) {
  return (amqp_table_entry_t){.key = amqp_cstring_bytes(name),
                              .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}};
}

static crmq_status log_in(crmq_connection *c) {
  const char *name = c->texts[CRMQ_CONNECTION_NAME];
  const char *host = c->texts[CRMQ_VIRTUAL_HOST];
  amqp_table_entry_t capabilities[] = {
      flag("connection.blocked"),
      flag("consumer_cancel_notify"),  // without it a deleted queue leaves the consumer deaf
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
  struct timeval answer = {.tv_sec = c->numbers[CRMQ_ANSWER_TIMEOUT] / 1000,
                           .tv_usec = c->numbers[CRMQ_ANSWER_TIMEOUT] % 1000 * 1000};
  if (amqp_set_handshake_timeout(c->state, &answer) != AMQP_STATUS_OK ||
      amqp_set_rpc_timeout(c->state, &answer) != AMQP_STATUS_OK) {
    return crmq_fail(c, CRMQ_MISUSE, "the answer timeout is out of range");
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

crmq_status crmq_open(crmq_connection *c, const char *host, uint16_t port) {
  if (c->open && c->dead == CRMQ_OK) return crmq_fail(c, CRMQ_MISUSE, "the connection is open already");
  crmq_close(c, 0);
  c->dead = CRMQ_OK;
  if (atomic_load(&c->interrupted)) return crmq_fail(c, CRMQ_INTERRUPTED, "interrupted");
  crmq_status status = connect_any(c, host, port);
  if (status == CRMQ_OK) status = take_socket(c);
  if (status == CRMQ_OK) {
    c->heartbeat = 0;
    crmq_set_user_timeout(c, true);
    status = log_in(c);
  }
  if (status != CRMQ_OK) return status;
  c->heartbeat = amqp_get_heartbeat(c->state);
  c->frame_max = amqp_get_frame_max(c->state);
  crmq_set_user_timeout(c, true);
  c->last_step_ms = crmq_now_ms();
  c->open = true;
  return CRMQ_OK;
}
