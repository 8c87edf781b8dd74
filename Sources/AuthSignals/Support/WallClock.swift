// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// What time it is: a seam, so that tests can say.
public protocol WallClock: Sendable {
    /// The present moment.
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
