// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// Whether the clock may be believed by a job that deletes what is old.
///
/// A clock that is far ahead makes everything old. So a run that comes more than a day after the last one does
/// nothing but note the time; if the next run finds the clock where it then must be, it is believed.
public struct ClockJumpCheck: Hashable, Sendable {
    /// The longest step from one run to the next that is believed at once.
    public static let longestStep: TimeInterval = 86_400

    /// When the last run was that was not refused; nil before the first one.
    public var lastRun: Date?
    /// When a run was refused since; nil if none was.
    public var doubtedAt: Date?

    public init(lastRun: Date? = nil, doubtedAt: Date? = nil) {
        self.lastRun = lastRun
        self.doubtedAt = doubtedAt
    }

    /// Whether a run at this time may delete something; it is remembered either way.
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
