// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>
#include <string.h>

#include "internal.h"

/// A message body that is assembled from its frames.
typedef struct {
  uint8_t *bytes;
  size_t capacity;
  size_t size;
  size_t seen;
  uint64_t tag;
} content;

/// Processes one frame; sets `complete` if it was the last frame of a message.
static bool take(content *content, const amqp_frame_t *frame, bool *complete, bare_result *result) {
  *complete = false;
  switch (frame->frame_type) {
    case AMQP_FRAME_METHOD:
      if (frame->payload.method.id != AMQP_BASIC_DELIVER_METHOD) {
        return bare_fail(result, "the broker cancelled the consumer or closed the channel");
      }
      content->tag = ((const amqp_basic_deliver_t *)frame->payload.method.decoded)->delivery_tag;
      return true;
    case AMQP_FRAME_HEADER:
      content->size = (size_t)frame->payload.properties.body_size;
      content->seen = 0;
      if (content->size > content->capacity) {
        free(content->bytes);
        content->bytes = malloc(content->size);
        content->capacity = content->bytes ? content->size : 0;
        if (!content->bytes) return bare_fail(result, "out of memory");
      }
      *complete = content->size == 0;
      return true;
    case AMQP_FRAME_BODY:
      memcpy(content->bytes + content->seen, frame->payload.body_fragment.bytes, frame->payload.body_fragment.len);
      content->seen += frame->payload.body_fragment.len;
      *complete = content->seen == content->size;
      return true;
    default:
      return true;
  }
}

static bool acknowledge(amqp_connection_state_t connection, uint64_t tag, bare_result *result) {
  int status = amqp_basic_ack(connection, BARE_CHANNEL, tag, 1);
  return status == AMQP_STATUS_OK || bare_fail_with_library(result, "acknowledging", status);
}

static bool begin(amqp_connection_state_t connection, const bare_target *target, unsigned prefetch,
                  bare_result *result) {
  return (amqp_basic_qos(connection, BARE_CHANNEL, 0, (uint16_t)prefetch, 0) &&
          amqp_basic_consume(connection, BARE_CHANNEL, amqp_cstring_bytes(target->queue), amqp_cstring_bytes("bare"),
                             0, 0, 0, amqp_empty_table)) ||
         bare_fail(result, "consuming the queue failed");
}

bool bare_consume(const bare_target *target, uint64_t count, unsigned prefetch, unsigned batch,
                  void (*ready)(void *context), void (*handler)(void *context, const uint8_t *body, size_t size),
                  void *context, bare_result *result) {
  amqp_connection_state_t connection = bare_open(target, result);
  if (!connection) return false;
  bool good = begin(connection, target, prefetch, result);
  if (good && ready) ready(context);
  content content = {0};
  uint64_t handled = 0;
  unsigned open = 0;  // handled, but not acknowledged
  while (good && handled < count) {
    amqp_frame_t frame;
    // Wait only if all handled messages are acknowledged.
    struct timeval wait = {open ? 0 : 30, 0};
    int status = amqp_simple_wait_frame_noblock(connection, &frame, &wait);
    if (status == AMQP_STATUS_TIMEOUT && open) {
      good = acknowledge(connection, content.tag, result);
      open = 0;
      continue;
    }
    if (status != AMQP_STATUS_OK) {
      good = bare_fail_with_library(result, "receiving", status);
      break;
    }
    bool complete;
    good = take(&content, &frame, &complete, result);
    if (!good || !complete) continue;
    if (handled == 0) bare_begin(result);
    if (handler) handler(context, content.bytes, content.size);
    handled++;
    open++;
    if (open == batch || handled == count) {
      good = acknowledge(connection, content.tag, result);
      open = 0;
    }
    // A no-op while frames of this channel are queued or half received.
    amqp_maybe_release_buffers(connection);
  }
  bare_end(result);
  free(content.bytes);
  bare_close(connection);
  return good;
}
