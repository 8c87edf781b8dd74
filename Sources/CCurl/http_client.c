// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <stdlib.h>

// The maximum number of idle connections; others are closed when their transfer ends. A worker may have 128 requests in
// flight to one host.
#define IDLE_CONNECTIONS 128L

ccurl_http *ccurl_http_new(void) {
  if (!ccurl_start()) return NULL;
  ccurl_http *http = calloc(1, sizeof *http);
  if (!http) return NULL;
  http->multi = curl_multi_init();
  if (!http->multi) {
    free(http);
    return NULL;
  }
  curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
  curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
  http->signals_before = ccurl_hold_sigpipe();
  return http;
}

void ccurl_http_free(ccurl_http *http) {
  curl_multi_cleanup(http->multi);
  ccurl_release_sigpipe(http->signals_before);
  free(http);
}

ccurl_status ccurl_http_start(ccurl_http *http, ccurl_transfer *transfer) {
  ccurl_http_result refused = {.status = CCURL_HTTP_INVALID};
  if (transfer->multi) return CCURL_INVALID;
  if (!transfer->url) {
    transfer->result = refused;
    return CCURL_INVALID;
  }
  CURLcode code = ccurl_http_prepare(transfer);
  CURLMcode multi = code == CURLE_OK ? curl_multi_add_handle(http->multi, transfer->easy) : CURLM_OK;
  if (code == CURLE_OK && multi == CURLM_OK) {
    transfer->multi = http->multi;
    return CCURL_OK;
  }
  bool no_memory = code == CURLE_OUT_OF_MEMORY || multi == CURLM_OUT_OF_MEMORY;
  refused.status = no_memory ? CCURL_HTTP_NO_MEMORY : CCURL_HTTP_OTHER;
  refused.curl_code = (int32_t)(code == CURLE_OK ? CURLE_FAILED_INIT : code);
  transfer->result = refused;
  return no_memory ? CCURL_NO_MEMORY : CCURL_OTHER;
}

bool ccurl_http_run(ccurl_http *http, int32_t wait_ms) {
  int running = 0;
  // A transfer that was just added has an expired timer, so the poll returns immediately.
  if (curl_multi_poll(http->multi, NULL, 0, wait_ms, NULL) != CURLM_OK) return false;
  return curl_multi_perform(http->multi, &running) == CURLM_OK;
}

ccurl_transfer *ccurl_http_next(ccurl_http *http) {
  int left = 0;
  CURLMsg *message = NULL;
  while ((message = curl_multi_info_read(http->multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    // The message is not valid after the handle is removed.
    CURL *easy = message->easy_handle;
    CURLcode code = message->data.result;
    char *own = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &own);
    ccurl_transfer *transfer = (ccurl_transfer *)own;
    if (!transfer) continue;
    transfer->result = ccurl_http_conclude(transfer, code);
    curl_multi_remove_handle(http->multi, easy);
    transfer->multi = NULL;
    return transfer;
  }
  return NULL;
}

void ccurl_http_wake(ccurl_http *http) { curl_multi_wakeup(http->multi); }
