// SPDX-License-Identifier: Apache-2.0
//
// Declarations shared by the files of this target.

#ifndef CCURL_INTERNAL_H
#define CCURL_INTERNAL_H

#include "CCurl.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdatomic.h>

#define CCURL_REPLY_LIMIT 1024

// A path that is not a folder, so that no certificate authorities are read from a folder. From version 8.21 on, libcurl
// would use its default folder instead of an empty path.
#define CCURL_NO_FOLDER "/dev/null"

struct ccurl_mailer {
  CURL *easy;
  // The multi handle owns the connection. It is used instead of curl_easy_perform because another thread can end a wait
  // on it immediately; the easy interface checks its abort flag only once a second.
  CURLM *multi;
  atomic_bool interrupted;

  char *url;
  char *user;
  char *password;
  char *ca_file;
  char *helo;
  ccurl_tls tls_mode;
  long connect_timeout_ms;
  long total_timeout_ms;
  long idle_limit_s;

  // State of the running call.
  const uint8_t *message;
  size_t message_count;
  size_t message_sent;
  ccurl_step step;
  bool said_goodbye;
  int32_t reply_code;
  char fault[CURL_ERROR_SIZE];
  char reply[CCURL_REPLY_LIMIT];
};

// Initialises libcurl, once for all threads; false if that failed.
bool ccurl_start(void);

// Overwrites a text, since a plain memset before free may be optimised away.
void ccurl_wipe(char *text);

// Block and unblock SIGPIPE. TLS libraries write to sockets without MSG_NOSIGNAL, and the server may have closed its
// end:
// SIGPIPE would end the process. With CURLOPT_NOSIGNAL, which threads need, libcurl leaves this to its caller.
sigset_t ccurl_hold_sigpipe(void);
void ccurl_release_sigpipe(sigset_t before);

// Records the commands and replies: libcurl's CURLOPT_DEBUGFUNCTION, with the mailer as its data.
//
// libcurl reports which command failed only in error texts that change between its versions; the SMTP conversation
// itself
// does not change.
int ccurl_listen_in(CURL *easy, curl_infotype type, char *data, size_t size, void *mailer);

// Sends the mail that is set in the mailer. `fresh` opens a new connection.
ccurl_result ccurl_run(ccurl_mailer *mailer, struct curl_slist *recipient, const char *sender, bool fresh);

// Sends one command, such as NOOP, and waits for its reply. `fresh` opens a new connection.
ccurl_result ccurl_command(ccurl_mailer *mailer, const char *command, bool fresh);

// The result of a call that was rejected without sending anything.
ccurl_result ccurl_refuse(ccurl_mailer *mailer, ccurl_status status, const char *why);

#endif
