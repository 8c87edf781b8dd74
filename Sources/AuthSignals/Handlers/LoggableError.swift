// SPDX-License-Identifier: Apache-2.0

/// An error whose description contains no payload data and no secret. Its description is always logged and stored with
/// a dead letter, even if the texts of other errors are not.
///
/// ```swift
/// struct CalendarUnreachable: LoggableError {
///     var status: Int
///     var description: String { "the calendar returned status \(status)" }
/// }
/// ```
public protocol LoggableError: Error, CustomStringConvertible {}

extension SignalError: LoggableError {}
