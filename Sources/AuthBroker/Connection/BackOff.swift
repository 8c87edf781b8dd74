// SPDX-License-Identifier: Apache-2.0

/// The pauses between attempts: each twice as long as the one before, up to a limit, and shortened at random by
/// up to half, so that many clients of one broker do not come back all at once.
struct BackOff {
    private let first: Duration
    private let longest: Duration
    private var next: Duration

    init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
        next = first
    }

    /// The pause before the next attempt.
    ///
    /// - Parameter chance: from 0 to 1; 0 takes the whole pause, 1 half of it.
    mutating func pause(chance: Double = .random(in: 0...1)) -> Duration {
        defer { next = min(next * 2, longest) }
        return min(next, longest) * (1 - chance / 2)
    }

    /// The connection held: the next pause is the first again.
    mutating func reset() { next = first }
}
