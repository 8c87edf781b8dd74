// SPDX-License-Identifier: Apache-2.0
//
// The only place that receives. librabbitmq's own functions for messages have no timeout and lose frames, so messages
// are assembled here, from single frames.

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "internal.h"

typedef struct {
  crmq_handler handler;
  void *context;
} receiver;

// MARK: Contents

static crmq_status bad_frame(crmq_connection *c) {
  return crmq_fail(c, CRMQ_PROTOCOL, "the broker sent a frame out of sequence");
}

static crmq_status no_memory(crmq_connection *c) { return crmq_fail(c, CRMQ_NO_MEMORY, "out of memory"); }

static bool copy(crmq_connection *c, amqp_bytes_t from, crmq_bytes *to) {
  return crmq_arena_copy(&c->in, from, to);
}

static void begin_content(crmq_connection *c, crmq_event_kind kind) {
  crmq_arena_reset(&c->in);
  c->event = (crmq_event){.kind = kind};
  c->content = CONTENT_HEADER;
}

static void finish_content(crmq_connection *c, receiver *r) {
  c->content = CONTENT_NONE;
  if (!c->body_skipped) c->event.body = (crmq_bytes){.pointer = c->body, .count = (size_t)c->body_seen};
  r->handler(r->context, &c->event);
  if (c->body_capacity > (1 << 20)) {
    free(c->body);
    c->body = NULL;
    c->body_capacity = 0;
  }
}

static crmq_status on_header(crmq_connection *c, const amqp_frame_t *frame, receiver *r) {
  if (c->content != CONTENT_HEADER || frame->payload.properties.class_id != AMQP_BASIC_CLASS) return bad_frame(c);
  if (!crmq_read_properties(c, frame->payload.properties.decoded)) return no_memory(c);
  uint64_t size = frame->payload.properties.body_size;
  c->event.body_size = size;
  c->body_seen = 0;
  // The size comes from the wire: check it against the limit before allocating.
  c->body_skipped = size > (uint64_t)c->numbers[CRMQ_BODY_LIMIT];
  if (!c->body_skipped && size > c->body_capacity) {
    free(c->body);
    c->body_capacity = 0;
    c->body = malloc((size_t)size);
    if (!c->body) return no_memory(c);
    c->body_capacity = (size_t)size;
  }
  c->content = CONTENT_BODY;
  if (size == 0) finish_content(c, r);
  return CRMQ_OK;
}

static crmq_status on_body(crmq_connection *c, const amqp_frame_t *frame, receiver *r) {
  amqp_bytes_t part = frame->payload.body_fragment;
  if (c->content != CONTENT_BODY || part.len > c->event.body_size - c->body_seen) return bad_frame(c);
  if (!c->body_skipped && part.len > 0) memcpy(c->body + c->body_seen, part.bytes, part.len);
  c->body_seen += part.len;
  if (c->body_seen == c->event.body_size) finish_content(c, r);
  return CRMQ_OK;
}

// MARK: Methods

static crmq_status on_returned(crmq_connection *c, const amqp_basic_return_t *method) {
  begin_content(c, CRMQ_EVENT_RETURNED);
  c->event.code = method->reply_code;
  return copy(c, method->reply_text, &c->event.text) && copy(c, method->exchange, &c->event.exchange) &&
                 copy(c, method->routing_key, &c->event.routing_key)
             ? CRMQ_OK
             : no_memory(c);
}

static crmq_status on_delivered(crmq_connection *c, const amqp_basic_deliver_t *method) {
  begin_content(c, CRMQ_EVENT_DELIVERED);
  c->event.tag = method->delivery_tag;
  c->event.redelivered = method->redelivered;
  return copy(c, method->consumer_tag, &c->event.consumer_tag) && copy(c, method->exchange, &c->event.exchange) &&
                 copy(c, method->routing_key, &c->event.routing_key)
             ? CRMQ_OK
             : no_memory(c);
}

static crmq_status on_got(crmq_connection *c, const amqp_basic_get_ok_t *method) {
  begin_content(c, CRMQ_EVENT_DELIVERED);
  c->event.tag = method->delivery_tag;
  c->event.redelivered = method->redelivered;
  c->event.remaining = method->message_count;
  return copy(c, method->exchange, &c->event.exchange) && copy(c, method->routing_key, &c->event.routing_key)
             ? CRMQ_OK
             : no_memory(c);
}

/// Passes on an event without content; its text is valid during the callback only.
static void tell(receiver *r, crmq_event event) { r->handler(r->context, &event); }

static crmq_bytes lend(amqp_bytes_t bytes) {
  return (crmq_bytes){.pointer = bytes.bytes, .count = bytes.len};
}

static crmq_status on_channel_method(crmq_connection *c, const amqp_method_t *method, receiver *r) {
  void *decoded = method->decoded;
  switch (method->id) {
    case AMQP_BASIC_ACK_METHOD: {
      const amqp_basic_ack_t *ack = decoded;
      tell(r, (crmq_event){.kind = CRMQ_EVENT_CONFIRMED, .tag = ack->delivery_tag, .multiple = ack->multiple});
      return CRMQ_OK;
    }
    case AMQP_BASIC_NACK_METHOD: {
      const amqp_basic_nack_t *nack = decoded;
      tell(r, (crmq_event){.kind = CRMQ_EVENT_NACKED, .tag = nack->delivery_tag, .multiple = nack->multiple});
      return CRMQ_OK;
    }
    case AMQP_BASIC_RETURN_METHOD:
      return on_returned(c, decoded);
    case AMQP_BASIC_DELIVER_METHOD:
      return on_delivered(c, decoded);
    case AMQP_BASIC_GET_OK_METHOD:
      return on_got(c, decoded);
    case AMQP_BASIC_GET_EMPTY_METHOD:
      tell(r, (crmq_event){.kind = CRMQ_EVENT_GET_EMPTY});
      return CRMQ_OK;
    case AMQP_BASIC_CANCEL_METHOD: {
      // RabbitMQ sends it with `no-wait`, so no reply is expected.
      const amqp_basic_cancel_t *cancel = decoded;
      tell(r, (crmq_event){.kind = CRMQ_EVENT_CONSUMER_CANCELLED, .consumer_tag = lend(cancel->consumer_tag)});
      return CRMQ_OK;
    }
    case AMQP_BASIC_CANCEL_OK_METHOD: {
      const amqp_basic_cancel_ok_t *done = decoded;
      tell(r, (crmq_event){.kind = CRMQ_EVENT_CANCEL_DONE, .consumer_tag = lend(done->consumer_tag)});
      return CRMQ_OK;
    }
    case AMQP_CHANNEL_CLOSE_METHOD: {
      // Confirms of stored messages may be lost with the channel, so it is treated as a lost connection. No
      // `channel.close-ok` is sent, since the connection is closed.
      const amqp_channel_close_t *close = decoded;
      return crmq_fail_with_broker(c, CRMQ_CHANNEL_CLOSED, close->reply_code, close->reply_text);
    }
    default:
      return crmq_fail(c, CRMQ_PROTOCOL, "the broker sent an unexpected method");
  }
}

static crmq_status on_connection_method(crmq_connection *c, const amqp_method_t *method, receiver *r) {
  switch (method->id) {
    case AMQP_CONNECTION_BLOCKED_METHOD: {
      const amqp_connection_blocked_t *blocked = method->decoded;
      c->blocked = true;
      crmq_set_user_timeout(c, false);
      tell(r, (crmq_event){.kind = CRMQ_EVENT_BLOCKED, .text = lend(blocked->reason)});
      return CRMQ_OK;
    }
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      c->blocked = false;
      crmq_set_user_timeout(c, true);
      tell(r, (crmq_event){.kind = CRMQ_EVENT_UNBLOCKED});
      return CRMQ_OK;
    case AMQP_CONNECTION_CLOSE_METHOD: {
      const amqp_connection_close_t *close = method->decoded;
      return crmq_fail_with_broker(c, CRMQ_CONNECTION_CLOSED, close->reply_code, close->reply_text);
    }
    default:
      return crmq_fail(c, CRMQ_PROTOCOL, "the broker sent an unexpected method");
  }
}

static crmq_status on_frame(crmq_connection *c, const amqp_frame_t *frame, receiver *r) {
  if (frame->channel == 0) {
    if (frame->frame_type != AMQP_FRAME_METHOD) return bad_frame(c);
    return on_connection_method(c, &frame->payload.method, r);
  }
  if (frame->channel != CRMQ_CHANNEL) return bad_frame(c);
  switch (frame->frame_type) {
    case AMQP_FRAME_METHOD:
      // No method may arrive between the frames of a message.
      if (c->content != CONTENT_NONE) return bad_frame(c);
      return on_channel_method(c, &frame->payload.method, r);
    case AMQP_FRAME_HEADER:
      return on_header(c, frame, r);
    case AMQP_FRAME_BODY:
      return on_body(c, frame, r);
    default:
      return bad_frame(c);
  }
}

// MARK: Waiting

static void wait_for_something(crmq_connection *c, int timeout_ms, bool want_write) {
  // poll() does not report bytes that librabbitmq has already read.
  if (!c->drained || amqp_frames_enqueued(c->state) || amqp_data_in_buffer(c->state)) return;
  if (c->heartbeat > 0 && (timeout_ms < 0 || timeout_ms > c->heartbeat * 250)) timeout_ms = c->heartbeat * 250;
  struct pollfd fds[2] = {{.fd = c->fd, .events = POLLIN}, {.fd = c->wake_fd, .events = POLLIN}};
  if (want_write && !c->blocked) fds[0].events |= POLLOUT;
  if (poll(fds, 2, timeout_ms) <= 0) return;
  eventfd_t ignored;
  if (fds[1].revents) eventfd_read(c->wake_fd, &ignored);
}

crmq_status crmq_step(crmq_connection *c, int timeout_ms, bool want_write, crmq_handler handler, void *context) {
  crmq_status status = crmq_flush(c);
  if (status != CRMQ_OK) return status;
  receiver r = {.handler = handler, .context = context};
  wait_for_something(c, timeout_ms, want_write);
  c->drained = false;
  // Return after this many frames, so that a peer that sends continuously does not starve the caller's writes.
  for (int64_t frames = 0; frames < c->numbers[CRMQ_STEP_FRAMES]; frames++) {
    struct timeval zero = {0, 0};
    amqp_frame_t frame;
    // Receives without blocking; also sends a due heartbeat and detects missing ones.
    int result = amqp_simple_wait_frame_noblock(c->state, &frame, &zero);
    if (result == AMQP_STATUS_TIMEOUT) {
      c->drained = true;
      break;
    }
    if (result != AMQP_STATUS_OK) return crmq_fail_with_library(c, result);
    status = on_frame(c, &frame, &r);
    if (status != CRMQ_OK) return status;
    // Everything was copied. Without this call even a publisher's memory would grow with every confirm.
    amqp_maybe_release_buffers_on_channel(c->state, frame.channel);
  }
  c->last_step_ms = crmq_now_ms();
  return crmq_ready(c);
}
