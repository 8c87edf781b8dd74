// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A value that tasks share.
public final class Locked<Value: Sendable>: @unchecked Sendable {
    // A mutex of the standard library lends its value in a region that nothing captured may enter, which is
    // more than `Sendable` values need.
    private let lock = NSLock()
    private var stored: Value

    public init(_ value: Value) { stored = value }

    /// The value as it is now.
    public var value: Value { lock.withLock { stored } }

    /// Changes the value; nobody else reads or changes it meanwhile.
    public func change<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        try lock.withLock { try body(&stored) }
    }
}
