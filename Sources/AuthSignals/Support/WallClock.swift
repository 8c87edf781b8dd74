// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// The source of the current time: a seam that tests replace.
public protocol WallClock: Sendable {
    /// The current time.
    func now() -> Date
}

/// The system's clock.
public struct SystemWallClock: WallClock {
    public init() {}
    public func now() -> Date { Date() }
}

extension WallClock where Self == SystemWallClock {
    /// The system's clock.
    public static var system: SystemWallClock { SystemWallClock() }
}
