// SPDX-License-Identifier: Apache-2.0
//
// Decodes and encodes properties and tables. Outgoing ones are measured before anything is sent: librabbitmq detects
// that they do not fit only after it has sent the method, and the broker then drops the connection.

#include <string.h>

#include "internal.h"

// MARK: Reading

static bool read_field(crmq_connection *c, const amqp_table_entry_t *from, crmq_field *to) {
  *to = (crmq_field){.kind = CRMQ_INTEGER};
  if (!crmq_arena_copy(&c->in, from->key, &to->name)) return false;
  const amqp_field_value_t *value = &from->value;
  switch (value->kind) {
    case AMQP_FIELD_KIND_UTF8:
      to->kind = CRMQ_TEXT;
      return crmq_arena_copy(&c->in, value->value.bytes, &to->bytes);
    case AMQP_FIELD_KIND_BYTES:
      to->kind = CRMQ_BINARY;
      return crmq_arena_copy(&c->in, value->value.bytes, &to->bytes);
    case AMQP_FIELD_KIND_BOOLEAN:
      to->kind = CRMQ_BOOLEAN;
      to->integer = value->value.boolean != 0;
      return true;
    case AMQP_FIELD_KIND_I8: to->integer = value->value.i8; return true;
    case AMQP_FIELD_KIND_U8: to->integer = value->value.u8; return true;
    case AMQP_FIELD_KIND_I16: to->integer = value->value.i16; return true;
    case AMQP_FIELD_KIND_U16: to->integer = value->value.u16; return true;
    case AMQP_FIELD_KIND_I32: to->integer = value->value.i32; return true;
    case AMQP_FIELD_KIND_U32: to->integer = value->value.u32; return true;
    case AMQP_FIELD_KIND_I64: to->integer = value->value.i64; return true;
    case AMQP_FIELD_KIND_U64:
      if (value->value.u64 > INT64_MAX) break;
      to->integer = (int64_t)value->value.u64;
      return true;
    case AMQP_FIELD_KIND_TIMESTAMP:
      if (value->value.u64 > INT64_MAX) break;
      to->kind = CRMQ_TIME;
      to->integer = (int64_t)value->value.u64;
      return true;
    case AMQP_FIELD_KIND_F32:
      to->kind = CRMQ_REAL;
      to->real = value->value.f32;
      return true;
    case AMQP_FIELD_KIND_F64:
      to->kind = CRMQ_REAL;
      to->real = value->value.f64;
      return true;
    default:
      break;
  }
  to->kind = CRMQ_OTHER;
  return true;
}

bool crmq_read_properties(crmq_connection *c, const amqp_basic_properties_t *from) {
  crmq_properties *to = &c->event.properties;
  amqp_flags_t flags = from->_flags;
  *to = (crmq_properties){0};
#define READ(FLAG, member, target) \
  if ((flags & AMQP_BASIC_##FLAG##_FLAG) && !crmq_arena_copy(&c->in, from->member, &to->target)) return false
  READ(CONTENT_TYPE, content_type, content_type);
  READ(CONTENT_ENCODING, content_encoding, content_encoding);
  READ(CORRELATION_ID, correlation_id, correlation_id);
  READ(REPLY_TO, reply_to, reply_to);
  READ(EXPIRATION, expiration, expiration);
  READ(MESSAGE_ID, message_id, message_id);
  READ(TYPE, type, type);
  READ(USER_ID, user_id, user_id);
  READ(APP_ID, app_id, app_id);
#undef READ
  if (flags & AMQP_BASIC_DELIVERY_MODE_FLAG) to->delivery_mode = from->delivery_mode;
  to->has_priority = (flags & AMQP_BASIC_PRIORITY_FLAG) != 0;
  if (to->has_priority) to->priority = from->priority;
  to->has_timestamp = (flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0;
  if (to->has_timestamp) to->timestamp = from->timestamp;
  if (flags & AMQP_BASIC_HEADERS_FLAG && from->headers.num_entries > 0) {
    size_t count = (size_t)from->headers.num_entries;
    crmq_field *fields = crmq_arena_take(&c->in, count * sizeof *fields);
    if (!fields) return false;
    for (size_t i = 0; i < count; i++) {
      if (!read_field(c, &from->headers.entries[i], &fields[i])) return false;
    }
    to->headers = fields;
    to->header_count = count;
  }
  return true;
}

// MARK: Writing

/// Converts one value and returns its encoded size without the type byte; 0 if its type cannot be written.
static size_t write_value(const crmq_field *from, amqp_field_value_t *to) {
  switch (from->kind) {
    case CRMQ_TEXT:
    case CRMQ_BINARY:
      to->kind = from->kind == CRMQ_TEXT ? AMQP_FIELD_KIND_UTF8 : AMQP_FIELD_KIND_BYTES;
      to->value.bytes = crmq_lend(from->bytes);
      return 4 + from->bytes.count;
    case CRMQ_INTEGER:
      to->kind = AMQP_FIELD_KIND_I64;
      to->value.i64 = from->integer;
      return 8;
    case CRMQ_TIME:
      to->kind = AMQP_FIELD_KIND_TIMESTAMP;
      to->value.u64 = (uint64_t)from->integer;
      return 8;
    case CRMQ_REAL:
      to->kind = AMQP_FIELD_KIND_F64;
      to->value.f64 = from->real;
      return 8;
    case CRMQ_BOOLEAN:
      to->kind = AMQP_FIELD_KIND_BOOLEAN;
      to->value.boolean = from->integer != 0;
      return 1;
    default:
      return 0;
  }
}

crmq_status crmq_write_table(crmq_connection *c, const crmq_field *fields, size_t count, amqp_table_t *table,
                             size_t *size) {
  *table = amqp_empty_table;
  *size = 4;
  if (count == 0 || !fields) return CRMQ_OK;
  // A field takes at least two bytes: more than this cannot fit, and the sum below cannot overflow.
  if (count > (size_t)c->frame_max) return crmq_reject(c, "too many headers");
  amqp_table_entry_t *entries = crmq_arena_take(&c->out, count * sizeof *entries);
  if (!entries) return crmq_fail(c, CRMQ_NO_MEMORY, "out of memory");
  for (size_t i = 0; i < count; i++) {
    // For a longer name librabbitmq would send the length modulo 256, and the broker would drop the connection.
    if (fields[i].name.count > 255) return crmq_reject(c, "a header's name is longer than 255 bytes");
    if (fields[i].bytes.count > (size_t)c->frame_max) return crmq_reject(c, "the headers do not fit into a frame");
    entries[i].key = crmq_lend(fields[i].name);
    size_t value = write_value(&fields[i], &entries[i].value);
    if (value == 0) return crmq_reject(c, "a header has a type that cannot be written");
    *size += 1 + fields[i].name.count + 1 + value;
  }
  *table = (amqp_table_t){.num_entries = (int)count, .entries = entries};
  return CRMQ_OK;
}

crmq_status crmq_write_properties(crmq_connection *c, const crmq_properties *from, amqp_basic_properties_t *to,
                                  size_t *size) {
  memset(to, 0, sizeof *to);
  *size = 14;  // class, weight, body size, flags
#define WRITE(FLAG, member, name)                                                              \
  if (from->member.pointer) {                                                                  \
    if (from->member.count > 255) return crmq_reject(c, name " is longer than 255 bytes");     \
    to->_flags |= AMQP_BASIC_##FLAG##_FLAG;                                                    \
    to->member = crmq_lend(from->member);                                                      \
    *size += 1 + from->member.count;                                                           \
  }
  WRITE(CONTENT_TYPE, content_type, "the content type")
  WRITE(CONTENT_ENCODING, content_encoding, "the content encoding")
  WRITE(CORRELATION_ID, correlation_id, "the correlation id")
  WRITE(REPLY_TO, reply_to, "the reply address")
  WRITE(EXPIRATION, expiration, "the expiration")
  WRITE(MESSAGE_ID, message_id, "the message id")
  WRITE(TYPE, type, "the type")
  WRITE(USER_ID, user_id, "the user id")
  WRITE(APP_ID, app_id, "the application id")
#undef WRITE
  if (from->delivery_mode) {
    to->_flags |= AMQP_BASIC_DELIVERY_MODE_FLAG;
    to->delivery_mode = from->delivery_mode;
    *size += 1;
  }
  if (from->has_priority) {
    to->_flags |= AMQP_BASIC_PRIORITY_FLAG;
    to->priority = from->priority;
    *size += 1;
  }
  if (from->has_timestamp) {
    to->_flags |= AMQP_BASIC_TIMESTAMP_FLAG;
    to->timestamp = from->timestamp;
    *size += 8;
  }
  if (from->header_count > 0) {
    size_t table = 0;
    crmq_status status = crmq_write_table(c, from->headers, from->header_count, &to->headers, &table);
    if (status != CRMQ_OK) return status;
    to->_flags |= AMQP_BASIC_HEADERS_FLAG;
    *size += table;
  }
  // Properties and headers must fit into one frame, also after the broker has added its own (x-delivery-count,
  // x-death): otherwise it sends the consumer a frame larger than negotiated, which ends that connection, and each
  // later one.
  if (*size > (size_t)c->frame_max / 4 * 3) return crmq_reject(c, "the properties and headers do not fit into a frame");
  return CRMQ_OK;
}
