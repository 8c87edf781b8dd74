// SPDX-License-Identifier: Apache-2.0

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/// The unconfirmed messages: a ring of flags, starting at `base`.
typedef struct {
  bool *open;
  size_t size;
  uint64_t base;  // the lowest unconfirmed tag
  uint64_t next;  // the next tag
  unsigned outstanding;
} book;

static void settle(book *book, uint64_t tag, bool multiple) {
  if (tag < book->base || tag >= book->next) return;
  for (uint64_t one = multiple ? book->base : tag; one <= tag; one++) {
    if (book->open[one % book->size]) book->outstanding--;
    book->open[one % book->size] = false;
  }
  while (book->base < book->next && !book->open[book->base % book->size]) book->base++;
}

/// Processes one frame from the broker.
static bool take(book *book, const amqp_frame_t *frame, bare_result *result) {
  if (frame->frame_type != AMQP_FRAME_METHOD) return true;
  switch (frame->payload.method.id) {
    case AMQP_BASIC_ACK_METHOD: {
      const amqp_basic_ack_t *ack = frame->payload.method.decoded;
      settle(book, ack->delivery_tag, ack->multiple);
      return true;
    }
    case AMQP_BASIC_NACK_METHOD: {
      const amqp_basic_nack_t *nack = frame->payload.method.decoded;
      result->nacked++;
      settle(book, nack->delivery_tag, nack->multiple);
      return true;
    }
    case AMQP_BASIC_RETURN_METHOD:
      result->returned++;
      return true;
    case AMQP_CHANNEL_CLOSE_METHOD:
    case AMQP_CONNECTION_CLOSE_METHOD:
      return bare_fail(result, "the broker closed the connection");
    default:
      return true;
  }
}

/// Waits at most that long for a first frame and processes all available frames.
static bool receive(amqp_connection_state_t connection, book *book, struct timeval wait, bare_result *result) {
  for (;;) {
    amqp_frame_t frame;
    int status = amqp_simple_wait_frame_noblock(connection, &frame, &wait);
    if (status == AMQP_STATUS_TIMEOUT) return true;
    if (status != AMQP_STATUS_OK) return bare_fail_with_library(result, "receiving", status);
    if (!take(book, &frame, result)) return false;
    amqp_maybe_release_buffers(connection);
    wait = (struct timeval){0, 0};
  }
}

static bool send_one(amqp_connection_state_t connection, const bare_target *target, bare_message *message,
                     uint64_t run, uint64_t number, bare_result *result) {
  char id[37];
  snprintf(id, sizeof id, "019a0000-%04" PRIx64 "-7%03" PRIx64 "-8000-%012" PRIx64, run & 0xffff,
           run >> 16 & 0xfff, number);
  memcpy(message->body + message->id_offset, id, 36);
  char subject[64], digits[9];
  snprintf(digits, sizeof digits, "%08u", (unsigned)(number % message->subjects));
  snprintf(subject, sizeof subject, "%s", message->subject);
  memcpy(subject + strlen(subject) - 8, digits, 8);
  memcpy(message->body + message->subject_offset, digits, 8);
  amqp_table_entry_t header = {
      .key = amqp_cstring_bytes("subject"),
      .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = amqp_cstring_bytes(subject)}}};
  amqp_basic_properties_t properties = {
      ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                AMQP_BASIC_CORRELATION_ID_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TIMESTAMP_FLAG |
                AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_APP_ID_FLAG,
      .content_type = amqp_cstring_bytes(message->content_type),
      .headers = {.num_entries = 1, .entries = &header},
      .delivery_mode = AMQP_DELIVERY_PERSISTENT,
      .correlation_id = amqp_cstring_bytes(message->correlation_id),
      .message_id = {.len = 36, .bytes = id},
      .timestamp = 1795420800,
      .type = amqp_cstring_bytes(message->type),
      .app_id = amqp_cstring_bytes(message->app_id)};
  int status = amqp_basic_publish(
      connection, BARE_CHANNEL, amqp_cstring_bytes(target->exchange), amqp_cstring_bytes(target->routing_key), 1, 0,
      &properties, (amqp_bytes_t){.len = message->body_size, .bytes = message->body});
  return status == AMQP_STATUS_OK || bare_fail_with_library(result, "publishing", status);
}

bool bare_publish(const bare_target *target, bare_message *message, uint64_t run, uint64_t count, unsigned window,
                  double rate, void (*sent)(void *context, uint64_t number), void *context, bare_result *result) {
  amqp_connection_state_t connection = bare_open(target, result);
  if (!connection) return false;
  book book = {.size = (size_t)window * 4, .base = 1, .next = 1};
  book.open = calloc(book.size, sizeof *book.open);
  bool good = book.open && amqp_confirm_select(connection, BARE_CHANNEL) != NULL;
  if (!good) bare_fail(result, "enabling publisher confirms failed");
  bare_begin(result);
  uint64_t start = bare_now();
  uint64_t number = 0;
  while (good && (number < count || book.outstanding > 0)) {
    struct timeval wait = {10, 0};
    while (good && number < count && book.outstanding < window && book.next - book.base < book.size) {
      if (rate > 0) {
        int64_t left = (int64_t)(start + (uint64_t)((double)number / rate * 1e9)) - (int64_t)bare_now();
        if (left > 0) {
          wait = (struct timeval){0, (left + 999) / 1000};
          break;
        }
      }
      if (sent) sent(context, number);
      good = send_one(connection, target, message, run, number, result);
      book.open[book.next++ % book.size] = true;
      book.outstanding++;
      number++;
    }
    if (good) good = receive(connection, &book, wait, result);
  }
  bare_end(result);
  free(book.open);
  bare_close(connection);
  return good;
}
