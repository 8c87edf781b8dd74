// SPDX-License-Identifier: Apache-2.0
//
// TLS: trusted authorities and host name verification. librabbitmq compares the certificate with the host that it
// connects to, does not support IP addresses in certificates, and reports every failure with the same number. So it
// only gets the address to connect to; OpenSSL gets the host name, verifies it during the handshake, and its error is
// kept.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static int place_of_peer = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void take_place(void) { place_of_peer = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL); }

/// Keeps the certificate's first verification error. Without a peer the handshake is over.
static int on_verify(int is_good, X509_STORE_CTX *store) {
  SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  crmq_peer *peer = ssl ? SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place_of_peer) : NULL;
  if (!is_good && peer && peer->fault == X509_V_OK) peer->fault = X509_STORE_CTX_get_error(store);
  return is_good;
}

/// Replaces the address that librabbitmq sends as server name (SNI) by the host name, before the first byte is sent.
static void on_progress(const SSL *ssl, int where, int result) {
  (void)result;
  if (!(where & SSL_CB_HANDSHAKE_START)) return;
  crmq_peer *peer = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place_of_peer);
  // An IP address must not be sent as server name (RFC 6066, section 3).
  if (peer) SSL_set_tlsext_host_name((SSL *)ssl, peer->is_address ? NULL : peer->name);
}

/// Sets the host name or IP address that the certificate must be for.
static bool expect(SSL_CTX *context, crmq_peer *peer) {
  X509_VERIFY_PARAM *wanted = SSL_CTX_get0_param(context);
  unsigned char bytes[sizeof(struct in6_addr)];
  peer->is_address =
      inet_pton(AF_INET, peer->name, bytes) == 1 || inet_pton(AF_INET6, peer->name, bytes) == 1;
  if (peer->is_address) return X509_VERIFY_PARAM_set1_ip_asc(wanted, peer->name) == 1;
  // Certificates do not contain the trailing dot of a fully qualified name.
  size_t length = strlen(peer->name);
  if (length > 1 && peer->name[length - 1] == '.') peer->name[length - 1] = 0;
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(wanted, peer->name, 0) == 1;
}

crmq_status crmq_set_up_tls(crmq_connection *c, amqp_socket_t *socket, const char *host, crmq_peer *peer) {
  const char *authorities = c->texts[CRMQ_CA_FILE];
  const char *certificate = c->texts[CRMQ_CERTIFICATE_FILE];
  const char *key = c->texts[CRMQ_KEY_FILE];
  SSL_CTX *context = amqp_ssl_socket_get_context(socket);
  pthread_once(&once, take_place);
  snprintf(peer->name, sizeof peer->name, "%s", host);
  if (place_of_peer < 0 || SSL_CTX_set_ex_data(context, place_of_peer, peer) != 1 || !expect(context, peer)) {
    return crmq_fail(c, CRMQ_TLS_WRONG_NAME, "the host name is not valid in a certificate");
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_verify);
  SSL_CTX_set_info_callback(context, on_progress);
  amqp_ssl_socket_set_verify_peer(socket, 1);
  amqp_ssl_socket_set_verify_hostname(socket, 0);
  // `AMQP_TLSvLATEST` is 1.2 in the header and still negotiates 1.3.
  if (amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) != AMQP_STATUS_OK) {
    return crmq_fail(c, CRMQ_TLS_HANDSHAKE, "TLS 1.2 is not available");
  }
  if (authorities && *authorities) {
    if (amqp_ssl_socket_set_cacert(socket, authorities) != AMQP_STATUS_OK) {
      return crmq_fail(c, CRMQ_TLS_FILE, "the CA file cannot be read or contains no certificate");
    }
  } else if (SSL_CTX_set_default_verify_paths(context) != 1) {
    // Without authorities every certificate would be rejected.
    return crmq_fail(c, CRMQ_TLS_FILE, "the system's trusted authorities cannot be read");
  }
  if (certificate && *certificate) {
    if (!key || !*key) return crmq_fail(c, CRMQ_TLS_FILE, "a certificate file needs a key file");
    // Otherwise OpenSSL would prompt on the terminal for the passphrase of an encrypted key.
    amqp_ssl_socket_set_key_passwd(socket, "");
    if (amqp_ssl_socket_set_key(socket, certificate, key) != AMQP_STATUS_OK) {
      return crmq_fail(c, CRMQ_TLS_FILE, "the certificate file or its key file cannot be used");
    }
  }
  return CRMQ_OK;
}

void crmq_forget_peer(amqp_socket_t *socket) {
  SSL_CTX_set_ex_data(amqp_ssl_socket_get_context(socket), place_of_peer, NULL);
}

void crmq_begin_handshake(void) { ERR_clear_error(); }

void crmq_end_handshake(crmq_peer *peer) {
  const char *reason = ERR_reason_error_string(ERR_peek_error());
  snprintf(peer->reason, sizeof peer->reason, "%s", reason ? reason : "");
  ERR_clear_error();
}

crmq_status crmq_fail_with_tls(crmq_connection *c, const crmq_peer *peer, int library_status) {
  char text[200];
  switch (peer->fault) {
    case X509_V_OK:
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return crmq_fail(c, CRMQ_TLS_WRONG_NAME, "the broker's certificate is for another host name");
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return crmq_fail(c, CRMQ_TLS_UNTRUSTED, "the broker's certificate has expired");
    default:
      snprintf(text, sizeof text, "the broker's certificate is not from a trusted authority: %s",
               X509_verify_cert_error_string(peer->fault));
      return crmq_fail(c, CRMQ_TLS_UNTRUSTED, text);
  }
  bool is_handshake =
      library_status == AMQP_STATUS_SSL_CONNECTION_FAILED || library_status == AMQP_STATUS_SSL_ERROR;
  if (!is_handshake || !*peer->reason) return crmq_fail_with_library(c, library_status);
  snprintf(text, sizeof text, "the TLS handshake failed: %s", peer->reason);
  return crmq_fail(c, CRMQ_TLS_HANDSHAKE, text);
}
