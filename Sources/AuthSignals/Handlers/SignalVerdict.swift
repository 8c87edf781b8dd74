// SPDX-License-Identifier: Apache-2.0

/// An error that a handler throws to decide what happens to its message; after any other error it is retried.
public enum SignalVerdict: Error, Hashable, Sendable {
    /// Dead-letter the message at once, with that reason (cut to 1 KiB).
    case reject(String)
    /// Retry after at least that long: on the first retry rung whose delay is not shorter.
    case retry(after: Duration)
}
