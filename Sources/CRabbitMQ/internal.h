// SPDX-License-Identifier: Apache-2.0
//
// Declarations that the files of this target share. librabbitmq's headers moved in 0.12; the old ones only warn since.

#ifndef CRABBITMQ_INTERNAL_H
#define CRABBITMQ_INTERNAL_H

#include "CRabbitMQ.h"

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif

#include <pthread.h>
#include <stdatomic.h>

// One channel per connection: while it waits for one channel's frames, librabbitmq loses those of others.
#define CRMQ_CHANNEL 1

// How many bytes of published messages are gathered before they are sent.
#define CRMQ_OUTPUT_SIZE (16 * 1024)

#define CRMQ_TEXT_OPTIONS 8
#define CRMQ_NUMBER_OPTIONS 9

// Memory for the parts of one message, released together. Blocks never move, so pointers into it stay valid.
typedef struct crmq_arena_block crmq_arena_block;
typedef struct crmq_arena {
  crmq_arena_block *first;
} crmq_arena;

void *crmq_arena_take(crmq_arena *arena, size_t size);
bool crmq_arena_copy(crmq_arena *arena, amqp_bytes_t from, crmq_bytes *to);
void crmq_arena_reset(crmq_arena *arena);  // keeps one block
void crmq_arena_release(crmq_arena *arena);

typedef enum { CONTENT_NONE, CONTENT_HEADER, CONTENT_BODY } crmq_content;

// A host's numeric address, at most an IPv6 address with its zone.
#define CRMQ_ADDRESS_SIZE 80
typedef struct crmq_address {
  char numeric[CRMQ_ADDRESS_SIZE];
  uint16_t port;
} crmq_address;

// More than a name usually has; further addresses are not tried.
#define CRMQ_MOST_ADDRESSES 16
typedef struct crmq_addresses {
  crmq_address list[CRMQ_MOST_ADDRESSES];
  int count;
} crmq_addresses;

// The peer of a TLS handshake, for its duration.
typedef struct crmq_peer {
  char name[256];    // the host name or address that the certificate must be for
  bool is_address;
  int fault;         // OpenSSL's code of the certificate's first verification error; X509_V_OK if none
  char reason[128];  // OpenSSL's error text if the handshake failed
} crmq_peer;

struct crmq_connection {
  // Settings.
  char *texts[CRMQ_TEXT_OPTIONS];
  int64_t numbers[CRMQ_NUMBER_OPTIONS];

  // The connection. `guard` is a duplicate of the socket's descriptor: librabbitmq may close the original at any time,
  // and its number may then be reused for another file when another thread interrupts.
  amqp_connection_state_t state;
  crmq_address address;  // of an open connection
  int fd;
  int wake_fd;
  pthread_mutex_t lock;
  int guard;  // under `lock`
  atomic_bool interrupted;
  bool open;
  bool blocked;
  int heartbeat;
  int frame_max;

  // Writing.
  bool confirms;
  uint64_t next_tag;
  size_t unchecked;       // bytes written or gathered since the socket was last found writable
  bool gathers;
  uint8_t *output;        // whole frames that are not passed to the kernel yet; CRMQ_OUTPUT_SIZE bytes, or null
  size_t output_count;
  int64_t last_step_ms;
  crmq_arena out;

  // Reading: the message that is being assembled.
  bool drained;
  crmq_content content;
  crmq_event event;
  crmq_arena in;
  uint8_t *body;
  size_t body_capacity;
  uint64_t body_seen;
  bool body_skipped;

  // The last error.
  crmq_status dead;  // CRMQ_OK while the connection is usable
  uint16_t fault_code;
  char fault_text[256];
};

// fault.c
crmq_status crmq_fail(crmq_connection *c, crmq_status status, const char *text);     // the connection is dead
crmq_status crmq_reject(crmq_connection *c, const char *text);                       // CRMQ_INVALID; it stays usable
crmq_status crmq_fail_with_library(crmq_connection *c, int library_status);
crmq_status crmq_fail_with_broker(crmq_connection *c, crmq_status status, uint16_t code, amqp_bytes_t text);
crmq_status crmq_check_reply(crmq_connection *c, amqp_rpc_reply_t reply);

// bounded.c
int64_t crmq_now_ms(void);
crmq_status crmq_run_bounded(crmq_connection *c, void (*run)(void *), void (*discard)(void *), void *argument,
                             int64_t timeout_ms);

// address.c
crmq_status crmq_resolve(crmq_connection *c, const char *host, uint16_t port, int64_t timeout_ms,
                         crmq_addresses *found);  // at least one, in the order to try them
void crmq_remember(const crmq_address *address, bool worked);

// tls.c
crmq_status crmq_set_up_tls(crmq_connection *c, amqp_socket_t *socket, const char *host, crmq_peer *peer);
void crmq_forget_peer(amqp_socket_t *socket);  // before `peer` is freed, if the socket stays
void crmq_begin_handshake(void);
void crmq_end_handshake(crmq_peer *peer);  // on the same thread
crmq_status crmq_fail_with_tls(crmq_connection *c, const crmq_peer *peer, int library_status);

// open.c
void crmq_set_user_timeout(crmq_connection *c, bool on);

// table.c
bool crmq_read_properties(crmq_connection *c, const amqp_basic_properties_t *from);
crmq_status crmq_write_table(crmq_connection *c, const crmq_field *fields, size_t count, amqp_table_t *table,
                             size_t *size);
crmq_status crmq_write_properties(crmq_connection *c, const crmq_properties *from, amqp_basic_properties_t *to,
                                  size_t *size);

// output.c
crmq_status crmq_gather(crmq_connection *c, const crmq_message *message, amqp_basic_properties_t *properties,
                        size_t size);  // `size` is an upper bound of the message's frames; there must be room for it
crmq_status crmq_flush(crmq_connection *c);  // sends what is gathered; CRMQ_OK if a call is allowed

// write.c
crmq_status crmq_ready(crmq_connection *c);  // CRMQ_OK if a call is allowed

static inline amqp_bytes_t crmq_lend(crmq_bytes bytes) {
  return (amqp_bytes_t){.len = bytes.count, .bytes = (void *)bytes.pointer};
}

#endif
