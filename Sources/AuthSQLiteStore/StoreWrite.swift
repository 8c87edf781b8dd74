// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteSupport
import Synchronization

/// The transaction of one caller, which shares its commit with those of others that run at the same time.
struct StoreWrite: SharedWrite {
    /// Whether the calling task was cancelled.
    final class Caller: Sendable {
        private let isCancelled = Atomic(false)

        func cancel() { isCancelled.store(true, ordering: .releasing) }

        func checkCancellation() throws {
            if isCancelled.load(ordering: .acquiring) { throw CancellationError() }
        }
    }

    /// The maximum number of transactions that share a commit: each caller waits for all of its group.
    static let largestGroup = 64

    let caller: Caller
    let body: @Sendable (Database) throws -> Void

    var needsSavepoint: Bool { true }

    func perform(_ db: Database) throws {
        // A statement is not interrupted, since that could roll back the others; the body's writes are rolled back.
        try caller.checkCancellation()
        try body(db)
        try caller.checkCancellation()
    }
}
