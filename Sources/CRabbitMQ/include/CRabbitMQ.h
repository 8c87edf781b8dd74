// SPDX-License-Identifier: Apache-2.0
//
// One AMQP 0-9-1 connection with one channel, over librabbitmq: the only place that includes its headers.
//
// librabbitmq cannot be used from Swift as it is (variadic log-in, unions, pointers into pools that the next call
// recycles), and several of its calls wait for ever. This face has none of that: plain structs and integers, and
// no call without a bound.
//
// How it is used. One thread owns a connection and makes every call but crmq_wake and crmq_interrupt:
//
//     crmq_open → declare → crmq_select_confirms or crmq_consume → loop { crmq_step; crmq_publish / crmq_ack … }
//     → crmq_close → crmq_free
//
// crmq_step waits (socket, wake-up or time, whichever is first), takes in all that has arrived and hands it to a
// callback as events. It must be called at least every half heartbeat, since it also keeps the connection alive.
// Writing calls never wait: what cannot be written at once is answered CRMQStatus.wouldBlock and tried again after
// the next step. After any negative status other than .invalid the connection is dead: only crmq_fault_*, crmq_close
// and crmq_free may follow.

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

/// One connection. Opaque; made by crmq_new, released by crmq_free.
typedef struct crmq_connection crmq_connection;

/// How a call ended. Not negative: the connection lives. Negative: it is dead, but for CRMQ_INVALID.
CRMQ_ENUM(crmq_status, "CRMQStatus") {
  CRMQ_OK CRMQ_NAME("ok") = 0,
  /// Not now: the socket is full, the broker has blocked the connection, or crmq_step is overdue. Nothing was
  /// sent; try again after the next step.
  CRMQ_WOULD_BLOCK CRMQ_NAME("wouldBlock") = 1,
  /// crmq_interrupt was called.
  CRMQ_INTERRUPTED CRMQ_NAME("interrupted") = -1,
  CRMQ_NO_MEMORY CRMQ_NAME("noMemory") = -2,
  /// A call out of order, such as publishing before crmq_open.
  CRMQ_MISUSE CRMQ_NAME("misuse") = -3,
  /// A value breaks AMQP's limits; crmq_fault_text says which. Nothing was sent, and the connection lives.
  CRMQ_INVALID CRMQ_NAME("invalid") = -4,
  /// The host's name could not be resolved.
  CRMQ_NAME_UNRESOLVED CRMQ_NAME("nameUnresolved") = -5,
  /// Nobody accepted the connection.
  CRMQ_REFUSED CRMQ_NAME("refused") = -6,
  /// The broker did not answer in time.
  CRMQ_TIMED_OUT CRMQ_NAME("timedOut") = -7,
  /// A file of certificates or keys cannot be used.
  CRMQ_TLS_FILE CRMQ_NAME("tlsFile") = -8,
  /// The TLS handshake failed: no TLS there, no version in common, or our certificate was not accepted.
  CRMQ_TLS_HANDSHAKE CRMQ_NAME("tlsHandshake") = -9,
  /// The broker's certificate is expired or from nobody we trust.
  CRMQ_TLS_UNTRUSTED CRMQ_NAME("tlsUntrusted") = -10,
  /// The broker's certificate is for another host name.
  CRMQ_TLS_WRONG_NAME CRMQ_NAME("tlsWrongName") = -11,
  /// The connection was lost.
  CRMQ_LOST CRMQ_NAME("lost") = -12,
  /// Nothing was heard from the broker for two heartbeats.
  CRMQ_SILENT CRMQ_NAME("silent") = -13,
  /// What arrived is not AMQP 0-9-1 as agreed.
  CRMQ_PROTOCOL CRMQ_NAME("protocolError") = -14,
  /// The broker closed the channel; crmq_fault_code and crmq_fault_text hold its words.
  CRMQ_CHANNEL_CLOSED CRMQ_NAME("channelClosed") = -15,
  /// The broker closed the connection; crmq_fault_code and crmq_fault_text hold its words.
  CRMQ_CONNECTION_CLOSED CRMQ_NAME("connectionClosed") = -16,
};
CRMQ_ENUM_TYPE(crmq_status);

/// Bytes that somebody else owns: valid as long as the call, or the callback, that they are handed to.
/// A null pointer means that there is no such value.
typedef struct CRMQ_NAME("CRMQBytes") crmq_bytes {
  const uint8_t *CRMQ_NULLABLE pointer;
  size_t count;
} crmq_bytes;

/// What a header or an argument holds.
CRMQ_ENUM(crmq_kind, "CRMQKind") {
  CRMQ_TEXT CRMQ_NAME("text") = 0,
  /// Any of AMQP's integers when read; 64 bits, signed, when written.
  CRMQ_INTEGER CRMQ_NAME("integer") = 1,
  CRMQ_BOOLEAN CRMQ_NAME("boolean") = 2,
  CRMQ_REAL CRMQ_NAME("real") = 3,
  /// Seconds since 1970, in `integer`.
  CRMQ_TIME CRMQ_NAME("time") = 4,
  CRMQ_BINARY CRMQ_NAME("binary") = 5,
  /// A table, an array or a kind we do not know. Only read, never written; the value itself is not handed on, so
  /// no depth of nesting reaches the reader.
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

/// A message's properties (AMQP class `basic`). Texts are at most 255 bytes; a null pointer leaves one out. All
/// together, headers included, take at most three quarters of a frame.
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
  /// 2 is persistent, 1 is not, 0 leaves it out.
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
  /// Whether the broker shall send the message back when no queue takes it.
  bool mandatory;
} crmq_message;

/// What happened on the connection.
CRMQ_ENUM(crmq_event_kind, "CRMQEventKind") {
  /// `basic.ack` for what we published: `tag`, `multiple`.
  CRMQ_EVENT_CONFIRMED CRMQ_NAME("confirmed") = 0,
  /// `basic.nack` for what we published: `tag`, `multiple`.
  CRMQ_EVENT_NACKED CRMQ_NAME("nacked") = 1,
  /// `basic.return`: no queue took a mandatory message. `code`, `text`, `exchange`, `routing_key`, `properties`.
  /// It comes before the confirm of the same message.
  CRMQ_EVENT_RETURNED CRMQ_NAME("returned") = 2,
  /// `basic.deliver`, or the answer to crmq_get: everything but `code` and `text`.
  CRMQ_EVENT_DELIVERED CRMQ_NAME("delivered") = 3,
  /// The answer to crmq_get when the queue is empty.
  CRMQ_EVENT_GET_EMPTY CRMQ_NAME("getEmpty") = 4,
  /// `connection.blocked`: the broker reads nothing from us until `unblocked`. `text` is its reason.
  CRMQ_EVENT_BLOCKED CRMQ_NAME("blocked") = 5,
  CRMQ_EVENT_UNBLOCKED CRMQ_NAME("unblocked") = 6,
  /// `basic.cancel`: the broker ended our consumer. The queue is gone or, on RabbitMQ 4.3, a delivery was unsettled
  /// for longer than its consumer timeout. `consumer_tag`.
  CRMQ_EVENT_CONSUMER_CANCELLED CRMQ_NAME("consumerCancelled") = 7,
  /// The broker has done crmq_cancel: nothing more is delivered to `consumer_tag`.
  CRMQ_EVENT_CANCEL_DONE CRMQ_NAME("cancelDone") = 8,
};
CRMQ_ENUM_TYPE(crmq_event_kind);

/// One event. Everything it points to is valid during the callback only.
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
  /// The size that the broker announced. It differs from `body.count` where it exceeds the limit set with
  /// CRMQ_BODY_LIMIT: then the body was skipped.
  uint64_t body_size CRMQ_NAME("bodySize");
  /// In the answer to crmq_get: how many further messages lay ready, which the queue itself has counted.
  uint32_t remaining;
} crmq_event;

/// Receives one event. It must not call back into the connection.
typedef void (*crmq_handler)(void *CRMQ_NULLABLE context, const crmq_event *event);

/// A text setting of a connection.
CRMQ_ENUM(crmq_text_option, "CRMQTextOption") {
  CRMQ_USER CRMQ_NAME("user") = 0,
  CRMQ_PASSWORD CRMQ_NAME("password") = 1,
  CRMQ_VIRTUAL_HOST CRMQ_NAME("virtualHost") = 2,
  /// Shown by the broker's management page.
  CRMQ_CONNECTION_NAME CRMQ_NAME("connectionName") = 3,
  /// PEM file of the authorities to trust; without one, the system's are.
  CRMQ_CA_FILE CRMQ_NAME("caFile") = 4,
  /// PEM files of our own certificate chain and its key (without a passphrase); both or none.
  CRMQ_CERTIFICATE_FILE CRMQ_NAME("certificateFile") = 5,
  CRMQ_KEY_FILE CRMQ_NAME("keyFile") = 6,
  /// The addresses that the host's name stands for, in digits and separated by commas; without them it is resolved.
  CRMQ_ADDRESSES CRMQ_NAME("addresses") = 7,
};
CRMQ_ENUM_TYPE(crmq_text_option);

/// A number setting of a connection.
CRMQ_ENUM(crmq_number_option, "CRMQNumberOption") {
  /// 1 for TLS (`amqps`): version 1.2 or newer, the peer's certificate and host name verified. Default 0.
  CRMQ_TLS CRMQ_NAME("tls") = 0,
  /// Seconds; the broker may lower it; 0 is off. Default 20.
  CRMQ_HEARTBEAT CRMQ_NAME("heartbeat") = 1,
  /// Milliseconds for name resolution, connection and TLS handshake together; of several addresses each has its
  /// share. Default 10000.
  CRMQ_CONNECT_TIMEOUT CRMQ_NAME("connectTimeout") = 2,
  /// Milliseconds for each answer of the broker to a log-in or a declaration; for a log-in, an address that is not
  /// the last to be tried has its share of them. Default 10000.
  CRMQ_ANSWER_TIMEOUT CRMQ_NAME("answerTimeout") = 3,
  /// Bytes of the largest body that is taken in. Default 16 MiB.
  CRMQ_BODY_LIMIT CRMQ_NAME("bodyLimit") = 4,
  /// Bytes of the largest frame we propose, at least 8192. Default 131072.
  CRMQ_FRAME_MAX CRMQ_NAME("frameMax") = 5,
  /// Frames that one crmq_step takes in at most; a message has at least three. Default 4096.
  CRMQ_STEP_FRAMES CRMQ_NAME("stepFrames") = 6,
  /// 1 for a connection that receives only: RabbitMQ adds headers of its own to what a publisher has filled a frame
  /// with, and sends a frame larger than was agreed, which librabbitmq would end the connection for. Frames of up to
  /// twice the agreed size are taken then, and crmq_publish is misuse. Default 0.
  CRMQ_RECEIVES_ONLY CRMQ_NAME("receivesOnly") = 7,
};
CRMQ_ENUM_TYPE(crmq_number_option);

// MARK: Life

/// Makes a connection that is not open yet; null when there is no memory.
crmq_connection *CRMQ_NULLABLE crmq_new(void);

/// Destroys the connection, politely closed or not. The password is overwritten.
void crmq_free(crmq_connection *connection);

/// Sets a text before crmq_open; it is copied.
crmq_status crmq_set_text(crmq_connection *connection, crmq_text_option option, const char *value);

/// Sets a number before crmq_open.
crmq_status crmq_set_number(crmq_connection *connection, crmq_number_option option, int64_t value);

/// Resolves, connects, does the TLS handshake, logs in and opens the channel. Each part is bounded by the timeouts
/// above, and all of it can be interrupted. If the host has several addresses they are tried in turn, up to the
/// log-in: in this process, those first that worked last, and those last that failed.
crmq_status crmq_open(crmq_connection *connection, const char *host, uint16_t port);

/// Says good-bye and waits at most `timeout_ms` for the answer. The connection is dead afterwards.
void crmq_close(crmq_connection *connection, int timeout_ms);

/// Waits until crmq_wake or crmq_interrupt is called, at most `timeout_ms`; needs no open connection.
void crmq_pause(crmq_connection *connection, int timeout_ms);

/// Makes crmq_step or crmq_pause return soon. May be called by any thread while the connection exists.
void crmq_wake(crmq_connection *connection);

/// Ends whatever call is running, and every later one, with CRMQ_INTERRUPTED: cuts the connection. May be called by
/// any thread while the connection exists.
void crmq_interrupt(crmq_connection *connection);

// MARK: What went wrong

/// AMQP's reply code where the broker closed channel or connection, otherwise 0.
uint16_t crmq_fault_code(const crmq_connection *connection);

/// What the last call that failed found wrong, in words: the broker's own where it said any. It holds no address,
/// user name of ours or password.
const char *crmq_fault_text(const crmq_connection *connection);

/// librabbitmq's version at run time, such as `0.11.0`.
const char *crmq_library_version(void);

// MARK: Topology (waits for the broker's answer; before the first publish or consume only)

/// Declares a durable exchange of a type (`topic`, `direct`, …); `passive` only asks whether it exists.
crmq_status crmq_declare_exchange(crmq_connection *connection, const char *name, const char *type, bool passive,
                                  const crmq_field *CRMQ_NULLABLE arguments, size_t count);

/// Declares a durable queue; `passive` only asks whether it exists. `messages` receives its length.
crmq_status crmq_declare_queue(crmq_connection *connection, const char *name, bool passive,
                               const crmq_field *CRMQ_NULLABLE arguments, size_t count,
                               uint32_t *CRMQ_NULLABLE messages);

/// Declares a queue of this connection's own, which goes with it: not durable, exclusive, auto-delete.
crmq_status crmq_declare_own_queue(crmq_connection *connection, const char *name,
                                   const crmq_field *CRMQ_NULLABLE arguments, size_t count);

/// Binds a queue to an exchange.
crmq_status crmq_bind_queue(crmq_connection *connection, const char *queue, const char *exchange, const char *key);

/// Removes such a binding; it is no fault if there is none.
crmq_status crmq_unbind_queue(crmq_connection *connection, const char *queue, const char *exchange,
                              const char *key);

/// Deletes a queue and what is in it; it is no fault if there is none.
crmq_status crmq_delete_queue(crmq_connection *connection, const char *name);

/// Deletes an exchange; it is no fault if there is none.
crmq_status crmq_delete_exchange(crmq_connection *connection, const char *name);

/// Puts the channel into confirm mode: from now on every publish gets a tag, counted from 1, and an answer.
crmq_status crmq_select_confirms(crmq_connection *connection);

/// Lets the broker deliver at most `prefetch` unacknowledged messages, and starts a consumer under our own tag.
crmq_status crmq_consume(crmq_connection *connection, const char *queue, const char *consumer_tag,
                         uint16_t prefetch, const crmq_field *CRMQ_NULLABLE arguments, size_t count);

// MARK: The loop

/// Waits at most `timeout_ms` (less where the heartbeat needs it) for something to happen, then takes in what has
/// arrived and gives `handler` every event in order. `want_write` also waits for room to write.
crmq_status crmq_step(crmq_connection *connection, int timeout_ms, bool want_write, crmq_handler handler,
                      void *CRMQ_NULLABLE context);

/// Publishes a message without waiting; `tag` receives its number for the confirm, 0 without confirms. A body of
/// up to 96 KiB goes into the socket's buffer as a whole; a larger one waits for the network, at most until the
/// connection counts as dead.
crmq_status crmq_publish(crmq_connection *connection, const crmq_message *message, uint64_t *tag);

/// Acknowledges a delivery, or all up to it.
crmq_status crmq_ack(crmq_connection *connection, uint64_t tag, bool multiple);

/// Gives a delivery back (`requeue`), or lets the queue's dead-lettering have it.
crmq_status crmq_nack(crmq_connection *connection, uint64_t tag, bool multiple, bool requeue);

/// Gives a delivery back to its queue as one that failed (`basic.reject`): unlike crmq_nack that counts against the
/// queue's delivery limit in every version of RabbitMQ.
crmq_status crmq_return(crmq_connection *connection, uint64_t tag);

/// Asks for one message of a queue; the answer is an event of a later step.
crmq_status crmq_get(crmq_connection *connection, const char *queue);

/// Ends our consumer; what was delivered can still be settled. The answer is an event of a later step.
crmq_status crmq_cancel(crmq_connection *connection, const char *consumer_tag);

/// Whether the broker has blocked the connection.
bool crmq_is_blocked(const crmq_connection *connection);

/// Seconds of the heartbeat that was agreed; 0 is off.
int crmq_heartbeat(const crmq_connection *connection);

/// Bytes of the largest frame that was agreed.
int crmq_frame_max(const crmq_connection *connection);

CRMQ_END

#endif
