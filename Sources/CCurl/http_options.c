// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <stdlib.h>
#include <string.h>

// A connection that is idle for longer is not used again: servers close idle connections after about a minute.
#define IDLE_SECONDS 60L

// The maximum time for which reading a discarded body may delay the response.
#define DISCARD_MS 1000

// MARK: Callbacks

static bool begins(const char *line, size_t count, const char *text) {
  return count >= strlen(text) && memcmp(line, text, strlen(text)) == 0;
}

// Called with one header line at a time: also of 1xx responses, which are replaced, and of trailers, which are ignored.
static size_t take_header(char *line, size_t size, size_t number, void *context) {
  ccurl_transfer *transfer = context;
  size_t count = size * number;
  transfer->head_seen += count;
  if (transfer->head_seen > CCURL_HEAD_LIMIT) {
    transfer->head_too_large = true;
    return 0;
  }
  if (!transfer->head_done && begins(line, count, "HTTP/")) {
    transfer->head.count = 0;
    return count;
  }
  if (transfer->head_done) return count;
  if (line[0] == '\r' || line[0] == '\n') {
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->head_done = status >= 200;
    if (transfer->head_done) clock_gettime(CLOCK_MONOTONIC, &transfer->head_time);
    return count;
  }
  transfer->no_memory = !ccurl_append(&transfer->head, line, count);
  return transfer->no_memory ? 0 : count;
}

static size_t take_body(char *bytes, size_t size, size_t number, void *context) {
  ccurl_transfer *transfer = context;
  size_t count = size * number;
  transfer->body_too_large = count > transfer->body_limit - transfer->body_seen;
  if (transfer->body_too_large) return 0;
  transfer->body_seen += count;
  if (transfer->discards_body) return count;
  transfer->no_memory = !ccurl_append(&transfer->body, bytes, count);
  return transfer->no_memory ? 0 : count;
}

// libcurl's progress callback; the transfer is aborted if it returns a value other than 0.
static int check_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  (void)a, (void)b, (void)c, (void)d;
  ccurl_transfer *transfer = context;
  // The transfer has its connection. If it turns out to be closed, libcurl repeats the request, up to five times while
  // it has other kept connections. On a new connection it does not repeat (RFC 9110, section 9.2.2).
  if (!transfer->repeats_on_new_connection) {
    transfer->repeats_on_new_connection = true;
    curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L);
  }
  if (!transfer->discards_body || !transfer->head_done) return 0;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t waited = (int64_t)(now.tv_sec - transfer->head_time.tv_sec) * 1000
      + (now.tv_nsec - transfer->head_time.tv_nsec) / 1000000;
  return waited >= DISCARD_MS;
}

// MARK: Options

static CURLcode restrict_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

// Removes the headers that libcurl adds by itself.
static CURLcode omit_own_headers(ccurl_transfer *transfer) {
  static const char *const omitted[] = {"Accept:", "Expect:", "Content-Type:"};
  for (size_t i = 0; i < sizeof omitted / sizeof *omitted; i++) {
    size_t length = strlen(omitted[i]) - 1;
    bool is_set = false;
    for (struct curl_slist *line = transfer->headers; line && !is_set; line = line->next) {
      is_set = curl_strnequal(line->data, omitted[i], length)
          && (line->data[length] == ':' || line->data[length] == ';');
    }
    if (is_set) continue;
    struct curl_slist *longer = curl_slist_append(transfer->headers, omitted[i]);
    if (!longer) return CURLE_OUT_OF_MEMORY;
    transfer->headers = longer;
  }
  return CURLE_OK;
}

#define SET(option, value) \
  if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)

static CURLcode set_connection(ccurl_transfer *transfer) {
  CURL *easy = transfer->easy;
  CURLcode code = restrict_protocols(easy);
  SET(CURLOPT_NOSIGNAL, 1L); // otherwise libcurl uses SIGALRM, which is not safe with threads
  SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
#if LIBCURL_VERSION_NUM >= 0x074a00
  // An error is ignored: libcurl was built without HSTS, and does not use it either.
  if (code == CURLE_OK) (void)curl_easy_setopt(easy, CURLOPT_HSTS_CTRL, 0L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
  // Otherwise the end of a transfer waits for a name server that does not answer, and with it all transfers.
  SET(CURLOPT_QUICK_EXIT, 1L);
#endif
  SET(CURLOPT_CONNECTTIMEOUT_MS, transfer->connect_timeout_ms);
  SET(CURLOPT_TIMEOUT_MS, transfer->total_timeout_ms);
  SET(CURLOPT_MAXAGE_CONN, IDLE_SECONDS);
  SET(CURLOPT_TCP_KEEPALIVE, 1L);
  SET(CURLOPT_TCP_NODELAY, 1L);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  if (transfer->ca_file) {
    SET(CURLOPT_CAINFO, transfer->ca_file);
    // Otherwise the default folder of authorities would be trusted, too.
    SET(CURLOPT_CAPATH, CCURL_NO_FOLDER);
  }
  // Empty values, so that the environment's are ignored.
  SET(CURLOPT_PROXY, transfer->proxy ? transfer->proxy : "");
  SET(CURLOPT_NOPROXY, "");
  if (transfer->proxy) {
    SET(CURLOPT_PROXYTYPE, (long)CURLPROXY_HTTP);
    SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_PROXYAUTH, CURLAUTH_BASIC);
  }
  if (transfer->proxy && transfer->proxy_user) {
    SET(CURLOPT_PROXYUSERNAME, transfer->proxy_user);
    SET(CURLOPT_PROXYPASSWORD, transfer->proxy_password ? transfer->proxy_password : "");
  }
  return code;
}

static CURLcode set_request(ccurl_transfer *transfer) {
  CURL *easy = transfer->easy;
  const char *method = transfer->method ? transfer->method : "GET";
  CURLcode code = omit_own_headers(transfer);
  SET(CURLOPT_URL, transfer->url);
  SET(CURLOPT_PATH_AS_IS, 1L);
  SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(CURLOPT_HTTP09_ALLOWED, 0L);
  SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  SET(CURLOPT_HTTPHEADER, transfer->headers);
  if (transfer->has_body || strcmp(method, "POST") == 0) {
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDS, transfer->request.bytes ? transfer->request.bytes : "");
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->request.count);
    if (strcmp(method, "POST") != 0) SET(CURLOPT_CUSTOMREQUEST, method);
  } else if (strcmp(method, "HEAD") == 0) {
    SET(CURLOPT_NOBODY, 1L);
  } else if (strcmp(method, "GET") != 0) {
    SET(CURLOPT_CUSTOMREQUEST, method);
  }
  return code;
}

CURLcode ccurl_http_prepare(ccurl_transfer *transfer) {
  if (!transfer->easy) transfer->easy = curl_easy_init();
  CURL *easy = transfer->easy;
  if (!easy) return CURLE_OUT_OF_MEMORY;
  CURLcode code = set_connection(transfer);
  if (code == CURLE_OK) code = set_request(transfer);
  SET(CURLOPT_PRIVATE, (char *)transfer);
  SET(CURLOPT_ERRORBUFFER, transfer->fault);
  SET(CURLOPT_HEADERFUNCTION, take_header);
  SET(CURLOPT_HEADERDATA, transfer);
  SET(CURLOPT_WRITEFUNCTION, take_body);
  SET(CURLOPT_WRITEDATA, transfer);
  SET(CURLOPT_NOPROGRESS, 0L);
  SET(CURLOPT_XFERINFOFUNCTION, check_progress);
  SET(CURLOPT_XFERINFODATA, transfer);
  return code;
}
