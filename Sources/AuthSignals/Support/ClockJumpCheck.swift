// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// Whether a job that deletes old data may trust the clock.
///
/// If the clock jumps far ahead, all data looks old. So a run more than a day after the last one deletes nothing and
/// only records the time. If the next run is consistent with that time, the clock is trusted again.
public struct ClockJumpCheck: Hashable, Sendable {
    /// The longest time between two runs that is accepted at once, in seconds.
    public static let longestStep: TimeInterval = 86_400

    /// The time of the last accepted run; nil before the first one.
    public var lastRun: Date?
    /// The time of a rejected run since then; nil if no run was rejected.
    public var doubtedAt: Date?

    public init(lastRun: Date? = nil, doubtedAt: Date? = nil) {
        self.lastRun = lastRun
        self.doubtedAt = doubtedAt
    }

    /// Whether a run at this time may delete data. Records the run in either case.
    public mutating func accepts(_ now: Date) -> Bool {
        if let lastRun, !Self.follows(now, lastRun),
            doubtedAt.map({ Self.follows(now, $0) && now >= $0 }) != true
        {
            doubtedAt = now
            return false
        }
        lastRun = now
        doubtedAt = nil
        return true
    }

    private static func follows(_ now: Date, _ last: Date) -> Bool {
        now.timeIntervalSince(last) <= longestStep
    }
}
