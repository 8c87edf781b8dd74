// SPDX-License-Identifier: Apache-2.0
//
// Converts librabbitmq's and the broker's errors into a status, a code and a text.

#include <string.h>

#include "internal.h"

static void set_text(crmq_connection *c, const void *text, size_t count) {
  if (count > sizeof c->fault_text - 1) count = sizeof c->fault_text - 1;
  // The broker's text is logged: replace control characters.
  for (size_t i = 0; i < count; i++) {
    unsigned char byte = ((const unsigned char *)text)[i];
    c->fault_text[i] = (char)(byte < 0x20 || byte == 0x7f ? ' ' : byte);
  }
  c->fault_text[count] = 0;
}

crmq_status crmq_fail(crmq_connection *c, crmq_status status, const char *text) {
  // Errors of an interrupted call are consequences of the interruption: report that.
  if (atomic_load(&c->interrupted)) {
    status = CRMQ_INTERRUPTED;
    text = "interrupted";
  }
  c->dead = status;
  c->fault_code = 0;
  set_text(c, text, strlen(text));
  return status;
}

crmq_status crmq_reject(crmq_connection *c, const char *text) {
  c->fault_code = 0;
  set_text(c, text, strlen(text));
  return CRMQ_INVALID;
}

crmq_status crmq_fail_with_broker(crmq_connection *c, crmq_status status, uint16_t code, amqp_bytes_t text) {
  crmq_fail(c, status, "");
  if (c->dead == status) {
    c->fault_code = code;
    set_text(c, text.bytes, text.len);
  }
  return c->dead;
}

crmq_status crmq_fail_with_library(crmq_connection *c, int library_status) {
  switch (library_status) {
    case AMQP_STATUS_NO_MEMORY:
      return crmq_fail(c, CRMQ_NO_MEMORY, "out of memory");
    case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED:
      return crmq_fail(c, CRMQ_NAME_UNRESOLVED, "the host name cannot be resolved");
    case AMQP_STATUS_TIMEOUT:
      return crmq_fail(c, CRMQ_TIMED_OUT, "the broker did not reply in time");
    case AMQP_STATUS_HEARTBEAT_TIMEOUT:
      return crmq_fail(c, CRMQ_SILENT, "no data from the broker for two heartbeat intervals");
    case AMQP_STATUS_SOCKET_ERROR:
    case AMQP_STATUS_SOCKET_INUSE:
      if (!c->state) return crmq_fail(c, CRMQ_REFUSED, "the connection was refused");
      // The connection was accepted and then closed.
      __attribute__((fallthrough));
    case AMQP_STATUS_CONNECTION_CLOSED:
    case AMQP_STATUS_SOCKET_CLOSED:
    case AMQP_STATUS_TCP_ERROR:
      if (!c->open) return crmq_fail(c, CRMQ_LOST, "the peer closed the connection during the log-in");
      return crmq_fail(c, CRMQ_LOST, "the connection was lost");
    case AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
      return crmq_fail(c, CRMQ_TLS_UNTRUSTED,
                       "the broker's certificate is expired or not from a trusted authority");
    case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
      return crmq_fail(c, CRMQ_TLS_WRONG_NAME, "the broker's certificate is for another host name");
    case AMQP_STATUS_SSL_CONNECTION_FAILED:
      return crmq_fail(c, CRMQ_TLS_HANDSHAKE, "the TLS handshake failed");
    case AMQP_STATUS_SSL_ERROR:
      if (!c->state) return crmq_fail(c, CRMQ_TLS_HANDSHAKE, "the TLS handshake failed");
      if (!c->open) {
        // With TLS 1.3 the peer verifies the client certificate after the client has completed the handshake.
        return crmq_fail(c, CRMQ_TLS_HANDSHAKE,
                         "the peer closed TLS after the handshake: check whether it requires a client certificate");
      }
      return crmq_fail(c, CRMQ_LOST, "the TLS connection was lost");
    case AMQP_STATUS_INCOMPATIBLE_AMQP_VERSION:
      return crmq_fail(c, CRMQ_PROTOCOL, "the peer does not speak AMQP 0-9-1");
    default:
      return crmq_fail(c, CRMQ_PROTOCOL, amqp_error_string2(library_status));
  }
}

crmq_status crmq_check_reply(crmq_connection *c, amqp_rpc_reply_t reply) {
  // Only the members of the reply's type are initialized (librabbitmq 0.11).
  switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
      return CRMQ_OK;
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
      return crmq_fail_with_library(c, reply.library_error);
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *close = reply.reply.decoded;
        return crmq_fail_with_broker(c, CRMQ_CONNECTION_CLOSED, close->reply_code, close->reply_text);
      }
      if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *close = reply.reply.decoded;
        return crmq_fail_with_broker(c, CRMQ_CHANNEL_CLOSED, close->reply_code, close->reply_text);
      }
      break;
    default:
      break;
  }
  return crmq_fail(c, CRMQ_PROTOCOL, "the broker sent an unexpected reply");
}

uint16_t crmq_fault_code(const crmq_connection *c) { return c->fault_code; }

const char *crmq_fault_text(const crmq_connection *c) { return c->fault_text; }
