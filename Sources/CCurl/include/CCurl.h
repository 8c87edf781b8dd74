// SPDX-License-Identifier: Apache-2.0
//
// Mail submission over libcurl's SMTP: the only place that includes its headers.
//
// libcurl cannot be used from Swift as it is: curl_easy_setopt and curl_easy_getinfo are variadic. This face has
// plain structs and integers instead, one call a mail, and every call has a bound and can be interrupted.
//
// How it is used. One thread owns a mailer and makes every call but ccurl_interrupt:
//
//     ccurl_new → ccurl_set_text, ccurl_set_number → { ccurl_send | ccurl_probe } … → ccurl_free
//
// The connection is kept between the mails and opened again when it was lost.

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

/// One SMTP connection and its settings. Opaque; made by ccurl_new, released by ccurl_free.
typedef struct ccurl_mailer ccurl_mailer;

/// How a call ended.
CCURL_ENUM(ccurl_status, "CCurlStatus") {
  /// The server has taken the mail.
  CCURL_OK CCURL_NAME("ok") = 0,
  /// An argument is null, or a value could be read as a command (a control character, a space or an angle bracket in
  /// an address). Nothing was sent.
  CCURL_INVALID CCURL_NAME("invalid") = 1,
  CCURL_NO_MEMORY CCURL_NAME("noMemory") = 2,
  /// ccurl_interrupt was called. Whether the server has the mail is not known.
  CCURL_INTERRUPTED CCURL_NAME("interrupted") = 3,
  /// The host's name could not be resolved, or nobody accepted the connection.
  CCURL_UNREACHABLE CCURL_NAME("unreachable") = 4,
  /// The server did not answer in time.
  CCURL_TIMED_OUT CCURL_NAME("timedOut") = 5,
  /// TLS was wanted and there is none, the handshake failed, or the certificate is not trusted.
  CCURL_TLS CCURL_NAME("tlsFailed") = 6,
  /// The server does not accept user and password, or offers no way to log in that we know.
  CCURL_LOGIN CCURL_NAME("loginRefused") = 7,
  /// The server answered a command with an error; `reply_code` and `step` say which.
  CCURL_REFUSED CCURL_NAME("refused") = 8,
  /// The connection was lost, or what arrived is not SMTP.
  CCURL_LOST CCURL_NAME("lost") = 9,
  /// Anything else; `curl_code` and the text say what.
  CCURL_OTHER CCURL_NAME("other") = 10,
};
CCURL_ENUM_TYPE(ccurl_status);

/// How far a conversation came: the last thing that was said to the server.
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
  /// The user to log in as; without one there is no log-in.
  CCURL_USER CCURL_NAME("user") = 1,
  CCURL_PASSWORD CCURL_NAME("password") = 2,
  /// PEM file of the authorities to trust; without one, the system's are.
  CCURL_CA_FILE CCURL_NAME("caFile") = 3,
  /// The name that EHLO gives (RFC 5321, section 4.1.1.1); without one, libcurl gives the host's name.
  CCURL_HELO CCURL_NAME("helo") = 4,
};
CCURL_ENUM_TYPE(ccurl_text_option);

/// A number setting.
CCURL_ENUM(ccurl_number_option, "CCurlNumberOption") {
  /// A ccurl_tls. Default CCURL_TLS_REQUIRED.
  CCURL_TLS_MODE CCURL_NAME("tlsMode") = 0,
  /// Milliseconds for name resolution, connection and TLS handshake together. Default 10000.
  CCURL_CONNECT_TIMEOUT CCURL_NAME("connectTimeout") = 1,
  /// Milliseconds for one mail, connecting included. Default 60000.
  CCURL_TOTAL_TIMEOUT CCURL_NAME("totalTimeout") = 2,
  /// Seconds after which an idle connection is not used again. Default 20: servers hang up after a few minutes, the
  /// impatient ones after 30 seconds.
  CCURL_IDLE_LIMIT CCURL_NAME("idleLimit") = 3,
};
CCURL_ENUM_TYPE(ccurl_number_option);

/// What is asked of STARTTLS on a connection that begins without TLS.
CCURL_ENUM(ccurl_tls, "CCurlTLS") {
  /// Used where the server offers it. Any certificate will do, as none at all would too (RFC 7435).
  CCURL_TLS_OPPORTUNISTIC CCURL_NAME("opportunistic") = 0,
  /// The server must offer it, and its certificate and host name are verified.
  CCURL_TLS_REQUIRED CCURL_NAME("required") = 1,
};
CCURL_ENUM_TYPE(ccurl_tls);

/// One mail. Everything it points to is read during the call only.
typedef struct CCURL_NAME("CCurlMail") ccurl_mail {
  /// The envelope's sender, without angle brackets; empty is the null sender.
  const char *sender;
  /// The envelope's recipient, without angle brackets. There is one: a mail of ours is for one person, and no answer
  /// has to be taken apart by recipient.
  const char *recipient;
  /// The mail as RFC 5322 has it, lines ended by CRLF. Lines that begin with a dot are escaped here.
  const uint8_t *message;
  size_t message_count CCURL_NAME("messageCount");
} ccurl_mail;

/// The `curl_code` of a server that offers no STARTTLS although TLS is required (CURLE_USE_SSL_FAILED).
#define CCURL_NO_TLS_OFFERED 64

/// What came of a call.
typedef struct CCURL_NAME("CCurlResult") ccurl_result {
  ccurl_status status;
  /// libcurl's own number (CURLcode).
  int32_t curl_code CCURL_NAME("curlCode");
  /// The code of the server's last reply, good-byes not counted; 0 where there was none.
  int32_t reply_code CCURL_NAME("replyCode");
  ccurl_step step;
  /// Whether the conversation went over a connection that was open already.
  bool reused;
} ccurl_result;

/// Makes a mailer; null when there is no memory. The first call initialises libcurl, once for all threads.
ccurl_mailer *CCURL_NULLABLE ccurl_new(void);

/// Closes the connection and destroys the mailer. The password is overwritten.
void ccurl_free(ccurl_mailer *mailer);

/// Sets a text, for all calls that follow.
ccurl_status ccurl_set_text(ccurl_mailer *mailer, ccurl_text_option option, const char *value);

/// Sets a number, for all calls that follow.
ccurl_status ccurl_set_number(ccurl_mailer *mailer, ccurl_number_option option, int64_t value);

/// Hands one mail to the server. A kept connection that turns out to be dead before the mail's first byte went out is
/// replaced by a new one, once.
ccurl_result ccurl_send(ccurl_mailer *mailer, const ccurl_mail *mail);

/// Connects, greets, logs in, and gives the envelope of a mail up to RCPT, which RSET takes back: whether mails could be
/// sent. An empty recipient stops after the log-in, with NOOP.
ccurl_result ccurl_probe(ccurl_mailer *mailer, const char *sender, const char *recipient);

/// Makes the running call, and each later one until ccurl_resume, end with CCURL_INTERRUPTED: at once, or within a second
/// while the server's answer to a mail's text is waited for. May be called by any thread while the mailer exists.
void ccurl_interrupt(ccurl_mailer *mailer);

/// Takes ccurl_interrupt back.
void ccurl_resume(ccurl_mailer *mailer);

/// libcurl's words for what the last call found wrong; empty where nothing was. Valid until the next call.
const char *ccurl_fault_text(const ccurl_mailer *mailer);

/// The last line that the server said during the last call, without its line end; empty where it said nothing. It may
/// quote an address. Valid until the next call.
const char *ccurl_reply_text(const ccurl_mailer *mailer);

/// libcurl's version at run time, such as `7.88.1`.
const char *ccurl_library_version(void);

CCURL_END

#endif
