// SPDX-License-Identifier: Apache-2.0

/// What a handler may throw to say what is to become of its message; any other error is tried again.
public enum SignalVerdict: Error, Hashable, Sendable {
    /// Never again: to the dead letters at once, with that reason (at most 1 KiB is kept).
    case reject(String)
    /// Again, after at least that long: on the first rung of the ladder that is not shorter.
    case retry(after: Duration)
}
