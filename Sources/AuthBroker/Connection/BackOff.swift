// SPDX-License-Identifier: Apache-2.0

/// Exponential backoff with jitter: each delay is twice as long as the previous one, up to a limit, and is shortened at
/// random by up to half, so that the clients of one broker do not all reconnect at the same time.
struct BackOff {
    private let first: Duration
    private let longest: Duration
    private var next: Duration

    init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
        next = first
    }

    /// The delay before the next attempt.
    ///
    /// - Parameter chance: The jitter, from 0 to 1: 0 is the whole delay, 1 is half of it.
    mutating func pause(chance: Double = .random(in: 0...1)) -> Duration {
        defer { next = min(next * 2, longest) }
        return min(next, longest) * (1 - chance / 2)
    }

    /// Starts again with the first delay, after a connection that lasted.
    mutating func reset() { next = first }
}
