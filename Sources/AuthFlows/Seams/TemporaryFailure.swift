// SPDX-License-Identifier: Apache-2.0

/// A temporary error: nothing was changed, and the same call can succeed later. Over HTTP it is a 503 with
/// `Retry-After`.
public protocol TemporaryFailure: Error {
    /// When to try again, in seconds, 1 or more; nil if this error is not temporary.
    var secondsUntilRetry: Int? { get }
}

extension PasswordHasherError: TemporaryFailure {
    public var secondsUntilRetry: Int? { max(1, retryAfter) }
}
