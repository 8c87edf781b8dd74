// SPDX-License-Identifier: Apache-2.0
package import GRDB

/// A write that can share its transaction, and so its disk sync, with others.
package protocol SharedWrite: Sendable {
    associatedtype Answer: Sendable

    /// Whether the write can fail after it has changed something: then it gets a savepoint of its own.
    var needsSavepoint: Bool { get }

    /// Writes. May be called a second time, after everything that the first call wrote was rolled back.
    func perform(_ db: Database) throws -> Answer
}

extension DatabaseWriter {
    /// Performs writes in one transaction, each in its own savepoint, and commits them with one disk sync.
    ///
    /// - A write that throws is rolled back to its savepoint; the others are committed.
    /// - If the transaction as a whole is lost, because its commit fails or because an error such as a full disk has
    ///   rolled it back, nothing was written; each write is then performed again in a transaction of its own, so that
    ///   only those fail that cannot be committed.
    /// - If the transaction cannot begin, or another process holds a lock, all writes fail with that error: trying each
    ///   of them would let the last one wait for the sum of the time-outs.
    ///
    /// A result is returned only after the commit that it belongs to: before, a process that dies leaves none of the
    /// writes and has reported none of them. A failure counts as a result, too, since a write may have failed because of
    /// what an earlier one of the same transaction wrote.
    ///
    /// - Parameters:
    ///   - willBegin: called before each transaction.
    ///   - didEnd: called after the last one, before another writer can begin.
    ///   - commits: The number of commits that this connection has made. It reveals a write that ends the transaction
    ///     itself by an SQL statement: those before it are then committed, and are not performed again.
    /// - Returns: the results in the order of the writes.
    package func commit<Write: SharedWrite>(
        _ writes: [Write], willBegin: @Sendable () -> Void = {}, didEnd: @Sendable () -> Void = {},
        commits: @Sendable () -> Int = { 0 }
    ) async -> [Result<Write.Answer, any Error>] {
        do {
            return try await writeWithoutTransaction { database in
                defer { didEnd() }
                return database.commitTogether(writes, willBegin, commits)
            }
        } catch {
            // The database was closed.
            return writes.map { _ in .failure(error) }
        }
    }
}

extension Database {
    fileprivate func commitTogether<Write: SharedWrite>(
        _ writes: [Write], _ willBegin: () -> Void, _ commits: () -> Int
    ) -> [Result<Write.Answer, any Error>] {
        if writes.count < 2 { return commitEach(writes, willBegin) }
        var results: [Result<Write.Answer, any Error>] = []
        var hasBegun = false
        let before = commits()
        willBegin()
        do {
            try inTransaction {
                hasBegun = true
                for write in writes { results.append(try inSavepoint(write)) }
                return .commit
            }
            return results
        } catch {
            if Self.concernsAll(error, hasBegun: hasBegun) { return writes.map { _ in .failure(error) } }
            if commits() == before { return commitEach(writes, willBegin) }
            // The write that has ended the transaction failed; those before it are committed.
            results.append(.failure(error))
            if results.count > writes.count { return writes.map { _ in .failure(error) } }
            return results + commitTogether(Array(writes.dropFirst(results.count)), willBegin, commits)
        }
    }

    /// Performs each write in its own transaction.
    private func commitEach<Write: SharedWrite>(
        _ writes: [Write], _ willBegin: () -> Void
    ) -> [Result<Write.Answer, any Error>] {
        var results: [Result<Write.Answer, any Error>] = []
        for write in writes {
            var (hasBegun, isPerforming) = (false, false)
            willBegin()
            do {
                var answers: [Write.Answer] = []
                try inTransaction {
                    (hasBegun, isPerforming) = (true, true)
                    answers.append(try write.perform(self))
                    isPerforming = false
                    return .commit
                }
                results += answers.map { .success($0) }
            } catch {
                results.append(.failure(error))
                // The lock is held while a write is performed: `busy` is then about another database.
                if !isPerforming, Self.concernsAll(error, hasBegun: hasBegun) {
                    let rest = writes.count - results.count
                    return results + (0..<rest).map { _ in .failure(error) }
                }
            }
        }
        return results
    }

    /// Whether an error that has ended a transaction would end that of every other write, too.
    private static func concernsAll(_ error: any Error, hasBegun: Bool) -> Bool {
        if !hasBegun { return true }
        return (error as? DatabaseError).map { SQLiteFailure($0) } == .busy
    }

    /// - Returns: The result of one write.
    /// - Throws: If the whole transaction is lost, or must not be committed.
    private func inSavepoint<Write: SharedWrite>(
        _ write: Write
    ) throws -> Result<Write.Answer, any Error> {
        guard write.needsSavepoint else { return .success(try write.perform(self)) }
        try cachedStatement(sql: "SAVEPOINT auth_write").execute()
        do {
            let answer = try write.perform(self)
            try cachedStatement(sql: "RELEASE SAVEPOINT auth_write").execute()
            return .success(answer)
        } catch {
            // Some errors, for example a full disk, have rolled back the transaction with all that was written in it.
            if !isInsideTransaction { throw error }
            // GRDB's own savepoints ignore an error of the rollback; its rows would be committed with the others.
            try cachedStatement(sql: "ROLLBACK TRANSACTION TO SAVEPOINT auth_write").execute()
            try cachedStatement(sql: "RELEASE SAVEPOINT auth_write").execute()
            return .failure(error)
        }
    }
}
