// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <string.h>

// libcurl has no code for this; the text is OpenSSL's or libcurl's own.
static bool mentions(const ccurl_transfer *transfer, const char *text) { return strstr(transfer->fault, text) != NULL; }

static ccurl_http_status handshake_status(const ccurl_transfer *transfer) {
  if (mentions(transfer, "wrong version number") || mentions(transfer, "packet length too long")
      || mentions(transfer, "http request")) {
    return CCURL_HTTP_NOT_TLS;
  }
  if (mentions(transfer, "SSL_ERROR_SYSCALL") || mentions(transfer, "unexpected eof")
      || mentions(transfer, "reset by peer")) {
    return CCURL_HTTP_CLOSED;
  }
  return CCURL_HTTP_TLS;
}

// libcurl compares the names itself, after OpenSSL has accepted the certificate.
static ccurl_http_status certificate_status(const ccurl_transfer *transfer) {
  enum { HOST_MISMATCH = 62, ADDRESS_MISMATCH = 64 }; // X509_V_ERR_HOSTNAME_MISMATCH, …_IP_ADDRESS_MISMATCH
  long verified = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &verified);
  bool is_name = verified == HOST_MISMATCH || verified == ADDRESS_MISMATCH || mentions(transfer, "subject name");
  return is_name ? CCURL_HTTP_WRONG_NAME : CCURL_HTTP_UNTRUSTED;
}

static ccurl_http_status status_of(const ccurl_transfer *transfer, CURLcode code, ccurl_http_result figures) {
  // A protocol that was not asked for (101) is not a response.
  if (code == CURLE_OK) return figures.response_code >= 200 ? CCURL_HTTP_OK : CCURL_HTTP_NOT_HTTP;
  if (transfer->no_memory || code == CURLE_OUT_OF_MEMORY) return CCURL_HTTP_NO_MEMORY;
  if (transfer->head_too_large) return CCURL_HTTP_LARGE_HEAD;
  // The response is complete with its head, whatever happened to its body.
  if (transfer->discards_body && transfer->head_done) return CCURL_HTTP_OK;
  if (transfer->body_too_large || code == CURLE_FILESIZE_EXCEEDED) return CCURL_HTTP_TOO_LARGE;
  if (code == CURLE_OPERATION_TIMEDOUT) return CCURL_HTTP_TIMED_OUT;
  // The code for a proxy that refuses differs between libcurl's versions.
  if (figures.step == CCURL_HTTP_TUNNELLING && figures.proxy_code) return CCURL_HTTP_PROXY;
  switch (code) {
  case CURLE_URL_MALFORMAT:
  case CURLE_LOGIN_DENIED: return CCURL_HTTP_INVALID;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY: return CCURL_HTTP_UNKNOWN_HOST;
  case CURLE_COULDNT_CONNECT: return CCURL_HTTP_UNREACHABLE;
  case CURLE_PEER_FAILED_VERIFICATION: return certificate_status(transfer);
  case CURLE_SSL_ISSUER_ERROR: return CCURL_HTTP_UNTRUSTED;
  case CURLE_SSL_CACERT_BADFILE: return CCURL_HTTP_NO_AUTHORITIES;
  case CURLE_SSL_CONNECT_ERROR: return handshake_status(transfer);
  case CURLE_SSL_CIPHER:
  case CURLE_USE_SSL_FAILED: return CCURL_HTTP_TLS;
  case CURLE_PROXY: return CCURL_HTTP_PROXY;
  case CURLE_GOT_NOTHING:
  case CURLE_PARTIAL_FILE:
  case CURLE_SEND_ERROR:
  case CURLE_RECV_ERROR: return CCURL_HTTP_CLOSED;
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_UNSUPPORTED_PROTOCOL: return CCURL_HTTP_NOT_HTTP;
  default: return CCURL_HTTP_OTHER;
  }
}

static ccurl_http_step step_of(const ccurl_transfer *transfer, long proxy_code) {
  curl_off_t connected = 0, prepared = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &connected);
  curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &prepared);
  if (prepared > 0) return CCURL_HTTP_EXCHANGING;
  if (transfer->proxy && proxy_code / 100 == 2) return CCURL_HTTP_EXCHANGING;
  if (transfer->proxy && (connected > 0 || proxy_code)) return CCURL_HTTP_TUNNELLING;
  return connected > 0 ? CCURL_HTTP_EXCHANGING : CCURL_HTTP_CONNECTING;
}

ccurl_http_result ccurl_http_conclude(ccurl_transfer *transfer, CURLcode code) {
  long response = 0, proxy = 0, os_error = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &response);
  curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &proxy);
  curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_error);
  ccurl_http_result result = {.curl_code = (int32_t)code,
                              .os_error = (int32_t)os_error,
                              .proxy_code = (int32_t)proxy,
                              .response_code = (int32_t)response};
  result.step = step_of(transfer, proxy);
  result.status = status_of(transfer, code, result);
  return result;
}
