// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <string.h>

static bool begins(const char *data, size_t size, const char *verb) {
  size_t length = strlen(verb);
  return size >= length && strncmp(data, verb, length) == 0;
}

static void note_command(ccurl_mailer *mailer, const char *data, size_t size) {
  // libcurl sends QUIT before it reports a refused mail; the reply to QUIT is not the error.
  mailer->said_goodbye = begins(data, size, "QUIT");
  if (mailer->said_goodbye) return;
  if (begins(data, size, "EHLO") || begins(data, size, "HELO")) mailer->step = CCURL_STEP_GREETING;
  else if (begins(data, size, "STARTTLS")) mailer->step = CCURL_STEP_STARTTLS;
  else if (begins(data, size, "AUTH")) mailer->step = CCURL_STEP_LOGIN;
  else if (begins(data, size, "MAIL")) mailer->step = CCURL_STEP_SENDER;
  else if (begins(data, size, "RCPT")) mailer->step = CCURL_STEP_RECIPIENT;
  else if (begins(data, size, "DATA")) mailer->step = CCURL_STEP_DATA;
  // The lines after AUTH are credentials: they do not change the step.
  else if (mailer->step != CCURL_STEP_LOGIN) mailer->step = CCURL_STEP_OTHER;
}

static void note_reply(ccurl_mailer *mailer, const char *data, size_t size) {
  if (mailer->said_goodbye) return;
  while (size > 0 && (data[size - 1] == '\r' || data[size - 1] == '\n')) size--;
  if (size >= CCURL_REPLY_LIMIT) size = CCURL_REPLY_LIMIT - 1;
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

int ccurl_listen_in(CURL *easy, curl_infotype type, char *data, size_t size, void *context) {
  (void)easy;
  if (type == CURLINFO_HEADER_OUT) note_command(context, data, size);
  else if (type == CURLINFO_HEADER_IN) note_reply(context, data, size);
  return 0;
}
