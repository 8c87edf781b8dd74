// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation

/// The settings of password hashing: cost, concurrency and queue.
public struct PasswordHashing: Sendable {
    /// `PASSWORD_SCRYPT_COST` is its N.
    public var cost = PasswordHasher.Cost()
    /// `PASSWORD_HASH_CONCURRENCY`: how many at a time; each takes 128 · N · r bytes and keeps a core busy.
    public var concurrency = Self.defaultConcurrency
    /// `PASSWORD_HASH_QUEUE`: how many may wait; further ones are rejected.
    public var queueLimit = 64
    /// `PASSWORD_HASH_WAIT`: how long one may wait; a password that would wait longer is rejected.
    public var longestWait = Duration.seconds(5)

    /// The number of cores.
    public static var defaultConcurrency: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    public init() {}

    /// Reads `PASSWORD_SCRYPT_COST`, `PASSWORD_HASH_CONCURRENCY`, `PASSWORD_HASH_QUEUE` and `PASSWORD_HASH_WAIT`.
    /// The reader collects the faults.
    public init(reading reader: inout SettingsReader) {
        self.init()
        cost.n = reader.value(
            "PASSWORD_SCRYPT_COST", default: cost.n, "a power of two from 1024 to 262144"
        ) { Int($0).flatMap { (1024...262_144).contains($0) && $0.nonzeroBitCount == 1 ? $0 : nil } }
        concurrency = reader.int("PASSWORD_HASH_CONCURRENCY", default: concurrency, in: 1...1024)
        queueLimit = reader.int("PASSWORD_HASH_QUEUE", default: queueLimit, in: 0...100_000)
        longestWait = reader.seconds("PASSWORD_HASH_WAIT", default: longestWait, in: 1...60)
    }

    /// Makes the hasher. Share one in a process.
    ///
    /// - Parameter schemes: of hashes that were imported from other systems.
    public func hasher(schemes: [any PasswordScheme] = []) -> PasswordHasher {
        PasswordHasher(
            cost: cost, concurrency: concurrency, queueLimit: queueLimit, longestWait: longestWait,
            schemes: schemes)
    }
}
