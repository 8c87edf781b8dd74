// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_started = CURLE_FAILED_INIT;

static void start_curl(void) { curl_started = curl_global_init(CURL_GLOBAL_DEFAULT); }

bool ccurl_start(void) {
  pthread_once(&curl_once, start_curl);
  return curl_started == CURLE_OK;
}

ccurl_mailer *ccurl_new(void) {
  if (!ccurl_start()) return NULL;
  ccurl_mailer *mailer = calloc(1, sizeof *mailer);
  if (!mailer) return NULL;
  mailer->tls_mode = CCURL_TLS_REQUIRED;
  mailer->connect_timeout_ms = 10000;
  mailer->total_timeout_ms = 60000;
  mailer->idle_limit_s = 20;
  atomic_init(&mailer->interrupted, false);
  mailer->easy = curl_easy_init();
  mailer->multi = curl_multi_init();
  if (!mailer->easy || !mailer->multi) {
    ccurl_free(mailer);
    return NULL;
  }
  return mailer;
}

void ccurl_wipe(char *text) {
  if (!text) return;
  for (volatile char *byte = text; *byte; byte++) *byte = 0;
}

void ccurl_free(ccurl_mailer *mailer) {
  sigset_t before = ccurl_hold_sigpipe();
  if (mailer->easy) curl_easy_cleanup(mailer->easy);
  if (mailer->multi) curl_multi_cleanup(mailer->multi);
  ccurl_release_sigpipe(before);
  ccurl_wipe(mailer->password);
  free(mailer->password);
  free(mailer->user);
  free(mailer->url);
  free(mailer->ca_file);
  free(mailer->helo);
  free(mailer);
}

void ccurl_interrupt(ccurl_mailer *mailer) {
  atomic_store(&mailer->interrupted, true);
  curl_multi_wakeup(mailer->multi);
}

void ccurl_resume(ccurl_mailer *mailer) { atomic_store(&mailer->interrupted, false); }

const char *ccurl_fault_text(const ccurl_mailer *mailer) { return mailer->fault; }

const char *ccurl_reply_text(const ccurl_mailer *mailer) { return mailer->reply; }

// MARK: Settings

ccurl_status ccurl_set_text(ccurl_mailer *mailer, ccurl_text_option option, const char *value) {
  char **place;
  switch (option) {
  case CCURL_URL: place = &mailer->url; break;
  case CCURL_USER: place = &mailer->user; break;
  case CCURL_PASSWORD: place = &mailer->password; break;
  case CCURL_CA_FILE: place = &mailer->ca_file; break;
  case CCURL_HELO: place = &mailer->helo; break;
  default: return CCURL_INVALID;
  }
  char *copy = strdup(value);
  if (!copy) return CCURL_NO_MEMORY;
  ccurl_wipe(*place);
  free(*place);
  *place = copy;
  return CCURL_OK;
}

ccurl_status ccurl_set_number(ccurl_mailer *mailer, ccurl_number_option option, int64_t value) {
  if (value < 0 || value > 86400000) return CCURL_INVALID;
  switch (option) {
  case CCURL_TLS_MODE:
    if (value > CCURL_TLS_REQUIRED) return CCURL_INVALID;
    mailer->tls_mode = (ccurl_tls)value;
    return CCURL_OK;
  // libcurl takes 0 as its own default, which means no limit for the whole transfer.
  case CCURL_CONNECT_TIMEOUT: mailer->connect_timeout_ms = value ? (long)value : 1; return CCURL_OK;
  case CCURL_TOTAL_TIMEOUT: mailer->total_timeout_ms = value ? (long)value : 1; return CCURL_OK;
  case CCURL_IDLE_LIMIT: mailer->idle_limit_s = (long)value; return CCURL_OK;
  default: return CCURL_INVALID;
  }
}
