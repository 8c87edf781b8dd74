// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
import Synchronization

/// A clock that changes only when a test sets or advances it.
public final class FixedClock: WallClock {
    private let time: Mutex<Date>

    /// The default initial time, 2026-11-23T08:00:00.000Z.
    public static let start = Date(timeIntervalSince1970: 1_795_420_800)

    /// - Parameter time: the initial time.
    public init(at time: Date = start) { self.time = Mutex(time) }

    public func now() -> Date { time.withLock { $0 } }

    /// Advances the clock; a negative duration turns it back.
    public func advance(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        time.withLock { $0.addTimeInterval(Double(seconds) + Double(attoseconds) / 1e18) }
    }

    /// Sets the clock.
    public func set(to moment: Date) { time.withLock { $0 = moment } }
}
