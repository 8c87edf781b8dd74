// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
import Synchronization

/// A clock that stands until a test moves it.
public final class FixedClock: WallClock {
    private let time: Mutex<Date>

    /// - Parameter time: where it stands; 2026-11-23T08:00:00.000Z by default.
    public init(at time: Date = Date(timeIntervalSince1970: 1_795_420_800)) { self.time = Mutex(time) }

    public func now() -> Date { time.withLock { $0 } }

    /// Moves it; a negative duration moves it back.
    public func advance(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        time.withLock { $0.addTimeInterval(Double(seconds) + Double(attoseconds) / 1e18) }
    }

    /// Puts it to a moment.
    public func set(to moment: Date) { time.withLock { $0 = moment } }
}
