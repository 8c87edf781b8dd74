// SPDX-License-Identifier: Apache-2.0
//
// The methods that are sent while the loop runs. librabbitmq's sending functions have no timeout, so they are called
// only if the socket has room.

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "internal.h"

// A socket is writable if a third of its buffer is free: 140 KB if the kernel grants its usual 212 KB.
#define BURST CRMQ_OUTPUT_SIZE
#define LARGE (96 * 1024)
#define LARGEST_BODY (128 << 20)

crmq_status crmq_ready(crmq_connection *c) {
  if (c->dead != CRMQ_OK) return c->dead;
  if (!c->open) return crmq_fail(c, CRMQ_MISUSE, "the connection is not open");
  if (atomic_load(&c->interrupted)) return crmq_fail(c, CRMQ_INTERRUPTED, "interrupted");
  return CRMQ_OK;
}

/// CRMQ_OK if this many bytes can be passed to the kernel without blocking, also after those that are gathered.
static crmq_status make_room(crmq_connection *c, size_t size) {
  // librabbitmq 0.11 blocks forever in a send if nothing was received for two heartbeats; a step resets that.
  if (c->heartbeat > 0 && crmq_now_ms() - c->last_step_ms > (int64_t)c->heartbeat * 500) return CRMQ_WOULD_BLOCK;
  if (c->unchecked > 0 && c->unchecked + size <= BURST) {
    c->unchecked += size;
    return CRMQ_OK;
  }
  crmq_status status = crmq_flush(c);
  if (status != CRMQ_OK) return status;
  struct pollfd socket = {.fd = c->fd, .events = POLLOUT};
  if (poll(&socket, 1, 0) != 1 || !(socket.revents & POLLOUT)) return CRMQ_WOULD_BLOCK;
  int queued = 0;
  if (size > LARGE && (ioctl(c->fd, SIOCOUTQ, &queued) != 0 || queued > 0)) return CRMQ_WOULD_BLOCK;
  c->unchecked = size;
  return CRMQ_OK;
}

/// As make_room, for a call of librabbitmq, which writes to the socket directly: what is gathered must be sent before.
static crmq_status make_room_for_call(crmq_connection *c, size_t size) {
  crmq_status status = make_room(c, size);
  return status == CRMQ_OK ? crmq_flush(c) : status;
}

static crmq_status sent(crmq_connection *c, int library_status) {
  // A part of a frame may have been sent, so the connection cannot be used any more.
  return library_status == AMQP_STATUS_OK ? CRMQ_OK : crmq_fail_with_library(c, library_status);
}

crmq_status crmq_publish(crmq_connection *c, const crmq_message *message, uint64_t *tag) {
  crmq_status status = crmq_ready(c);
  if (status != CRMQ_OK) return status;
  if (c->numbers[CRMQ_RECEIVES_ONLY]) return crmq_fail(c, CRMQ_MISUSE, "the connection is receive-only");
  if (message->exchange.count > 255) return crmq_reject(c, "the exchange's name is longer than 255 bytes");
  if (message->routing_key.count > 255) return crmq_reject(c, "the routing key is longer than 255 bytes");
  if (message->body.count > LARGEST_BODY) return crmq_reject(c, "the body is larger than 128 MiB");
  amqp_basic_properties_t properties;
  size_t size = 0;
  crmq_arena_reset(&c->out);
  status = crmq_write_properties(c, &message->properties, &properties, &size);
  if (status != CRMQ_OK) return status;
  size_t segment = (size_t)c->frame_max - 8;
  size += message->exchange.count + message->routing_key.count + 32;
  size += message->body.count + 8 * (message->body.count / segment + 1);
  if (c->blocked) return CRMQ_WOULD_BLOCK;
  bool gathers = c->gathers && size <= BURST && message->body.count <= segment;
  status = gathers ? make_room(c, size) : make_room_for_call(c, size);
  if (status != CRMQ_OK) return status;
  if (gathers) {
    status = crmq_gather(c, message, &properties, size);
    if (status == CRMQ_OK) *tag = c->confirms ? c->next_tag++ : 0;
    return status;
  }
  int result = amqp_basic_publish(c->state, CRMQ_CHANNEL, crmq_lend(message->exchange),
                                  crmq_lend(message->routing_key), message->mandatory, 0, &properties,
                                  crmq_lend(message->body));
  if (result == AMQP_STATUS_OK && message->body.count > 0 && message->body.count % segment == 0) {
    // librabbitmq sends the last frame of such a body with MSG_MORE, and the kernel delays it by 0.2 s; setting the
    // option again flushes it.
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (result == AMQP_STATUS_OK) *tag = c->confirms ? c->next_tag++ : 0;
  return sent(c, result);
}

crmq_status crmq_ack(crmq_connection *c, uint64_t tag, bool multiple) {
  crmq_status status = crmq_ready(c);
  if (status != CRMQ_OK) return status;
  if ((status = make_room_for_call(c, 32)) != CRMQ_OK) return status;
  return sent(c, amqp_basic_ack(c->state, CRMQ_CHANNEL, tag, multiple));
}

crmq_status crmq_nack(crmq_connection *c, uint64_t tag, bool multiple, bool requeue) {
  crmq_status status = crmq_ready(c);
  if (status != CRMQ_OK) return status;
  if ((status = make_room_for_call(c, 32)) != CRMQ_OK) return status;
  return sent(c, amqp_basic_nack(c->state, CRMQ_CHANNEL, tag, multiple, requeue));
}

crmq_status crmq_return(crmq_connection *c, uint64_t tag) {
  crmq_status status = crmq_ready(c);
  if (status != CRMQ_OK) return status;
  if ((status = make_room_for_call(c, 32)) != CRMQ_OK) return status;
  return sent(c, amqp_basic_reject(c->state, CRMQ_CHANNEL, tag, /* requeue */ 1));
}

// The next two are sent as bare methods: librabbitmq's own functions block until the reply and queue all earlier
// deliveries in memory that is never released.

crmq_status crmq_get(crmq_connection *c, const char *queue) {
  crmq_status status = crmq_ready(c);
  if (status != CRMQ_OK) return status;
  amqp_basic_get_t method = {.queue = amqp_cstring_bytes(queue)};
  if (method.queue.len > 255) return crmq_reject(c, "the queue's name is longer than 255 bytes");
  if ((status = make_room_for_call(c, 300)) != CRMQ_OK) return status;
  return sent(c, amqp_send_method(c->state, CRMQ_CHANNEL, AMQP_BASIC_GET_METHOD, &method));
}

crmq_status crmq_cancel(crmq_connection *c, const char *consumer_tag) {
  crmq_status status = crmq_ready(c);
  if (status != CRMQ_OK) return status;
  amqp_basic_cancel_t method = {.consumer_tag = amqp_cstring_bytes(consumer_tag)};
  if (method.consumer_tag.len > 255) return crmq_reject(c, "the consumer tag is longer than 255 bytes");
  if ((status = make_room_for_call(c, 300)) != CRMQ_OK) return status;
  return sent(c, amqp_send_method(c->state, CRMQ_CHANNEL, AMQP_BASIC_CANCEL_METHOD, &method));
}
