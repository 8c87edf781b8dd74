// SPDX-License-Identifier: Apache-2.0
#include "CCurl.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define REPLY_LIMIT 1024

struct ccurl_mailer {
  CURL *easy;
  // The multi handle owns the connection. It is used instead of curl_easy_perform because a wait on it can be ended
  // from another thread at once; the easy interface looks at its abort flag only once a second.
  CURLM *multi;
  atomic_bool interrupted;

  char *url;
  char *user;
  char *password;
  char *ca_file;
  ccurl_tls tls_mode;
  long connect_timeout_ms;
  long total_timeout_ms;
  long idle_limit_s;

  // Of the running call.
  const uint8_t *message;
  size_t message_count;
  size_t message_sent;
  ccurl_step step;
  bool said_goodbye;
  int32_t reply_code;
  char fault[CURL_ERROR_SIZE];
  char reply[REPLY_LIMIT];
};

// MARK: Life

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_started = CURLE_FAILED_INIT;

static void start_curl(void) { curl_started = curl_global_init(CURL_GLOBAL_DEFAULT); }

ccurl_mailer *ccurl_new(void) {
  pthread_once(&curl_once, start_curl);
  if (curl_started != CURLE_OK) return NULL;
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

// A plain memset before free may be optimised away.
static void wipe(char *text) {
  if (!text) return;
  for (volatile char *byte = text; *byte; byte++) *byte = 0;
}

// TLS libraries write to sockets without asking not to be told by a signal, and the server may have closed its end.
// SIGPIPE would end the process; CURLOPT_NOSIGNAL, which threads need, makes libcurl leave that to us.
static sigset_t hold_sigpipe(void) {
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  return before;
}

static void release_sigpipe(sigset_t before) {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
#if defined(__linux__)
  const struct timespec now = {0};
  while (sigtimedwait(&pipe, NULL, &now) > 0) {
  }
#else
  int taken = 0;
  sigset_t pending;
  while (sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1 && sigwait(&pipe, &taken) == 0) {
  }
#endif
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void ccurl_free(ccurl_mailer *mailer) {
  sigset_t before = hold_sigpipe();
  if (mailer->easy) curl_easy_cleanup(mailer->easy);
  if (mailer->multi) curl_multi_cleanup(mailer->multi);
  release_sigpipe(before);
  wipe(mailer->password);
  free(mailer->password);
  free(mailer->user);
  free(mailer->url);
  free(mailer->ca_file);
  free(mailer);
}

void ccurl_interrupt(ccurl_mailer *mailer) {
  atomic_store(&mailer->interrupted, true);
  curl_multi_wakeup(mailer->multi);
}

void ccurl_resume(ccurl_mailer *mailer) { atomic_store(&mailer->interrupted, false); }

const char *ccurl_fault_text(const ccurl_mailer *mailer) { return mailer->fault; }

const char *ccurl_reply_text(const ccurl_mailer *mailer) { return mailer->reply; }

const char *ccurl_library_version(void) { return curl_version_info(CURLVERSION_NOW)->version; }

// MARK: Settings

ccurl_status ccurl_set_text(ccurl_mailer *mailer, ccurl_text_option option, const char *value) {
  char **place;
  switch (option) {
  case CCURL_URL: place = &mailer->url; break;
  case CCURL_USER: place = &mailer->user; break;
  case CCURL_PASSWORD: place = &mailer->password; break;
  case CCURL_CA_FILE: place = &mailer->ca_file; break;
  default: return CCURL_INVALID;
  }
  char *copy = strdup(value);
  if (!copy) return CCURL_NO_MEMORY;
  wipe(*place);
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
  // libcurl reads 0 as its own default, which for the whole transfer is no limit.
  case CCURL_CONNECT_TIMEOUT: mailer->connect_timeout_ms = value ? (long)value : 1; return CCURL_OK;
  case CCURL_TOTAL_TIMEOUT: mailer->total_timeout_ms = value ? (long)value : 1; return CCURL_OK;
  case CCURL_IDLE_LIMIT: mailer->idle_limit_s = (long)value; return CCURL_OK;
  default: return CCURL_INVALID;
  }
}

// MARK: Callbacks

static size_t give_message(char *buffer, size_t size, size_t count, void *context) {
  ccurl_mailer *mailer = context;
  size_t left = mailer->message_count - mailer->message_sent;
  size_t part = size * count < left ? size * count : left;
  memcpy(buffer, mailer->message + mailer->message_sent, part);
  mailer->message_sent += part;
  return part;
}

static bool begins(const char *data, size_t size, const char *verb) {
  size_t length = strlen(verb);
  return size >= length && strncmp(data, verb, length) == 0;
}

static void note_command(ccurl_mailer *mailer, const char *data, size_t size) {
  // libcurl says QUIT before it reports that a mail was refused; the answer to that is not what was wrong.
  mailer->said_goodbye = begins(data, size, "QUIT");
  if (mailer->said_goodbye) return;
  if (begins(data, size, "EHLO") || begins(data, size, "HELO")) mailer->step = CCURL_STEP_GREETING;
  else if (begins(data, size, "STARTTLS")) mailer->step = CCURL_STEP_STARTTLS;
  else if (begins(data, size, "AUTH")) mailer->step = CCURL_STEP_LOGIN;
  else if (begins(data, size, "MAIL")) mailer->step = CCURL_STEP_SENDER;
  else if (begins(data, size, "RCPT")) mailer->step = CCURL_STEP_RECIPIENT;
  else if (begins(data, size, "DATA")) mailer->step = CCURL_STEP_DATA;
  // The lines that follow AUTH are credentials: only their place in the conversation matters.
  else if (mailer->step != CCURL_STEP_LOGIN) mailer->step = CCURL_STEP_OTHER;
}

static void note_reply(ccurl_mailer *mailer, const char *data, size_t size) {
  if (mailer->said_goodbye) return;
  while (size > 0 && (data[size - 1] == '\r' || data[size - 1] == '\n')) size--;
  if (size >= REPLY_LIMIT) size = REPLY_LIMIT - 1;
  for (size_t i = 0; i < size; i++) {
    unsigned char byte = (unsigned char)data[i];
    mailer->reply[i] = byte < 0x20 || byte == 0x7f ? ' ' : (char)byte;
  }
  mailer->reply[size] = 0;
  int32_t code = 0;
  for (size_t i = 0; i < 3; i++) {
    bool is_digit = i < size && data[i] >= '0' && data[i] <= '9';
    code = is_digit && code >= 0 ? code * 10 + (data[i] - '0') : -1;
  }
  mailer->reply_code = code > 0 ? code : 0;
}

// libcurl tells which command failed only in English sentences that change between its versions; the conversation
// itself does not change.
static int listen_in(CURL *easy, curl_infotype type, char *data, size_t size, void *context) {
  (void)easy;
  if (type == CURLINFO_HEADER_OUT) note_command(context, data, size);
  else if (type == CURLINFO_HEADER_IN) note_reply(context, data, size);
  return 0;
}

// The reply to the mail's text is waited for inside curl_multi_perform, where libcurl looks at nothing but this, once a
// second.
static int shall_end(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  (void)a, (void)b, (void)c, (void)d;
  ccurl_mailer *mailer = context;
  return atomic_load(&mailer->interrupted);
}

static size_t ignore_output(char *data, size_t size, size_t count, void *context) {
  (void)data;
  (void)context;
  return size * count;
}

// MARK: A call

static CURLcode restrict_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS));
#endif
}

// Sets everything again for each call: an easy handle remembers, and a leftover of the last mail must not be able to
// reach this one. The connection is not among what is reset.
static CURLcode prepare(ccurl_mailer *mailer, bool fresh) {
  CURL *easy = mailer->easy;
  bool implicit = strncmp(mailer->url, "smtps:", 6) == 0;
  bool verify = implicit || mailer->tls_mode == CCURL_TLS_REQUIRED;
  CURLcode code = CURLE_OK;
  curl_easy_reset(easy);
#define SET(option, value) \
  if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)
  code = restrict_protocols(easy);
  SET(CURLOPT_URL, mailer->url);
  SET(CURLOPT_ERRORBUFFER, mailer->fault);
  SET(CURLOPT_NOSIGNAL, 1L); // signals and threads do not mix
  SET(CURLOPT_PROXY, "");    // no proxy of the environment's
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
  if (mailer->ca_file) SET(CURLOPT_CAINFO, mailer->ca_file);
  if (mailer->user) {
    SET(CURLOPT_USERNAME, mailer->user);
    SET(CURLOPT_PASSWORD, mailer->password ? mailer->password : "");
  }
  SET(CURLOPT_VERBOSE, 1L); // to the callback, which keeps replies only
  SET(CURLOPT_DEBUGFUNCTION, listen_in);
  SET(CURLOPT_DEBUGDATA, mailer);
  SET(CURLOPT_WRITEFUNCTION, ignore_output);
  SET(CURLOPT_NOPROGRESS, 0L);
  SET(CURLOPT_XFERINFOFUNCTION, shall_end);
  SET(CURLOPT_XFERINFODATA, mailer);
#undef SET
  return code;
}

// Runs the transfer that was prepared.
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

// Makes sure that the connection is not used again. libcurl keeps one whose last reply it did not wait for, and would
// take that reply for the answer to the next mail's first command. Shutting the socket down also spares us the wait for
// an answer to QUIT.
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

static ccurl_result refuse(ccurl_mailer *mailer, ccurl_status status, const char *why) {
  memset(mailer->fault, 0, sizeof mailer->fault);
  strncpy(mailer->fault, why, sizeof mailer->fault - 1);
  mailer->reply[0] = 0;
  return (ccurl_result){.status = status};
}

static ccurl_result run(ccurl_mailer *mailer, struct curl_slist *recipient, const char *sender, bool fresh) {
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
    SET(CURLOPT_CUSTOMREQUEST, "NOOP");
    SET(CURLOPT_NOBODY, 1L);
  }
#undef SET
  if (code != CURLE_OK) return refuse(mailer, CCURL_OTHER, curl_easy_strerror(code));
  sigset_t before = hold_sigpipe();
  ccurl_result result = finish(mailer, perform(mailer));
  release_sigpipe(before);
  return result;
}

// A kept connection may have been closed by the server, or be answered 421 (RFC 5321, section 3.8). As long as not a
// byte of the mail was read from us, a second try cannot deliver it twice.
static bool was_stale(const ccurl_mailer *mailer, ccurl_result result) {
  if (!result.reused || mailer->message_sent > 0) return false;
  return result.status == CCURL_LOST || (result.status == CCURL_REFUSED && result.reply_code == 421);
}

static bool is_address(const char *text) {
  for (; *text; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte <= 0x20 || byte == 0x7f || byte == '<' || byte == '>') return false;
  }
  return true;
}

ccurl_result ccurl_send(ccurl_mailer *mailer, const ccurl_mail *mail) {
  if (!mailer->url) return refuse(mailer, CCURL_INVALID, "no URL was set");
  if (!is_address(mail->sender)) return refuse(mailer, CCURL_INVALID, "the sender is no address");
  if (!*mail->recipient || !is_address(mail->recipient)) {
    return refuse(mailer, CCURL_INVALID, "the recipient is no address");
  }
  struct curl_slist *recipient = curl_slist_append(NULL, mail->recipient);
  if (!recipient) return refuse(mailer, CCURL_NO_MEMORY, "no memory");
  mailer->message = mail->message;
  mailer->message_count = mail->message_count;
  ccurl_result result = run(mailer, recipient, mail->sender, false);
  if (was_stale(mailer, result)) result = run(mailer, recipient, mail->sender, true);
  curl_slist_free_all(recipient);
  mailer->message = NULL;
  mailer->message_count = 0;
  return result;
}

ccurl_result ccurl_probe(ccurl_mailer *mailer) {
  if (!mailer->url) return refuse(mailer, CCURL_INVALID, "no URL was set");
  ccurl_result result = run(mailer, NULL, "", false);
  if (was_stale(mailer, result)) result = run(mailer, NULL, "", true);
  return result;
}
