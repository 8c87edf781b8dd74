// SPDX-License-Identifier: Apache-2.0

/// An error whose description holds nothing of a payload and no secret: it is logged, and kept with a dead letter,
/// whatever is configured for the texts of other errors.
///
/// ```swift
/// struct CalendarUnreachable: LoggableError {
///     var status: Int
///     var description: String { "the calendar answered \(status)" }
/// }
/// ```
public protocol LoggableError: Error, CustomStringConvertible {}

extension SignalError: LoggableError {}
