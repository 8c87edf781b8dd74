// SPDX-License-Identifier: Apache-2.0
//
// HTTP requests with libcurl's multi interface: many transfers at a time on one thread.
//
// Usage: one thread creates a client and makes every call except ccurl_http_wake:
//
//     ccurl_http_new
//       → { ccurl_transfer_new → ccurl_transfer_set_… → ccurl_http_start }
//       → ccurl_http_run → ccurl_http_next → ccurl_transfer_result, …_head, …_body → ccurl_transfer_free
//     → ccurl_http_free
//
// Connections are kept and used again, by HTTP/1.1. Redirects are not followed, compression is not requested, and
// nothing is read from the environment, from .netrc or from a cookie file. The interface has no callbacks.

#ifndef CCURL_HTTP_H
#define CCURL_HTTP_H

#include "CCurl.h"

CCURL_BEGIN

/// The connections of one thread. Opaque.
typedef struct ccurl_http ccurl_http;

/// One request and its response. Opaque; belongs to the thread of the client that it is started on.
typedef struct ccurl_transfer ccurl_transfer;

/// The outcome of a transfer.
CCURL_ENUM(ccurl_http_status, "CCurlHTTPStatus") {
  /// A response has arrived.
  CCURL_HTTP_OK CCURL_NAME("ok") = 0,
  /// The URL, the method, a header or the proxy's address cannot be sent. Nothing was sent.
  CCURL_HTTP_INVALID CCURL_NAME("invalid") = 1,
  CCURL_HTTP_NO_MEMORY CCURL_NAME("noMemory") = 2,
  /// The name of the host, or of the proxy if one is used, has no address.
  CCURL_HTTP_UNKNOWN_HOST CCURL_NAME("unknownHost") = 3,
  /// No connection; see `os_error`.
  CCURL_HTTP_UNREACHABLE CCURL_NAME("unreachable") = 4,
  /// The connect time-out or the total time-out has passed; see `step`.
  CCURL_HTTP_TIMED_OUT CCURL_NAME("timedOut") = 5,
  /// The certificate is from an unknown authority, or not valid now.
  CCURL_HTTP_UNTRUSTED CCURL_NAME("untrusted") = 6,
  /// The certificate is for another host.
  CCURL_HTTP_WRONG_NAME CCURL_NAME("wrongName") = 7,
  /// The server's first bytes are not TLS.
  CCURL_HTTP_NOT_TLS CCURL_NAME("notTLS") = 8,
  /// The TLS handshake failed for another reason.
  CCURL_HTTP_TLS CCURL_NAME("tlsFailed") = 9,
  /// The file of certificate authorities cannot be used.
  CCURL_HTTP_NO_AUTHORITIES CCURL_NAME("noAuthorities") = 10,
  /// The proxy refuses to connect to the host; see `proxy_code`.
  CCURL_HTTP_PROXY CCURL_NAME("proxyRefused") = 11,
  /// The connection was closed before the response was complete.
  CCURL_HTTP_CLOSED CCURL_NAME("closed") = 12,
  /// The body is larger than CCURL_BODY_LIMIT.
  CCURL_HTTP_TOO_LARGE CCURL_NAME("tooLarge") = 13,
  /// The headers are larger than 64 KiB.
  CCURL_HTTP_LARGE_HEAD CCURL_NAME("largeHead") = 14,
  /// The response is not HTTP/1.
  CCURL_HTTP_NOT_HTTP CCURL_NAME("notHTTP") = 15,
  /// Any other error; see `curl_code`.
  CCURL_HTTP_OTHER CCURL_NAME("other") = 16,
};
CCURL_ENUM_TYPE(ccurl_http_status);

/// How far a transfer got.
CCURL_ENUM(ccurl_http_step, "CCurlHTTPStep") {
  /// Name resolution and TCP connection.
  CCURL_HTTP_CONNECTING CCURL_NAME("connecting") = 0,
  /// The proxy has not yet accepted CONNECT.
  CCURL_HTTP_TUNNELLING CCURL_NAME("tunnelling") = 1,
  /// TLS handshake, request or response.
  CCURL_HTTP_EXCHANGING CCURL_NAME("exchanging") = 2,
};
CCURL_ENUM_TYPE(ccurl_http_step);

/// A text setting of a transfer. All are copied.
CCURL_ENUM(ccurl_transfer_text, "CCurlTransferText") {
  /// Required: http or https, without user information.
  CCURL_HTTP_URL CCURL_NAME("url") = 0,
  /// Default GET.
  CCURL_HTTP_METHOD CCURL_NAME("method") = 1,
  /// PEM file of the certificate authorities to trust instead of the system's.
  CCURL_HTTP_CA_FILE CCURL_NAME("caFile") = 2,
  /// `host:port` of an HTTP proxy, an IPv6 address in brackets; if unset, the connection is direct.
  CCURL_HTTP_PROXY_ADDRESS CCURL_NAME("proxyAddress") = 3,
  /// For `Proxy-Authorization: Basic`; if unset, none is sent.
  CCURL_HTTP_PROXY_USER CCURL_NAME("proxyUser") = 4,
  CCURL_HTTP_PROXY_PASSWORD CCURL_NAME("proxyPassword") = 5,
};
CCURL_ENUM_TYPE(ccurl_transfer_text);

/// A number setting of a transfer.
CCURL_ENUM(ccurl_transfer_number, "CCurlTransferNumber") {
  /// Milliseconds for name resolution, connection and TLS handshake together; 1 to 86400000. Default 10000.
  CCURL_HTTP_CONNECT_TIMEOUT CCURL_NAME("connectTimeout") = 0,
  /// Milliseconds from the name resolution to the last byte; 1 to 86400000. Default 60000.
  CCURL_HTTP_TOTAL_TIMEOUT CCURL_NAME("totalTimeout") = 1,
  /// The largest body in bytes. Default 1 MiB.
  CCURL_BODY_LIMIT CCURL_NAME("bodyLimit") = 2,
  /// 1: the body is read, so that the connection can be used again, but not kept. The response is complete with its
  /// head: a body that is too large, ends early or takes longer than a second closes the connection. Default 0.
  CCURL_DISCARD_BODY CCURL_NAME("discardBody") = 3,
};
CCURL_ENUM_TYPE(ccurl_transfer_number);

/// The result of a transfer.
typedef struct CCURL_NAME("CCurlHTTPResult") ccurl_http_result {
  ccurl_http_status status;
  ccurl_http_step step;
  /// libcurl's own number (CURLcode).
  int32_t curl_code CCURL_NAME("curlCode");
  /// The errno of the last failed connection attempt; 0 if unknown.
  int32_t os_error CCURL_NAME("osError");
  /// The proxy's status for CONNECT; 0 if it sent none.
  int32_t proxy_code CCURL_NAME("proxyCode");
  /// The response's status; 0 if none arrived.
  int32_t response_code CCURL_NAME("responseCode");
} ccurl_http_result;

/// Creates a client; null if memory is exhausted or libcurl cannot be initialised. The calling thread owns it, and
/// SIGPIPE is blocked for that thread until ccurl_http_free.
ccurl_http *CCURL_NULLABLE ccurl_http_new(void);

/// Closes all connections. Every transfer must have been freed.
void ccurl_http_free(ccurl_http *http);

/// Creates a transfer with default settings; null if memory is exhausted.
ccurl_transfer *CCURL_NULLABLE ccurl_transfer_new(void);

/// Destroys a transfer, and aborts it if it is running. Its URL, headers, body and password are overwritten.
void ccurl_transfer_free(ccurl_transfer *transfer);

/// Sets a text option before the start.
ccurl_status ccurl_transfer_set_text(ccurl_transfer *transfer, ccurl_transfer_text option, const char *value);

/// Sets a number option before the start.
ccurl_status ccurl_transfer_set_number(ccurl_transfer *transfer, ccurl_transfer_number option, int64_t value);

/// Adds a header before the start.
///
/// Returns CCURL_INVALID if the name is not a token (RFC 9110, section 5.1), if the value has a control character, or
/// if the header frames the message (Content-Length, Transfer-Encoding) or is Expect: the client sets those.
ccurl_status ccurl_transfer_add_header(ccurl_transfer *transfer, const char *name, const char *value);

/// Sets the request's body before the start. It is copied.
ccurl_status ccurl_transfer_set_body(ccurl_transfer *transfer, const uint8_t *bytes, size_t count);

/// Starts a transfer. Unless it returns CCURL_OK, the transfer will not run, and its result has the reason.
ccurl_status ccurl_http_start(ccurl_http *http, ccurl_transfer *transfer);

/// Waits until a transfer progresses, ccurl_http_wake is called or the time has passed; then lets all transfers
/// progress.
///
/// Returns false if libcurl fails; then no transfer will end by itself.
bool ccurl_http_run(ccurl_http *http, int32_t wait_ms);

/// The next transfer that has ended; null if none has since the last call.
ccurl_transfer *CCURL_NULLABLE ccurl_http_next(ccurl_http *http);

/// Ends the wait of ccurl_http_run, or of its next call. Any thread may call it while the client exists.
void ccurl_http_wake(ccurl_http *http);

/// The result of a transfer that has ended.
ccurl_http_result ccurl_transfer_result(const ccurl_transfer *transfer);

/// The response's header lines with their line ends, without the status line. Valid until the transfer is freed.
const char *ccurl_transfer_head(const ccurl_transfer *transfer, size_t *count);

/// The response's body. Valid until the transfer is freed.
const uint8_t *ccurl_transfer_body(const ccurl_transfer *transfer, size_t *count);

CCURL_END

#endif
