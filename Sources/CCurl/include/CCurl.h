// SPDX-License-Identifier: Apache-2.0
//
// Mail submission with libcurl's SMTP. CCurlHTTP.h has its HTTP; no other target includes libcurl's headers.
//
// libcurl cannot be used from Swift directly: curl_easy_setopt and curl_easy_getinfo are variadic. This interface has
// plain structs and integers instead, one call per mail, and every call has a time-out and can be interrupted.
//
// Usage: one thread owns a mailer and makes every call except ccurl_interrupt:
//
//     ccurl_new → ccurl_set_text, ccurl_set_number → { ccurl_send | ccurl_probe } … → ccurl_free
//
// The connection is kept open between mails and reopened if it was lost.

#ifndef CCURL_H
#define CCURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define CCURL_NAME(name) __attribute__((swift_name(name)))
#define CCURL_ENUM(type, name) \
  enum __attribute__((enum_extensibility(open), swift_name(name))) type : int32_t
#define CCURL_ENUM_TYPE(type) typedef enum type type
#define CCURL_BEGIN _Pragma("clang assume_nonnull begin")
#define CCURL_END _Pragma("clang assume_nonnull end")
#define CCURL_NULLABLE _Nullable
#else
#define CCURL_NAME(name)
#define CCURL_ENUM(type, name) enum type
#define CCURL_ENUM_TYPE(type) typedef int32_t type
#define CCURL_BEGIN
#define CCURL_END
#define CCURL_NULLABLE
#endif

CCURL_BEGIN

/// One SMTP connection and its settings. Opaque; created by ccurl_new, released by ccurl_free.
typedef struct ccurl_mailer ccurl_mailer;

/// The status of a finished call.
CCURL_ENUM(ccurl_status, "CCurlStatus") {
  /// The server has accepted the mail.
  CCURL_OK CCURL_NAME("ok") = 0,
  /// An argument is null, or a value could be interpreted as a command (a control character, a space or an angle
  /// bracket
  /// in an address). Nothing was sent.
  CCURL_INVALID CCURL_NAME("invalid") = 1,
  CCURL_NO_MEMORY CCURL_NAME("noMemory") = 2,
  /// ccurl_interrupt was called. It is unknown whether the server has accepted the mail.
  CCURL_INTERRUPTED CCURL_NAME("interrupted") = 3,
  /// The host name could not be resolved, or the connection was not accepted.
  CCURL_UNREACHABLE CCURL_NAME("unreachable") = 4,
  /// The server did not answer in time.
  CCURL_TIMED_OUT CCURL_NAME("timedOut") = 5,
  /// TLS is required but not offered, the handshake failed, or the certificate is not trusted.
  CCURL_TLS CCURL_NAME("tlsFailed") = 6,
  /// The server does not accept the user and password, or offers no supported authentication mechanism.
  CCURL_LOGIN CCURL_NAME("loginRefused") = 7,
  /// The server replied to a command with an error; see `reply_code` and `step`.
  CCURL_REFUSED CCURL_NAME("refused") = 8,
  /// The connection was lost, or the server does not speak SMTP.
  CCURL_LOST CCURL_NAME("lost") = 9,
  /// Any other error; see `curl_code` and ccurl_fault_text.
  CCURL_OTHER CCURL_NAME("other") = 10,
};
CCURL_ENUM_TYPE(ccurl_status);

/// How far a conversation got: the last command that was sent to the server.
CCURL_ENUM(ccurl_step, "CCurlStep") {
  CCURL_STEP_CONNECT CCURL_NAME("connect") = 0,
  /// EHLO or HELO.
  CCURL_STEP_GREETING CCURL_NAME("greeting") = 1,
  CCURL_STEP_STARTTLS CCURL_NAME("startTLS") = 2,
  CCURL_STEP_LOGIN CCURL_NAME("login") = 3,
  /// MAIL FROM.
  CCURL_STEP_SENDER CCURL_NAME("sender") = 4,
  /// RCPT TO.
  CCURL_STEP_RECIPIENT CCURL_NAME("recipient") = 5,
  /// DATA, and the mail itself.
  CCURL_STEP_DATA CCURL_NAME("data") = 6,
  /// Another command, such as NOOP.
  CCURL_STEP_OTHER CCURL_NAME("other") = 7,
};
CCURL_ENUM_TYPE(ccurl_step);

/// A text setting. All are copied.
CCURL_ENUM(ccurl_text_option, "CCurlTextOption") {
  /// `smtp://host:port` or `smtps://host:port`; required.
  CCURL_URL CCURL_NAME("url") = 0,
  /// The user to log in as; if unset, the mailer does not log in.
  CCURL_USER CCURL_NAME("user") = 1,
  CCURL_PASSWORD CCURL_NAME("password") = 2,
  /// PEM file of the certificate authorities to trust; if unset, the system's are used.
  CCURL_CA_FILE CCURL_NAME("caFile") = 3,
  /// The name sent with EHLO (RFC 5321, section 4.1.1.1); if unset, libcurl sends the host's name.
  CCURL_HELO CCURL_NAME("helo") = 4,
};
CCURL_ENUM_TYPE(ccurl_text_option);

/// A number setting.
CCURL_ENUM(ccurl_number_option, "CCurlNumberOption") {
  /// A ccurl_tls. Default CCURL_TLS_REQUIRED.
  CCURL_TLS_MODE CCURL_NAME("tlsMode") = 0,
  /// Milliseconds for name resolution, connection and TLS handshake together. Default 10000.
  CCURL_CONNECT_TIMEOUT CCURL_NAME("connectTimeout") = 1,
  /// Milliseconds for one mail, including the connection. Default 60000.
  CCURL_TOTAL_TIMEOUT CCURL_NAME("totalTimeout") = 2,
  /// Seconds after which an idle connection is not used again. Default 20: servers close idle connections after a few
  /// minutes, some after 30 seconds.
  CCURL_IDLE_LIMIT CCURL_NAME("idleLimit") = 3,
};
CCURL_ENUM_TYPE(ccurl_number_option);

/// The STARTTLS policy of a connection that begins without TLS.
CCURL_ENUM(ccurl_tls, "CCurlTLS") {
  /// Used if the server offers it. Any certificate is accepted, because a connection without TLS would be, too
  /// (RFC 7435).
  CCURL_TLS_OPPORTUNISTIC CCURL_NAME("opportunistic") = 0,
  /// The server must offer it, and its certificate and host name are verified.
  CCURL_TLS_REQUIRED CCURL_NAME("required") = 1,
};
CCURL_ENUM_TYPE(ccurl_tls);

/// One mail. Its pointers are read only during the call.
typedef struct CCURL_NAME("CCurlMail") ccurl_mail {
  /// The envelope sender, without angle brackets; empty is the null sender.
  const char *sender;
  /// The envelope recipient, without angle brackets. Only one: our mails are for one person, so replies need not be
  /// split
  /// by recipient.
  const char *recipient;
  /// The mail in the format of RFC 5322, with CRLF line ends. Lines that begin with a dot are escaped by libcurl.
  const uint8_t *message;
  size_t message_count CCURL_NAME("messageCount");
} ccurl_mail;

/// The `curl_code` of a server that offers no STARTTLS although TLS is required (CURLE_USE_SSL_FAILED).
#define CCURL_NO_TLS_OFFERED 64

/// The result of a call.
typedef struct CCURL_NAME("CCurlResult") ccurl_result {
  ccurl_status status;
  /// libcurl's own number (CURLcode).
  int32_t curl_code CCURL_NAME("curlCode");
  /// The code of the server's last reply, not counting the reply to QUIT; 0 if it sent none.
  int32_t reply_code CCURL_NAME("replyCode");
  ccurl_step step;
  /// Whether the conversation used a connection that was already open.
  bool reused;
} ccurl_result;

/// Creates a mailer; null if memory is exhausted or libcurl cannot be initialised. The first call initialises libcurl,
/// once for all threads.
ccurl_mailer *CCURL_NULLABLE ccurl_new(void);

/// Closes the connection and destroys the mailer. The password is overwritten.
void ccurl_free(ccurl_mailer *mailer);

/// Sets a text option for all later calls.
ccurl_status ccurl_set_text(ccurl_mailer *mailer, ccurl_text_option option, const char *value);

/// Sets a number option for all later calls.
ccurl_status ccurl_set_number(ccurl_mailer *mailer, ccurl_number_option option, int64_t value);

/// Sends one mail. If a kept connection turns out to be closed before the first byte of the mail was sent, it is
/// replaced
/// by a new one, once.
ccurl_result ccurl_send(ccurl_mailer *mailer, const ccurl_mail *mail);

/// Checks whether mails could be sent: connects, greets, logs in, and sends the envelope of a mail up to RCPT, which
/// RSET
/// cancels. With an empty recipient it stops after the log-in, with NOOP.
ccurl_result ccurl_probe(ccurl_mailer *mailer, const char *sender, const char *recipient);

/// Makes the running call, and each later one until ccurl_resume, end with CCURL_INTERRUPTED: immediately, or within a
/// second while the call waits for the reply to a mail's content. Any thread may call it while the mailer exists.
void ccurl_interrupt(ccurl_mailer *mailer);

/// Undoes ccurl_interrupt.
void ccurl_resume(ccurl_mailer *mailer);

/// libcurl's error text of the last call; empty if it succeeded. Valid until the next call.
const char *ccurl_fault_text(const ccurl_mailer *mailer);

/// The last line that the server sent during the last call, without its line end; empty if it sent nothing. It may
/// quote
/// an address. Valid until the next call.
const char *ccurl_reply_text(const ccurl_mailer *mailer);

CCURL_END

#endif
