// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthSignals
import AuthStore
import Foundation

extension PostgresTransaction {
    /// What a transaction has written for others.
    struct Written: Sendable {
        var drafts: [SignalDraft]
        var mails: Bool
    }

    /// Puts the last statements off, which are sent with COMMIT.
    func finish() throws -> Written {
        writeSeen()
        try insert(drafts)
        return Written(drafts: drafts, mails: queuesMails)
    }

    /// Runs `body` in a savepoint: if it throws, what it changed, emitted and queued is undone, and the transaction can
    /// go on. `PostgresConnection.savepoint(_:)` alone does not undo what was emitted.
    ///
    /// - Throws: what `body` throws, and errors of the writes that it has put off, such as `StoreConflict`.
    public func savepoint<R>(_ body: () throws -> R) throws -> R {
        let former = (cache, drafts, queuesMails, seen)
        do {
            return try connection.savepoint(body)
        } catch let error as PostgresError where !error.isRetryable {
            (cache, drafts, queuesMails, seen) = former
            throw StoreError.cause(of: error)
        } catch {
            (cache, drafts, queuesMails, seen) = former
            throw error
        }
    }

    /// Writes when sessions were used, in the order of ids, so that two processes do not wait for each other.
    func writeSeen() {
        if seen.isEmpty { return }
        let ids = Array(seen.keys)
        later(.lockSessions, [.uuids(ids)])
        later(.markSessions, [.uuids(ids), .ints(ids.map { seen[$0]?.milliseconds })])
        seen = [:]
    }

    /// Puts the insertion of signals off, in the order in which they were emitted.
    func insert(_ drafts: [SignalDraft]) throws {
        if drafts.isEmpty { return }
        let traces = try drafts.map { $0.trace.isEmpty ? nil : try SignalCodec.encoder().encode($0.trace) }
        // Behind all locks of the transaction, so that rows of two transactions that touch the same have the order of
        // their commits.
        connection.last(
            .insertSignals,
            [
                .uuids(drafts.map(\.id)), .texts(drafts.map(\.name.rawValue)),
                .ints(drafts.map { Int64($0.schemaVersion) }), .texts(drafts.map { $0.subject?.storable }),
                .ints(drafts.map(\.time.milliseconds)), .uuids(drafts.map(\.correlationID)),
                .byteses(traces), .byteses(drafts.map(\.data)),
            ])
    }
}
