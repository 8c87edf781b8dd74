// SPDX-License-Identifier: Apache-2.0
//
// One AMQP 0-9-1 connection with one channel, over librabbitmq: the only place that includes its headers.
//
// librabbitmq cannot be used directly from Swift (variadic log-in, unions, pointers into pools that the next call
// recycles), and several of its functions may block forever. This interface has only plain structs and integers, and
// every call has a timeout.
//
// Usage: one thread owns a connection and makes every call except crmq_wake and crmq_interrupt:
//
//     crmq_open → declare → crmq_select_confirms or crmq_consume → loop { crmq_step; crmq_publish / crmq_ack … }
//     → crmq_close → crmq_free
//
// crmq_step waits (socket, wake-up or timeout, whichever comes first), reads everything that has arrived and passes it
// to a callback as events. It must be called at least every half heartbeat interval, since it also sends heartbeats.
// Writing calls never block: if a write is not possible now, they return CRMQStatus.wouldBlock; try again after the
// next step. After any negative status except .invalid the connection is dead: only crmq_fault_*, crmq_close and
// crmq_free may follow.

#ifndef CRABBITMQ_H
#define CRABBITMQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define CRMQ_NAME(name) __attribute__((swift_name(name)))
#define CRMQ_ENUM(type, name) \
  enum __attribute__((enum_extensibility(open), swift_name(name))) type : int32_t
#define CRMQ_ENUM_TYPE(type) typedef enum type type
#define CRMQ_BEGIN _Pragma("clang assume_nonnull begin")
#define CRMQ_END _Pragma("clang assume_nonnull end")
#define CRMQ_NULLABLE _Nullable
#else
#define CRMQ_NAME(name)
#define CRMQ_ENUM(type, name) enum type
#define CRMQ_ENUM_TYPE(type) typedef int32_t type
#define CRMQ_BEGIN
#define CRMQ_END
#define CRMQ_NULLABLE
#endif

CRMQ_BEGIN

/// One connection. Opaque; created by crmq_new, released by crmq_free.
typedef struct crmq_connection crmq_connection;

/// The result of a call. Not negative: the connection is usable. Negative: it is dead, except for CRMQ_INVALID.
CRMQ_ENUM(crmq_status, "CRMQStatus") {
  CRMQ_OK CRMQ_NAME("ok") = 0,
  /// The socket is full, the broker has blocked the connection, or crmq_step is overdue. Nothing was sent; try again
  /// after the next step.
  CRMQ_WOULD_BLOCK CRMQ_NAME("wouldBlock") = 1,
  /// crmq_interrupt was called.
  CRMQ_INTERRUPTED CRMQ_NAME("interrupted") = -1,
  CRMQ_NO_MEMORY CRMQ_NAME("noMemory") = -2,
  /// A call out of order, such as publishing before crmq_open.
  CRMQ_MISUSE CRMQ_NAME("misuse") = -3,
  /// A value exceeds AMQP's limits; crmq_fault_text names it. Nothing was sent, and the connection stays usable.
  CRMQ_INVALID CRMQ_NAME("invalid") = -4,
  /// The host name could not be resolved.
  CRMQ_NAME_UNRESOLVED CRMQ_NAME("nameUnresolved") = -5,
  /// The connection was refused.
  CRMQ_REFUSED CRMQ_NAME("refused") = -6,
  /// The broker did not reply in time.
  CRMQ_TIMED_OUT CRMQ_NAME("timedOut") = -7,
  /// A certificate or key file cannot be used.
  CRMQ_TLS_FILE CRMQ_NAME("tlsFile") = -8,
  /// The TLS handshake failed: the peer does not use TLS, no common version, or the client certificate was rejected.
  CRMQ_TLS_HANDSHAKE CRMQ_NAME("tlsHandshake") = -9,
  /// The broker's certificate is expired or not from a trusted authority.
  CRMQ_TLS_UNTRUSTED CRMQ_NAME("tlsUntrusted") = -10,
  /// The broker's certificate is for another host name.
  CRMQ_TLS_WRONG_NAME CRMQ_NAME("tlsWrongName") = -11,
  /// The connection was lost.
  CRMQ_LOST CRMQ_NAME("lost") = -12,
  /// The broker sent no data for two heartbeat intervals.
  CRMQ_SILENT CRMQ_NAME("silent") = -13,
  /// The broker violated the AMQP 0-9-1 protocol.
  CRMQ_PROTOCOL CRMQ_NAME("protocolError") = -14,
  /// The broker closed the channel; crmq_fault_code and crmq_fault_text return its reply code and text.
  CRMQ_CHANNEL_CLOSED CRMQ_NAME("channelClosed") = -15,
  /// The broker closed the connection; crmq_fault_code and crmq_fault_text return its reply code and text.
  CRMQ_CONNECTION_CLOSED CRMQ_NAME("connectionClosed") = -16,
};
CRMQ_ENUM_TYPE(crmq_status);

/// Borrowed bytes: valid during the call, or the callback, that they are passed to. A null pointer means that the value
/// is absent.
typedef struct CRMQ_NAME("CRMQBytes") crmq_bytes {
  const uint8_t *CRMQ_NULLABLE pointer;
  size_t count;
} crmq_bytes;

/// The type of a header's or an argument's value.
CRMQ_ENUM(crmq_kind, "CRMQKind") {
  CRMQ_TEXT CRMQ_NAME("text") = 0,
  /// Any of AMQP's integers when read; 64 bits, signed, when written.
  CRMQ_INTEGER CRMQ_NAME("integer") = 1,
  CRMQ_BOOLEAN CRMQ_NAME("boolean") = 2,
  CRMQ_REAL CRMQ_NAME("real") = 3,
  /// Seconds since 1970, in `integer`.
  CRMQ_TIME CRMQ_NAME("time") = 4,
  CRMQ_BINARY CRMQ_NAME("binary") = 5,
  /// A table, an array or an unknown type. Only read, never written; the value itself is not passed on, so that no
  /// nesting reaches the reader.
  CRMQ_OTHER CRMQ_NAME("other") = 6,
};
CRMQ_ENUM_TYPE(crmq_kind);

/// A header of a message, or an argument of a declaration.
typedef struct CRMQ_NAME("CRMQField") crmq_field {
  /// At most 255 bytes.
  crmq_bytes name;
  crmq_kind kind;
  /// For text and binary.
  crmq_bytes bytes;
  /// For integers, times and booleans (0 or 1).
  int64_t integer;
  double real;
} crmq_field;

/// A message's properties (AMQP class `basic`). Texts are at most 255 bytes; a null pointer omits one. All together,
/// with the headers, are limited to three quarters of a frame.
typedef struct CRMQ_NAME("CRMQProperties") crmq_properties {
  crmq_bytes content_type CRMQ_NAME("contentType");
  crmq_bytes content_encoding CRMQ_NAME("contentEncoding");
  crmq_bytes correlation_id CRMQ_NAME("correlationID");
  crmq_bytes reply_to CRMQ_NAME("replyTo");
  crmq_bytes expiration;
  crmq_bytes message_id CRMQ_NAME("messageID");
  crmq_bytes type;
  crmq_bytes user_id CRMQ_NAME("userID");
  crmq_bytes app_id CRMQ_NAME("appID");
  /// 2: persistent, 1: transient, 0: omitted.
  uint8_t delivery_mode CRMQ_NAME("deliveryMode");
  uint8_t priority;
  bool has_priority CRMQ_NAME("hasPriority");
  bool has_timestamp CRMQ_NAME("hasTimestamp");
  /// Seconds since 1970.
  uint64_t timestamp;
  const crmq_field *CRMQ_NULLABLE headers;
  size_t header_count CRMQ_NAME("headerCount");
} crmq_properties;

/// A message to publish.
typedef struct CRMQ_NAME("CRMQMessage") crmq_message {
  /// At most 255 bytes; empty is the default exchange, which routes to the queue named by the key.
  crmq_bytes exchange;
  /// At most 255 bytes.
  crmq_bytes routing_key CRMQ_NAME("routingKey");
  crmq_properties properties;
  crmq_bytes body;
  /// Whether the broker must return the message if it reaches no queue.
  bool mandatory;
} crmq_message;

/// The kind of an event.
CRMQ_ENUM(crmq_event_kind, "CRMQEventKind") {
  /// `basic.ack` for published messages: `tag`, `multiple`.
  CRMQ_EVENT_CONFIRMED CRMQ_NAME("confirmed") = 0,
  /// `basic.nack` for published messages: `tag`, `multiple`.
  CRMQ_EVENT_NACKED CRMQ_NAME("nacked") = 1,
  /// `basic.return`: a mandatory message reached no queue. `code`, `text`, `exchange`, `routing_key`, `properties`.
  /// It arrives before the confirm of the same message.
  CRMQ_EVENT_RETURNED CRMQ_NAME("returned") = 2,
  /// `basic.deliver`, or the reply to crmq_get: everything except `code` and `text`.
  CRMQ_EVENT_DELIVERED CRMQ_NAME("delivered") = 3,
  /// The reply to crmq_get if the queue is empty.
  CRMQ_EVENT_GET_EMPTY CRMQ_NAME("getEmpty") = 4,
  /// `connection.blocked`: the broker reads nothing from the connection until `unblocked`. `text` is its reason.
  CRMQ_EVENT_BLOCKED CRMQ_NAME("blocked") = 5,
  CRMQ_EVENT_UNBLOCKED CRMQ_NAME("unblocked") = 6,
  /// `basic.cancel`: the broker cancelled the consumer. Its queue was deleted or, on RabbitMQ 4.3, a delivery was
  /// unsettled for longer than the consumer timeout. `consumer_tag`.
  CRMQ_EVENT_CONSUMER_CANCELLED CRMQ_NAME("consumerCancelled") = 7,
  /// The reply to crmq_cancel: nothing more is delivered to `consumer_tag`.
  CRMQ_EVENT_CANCEL_DONE CRMQ_NAME("cancelDone") = 8,
};
CRMQ_ENUM_TYPE(crmq_event_kind);

/// One event. Its pointers are valid during the callback only.
typedef struct CRMQ_NAME("CRMQEvent") crmq_event {
  crmq_event_kind kind;
  uint16_t code;
  bool multiple;
  bool redelivered;
  uint64_t tag;
  crmq_bytes text;
  crmq_bytes exchange;
  crmq_bytes routing_key CRMQ_NAME("routingKey");
  crmq_bytes consumer_tag CRMQ_NAME("consumerTag");
  crmq_properties properties;
  crmq_bytes body;
  /// The size that the broker announced. It differs from `body.count` if it exceeds CRMQ_BODY_LIMIT: then the body was
  /// skipped.
  uint64_t body_size CRMQ_NAME("bodySize");
  /// In the reply to crmq_get: the number of further ready messages, as counted by the queue itself.
  uint32_t remaining;
} crmq_event;

/// Receives one event. It must not call back into the connection.
typedef void (*crmq_handler)(void *CRMQ_NULLABLE context, const crmq_event *event);

/// A text setting of a connection.
CRMQ_ENUM(crmq_text_option, "CRMQTextOption") {
  CRMQ_USER CRMQ_NAME("user") = 0,
  CRMQ_PASSWORD CRMQ_NAME("password") = 1,
  CRMQ_VIRTUAL_HOST CRMQ_NAME("virtualHost") = 2,
  /// The client-provided connection name, which RabbitMQ's management UI shows.
  CRMQ_CONNECTION_NAME CRMQ_NAME("connectionName") = 3,
  /// PEM file of trusted certificate authorities; default: the system's.
  CRMQ_CA_FILE CRMQ_NAME("caFile") = 4,
  /// PEM files of the client's certificate chain and its key (without a passphrase); both or none.
  CRMQ_CERTIFICATE_FILE CRMQ_NAME("certificateFile") = 5,
  CRMQ_KEY_FILE CRMQ_NAME("keyFile") = 6,
  /// The host's numeric addresses, separated by commas; without them its name is resolved.
  CRMQ_ADDRESSES CRMQ_NAME("addresses") = 7,
};
CRMQ_ENUM_TYPE(crmq_text_option);

/// A numeric setting of a connection.
CRMQ_ENUM(crmq_number_option, "CRMQNumberOption") {
  /// 1 for TLS (`amqps`): version 1.2 or newer, with verification of the peer's certificate and host name. Default 0.
  CRMQ_TLS CRMQ_NAME("tls") = 0,
  /// Heartbeat interval in seconds; the broker may lower it; 0 disables it. Default 20.
  CRMQ_HEARTBEAT CRMQ_NAME("heartbeat") = 1,
  /// Milliseconds for name resolution, TCP connect and TLS handshake together; several addresses share them.
  /// Default 10000.
  CRMQ_CONNECT_TIMEOUT CRMQ_NAME("connectTimeout") = 2,
  /// Milliseconds for each of the broker's replies to a log-in or a declaration; for a log-in, each address except the
  /// last gets a share of them. Default 10000.
  CRMQ_ANSWER_TIMEOUT CRMQ_NAME("answerTimeout") = 3,
  /// Maximum body size that is read, in bytes; a larger body is skipped. Default 16 MiB.
  CRMQ_BODY_LIMIT CRMQ_NAME("bodyLimit") = 4,
  /// Maximum frame size to propose, in bytes, at least 8192. Default 131072.
  CRMQ_FRAME_MAX CRMQ_NAME("frameMax") = 5,
  /// Maximum number of frames that one crmq_step reads; a message has at least three. Default 4096.
  CRMQ_STEP_FRAMES CRMQ_NAME("stepFrames") = 6,
  /// 1 for a receive-only connection. RabbitMQ adds headers to a message that may already fill a frame, and then sends
  /// a frame larger than negotiated, for which librabbitmq would end the connection. With this option, frames of up to
  /// twice the negotiated size are accepted, and crmq_publish is misuse. Default 0.
  CRMQ_RECEIVES_ONLY CRMQ_NAME("receivesOnly") = 7,
  /// 0: addresses of a host that no attempt has told apart yet are tried in the resolver's order. Otherwise those of one
  /// family are tried in an order that this number determines: the resolver gives all processes of a network the same
  /// order, and all of them would connect to the same node. Default 0.
  CRMQ_ADDRESS_SEED CRMQ_NAME("addressSeed") = 8,
};
CRMQ_ENUM_TYPE(crmq_number_option);

// MARK: Life cycle

/// Creates a connection that is not open yet; null without memory or file descriptors.
crmq_connection *CRMQ_NULLABLE crmq_new(void);

/// Frees the connection, whether closed or not. The password is overwritten.
void crmq_free(crmq_connection *connection);

/// Sets a text before crmq_open; it is copied.
crmq_status crmq_set_text(crmq_connection *connection, crmq_text_option option, const char *value);

/// Sets a number before crmq_open.
crmq_status crmq_set_number(crmq_connection *connection, crmq_number_option option, int64_t value);

/// Resolves the name, connects, does the TLS handshake, logs in and opens the channel. Each step is bounded by the
/// timeouts above and can be interrupted. Several addresses of a host are tried one after the other, up to the log-in:
/// those that worked before in this process first, those that failed last.
crmq_status crmq_open(crmq_connection *connection, const char *host, uint16_t port);

/// Sends `connection.close` and waits at most `timeout_ms` for the reply. The connection is dead afterwards.
void crmq_close(crmq_connection *connection, int timeout_ms);

/// Waits until crmq_wake or crmq_interrupt is called, at most `timeout_ms`; needs no open connection.
void crmq_pause(crmq_connection *connection, int timeout_ms);

/// Makes crmq_step or crmq_pause return. May be called by any thread while the connection exists.
void crmq_wake(crmq_connection *connection);

/// Ends the current call and every later one with CRMQ_INTERRUPTED, and shuts the socket down. May be called by any
/// thread while the connection exists.
void crmq_interrupt(crmq_connection *connection);

// MARK: Errors

/// AMQP's reply code if the broker closed the channel or the connection, otherwise 0.
uint16_t crmq_fault_code(const crmq_connection *connection);

/// The error text of the last failed call: the broker's reply text, if it sent one. It never contains an address, the
/// configured user name or the password.
const char *crmq_fault_text(const crmq_connection *connection);

// MARK: Topology (blocks until the broker's reply; only before the first publish or consume)

/// Declares a durable exchange of a type (`topic`, `direct`, …); `passive` only checks whether it exists.
crmq_status crmq_declare_exchange(crmq_connection *connection, const char *name, const char *type, bool passive,
                                  const crmq_field *CRMQ_NULLABLE arguments, size_t count);

/// Declares a durable queue; `passive` only checks whether it exists. `messages` receives its length.
crmq_status crmq_declare_queue(crmq_connection *connection, const char *name, bool passive,
                               const crmq_field *CRMQ_NULLABLE arguments, size_t count,
                               uint32_t *CRMQ_NULLABLE messages);

/// Declares a queue that the broker deletes with the connection: not durable, exclusive, auto-delete.
crmq_status crmq_declare_own_queue(crmq_connection *connection, const char *name,
                                   const crmq_field *CRMQ_NULLABLE arguments, size_t count);

/// Binds a queue to an exchange.
crmq_status crmq_bind_queue(crmq_connection *connection, const char *queue, const char *exchange, const char *key);

/// Removes such a binding; succeeds if it does not exist.
crmq_status crmq_unbind_queue(crmq_connection *connection, const char *queue, const char *exchange,
                              const char *key);

/// Deletes a queue with its messages; succeeds if it does not exist.
crmq_status crmq_delete_queue(crmq_connection *connection, const char *name);

/// Deletes an exchange; succeeds if it does not exist.
crmq_status crmq_delete_exchange(crmq_connection *connection, const char *name);

/// Puts the channel into confirm mode: from now on every publish gets a tag, counted from 1, and a confirm.
crmq_status crmq_select_confirms(crmq_connection *connection);

/// Sets the prefetch, the maximum number of unacknowledged messages, and starts a consumer with the given tag.
crmq_status crmq_consume(crmq_connection *connection, const char *queue, const char *consumer_tag,
                         uint16_t prefetch, const crmq_field *CRMQ_NULLABLE arguments, size_t count);

// MARK: The loop

/// Waits at most `timeout_ms` (less if a heartbeat is due) for data or a wake-up, then reads what has arrived and
/// passes every event to `handler`, in order. With `want_write` it also returns when the socket is writable.
crmq_status crmq_step(crmq_connection *connection, int timeout_ms, bool want_write, crmq_handler handler,
                      void *CRMQ_NULLABLE context);

/// Publishes a message without blocking; `tag` receives its number for the confirm, or 0 without confirm mode. Small
/// messages are gathered and sent together, at the latest by the next crmq_step. A body of up to 96 KiB fits into the
/// socket's buffer as a whole; a larger one may block on the network, at most until the connection is considered dead.
crmq_status crmq_publish(crmq_connection *connection, const crmq_message *message, uint64_t *tag);

/// Acknowledges a delivery, or all up to it.
crmq_status crmq_ack(crmq_connection *connection, uint64_t tag, bool multiple);

/// Returns a delivery to its queue (`requeue`), or lets the broker dead-letter it.
crmq_status crmq_nack(crmq_connection *connection, uint64_t tag, bool multiple, bool requeue);

/// Returns a delivery to its queue as failed (`basic.reject`): unlike crmq_nack, this counts against the queue's
/// delivery limit in every version of RabbitMQ.
crmq_status crmq_return(crmq_connection *connection, uint64_t tag);

/// Requests one message of a queue (`basic.get`); the reply is an event of a later step.
crmq_status crmq_get(crmq_connection *connection, const char *queue);

/// Cancels a consumer; its deliveries can still be settled. The reply is an event of a later step.
crmq_status crmq_cancel(crmq_connection *connection, const char *consumer_tag);

CRMQ_END

#endif
