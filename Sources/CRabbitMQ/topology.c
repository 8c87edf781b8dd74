// SPDX-License-Identifier: Apache-2.0
//
// Declarations: librabbitmq's calls that block until the broker's reply, bounded by the reply timeout. A timeout ends
// the connection, so these calls belong before the first publish and consume.

#include "internal.h"

static crmq_status check_name(crmq_connection *c, const char *name) {
  return amqp_cstring_bytes(name).len > 255 ? crmq_reject(c, "a name is longer than 255 bytes") : CRMQ_OK;
}

/// Checks that the call is allowed and that its names and arguments fit; the table is valid until the next call.
static crmq_status prepare(crmq_connection *c, const char *name, const char *other, const crmq_field *arguments,
                           size_t count, amqp_table_t *table) {
  size_t size = 0;
  crmq_status status = crmq_flush(c);
  // The broker would read the request only after it unblocks the connection.
  if (status == CRMQ_OK && c->blocked) return CRMQ_WOULD_BLOCK;
  if (status == CRMQ_OK) status = check_name(c, name);
  if (status == CRMQ_OK) status = check_name(c, other);
  if (status != CRMQ_OK) return status;
  crmq_arena_reset(&c->out);
  status = crmq_write_table(c, arguments, count, table, &size);
  // The method's names, flags and frame take less than this.
  if (status == CRMQ_OK && size + 1200 >= (size_t)c->frame_max) {
    return crmq_reject(c, "the arguments do not fit into a frame");
  }
  return status;
}

static crmq_status finish(crmq_connection *c) {
  crmq_status status = crmq_check_reply(c, amqp_get_rpc_reply(c->state));
  if (status == CRMQ_OK) amqp_maybe_release_buffers(c->state);
  c->last_step_ms = crmq_now_ms();
  return status;
}

crmq_status crmq_declare_exchange(crmq_connection *c, const char *name, const char *type, bool passive,
                                  const crmq_field *arguments, size_t count) {
  amqp_table_t table;
  crmq_status status = prepare(c, name, type, arguments, count, &table);
  if (status != CRMQ_OK) return status;
  amqp_exchange_declare(c->state, CRMQ_CHANNEL, amqp_cstring_bytes(name), amqp_cstring_bytes(type), passive,
                        /* durable */ 1, /* auto-delete */ 0, /* internal */ 0, table);
  return finish(c);
}

crmq_status crmq_declare_queue(crmq_connection *c, const char *name, bool passive, const crmq_field *arguments,
                               size_t count, uint32_t *messages) {
  amqp_table_t table;
  crmq_status status = prepare(c, name, "", arguments, count, &table);
  if (status != CRMQ_OK) return status;
  amqp_queue_declare_ok_t *answer = amqp_queue_declare(c->state, CRMQ_CHANNEL, amqp_cstring_bytes(name), passive,
                                                       /* durable */ 1, /* exclusive */ 0, /* auto-delete */ 0, table);
  if (answer && messages) *messages = answer->message_count;
  return finish(c);
}

crmq_status crmq_declare_own_queue(crmq_connection *c, const char *name, const crmq_field *arguments, size_t count) {
  amqp_table_t table;
  crmq_status status = prepare(c, name, "", arguments, count, &table);
  if (status != CRMQ_OK) return status;
  amqp_queue_declare(c->state, CRMQ_CHANNEL, amqp_cstring_bytes(name), /* passive */ 0, /* durable */ 0,
                     /* exclusive */ 1, /* auto-delete */ 1, table);
  return finish(c);
}

crmq_status crmq_bind_queue(crmq_connection *c, const char *queue, const char *exchange, const char *key) {
  amqp_table_t none;
  crmq_status status = prepare(c, queue, exchange, NULL, 0, &none);
  if (status == CRMQ_OK) status = check_name(c, key);
  if (status != CRMQ_OK) return status;
  amqp_queue_bind(c->state, CRMQ_CHANNEL, amqp_cstring_bytes(queue), amqp_cstring_bytes(exchange),
                  amqp_cstring_bytes(key), none);
  return finish(c);
}

crmq_status crmq_unbind_queue(crmq_connection *c, const char *queue, const char *exchange, const char *key) {
  amqp_table_t none;
  crmq_status status = prepare(c, queue, exchange, NULL, 0, &none);
  if (status == CRMQ_OK) status = check_name(c, key);
  if (status != CRMQ_OK) return status;
  amqp_queue_unbind(c->state, CRMQ_CHANNEL, amqp_cstring_bytes(queue), amqp_cstring_bytes(exchange),
                    amqp_cstring_bytes(key), none);
  return finish(c);
}

crmq_status crmq_delete_queue(crmq_connection *c, const char *name) {
  amqp_table_t none;
  crmq_status status = prepare(c, name, "", NULL, 0, &none);
  if (status != CRMQ_OK) return status;
  amqp_queue_delete(c->state, CRMQ_CHANNEL, amqp_cstring_bytes(name), /* if unused */ 0, /* if empty */ 0);
  return finish(c);
}

crmq_status crmq_delete_exchange(crmq_connection *c, const char *name) {
  amqp_table_t none;
  crmq_status status = prepare(c, name, "", NULL, 0, &none);
  if (status != CRMQ_OK) return status;
  amqp_exchange_delete(c->state, CRMQ_CHANNEL, amqp_cstring_bytes(name), /* if unused */ 0);
  return finish(c);
}

crmq_status crmq_select_confirms(crmq_connection *c) {
  crmq_status status = crmq_flush(c);
  if (status != CRMQ_OK) return status;
  amqp_confirm_select(c->state, CRMQ_CHANNEL);
  status = finish(c);
  if (status == CRMQ_OK) {
    c->confirms = true;
    c->next_tag = 1;
  }
  return status;
}

crmq_status crmq_consume(crmq_connection *c, const char *queue, const char *consumer_tag, uint16_t prefetch,
                         const crmq_field *arguments, size_t count) {
  amqp_table_t table;
  crmq_status status = prepare(c, queue, consumer_tag, arguments, count, &table);
  if (status != CRMQ_OK) return status;
  // Never `global`: quorum queues refuse it.
  amqp_basic_qos(c->state, CRMQ_CHANNEL, 0, prefetch, 0);
  status = crmq_check_reply(c, amqp_get_rpc_reply(c->state));
  if (status != CRMQ_OK) return status;
  amqp_basic_consume(c->state, CRMQ_CHANNEL, amqp_cstring_bytes(queue), amqp_cstring_bytes(consumer_tag),
                     /* no local */ 0, /* no ack */ 0, /* exclusive */ 0, table);
  return finish(c);
}
