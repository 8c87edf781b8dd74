// SPDX-License-Identifier: Apache-2.0
//
// One PostgreSQL connection over libpq: the only place that includes its headers.
//
// libpq is not used directly from Swift: several of its calls block without a timeout, its results are pointers that
// another call frees, and its messages may quote values. This interface has only plain structs and integers, and every
// call that waits has a timeout.
//
// Usage: one thread owns a connection and makes every call except cpg_interrupt:
//
//     cpg_new → cpg_open → { cpg_prepare, cpg_execute, cpg_query … cpg_sync → cpg_next until CPG_SYNC } → cpg_close
//     → cpg_free
//
// The connection is always in libpq's pipeline mode: sending calls only write into a buffer, cpg_next sends it while it
// waits. After any negative status except .invalid the connection is dead: only cpg_fault_*, cpg_close and cpg_free may
// follow.

#ifndef CPOSTGRES_H
#define CPOSTGRES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define CPG_NAME(name) __attribute__((swift_name(name)))
#define CPG_ENUM(type, name) \
  enum __attribute__((enum_extensibility(open), swift_name(name))) type : int32_t
#define CPG_ENUM_TYPE(type) typedef enum type type
#define CPG_BEGIN _Pragma("clang assume_nonnull begin")
#define CPG_END _Pragma("clang assume_nonnull end")
#define CPG_NULLABLE _Nullable
#else
#define CPG_NAME(name)
#define CPG_ENUM(type, name) enum type
#define CPG_ENUM_TYPE(type) typedef int32_t type
#define CPG_BEGIN
#define CPG_END
#define CPG_NULLABLE
#endif

CPG_BEGIN

/// One connection. Opaque; created by cpg_new, released by cpg_free.
typedef struct cpg_connection cpg_connection;

/// The answer to one statement. Opaque; released by cpg_result_free, independent of its connection.
typedef struct cpg_result cpg_result;

/// What another thread needs to cancel the running statement. Opaque; released by cpg_cancel_free, independent of its
/// connection.
typedef struct cpg_cancel cpg_cancel;

/// The result of a call. Not negative: the connection is usable. Negative: it is dead, except for CPG_INVALID.
CPG_ENUM(cpg_status, "CPGStatus") {
  CPG_OK CPG_NAME("ok") = 0,
  /// cpg_interrupt was called.
  CPG_INTERRUPTED CPG_NAME("interrupted") = -1,
  CPG_NO_MEMORY CPG_NAME("noMemory") = -2,
  /// A call out of order, such as cpg_next without a statement.
  CPG_MISUSE CPG_NAME("misuse") = -3,
  /// libpq's limits were exceeded, such as too many parameters. Nothing was sent, and the connection stays usable.
  CPG_INVALID CPG_NAME("invalid") = -4,
  /// The host name could not be resolved.
  CPG_NAME_UNRESOLVED CPG_NAME("nameUnresolved") = -5,
  /// The connection was refused, or the socket does not exist.
  CPG_UNREACHABLE CPG_NAME("unreachable") = -6,
  /// The server did not answer in time.
  CPG_TIMED_OUT CPG_NAME("timedOut") = -7,
  /// TLS failed: the certificate was not accepted, a file cannot be used, or the server does not use TLS.
  CPG_TLS CPG_NAME("tls") = -8,
  /// The server accepts no writes, but target_session_attrs demands it.
  CPG_READ_ONLY CPG_NAME("readOnly") = -9,
  /// The server refused the log-in; cpg_fault_state returns its SQLSTATE.
  CPG_REFUSED CPG_NAME("refused") = -10,
  /// The connection was lost, or the peer is not a PostgreSQL server.
  CPG_LOST CPG_NAME("lost") = -11,
};
CPG_ENUM_TYPE(cpg_status);

/// Borrowed bytes: valid during the call that they are passed to, or as long as the result that they come from. A null
/// pointer means NULL.
typedef struct CPG_NAME("CPGBytes") cpg_bytes {
  const uint8_t *CPG_NULLABLE pointer;
  size_t count;
} cpg_bytes;

/// A parameter in PostgreSQL's binary format.
typedef struct CPG_NAME("CPGValue") cpg_value {
  cpg_bytes bytes;
  /// The OID of the type; 0: the server infers it.
  uint32_t type;
} cpg_value;

/// A keyword of libpq with its value (PostgreSQL documentation, 34.1.2).
typedef struct CPG_NAME("CPGOption") cpg_option {
  const char *keyword;
  const char *value;
} cpg_option;

// MARK: Connection

/// Null without memory or file descriptors.
cpg_connection *CPG_NULLABLE cpg_new(void);
/// Closes the connection without waiting.
void cpg_free(cpg_connection *connection);

/// Connects and logs in. The options contain one `host` or none; a host name is resolved here, and all of its addresses
/// are tried.
cpg_status cpg_open(cpg_connection *connection, const cpg_option *CPG_NULLABLE options, size_t count, int64_t timeout_ms);
/// Closes the connection without waiting; it can be opened again.
void cpg_close(cpg_connection *connection);

/// Makes the current and all later waiting calls return CPG_INTERRUPTED. Any thread may call it.
void cpg_interrupt(cpg_connection *connection);

/// Whether the connection is open and the server has not closed it; does not wait. To be called between two uses.
bool cpg_is_alive(cpg_connection *connection);

/// The server's SQLSTATE if the log-in was refused, five characters; empty if there is none.
const char *cpg_fault_state(const cpg_connection *connection);

// MARK: Statements

/// Prepares a statement with the types of its parameters.
cpg_status cpg_prepare(cpg_connection *connection, const char *name, const char *sql,
                       const cpg_value *CPG_NULLABLE values,
                       size_t count);
/// Runs a prepared statement.
cpg_status cpg_execute(cpg_connection *connection, const char *name, const cpg_value *CPG_NULLABLE values, size_t count);
/// Runs a statement without preparing it.
cpg_status cpg_query(cpg_connection *connection, const char *sql, const cpg_value *CPG_NULLABLE values, size_t count);
/// Asks the server to send what it has answered so far, before the statements that follow.
cpg_status cpg_request_flush(cpg_connection *connection);
/// Ends a pipeline: after an error the server ignores everything up to here.
cpg_status cpg_sync(cpg_connection *connection);

/// What an answer is.
CPG_ENUM(cpg_kind, "CPGKind") {
  /// A statement succeeded, with or without rows.
  CPG_DONE CPG_NAME("done") = 0,
  /// A statement failed.
  CPG_ERROR CPG_NAME("error") = 1,
  /// A statement was not run, because one before it failed.
  CPG_SKIPPED CPG_NAME("skipped") = 2,
  /// The pipeline has ended.
  CPG_SYNC CPG_NAME("sync") = 3,
};
CPG_ENUM_TYPE(cpg_kind);

/// An answer of the server.
typedef struct CPG_NAME("CPGAnswer") cpg_answer {
  cpg_kind kind;
  /// Set if the kind is CPG_DONE or CPG_ERROR; the caller releases it.
  cpg_result *CPG_NULLABLE result;
} cpg_answer;

/// Sends what was buffered and waits for the next answer: one for each cpg_prepare, cpg_execute, cpg_query and cpg_sync.
cpg_status cpg_next(cpg_connection *connection, int64_t timeout_ms, cpg_answer *answer);

// MARK: Results

void cpg_result_free(cpg_result *result);
size_t cpg_result_rows(const cpg_result *result);
size_t cpg_result_columns(const cpg_result *result);
/// The OID of a column's type; 0 if the column does not exist.
uint32_t cpg_result_type(const cpg_result *result, size_t column);
/// A value in binary format; a null pointer for NULL and outside of the rows and columns.
cpg_bytes cpg_result_value(const cpg_result *result, size_t row, size_t column);
/// The number of rows that a statement changed or returned.
int64_t cpg_result_affected(const cpg_result *result);
/// The command, such as "COMMIT".
const char *cpg_result_command(const cpg_result *result);
/// SQLSTATE of an error, five characters; empty if libpq made the error.
const char *cpg_result_state(const cpg_result *result);
/// Null if the error is not about a constraint.
const char *CPG_NULLABLE cpg_result_constraint(const cpg_result *result);
/// Null if the error is not about a table.
const char *CPG_NULLABLE cpg_result_table(const cpg_result *result);
/// The server's primary message, which may quote values.
const char *cpg_result_message(const cpg_result *result);

// MARK: Cancelling

/// Null without memory.
cpg_cancel *CPG_NULLABLE cpg_cancel_new(cpg_connection *connection);
void cpg_cancel_free(cpg_cancel *cancel);
/// Asks the server to cancel the running statement, over a connection of its own, and waits until the server has done
/// it. Any thread may call it. The kernel limits the time by tcp_user_timeout.
bool cpg_cancel_run(cpg_cancel *cancel);

// MARK: URLs

/// Parses a connection URI with libpq.
///
/// - Parameter found: Called with each keyword that the URI contains and its value.
/// - Returns: False for an invalid URI; libpq's message may quote a password and is dropped.
bool cpg_parse_url(const char *url, void *CPG_NULLABLE context,
                   void (*found)(void *CPG_NULLABLE context, const char *keyword, const char *value));

/// The version of libpq, such as 150018.
int32_t cpg_library_version(void);

CPG_END

#endif
