// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A value protected by a lock, shared between tasks.
public final class Locked<Value: Sendable>: @unchecked Sendable {
    // Not the standard library's `Mutex`: its closure runs in an isolation region that captured values cannot enter,
    // which is stricter than needed for `Sendable` values.
    private let lock = NSLock()
    private var stored: Value

    public init(_ value: Value) { stored = value }

    /// The current value.
    public var value: Value { lock.withLock { stored } }

    /// Changes the value while holding the lock.
    public func change<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        try lock.withLock { try body(&stored) }
    }
}
