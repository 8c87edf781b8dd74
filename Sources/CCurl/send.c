// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <stdio.h>

// The server may have closed an idle connection, or reply 421 on it (RFC 5321, section 3.8). As long as libcurl has
// read
// no byte of the mail, a retry cannot deliver it twice.
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
  if (!mailer->url) return ccurl_refuse(mailer, CCURL_INVALID, "no URL was set");
  if (!is_address(mail->sender)) return ccurl_refuse(mailer, CCURL_INVALID, "the sender is not an address");
  if (!*mail->recipient || !is_address(mail->recipient)) {
    return ccurl_refuse(mailer, CCURL_INVALID, "the recipient is not an address");
  }
  struct curl_slist *recipient = curl_slist_append(NULL, mail->recipient);
  if (!recipient) return ccurl_refuse(mailer, CCURL_NO_MEMORY, "out of memory");
  mailer->message = mail->message;
  mailer->message_count = mail->message_count;
  ccurl_result result = ccurl_run(mailer, recipient, mail->sender, false);
  if (was_stale(mailer, result)) result = ccurl_run(mailer, recipient, mail->sender, true);
  curl_slist_free_all(recipient);
  mailer->message = NULL;
  mailer->message_count = 0;
  return result;
}

// Sends one command of a probe on the connection of the previous one; `reused` in the result is false if libcurl opened
// a new connection.
static ccurl_result say(ccurl_mailer *mailer, const char *verb, const char *address) {
  char command[1024];
  int length = snprintf(command, sizeof command, address ? "%s:<%s>" : "%s", verb, address);
  if (length < 0 || (size_t)length >= sizeof command) {
    return ccurl_refuse(mailer, CCURL_INVALID, "the address is too long");
  }
  return ccurl_command(mailer, command, false);
}

ccurl_result ccurl_probe(ccurl_mailer *mailer, const char *sender, const char *recipient) {
  if (!mailer->url) return ccurl_refuse(mailer, CCURL_INVALID, "no URL was set");
  if (!is_address(sender)) return ccurl_refuse(mailer, CCURL_INVALID, "the sender is not an address");
  if (!is_address(recipient)) return ccurl_refuse(mailer, CCURL_INVALID, "the recipient is not an address");
  ccurl_result result = ccurl_command(mailer, "NOOP", false);
  if (was_stale(mailer, result)) result = ccurl_command(mailer, "NOOP", true);
  if (result.status != CCURL_OK || !*recipient) return result;
  result = say(mailer, "MAIL FROM", sender);
  if (result.status != CCURL_OK) return result;
  result = say(mailer, "RCPT TO", recipient);
  if (result.status == CCURL_OK && !result.reused) {
    return ccurl_refuse(mailer, CCURL_LOST, "the server closes the connection after each command");
  }
  if (result.status != CCURL_OK) return result;
  return say(mailer, "RSET", NULL);
}
