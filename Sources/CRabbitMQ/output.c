// SPDX-License-Identifier: Apache-2.0
//
// Published messages are gathered in a buffer, and passed to the kernel many at a time: librabbitmq makes a system call
// for each of a message's three frames, which is most of what publishing costs. The frames are encoded by librabbitmq,
// which keeps no unsent bytes of its own, so both can write to the socket in turn, a whole number of frames each.
//
// TLS connections do not gather: librabbitmq gives no access to the session.

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

// Of a frame: type, channel and payload size; and after the payload its end.
#define FRAME_START 7
#define FRAME_END_SIZE 1

static uint8_t *put(uint8_t *at, uint64_t value, int bytes) {
  while (bytes-- > 0) *at++ = (uint8_t)(value >> (8 * bytes));
  return at;
}

/// Completes a frame whose payload is in its place.
///
/// @return the address after it.
static uint8_t *end_frame(uint8_t *frame, uint8_t type, size_t payload) {
  uint8_t *at = put(frame, type, 1);
  at = put(at, CRMQ_CHANNEL, 2);
  at = put(at, payload, 4) + payload;
  return put(at, AMQP_FRAME_END, 1);
}

crmq_status crmq_gather(crmq_connection *c, const crmq_message *message, amqp_basic_properties_t *properties,
                        size_t size) {
  if (size > CRMQ_OUTPUT_SIZE - c->output_count) return crmq_fail(c, CRMQ_MISUSE, "the output buffer is full");
  if (!c->output && !(c->output = malloc(CRMQ_OUTPUT_SIZE))) return crmq_fail(c, CRMQ_NO_MEMORY, "out of memory");
  uint8_t *start = c->output + c->output_count, *frame = start;
  const uint8_t *end = c->output + CRMQ_OUTPUT_SIZE - FRAME_END_SIZE;

  amqp_basic_publish_t method = {.exchange = crmq_lend(message->exchange),
                                 .routing_key = crmq_lend(message->routing_key),
                                 .mandatory = message->mandatory};
  uint8_t *at = put(frame + FRAME_START, AMQP_BASIC_PUBLISH_METHOD, 4);
  int encoded = amqp_encode_method(AMQP_BASIC_PUBLISH_METHOD, &method,
                                   (amqp_bytes_t){.len = (size_t)(end - at), .bytes = at});
  if (encoded < 0) return crmq_fail_with_library(c, encoded);
  frame = end_frame(frame, AMQP_FRAME_METHOD, 4 + (size_t)encoded);

  at = put(frame + FRAME_START, AMQP_BASIC_CLASS, 2);
  at = put(at, 0, 2);  // the weight
  at = put(at, message->body.count, 8);
  encoded = amqp_encode_properties(AMQP_BASIC_CLASS, properties,
                                   (amqp_bytes_t){.len = (size_t)(end - at), .bytes = at});
  if (encoded < 0) return crmq_fail_with_library(c, encoded);
  frame = end_frame(frame, AMQP_FRAME_HEADER, 12 + (size_t)encoded);

  if (message->body.count > 0) {
    // The caller's size includes the body and its frame; this check does not rely on it.
    if (message->body.count + FRAME_START > (size_t)(end - frame)) {
      return crmq_fail(c, CRMQ_MISUSE, "the output buffer is full");
    }
    memcpy(frame + FRAME_START, message->body.pointer, message->body.count);
    frame = end_frame(frame, AMQP_FRAME_BODY, message->body.count);
  }
  c->output_count += (size_t)(frame - start);
  return CRMQ_OK;
}

crmq_status crmq_flush(crmq_connection *c) {
  crmq_status status = crmq_ready(c);
  size_t sent = 0;
  int64_t deadline = 0;
  while (status == CRMQ_OK && sent < c->output_count) {
    ssize_t count = send(c->fd, c->output + sent, c->output_count - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      sent += (size_t)count;
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return crmq_fail_with_library(c, AMQP_STATUS_SOCKET_ERROR);
    // The socket had room, so this is rare. Nothing else may be written until the frame is complete, not even a
    // heartbeat; so this waits, at most until the connection counts as dead.
    int64_t now = crmq_now_ms();
    if (deadline == 0) deadline = now + (c->heartbeat > 0 ? (int64_t)c->heartbeat * 2000 : 30000);
    if (now >= deadline) return crmq_fail_with_library(c, AMQP_STATUS_HEARTBEAT_TIMEOUT);
    struct pollfd socket = {.fd = c->fd, .events = POLLOUT};
    poll(&socket, 1, 100);
    status = crmq_ready(c);
  }
  if (status == CRMQ_OK) c->output_count = 0;
  return status;
}
