// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// MARK: Callbacks

static size_t give_message(char *buffer, size_t size, size_t count, void *context) {
  ccurl_mailer *mailer = context;
  size_t left = mailer->message_count - mailer->message_sent;
  size_t part = size * count < left ? size * count : left;
  memcpy(buffer, mailer->message + mailer->message_sent, part);
  mailer->message_sent += part;
  return part;
}

// The progress callback. While libcurl waits for the reply to the mail's content inside curl_multi_perform, it checks
// only this callback, once a second.
static int check_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  (void)a, (void)b, (void)c, (void)d;
  ccurl_mailer *mailer = context;
  return atomic_load(&mailer->interrupted);
}

static size_t ignore_output(char *data, size_t size, size_t count, void *context) {
  (void)data;
  (void)context;
  return size * count;
}

// MARK: A transfer

static CURLcode restrict_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS));
#endif
}

// libcurl takes the EHLO name from the path of the URL.
static CURLcode set_url(ccurl_mailer *mailer) {
  if (!mailer->helo) return curl_easy_setopt(mailer->easy, CURLOPT_URL, mailer->url);
  char *name = curl_easy_escape(mailer->easy, mailer->helo, 0);
  size_t room = name ? strlen(mailer->url) + strlen(name) + 2 : 0;
  char *whole = name ? malloc(room) : NULL;
  CURLcode code = CURLE_OUT_OF_MEMORY;
  if (whole) {
    snprintf(whole, room, "%s/%s", mailer->url, name);
    code = curl_easy_setopt(mailer->easy, CURLOPT_URL, whole);
  }
  free(whole);
  curl_free(name);
  return code;
}

// Sets all options again for each call: an easy handle keeps its options, and none of the previous mail may affect this
// one. The reset keeps the connection.
static CURLcode prepare(ccurl_mailer *mailer, bool fresh) {
  CURL *easy = mailer->easy;
  bool implicit = strncmp(mailer->url, "smtps:", 6) == 0;
  bool verify = implicit || mailer->tls_mode == CCURL_TLS_REQUIRED;
  CURLcode code = CURLE_OK;
  curl_easy_reset(easy);
#define SET(option, value) \
  if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)
  code = restrict_protocols(easy);
  if (code == CURLE_OK) code = set_url(mailer);
  SET(CURLOPT_ERRORBUFFER, mailer->fault);
  SET(CURLOPT_NOSIGNAL, 1L); // signals and threads do not mix
  SET(CURLOPT_PROXY, "");    // ignore proxies of the environment
  SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  SET(CURLOPT_CONNECTTIMEOUT_MS, mailer->connect_timeout_ms);
  SET(CURLOPT_TIMEOUT_MS, mailer->total_timeout_ms);
  SET(CURLOPT_MAXAGE_CONN, mailer->idle_limit_s);
  SET(CURLOPT_TCP_KEEPALIVE, 1L);
  SET(CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
  SET(CURLOPT_USE_SSL, (long)(verify ? CURLUSESSL_ALL : CURLUSESSL_TRY));
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  SET(CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  if (mailer->ca_file) {
    SET(CURLOPT_CAINFO, mailer->ca_file);
    SET(CURLOPT_CAPATH, CCURL_NO_FOLDER); // otherwise the default folder of authorities would be trusted, too
  }
  if (mailer->user) {
    SET(CURLOPT_USERNAME, mailer->user);
    SET(CURLOPT_PASSWORD, mailer->password ? mailer->password : "");
  }
  SET(CURLOPT_VERBOSE, 1L); // for the debug callback, which keeps replies only
  SET(CURLOPT_DEBUGFUNCTION, ccurl_listen_in);
  SET(CURLOPT_DEBUGDATA, mailer);
  SET(CURLOPT_WRITEFUNCTION, ignore_output);
  SET(CURLOPT_NOPROGRESS, 0L);
  SET(CURLOPT_XFERINFOFUNCTION, check_progress);
  SET(CURLOPT_XFERINFODATA, mailer);
#undef SET
  return code;
}

// Runs the prepared transfer.
static CURLcode perform(ccurl_mailer *mailer) {
  if (curl_multi_add_handle(mailer->multi, mailer->easy) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
  CURLcode code = CURLE_OK;
  int running = 1;
  while (running) {
    if (atomic_load(&mailer->interrupted)) {
      code = CURLE_ABORTED_BY_CALLBACK;
      break;
    }
    CURLMcode multi = curl_multi_perform(mailer->multi, &running);
    if (multi == CURLM_OK && running) multi = curl_multi_poll(mailer->multi, NULL, 0, 1000, NULL);
    if (multi != CURLM_OK) {
      code = CURLE_FAILED_INIT;
      break;
    }
  }
  if (code == CURLE_OK) {
    int left = 0;
    CURLMsg *message = curl_multi_info_read(mailer->multi, &left);
    code = message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_FAILED_INIT;
  }
  return code;
}

static ccurl_status status_of(CURLcode code, int32_t reply) {
  switch (code) {
  case CURLE_OK: return CCURL_OK;
  case CURLE_OUT_OF_MEMORY: return CCURL_NO_MEMORY;
  case CURLE_ABORTED_BY_CALLBACK: return CCURL_INTERRUPTED;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_CONNECT: return CCURL_UNREACHABLE;
  case CURLE_OPERATION_TIMEDOUT: return CCURL_TIMED_OUT;
  case CURLE_USE_SSL_FAILED:
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_ISSUER_ERROR: return CCURL_TLS;
  case CURLE_LOGIN_DENIED:
  case CURLE_AUTH_ERROR: return CCURL_LOGIN;
  default: break;
  }
  if (reply >= 400 && reply <= 599) return CCURL_REFUSED;
  switch (code) {
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_GOT_NOTHING:
  case CURLE_PARTIAL_FILE:
  case CURLE_REMOTE_ACCESS_DENIED:
  case CURLE_SEND_ERROR:
  case CURLE_RECV_ERROR: return CCURL_LOST;
  default: return CCURL_OTHER;
  }
}

// Ensures that the connection is not used again. libcurl keeps a connection whose last reply it did not wait for, and
// would take that reply for the answer to the first command of the next mail. Shutting the socket down also avoids the
// wait for the reply to QUIT.
static void cut_connection(ccurl_mailer *mailer) {
  curl_socket_t socket = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(mailer->easy, CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK && socket != CURL_SOCKET_BAD) {
    shutdown(socket, SHUT_RDWR);
  }
}

static ccurl_result finish(ccurl_mailer *mailer, CURLcode code) {
  if (code != CURLE_OK) cut_connection(mailer);
  long connects = 1;
  curl_easy_getinfo(mailer->easy, CURLINFO_NUM_CONNECTS, &connects);
  curl_multi_remove_handle(mailer->multi, mailer->easy);
  if (code != CURLE_OK && !mailer->fault[0]) {
    strncpy(mailer->fault, curl_easy_strerror(code), sizeof mailer->fault - 1);
  }
  return (ccurl_result){.status = status_of(code, mailer->reply_code),
                        .curl_code = (int32_t)code,
                        .reply_code = mailer->reply_code,
                        .step = mailer->step,
                        .reused = connects == 0};
}

ccurl_result ccurl_refuse(ccurl_mailer *mailer, ccurl_status status, const char *why) {
  memset(mailer->fault, 0, sizeof mailer->fault);
  strncpy(mailer->fault, why, sizeof mailer->fault - 1);
  mailer->reply[0] = 0;
  return (ccurl_result){.status = status};
}

static ccurl_result run(
    ccurl_mailer *mailer, struct curl_slist *recipient, const char *sender, const char *command, bool fresh) {
  memset(mailer->fault, 0, sizeof mailer->fault);
  mailer->reply[0] = 0;
  mailer->reply_code = 0;
  mailer->said_goodbye = false;
  mailer->step = CCURL_STEP_CONNECT;
  mailer->message_sent = 0;
  CURL *easy = mailer->easy;
  CURLcode code = prepare(mailer, fresh);
#define SET(option, value) \
  if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)
  if (recipient) {
    SET(CURLOPT_MAIL_FROM, sender);
    SET(CURLOPT_MAIL_RCPT, recipient);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, give_message);
    SET(CURLOPT_READDATA, mailer);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)mailer->message_count);
  } else {
    SET(CURLOPT_CUSTOMREQUEST, command);
    SET(CURLOPT_NOBODY, 1L);
  }
#undef SET
  if (code != CURLE_OK) return ccurl_refuse(mailer, CCURL_OTHER, curl_easy_strerror(code));
  sigset_t before = ccurl_hold_sigpipe();
  ccurl_result result = finish(mailer, perform(mailer));
  ccurl_release_sigpipe(before);
  return result;
}

ccurl_result ccurl_run(ccurl_mailer *mailer, struct curl_slist *recipient, const char *sender, bool fresh) {
  return run(mailer, recipient, sender, NULL, fresh);
}

ccurl_result ccurl_command(ccurl_mailer *mailer, const char *command, bool fresh) {
  return run(mailer, NULL, NULL, command, fresh);
}
