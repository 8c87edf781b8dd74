// SPDX-License-Identifier: Apache-2.0

/// A temporary error: the same call can succeed later. Nothing was changed, except after ``UnknownOutcome``, where it
/// is not known. Over HTTP it is a 503 with `Retry-After`.
public protocol TemporaryFailure: Error {
    /// When to try again, in seconds, 1 or more; nil if this error is not temporary.
    var secondsUntilRetry: Int? { get }
}

extension PasswordHasherError: TemporaryFailure {
    public var secondsUntilRetry: Int? { max(1, retryAfter) }
}

/// The connection to the store was lost during a commit, and it could not be determined whether the transaction was
/// committed.
///
/// The rows and the signals of the transaction are committed together or not at all: the signals are published if, and
/// only if, the change took effect. In-process receivers do not run.
public struct UnknownOutcome: TemporaryFailure, Hashable, CustomStringConvertible {
    public init() {}

    public var secondsUntilRetry: Int? { 1 }
    public var description: String {
        "the connection to the store was lost during a commit; its outcome is unknown"
    }
}
