// SPDX-License-Identifier: Apache-2.0

/// An error that may pass by itself: nothing was changed, and the same call can succeed later. Over HTTP it
/// is a 503 with `Retry-After`.
public protocol TemporaryFailure: Error {
    /// When to try again, seconds, 1 or more; nil where this one does not pass by itself.
    var secondsUntilRetry: Int? { get }
}

extension PasswordHasherError: TemporaryFailure {
    public var secondsUntilRetry: Int? { max(1, retryAfter) }
}
