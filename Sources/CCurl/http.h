// SPDX-License-Identifier: Apache-2.0
//
// Declarations shared by the files about HTTP.

#ifndef CCURL_INTERNAL_HTTP_H
#define CCURL_INTERNAL_HTTP_H

#include "CCurlHTTP.h"
#include "internal.h"

#include <time.h>

// libcurl's own limits differ between its versions.
#define CCURL_HEAD_LIMIT (64 * 1024)

struct ccurl_http {
  CURLM *multi;
  sigset_t signals_before;
};

// Bytes that grow; `bytes` always has one more for a terminating NUL.
typedef struct ccurl_buffer {
  char *bytes;
  size_t count;
  size_t room;
} ccurl_buffer;

struct ccurl_transfer {
  CURL *easy;
  CURLM *multi; // while it runs

  char *url;
  char *method;
  char *ca_file;
  char *proxy;
  char *proxy_user;
  char *proxy_password;
  struct curl_slist *headers;
  ccurl_buffer request;
  bool has_body;
  long connect_timeout_ms;
  long total_timeout_ms;
  size_t body_limit;
  bool discards_body;
  bool repeats_on_new_connection;

  ccurl_buffer head;
  ccurl_buffer body;
  size_t body_seen;
  size_t head_seen; // of all responses, with 1xx
  bool head_done;
  bool head_too_large;
  bool body_too_large;
  bool no_memory;
  struct timespec head_time;
  char fault[CURL_ERROR_SIZE];
  ccurl_http_result result;
};

// Appends bytes; false if memory is exhausted.
bool ccurl_append(ccurl_buffer *buffer, const char *bytes, size_t count);

// Sets all options of the easy handle.
CURLcode ccurl_http_prepare(ccurl_transfer *transfer);

// The result of a transfer that ended with a code. Called while the handle still has the transfer's figures.
ccurl_http_result ccurl_http_conclude(ccurl_transfer *transfer, CURLcode code);

#endif
